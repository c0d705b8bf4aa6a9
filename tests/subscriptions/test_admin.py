"""What operators do at the console: plans, prices and taxes for everybody, and the suspension of one business."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connections
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.roles import Role
from core import tenancy
from subscriptions.models import SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration
from tests.accounts.test_admin_acts import act, history
from tests.conftest import open_shop
from tests.console import hire, told
from tests.subscriptions.paying import held, hold, pay

pytestmark = pytest.mark.usefixtures("committed")

PLANS, TIERS, TAXES, HELD, PAYMENTS, INVOICES = (
    f"admin:subscriptions_{name}"
    for name in (
        *("subscriptionplan", "subscriptionpricingtier", "taxconfiguration"),
        *("subscription", "subscriptionpayment", "invoice"),
    )
)


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions")


@pytest.fixture
def operator(committed):
    return hire(Role.OPERATOR).client()


@pytest.fixture
def support(committed):
    return hire(Role.SUPPORT).client()


@pytest.fixture(autouse=True)
def _as_it_was(django_db_setup, django_db_blocker):
    """What is the same for everybody outlives the emptying of businesses: put it back afterwards."""
    models = (SubscriptionPricingTier, SubscriptionPlan, TaxConfiguration)
    with django_db_blocker.unblock():
        kept = {model: list(model.objects.using("staff").all()) for model in models}
    yield
    with django_db_blocker.unblock():
        for model, rows in kept.items():
            model.objects.using("staff").exclude(pk__in=[row.pk for row in rows]).delete()
            for row in rows:
                row.save(using="staff")
        connections.close_all()


def plan(**changes):
    facts = {"code": "village", "name": "Village", "currency": "GHS", "features": "", "monthly_credits": "0"}
    return {**facts, "max_users": "2", "max_storefronts": "1", "max_products": "", "is_offered": "on", **changes}


def add(client, page, data):
    return client.post(reverse(f"{page}_add"), data, follow=True)


def test_an_operator_adds_a_plan_with_a_price_and_a_shop_pays_it(shop, operator):
    add(operator, PLANS, plan())
    village = SubscriptionPlan.objects.using("staff").get(code="village")
    assert (village.max_storefronts, village.max_products) == (1, None)
    tier = {"plan": str(village.pk), "cycle": "MONTHLY", "min_storefronts": "1", "max_storefronts": "", "base": "20"}
    add(operator, TIERS, {**tier, "per_extra": "0"})
    codes = [row["code"] for row in shop.client().get("/api/v1/subscriptions/plans/").json()["results"]]
    assert codes == ["standard", "starter", "unlimited", "village"]
    pay(shop, plan="village")
    assert held(shop).plan_today.code == "village"
    written = AuditEvent.across_accounts.using("staff").filter(action__endswith=".changed", account__is_platform=True)
    assert set(written.values_list("action", flat=True)) == {
        "subscriptionplan.changed",
        "subscriptionpricingtier.changed",
    }


def test_a_plan_that_is_offered_no_more_is_paid_on_by_who_has_it(shop, operator):
    hold(shop, "starter", days_left=3)
    starter = SubscriptionPlan.objects.using("staff").get(code="starter")
    data = plan(code="starter", name="Starter", max_users="5", max_storefronts="2", max_products="500")
    data.pop("is_offered")
    operator.post(reverse(f"{PLANS}_change", args=[starter.pk]), data, follow=True)
    starter.refresh_from_db(using="staff")
    assert not starter.is_offered
    assert pay(shop)["plan"] == "starter"
    other = open_shop("Kofi Cold Store")
    refused = other.client().get("/api/v1/subscriptions/my-pricing/", {"plan": "starter"})
    assert refused.json()["errors"][0]["field"] == "plan"


@pytest.mark.parametrize(("fewest", "most"), [("1", ""), ("3", "3"), ("2", "5"), ("100", "")])
def test_tiers_of_a_plan_do_not_overlap(operator, fewest, most):
    standard = SubscriptionPlan.objects.using("staff").get(code="standard")
    before = SubscriptionPricingTier.objects.using("staff").count()
    tier = {"plan": str(standard.pk), "cycle": "MONTHLY", "min_storefronts": fewest, "max_storefronts": most}
    response = add(operator, TIERS, {**tier, "base": "1", "per_extra": "0"})
    assert any("has some of these storefronts" in said or "exists" in said.lower() for said in told(response)), told(
        response
    )
    assert SubscriptionPricingTier.objects.using("staff").count() == before


@pytest.mark.parametrize("wrong", [{"rate": "1.5"}, {"rate": "-0.1"}, {"ends_on": "2025-12-31"}])
def test_a_tax_that_makes_no_sense_is_refused(operator, wrong):
    tax = {"country": "CI", "code": "TVA", "name": "TVA", "rate": "0.18", "position": "1", "starts_on": "2026-01-01"}
    add(operator, TAXES, {**tax, "ends_on": "", **wrong})
    assert not TaxConfiguration.objects.using("staff").filter(country="CI").exists()


def test_support_looks_and_changes_nothing(shop, support):
    before = list(SubscriptionPlan.objects.using("staff").values())
    page = support.get(reverse(f"{PLANS}_changelist"))
    assert page.status_code == 200
    assert add(support, PLANS, plan()).status_code == 403
    starter = SubscriptionPlan.objects.using("staff").get(code="starter")
    assert support.post(reverse(f"{PLANS}_change", args=[starter.pk]), plan()).status_code == 403
    act(support, HELD, "suspend", held(shop))
    assert list(SubscriptionPlan.objects.using("staff").values()) == before
    assert held(shop).suspended_at is None


@pytest.mark.parametrize("model", [SubscriptionPlan, SubscriptionPricingTier, TaxConfiguration])
def test_the_webs_own_role_cannot_write_what_is_the_same_for_everybody(shop, model):
    with shop.inside(), pytest.raises(DatabaseError, match="permission denied"):
        model.objects.update(id=model.objects.values("id")[:1])


def test_a_suspension_closes_the_shop_at_once_and_ends_as_the_dates_say(shop, operator):
    hold(shop, days_left=10)
    client, basket = shop.client(), shop.basket()
    act(operator, HELD, "suspend", held(shop))
    act(operator, HELD, "suspend", held(shop))
    assert client.post("/api/v1/sales/sales/", basket).status_code == 402
    assert client.get("/api/v1/sales/sales/")["X-Subscription-Status"] == "SUSPENDED"
    act(operator, HELD, "unsuspend", held(shop))
    assert client.post("/api/v1/sales/sales/", basket).status_code == 201
    did = [line[0] for line in history(shop) if not line[0].startswith("staff.")]
    assert did == ["subscription.suspended", "subscription.unsuspended"]


def test_payments_and_invoices_are_looked_at_and_never_changed(shop, operator):
    pay(shop)
    with tenancy.scope(shop.id):
        payment, invoice = shop.account.subscription_payments.get(), shop.account.invoices.get()
    for page, row in ((PAYMENTS, payment), (INVOICES, invoice)):
        assert operator.get(reverse(f"{page}_changelist")).status_code == 200
        address = reverse(f"{page}_change", args=[row.pk])
        assert operator.get(address).status_code == 200
        assert operator.post(address, {"total": "1"}).status_code == 403
    with tenancy.scope(shop.id):
        assert shop.account.invoices.get().total == payment.total > Decimal(0)
    assert held(shop).ends_on > timezone.localdate()
