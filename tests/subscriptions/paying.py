"""What tests do with payments for plans: begin one, have its money come, or go back, and look at what is held."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import time_machine
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing.gateways import Finding, Outcome
from billing.services.settling import settle_payment
from subscriptions.models import Subscription, SubscriptionPlan

PAYMENTS = "/api/v1/subscriptions/payments/"
INVOICES = "/api/v1/subscriptions/invoices/"
STATUS = "/api/v1/subscriptions/status/"
NEXT_PLAN = "/api/v1/subscriptions/next-plan/"


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def on(day):
    """Noon of this day, everywhere."""
    return time_machine.travel(noon(day), tick=False)


def hold(shop, plan="standard", *, days_left=None, **facts):
    """Put what is held where the test needs it: so many days are left after today, of a period of thirty."""
    with shop.inside():
        if days_left is not None:
            ends_on = timezone.localdate(timezone=shop.account.zone) + timedelta(days=days_left)
            facts |= {"ends_on": ends_on, "starts_on": ends_on - timedelta(days=29)}
        found = SubscriptionPlan.objects.get(code=plan)
        facts = {"plan": found, "is_trial": False, **facts}
        Subscription.across_accounts.update(**facts, **given(facts))
        shop.account.refresh_from_db()


def given(facts):
    """What is held without any payment is what was given."""
    of = {"plan": "given_plan", "starts_on": "given_from", "ends_on": "given_until", "is_trial": "is_trial_given"}
    return {name: facts[fact] for fact, name in of.items() if fact in facts}


def held(shop):
    with shop.inside():
        return Subscription.across_accounts.select_related("account", "plan", "next_plan").get()


def plan_of(shop):
    return held(shop).plan_today.code


def choose(shop, plan):
    return till(shop).post(NEXT_PLAN, {"plan": plan})


def till(shop):
    """The owner's, signed in anew: the clock may have been moved past the end of a session."""
    shop.sessions.clear()
    return shop.client()


def begin(shop, *, client=None, **body):
    """A payment that is begun; the page of its gateway is still to be made."""
    response = (client or till(shop)).post(PAYMENTS, {"gateway": "PAYSTACK", **body}, HTTP_IDEMPOTENCY_KEY=fresh())
    assert response.status_code == 201, response.content
    return response.json()["data"]


def fresh():
    return str(uuid7())


def settle(shop, payment, *, outcome=Outcome.PAID, amount=None, currency=None, is_reversed=False):
    """What the worker does when the gateway says so: all of what was asked for, unless told."""
    with shop.inside():
        rows = shop.account.payment_attempts.select_related("account", "by").locked()
        attempt = rows.get(pk=payment["id"])
        attempt.by.account = attempt.account
        finding = Finding(
            outcome,
            amount=Decimal(amount) if amount else attempt.amount,
            currency=currency or attempt.currency,
            is_reversed=is_reversed,
        )
        settle_payment(attempt=attempt, finding=finding, now=timezone.now())


def pay(shop, **body):
    """Begin, and have the money come."""
    payment = begin(shop, **body)
    settle(shop, payment)
    return payment


def go_back(shop, payment):
    settle(shop, payment, is_reversed=True)


def seen(shop, payment):
    return till(shop).get(f"{PAYMENTS}{payment['id']}/").json()["data"]


def papers(shop):
    """Kind, total and period of every invoice and credit note, in their order."""
    rows = till(shop).get(INVOICES, {"page_size": "200"}).json()["results"]
    return [
        (row["kind"], row["total"], row["content"]["starts_on"], row["content"]["ends_on"]) for row in reversed(rows)
    ]


def acts(shop, *, beginning="subscription."):
    with shop.inside():
        events = shop.account.audit_events.filter(action__startswith=beginning).order_by("id")
        return list(events.values_list("action", flat=True))


def told(shop, kind="subscription.payment"):
    """The titles that the owner was told."""
    with shop.inside():
        rows = shop.account.notifications.filter(kind=kind, member=shop.owner).order_by("id")
        return list(rows.values_list("title", flat=True))
