"""A larger plan at once, a smaller one when what is paid for has ended, and the end of it all."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services as inventory
from subscriptions.models import Subscription
from tests.subscriptions.paying import (
    NEXT_PLAN,
    PAYMENTS,
    STATUS,
    acts,
    begin,
    choose,
    held,
    hold,
    on,
    papers,
    pay,
    plan_of,
    seen,
    settle,
    till,
)

pytestmark = pytest.mark.django_db

CANCEL, RESUME = "/api/v1/subscriptions/cancel/", "/api/v1/subscriptions/resume/"


def refused(response, code):
    assert (response.status_code, response.json()["code"]) == (409, code), response.content
    return response.json().get("meta")


def ask(shop, **body):
    return till(shop).post(PAYMENTS, {"id": str(uuid7()), "gateway": "PAYSTACK", **body})


# --- Upgrades ---------------------------------------------------------------------------------------------------------


def test_an_upgrade_costs_the_difference_for_the_days_that_are_left_and_begins_when_it_is_paid(paying):
    with on(date(2026, 3, 16)):  # sixteen of thirty-one days are left
        payment = begin(paying, plan="standard")
        assert (payment["kind"], payment["base"], payment["credit"]) == ("UPGRADE", "61.94", "30.97")
        assert (payment["starts_on"], payment["ends_on"]) == ("2026-03-16", "2026-03-31")
        assert Decimal(payment["total"]) == Decimal("30.97") + Decimal(payment["tax_total"]) + Decimal(payment["fee"])
        assert plan_of(paying) == "starter"
        settle(paying, payment)
        settle(paying, payment)
        assert (plan_of(paying), held(paying).ends_on) == ("standard", date(2026, 3, 31))
        assert papers(paying)[1:] == [("INVOICE", payment["total"], "2026-03-16", "2026-03-31")]
        assert begin(paying)["plan"] == "standard"


def test_an_upgrade_on_the_last_day_costs_one_day(paying):
    with on(date(2026, 3, 31)):
        payment = begin(paying, plan="standard")
    assert (payment["base"], payment["credit"]) == ("3.87", "1.94")


def test_a_second_upgrade_takes_off_what_the_first_has_paid(paying):
    with on(date(2026, 3, 11)):
        pay(paying, plan="standard")
    with on(date(2026, 3, 21)):  # eleven days of 120, for which 60 and the difference were paid
        payment = begin(paying, plan="unlimited")
    assert (payment["base"], payment["credit"]) == ("212.90", "42.58")


def test_an_upgrade_reaches_over_what_was_paid_for_in_advance(paying):
    with on(date(2026, 3, 2)):
        pay(paying, cycle="YEARLY")
        assert held(paying).ends_on == date(2027, 3, 31)
        payment = begin(paying, plan="standard")
    assert (payment["base"], payment["credit"]) == ("1316.13", "658.06")
    assert payment["ends_on"] == "2027-03-31"


def test_an_upgrade_counts_the_storefronts_of_today(paying):
    with paying.inside():
        inventory.add_location(by=paying.owner, kind="STOREFRONT", name="Second")
    payment = begin(paying, plan="standard")
    assert (payment["base"], payment["extra"], payment["credit"]) == ("120.00", "80.00", "60.00")


def test_a_new_upgrade_cancels_the_page_of_the_one_before_and_late_money_for_that_is_for_staff_to_see(paying):
    first = begin(paying, plan="standard")
    second = begin(paying, plan="unlimited")
    assert seen(paying, first)["state"] == "CANCELLED"
    settle(paying, second)
    assert plan_of(paying) == "unlimited"
    settle(paying, first)
    late = seen(paying, first)
    assert (late["state"], late["granted_at"], plan_of(paying)) == ("PAID_LATE", None, "unlimited")
    assert acts(paying)[-1] == "subscription.payment_not_usable"
    assert len(papers(paying)) == 2


def test_an_upgrade_whose_days_are_over_when_its_money_comes_grants_nothing(paying):
    payment = begin(paying, plan="standard")
    with on(date(2026, 4, 1)):
        settle(paying, payment)
        assert (seen(paying, payment)["granted_at"], plan_of(paying)) == (None, "starter")


def test_an_upgrade_that_is_paid_after_another_cycle_was_ends_where_it_was_to_end(paying):
    payment = begin(paying, plan="standard")
    pay(paying)
    settle(paying, payment)
    with on(date(2026, 3, 31)):
        assert (plan_of(paying), held(paying).ends_on) == ("standard", date(2026, 4, 30))
    with on(date(2026, 4, 1)):
        assert plan_of(paying) == "starter"


def test_a_cheaper_plan_is_no_upgrade(shop):
    with on(date(2026, 3, 1)):
        hold(shop, days_left=-3)
        pay(shop)
        meta = refused(ask(shop, plan="starter"), "plan_comes_later")
    assert meta == {"ends_on": "2026-03-31"}


# --- A plan that comes later ------------------------------------------------------------------------------------------


def test_a_smaller_plan_follows_when_what_is_paid_for_has_ended_though_nobody_writes_that_day(larger):
    data = choose(larger, "starter").json()["data"]
    assert (data["plan"], data["next_plan"], data["next_from"]) == ("standard", "starter", "2026-04-01")
    for day, plan, state in (
        (date(2026, 3, 31), "standard", "ACTIVE"),
        (date(2026, 4, 1), "starter", "GRACE"),
        (date(2026, 5, 1), "starter", "EXPIRED"),
    ):
        with on(day):
            response = till(larger).get(STATUS)
            assert (response.json()["data"]["plan"], response["X-Subscription-Plan"]) == (plan, plan)
            assert response.json()["data"]["state"] == state
            to_come = response.json()["data"]["next_plan"], response.json()["data"]["next_from"]
            assert to_come == (("starter", "2026-04-01") if plan == "standard" else (None, None))
            me = till(larger).get("/api/v1/accounts/auth/me/").json()["data"]["subscription"]
            assert (me["plan"], me["state"]) == (plan, state)


def test_who_pays_for_the_smaller_plan_in_advance_keeps_the_larger_one_to_its_last_day(larger):
    choose(larger, "starter")
    payment = pay(larger)
    assert (payment["plan"], payment["total"]) == ("starter", "73.40")
    with on(date(2026, 3, 31)):
        assert plan_of(larger) == "standard"
    with on(date(2026, 4, 1)):
        assert (plan_of(larger), str(held(larger).state)) == ("starter", "ACTIVE")
        assert held(larger).ends_on == date(2026, 4, 30)
    meta = refused(choose(larger, "unlimited"), "plan_taken")
    assert meta == {"plan": "starter", "next_from": "2026-04-01"}
    assert refused(ask(larger, plan="standard"), "plan_taken") == meta


def test_the_choice_can_be_taken_back_and_made_again(larger):
    choose(larger, "starter")
    assert choose(larger, None).json()["data"]["next_plan"] is None
    assert choose(larger, None).status_code == 200
    assert choose(larger, "unlimited").json()["data"]["next_plan"] == "unlimited"
    assert choose(larger, "standard").json()["data"]["next_plan"] is None
    assert begin(larger)["plan"] == "standard"
    assert acts(larger).count("subscription.next_plan_chosen") == 4


def test_a_plan_that_covers_less_than_there_is_cannot_be_chosen(larger):
    with larger.inside():
        for name in ("Second", "Third"):
            inventory.add_location(by=larger.owner, kind="STOREFRONT", name=name)
    assert refused(choose(larger, "starter"), "limit_reached") == {"resource": "storefronts", "limit": 2, "used": 3}
    assert held(larger).next_plan is None
    assert choose(larger, "nonsense").json()["errors"][0]["field"] == "plan"


def test_an_upgrade_takes_the_place_of_a_plan_that_was_to_come(larger):
    choose(larger, "starter")
    pay(larger, plan="unlimited")
    assert (plan_of(larger), held(larger).next_plan) == ("unlimited", None)


# --- Cancelled, resumed, suspended ------------------------------------------------------------------------------------


def test_what_is_cancelled_is_paid_for_to_its_end_and_then_closed_without_grace(paying):
    client = till(paying)
    for _ in range(2):
        assert client.post(CANCEL).json()["data"]["cancelled_at"] is not None
    assert acts(paying).count("subscription.cancelled") == 1
    for day, state, status in ((date(2026, 3, 31), "ACTIVE", 201), (date(2026, 4, 1), "CANCELLED", 402)):
        with on(day):
            assert str(held(paying).state) == state
            assert till(paying).post("/api/v1/sales/sales/", paying.basket()).status_code == status
    with on(date(2026, 4, 1)):
        refused(till(paying).post(RESUME), "no_subscription")
        refused(till(paying).post(CANCEL), "no_subscription")


def test_a_cancelling_is_taken_back_while_it_runs(paying):
    client = till(paying)
    client.post(CANCEL)
    for _ in range(2):
        assert client.post(RESUME).json()["data"]["cancelled_at"] is None
    assert acts(paying).count("subscription.resumed") == 1
    with on(date(2026, 4, 1)):
        assert str(held(paying).state) == "GRACE"


@pytest.mark.parametrize("address", [CANCEL, RESUME])
def test_where_nothing_is_held_nothing_is_cancelled_or_resumed(shop, address):
    with shop.inside():
        Subscription.across_accounts.all().delete()
    refused(shop.client().post(address), "no_subscription")
    refused(choose(shop, "starter"), "no_subscription")


@pytest.mark.parametrize("address", [CANCEL, RESUME, NEXT_PLAN, PAYMENTS])
def test_only_who_governs_the_business_changes_what_it_pays_for(shop, address):
    before = held(shop)
    refusal = shop.client(shop.cashier).post(address, {"plan": "starter"})
    assert (refusal.status_code, refusal.json()["code"]) == (403, "capability_missing")
    after = held(shop)
    assert (after.cancelled_at, after.next_plan, after.ends_on) == (before.cancelled_at, None, before.ends_on)


def test_a_suspended_business_may_look_and_pay_and_choose(paying):
    hold(paying, "starter", suspended_at=timezone.now())
    client = till(paying)
    assert client.get(STATUS).json()["data"]["state"] == "SUSPENDED"
    assert client.post(CANCEL).status_code == 200
    assert client.post("/api/v1/sales/sales/", paying.basket()).status_code == 402
    before = held(paying).ends_on
    pay(paying)
    assert (held(paying).ends_on > before, str(held(paying).state)) == (True, "SUSPENDED")
    hold(paying, "starter", suspended_at=None)
    assert str(held(paying).state) == "ACTIVE"
