"""Pages that were left open while something else was paid: each grants what it cost, or nothing."""

from datetime import date

import pytest

from subscriptions import services
from tests.subscriptions.paying import (
    PAYMENTS,
    acts,
    begin,
    choose,
    fresh,
    held,
    hold,
    on,
    papers,
    pay,
    plan_of,
    seen,
    settle,
    till,
    told,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 1)
NOT_USED = "Your payment was not used"


@pytest.fixture
def largest(shop):
    """A business that has paid for the unlimited plan, from the first to the last day of March."""
    with on(TODAY):
        hold(shop, "unlimited", days_left=-3)
        pay(shop)
        yield shop


def stages(shop):
    row = held(shop)
    return row.plan_today.code, row.last_plan.code, row.comes_on, row.ends_on


def not_used(shop, payment):
    """The money changed nothing, is on record, and whoever may pay is told, once."""
    before, issued = stages(shop), papers(shop)
    for _ in range(2):
        settle(shop, payment)
    assert (stages(shop), papers(shop), seen(shop, payment)["granted_at"]) == (before, issued, None)
    assert (acts(shop)[-1], told(shop).count(NOT_USED)) == ("subscription.payment_not_usable", 1)
    settle(shop, payment, is_reversed=True)  # as staff send it back
    assert (stages(shop), papers(shop)) == (before, issued)


def test_an_old_page_of_the_larger_plan_does_not_make_a_year_of_the_smaller_one_larger(largest):
    old = begin(largest)
    choose(largest, "starter")
    pay(largest, cycle="YEARLY")
    wanted = ("unlimited", "starter", date(2026, 4, 1), date(2027, 3, 31))
    assert stages(largest) == wanted
    not_used(largest, old)
    assert stages(largest) == wanted
    for day in (date(2026, 4, 1), date(2026, 9, 1), date(2027, 3, 31)):
        with on(day):
            assert plan_of(largest) == "starter"


def test_the_same_page_is_used_once_the_smaller_plan_has_begun(largest):
    old = begin(largest)
    choose(largest, "starter")
    pay(largest)
    with on(date(2026, 4, 10)):
        settle(largest, old)
        assert stages(largest) == ("starter", "unlimited", date(2026, 5, 1), date(2026, 5, 31))


def test_an_upgrade_that_is_paid_after_a_smaller_plan_was_is_for_its_own_days_and_the_smaller_one_follows(larger):
    with on(date(2026, 3, 20)):
        upgrade = begin(larger, plan="unlimited")
        choose(larger, "starter")
        pay(larger, cycle="YEARLY")
        settle(larger, upgrade)
        assert stages(larger) == ("unlimited", "starter", date(2026, 4, 1), date(2027, 3, 31))
        assert seen(larger, upgrade)["granted_at"] is not None
    with on(date(2026, 4, 1)):
        assert plan_of(larger) == "starter"


def test_an_old_page_of_the_smaller_plan_does_not_take_the_larger_one_that_was_paid_in_advance(larger):
    old = begin(larger)
    choose(larger, "unlimited")
    pay(larger)
    not_used(larger, old)
    assert stages(larger) == ("standard", "unlimited", date(2026, 4, 1), date(2026, 4, 30))


def test_old_pages_of_the_plan_that_is_to_come_add_their_cycles(larger):
    choose(larger, "starter")
    first, second = begin(larger), begin(larger)
    for payment in (first, second):
        settle(larger, payment)
    assert stages(larger) == ("standard", "starter", date(2026, 4, 1), date(2026, 5, 31))


# --- Days that were given, and another money --------------------------------------------------------------------------


def test_an_upgrade_reaches_to_the_last_day_that_is_paid_for_and_given_days_keep_their_plan(paying):
    with paying.inside():
        services.renew_subscription(by=paying.owner, subscription=held(paying), ends_on=date(2026, 6, 30))
    assert stages(paying) == ("starter", "starter", None, date(2026, 6, 30))
    payment = pay(paying, plan="standard")
    assert (payment["base"], payment["starts_on"], payment["ends_on"]) == ("120.00", "2026-03-01", "2026-03-31")
    assert stages(paying) == ("standard", "starter", date(2026, 4, 1), date(2026, 6, 30))


def test_days_that_were_given_and_not_paid_for_cannot_be_upgraded(shop):
    with on(TODAY):
        hold(shop, "starter", days_left=30)
        body = {"gateway": "PAYSTACK", "plan": "standard"}
        refused = till(shop).post(PAYMENTS, body, HTTP_IDEMPOTENCY_KEY=fresh())
        assert (refused.status_code, refused.json()["code"]) == (409, "plan_comes_later")


def test_what_was_paid_in_another_money_is_not_taken_off(paying):
    pay(paying)
    with paying.inside():
        rows = paying.account.subscription_payments
        rows.filter(pk=rows.latest("id").pk).update(currency="XOF")
    body = {"gateway": "PAYSTACK", "plan": "standard"}
    refused = till(paying).post(PAYMENTS, body, HTTP_IDEMPOTENCY_KEY=fresh())
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_comes_later")
