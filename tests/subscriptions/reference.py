"""What staff fill in at the console, for everybody: plans, their prices, taxes and the gateways' charges."""

from contextlib import contextmanager

from django.db import connections
from django.urls import reverse

from subscriptions.models import ServiceCharge, SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration

PLANS, TIERS, TAXES, CHARGES = (
    f"admin:subscriptions_{name}"
    for name in ("subscriptionplan", "subscriptionpricingtier", "taxconfiguration", "servicecharge")
)


def plan(**changes):
    facts = {"code": "village", "name": "Village", "currency": "GHS", "features": "", "monthly_credits": "0"}
    return {**facts, "max_users": "2", "max_storefronts": "1", "max_products": "", "is_offered": "on", **changes}


def tier(row, **changes):
    facts = {"plan": str(row.pk), "cycle": "MONTHLY", "min_storefronts": "1", "max_storefronts": ""}
    return {**facts, "base": "20", "per_extra": "0", **changes}


def tax(**changes):
    facts = {"country": "GH", "code": "COVID", "name": "COVID-19 levy", "rate": "0.01", "position": "4"}
    return {**facts, "starts_on": "2026-01-01", "ends_on": "", **changes}


def charge(**changes):
    facts = {"gateway": "STRIPE", "currency": "GHS", "rate": "0.03", "fixed": "0.50"}
    return {**facts, "starts_on": "2026-01-01", "ends_on": "", **changes}


def add(client, page, data):
    return client.post(reverse(f"{page}_add"), data, follow=True)


def change(client, page, row, data):
    return client.post(reverse(f"{page}_change", args=[row.pk]), data, follow=True)


@contextmanager
def reference_put_back(blocker):
    """What is the same for everybody outlives the emptying of businesses: it is put back afterwards."""
    models = (SubscriptionPricingTier, SubscriptionPlan, TaxConfiguration, ServiceCharge)
    with blocker.unblock():
        kept = {model: list(model.objects.using("staff").all()) for model in models}
    yield
    with blocker.unblock():
        for model, rows in kept.items():
            model.objects.using("staff").exclude(pk__in=[row.pk for row in rows]).delete()
            for row in rows:
                row.save(using="staff")
        connections.close_all()
