"""What happened while the subscription covered it is taken when that has run out; the rest waits for a renewal."""

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from subscriptions import services as subscriptions
from subscriptions.models import Subscription
from tests.access import put_in_state
from tests.answers import refused
from tests.sales.drawer import close, ok, report, row, start
from tests.sales.offline import (
    ago,
    cash_event,
    codes,
    customer,
    customer_payment,
    on_hand,
    problems,
    refund_of,
    sale,
    shift_close,
    shift_hand_over,
    shift_open,
    sync,
    verdicts,
)
from tests.sales.owing import add_customer, balance, owe, paid, sold
from tests.sales.requests import SALES

pytestmark = pytest.mark.django_db


def end(shop, *, days_ago: int, **facts) -> datetime:
    """The subscription ended so many days ago, counted by the shop's calendar; the moment when that day was over."""
    last_on = timezone.localdate(timezone=shop.account.zone) - timedelta(days=days_ago)
    with shop.inside():
        held = Subscription.across_accounts.filter(account=shop.account)
        held.update(is_trial=False, ends_on=last_on, **facts)
    return datetime.combine(last_on + timedelta(days=1), time.min, shop.account.zone)


def renew(shop) -> None:
    with shop.inside():
        held = Subscription.across_accounts.get(account=shop.account)
        subscriptions.renew_subscription(
            by=shop.owner, subscription=held, ends_on=timezone.localdate() + timedelta(days=30)
        )


def told(answers) -> set:
    return {(answer["verdict"], answer["is_final"], *codes(answer)) for answer in answers}


TAKEN = {("ACCEPTED", True)}
EARLY = {("REJECTED", False, "subscription_expired")}


# --- What was covered -------------------------------------------------------------------------------------------------


def test_what_was_sold_to_the_last_second_before_grace_is_taken_also_without_a_shift(one):
    over = end(one, days_ago=2)
    before, at = (sale(one, sold_at=(over + timedelta(seconds=s)).isoformat()) for s in (-1, 0))
    assert (told(sync(one, before)), told(sync(one, at))) == (TAKEN, EARLY)
    with one.inside():
        assert str(one.account.sales.get().pk) == before["id"]


@pytest.mark.parametrize("days_ago", [3, 9], ids=["in grace", "after it"])
def test_a_day_of_before_is_taken_whole(one, days_ago):
    over = end(one, days_ago=days_ago)
    known = add_customer(one)
    start_at = over - timedelta(hours=10)

    def at(hours: int) -> str:
        return (start_at + timedelta(hours=hours)).isoformat()

    opened, new = shift_open(one, opened_at=at(0)), customer()
    within = {"shift": opened["id"]}
    first = sale(one, sold_at=at(1), payments=paid(CASH="10"), **within)
    batch = [
        opened,
        new,
        first,
        sale(one, sold_at=at(2), customer=new["id"], payments=paid(CASH="10"), **within),
        customer_payment(one, str(known.pk), "5", paid_at=at(3), **within),
        cash_event(opened["id"], "DROP", "30", occurred_at=at(4)),
        shift_hand_over(opened["id"], "45", occurred_at=at(5)),
        shift_close(opened["id"], ("45", 1), closed_at=at(6)),
    ]
    answers = sync(one, *batch)
    if days_ago == 9:  # longer ago than a till is offline
        assert {answer["verdict"] for answer in answers if answer["kind"] != "customer"} == {"REJECTED"}
        assert not any(answer["is_final"] for answer in answers if answer["kind"] != "customer")
        with one.inside():
            assert not one.account.sales.exists()
            assert one.account.sync_issues.filter(content__isnull=False).count() == len(batch) - 1
        renew(one)
        answers = sync(one, *batch)
    assert {answer["verdict"] for answer in answers} <= {"ACCEPTED", "DUPLICATE"}
    z = report(one, opened, "z")
    assert (z["sales"]["count"], z["expected"], z["difference"]) == (2, "45.00", "0.00")
    with one.inside():
        assert not one.account.sync_issues.exists()
    [made] = sync(one, first)
    assert made["verdict"] == "DUPLICATE"
    back = refund_of(first, made["row"]["lines"][0]["id"])
    back["content"] |= {"refunded_at": at(5), **within}
    assert told(sync(one, back)) == TAKEN
    assert problems(one) == []


def test_a_shift_that_began_before_goes_on_offline_in_grace_and_is_closed(one):
    shift = start(one, opened_at=ago(days=3))
    end(one, days_ago=2)
    batch = [
        sale(one, sold_at=ago(hours=3), payments=paid(CASH="10")),  # in whichever is open
        sale(one, sold_at=ago(hours=2), payments=paid(CASH="10"), shift=shift["id"]),
        cash_event(shift["id"], "DROP", "20", occurred_at=ago(hours=2)),
        shift_close(shift["id"], ("50", 1), closed_at=ago(hours=1)),
    ]
    assert told(sync(one, *batch)) == TAKEN
    late = sale(one, sold_at=ago(hours=2), shift=shift["id"])
    assert told(sync(one, late)) == TAKEN
    z = report(one, shift, "z")
    assert (z["sales"]["count"], z["difference"], [each["id"] for each in z["addenda"]]) == (2, "0.00", [late["id"]])
    assert problems(one) == []


def test_what_such_a_shift_sold_in_grace_is_taken_when_that_is_over_too(one):
    shift = start(one, opened_at=ago(days=9))
    over = end(one, days_ago=8)
    grace_over = over + timedelta(days=7)
    within = sale(one, sold_at=(grace_over - timedelta(seconds=1)).isoformat(), shift=shift["id"])
    after = sale(one, sold_at=grace_over.isoformat(), shift=shift["id"])
    assert (told(sync(one, within)), told(sync(one, after))) == (TAKEN, EARLY)
    assert told(sync(one, shift_close(shift["id"], closed_at=ago(seconds=1)))) == EARLY
    assert row(one, shift).closed_at is None


@pytest.mark.parametrize("facts", [{"suspended_at": True}, {"cancelled_at": True}], ids=["suspended", "cancelled"])
def test_what_was_sold_before_it_was_suspended_or_had_ended_is_taken(one, facts):
    stopped = timezone.now() - timedelta(days=2)
    over = end(one, days_ago=-30 if "suspended_at" in facts else 2, **dict.fromkeys(facts, stopped))
    over = stopped if "suspended_at" in facts else over
    before, after = (sale(one, sold_at=(over + timedelta(minutes=m)).isoformat()) for m in (-1, 1))
    assert (told(sync(one, before)), told(sync(one, after))) == (TAKEN, EARLY)


# --- What was not -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["GRACE", "EXPIRED", "SUSPENDED", "CANCELLED", "NONE"])
def test_nothing_that_happens_now_is_taken_and_all_of_it_is_kept(one, state):
    known = add_customer(one)
    sold(owe(one, known))
    shift = None if state == "GRACE" else start(one)
    put_in_state(one, state)
    now = timezone.now().isoformat()
    batch = [shift_open(one), sale(one), sale(one, sold_at=now), customer_payment(one, str(known.pk), "5")]
    if shift:
        batch += [cash_event(shift["id"]), shift_hand_over(shift["id"], "50"), shift_close(shift["id"], ("50", 1))]
    assert told(sync(one, *batch)) == EARLY
    assert (on_hand(one), balance(one, known)) == ([99], ("10.00", "0.00"))
    with one.inside():
        assert one.account.sales.count() == 1
        assert one.account.sync_issues.filter(storefront=one.storefront, content__isnull=False).count() == len(batch)
        assert one.account.registers.get().last_number == 1
    refused(one, lambda: one.client().post(SALES, one.basket()), 402, "subscription_expired")


def test_after_a_renewal_what_waited_is_taken(one):
    end(one, days_ago=9)
    item = sale(one, sold_at=ago(hours=1))
    assert told(sync(one, item)) == EARLY
    renew(one)
    assert told(sync(one, item)) == TAKEN
    assert verdicts(sync(one, item)) == [("sale", "DUPLICATE")]
    with one.inside():
        assert not one.account.sync_issues.exists()


@pytest.mark.parametrize("days", [7, 8, 20, 400])
def test_who_has_not_paid_is_not_believed_what_is_said_to_be_longer_ago_than_a_till_is_offline(one, days):
    end(one, days_ago=6)
    old = sale(one, sold_at=ago(days=days, seconds=1))
    assert told(sync(one, old)) == EARLY
    renew(one)
    assert sync(one, old)[0]["verdict"] == "ACCEPTED"


def test_a_shift_that_is_said_to_have_begun_in_grace_sells_nothing(one):
    over = end(one, days_ago=2)
    opened = shift_open(one, opened_at=over.isoformat())
    within = sale(one, sold_at=(over + timedelta(hours=1)).isoformat(), shift=opened["id"])
    answers = sync(one, opened, within)
    assert codes(answers[0]) == ["subscription_expired"]
    assert {(answer["verdict"], answer["is_final"]) for answer in answers} == {("REJECTED", False)}
    with one.inside():
        assert not one.account.shifts.exists()


def test_a_clock_that_is_put_back_by_a_till_that_says_so_changes_nothing(one):
    """What the till's clock is wrong by is taken off before anything is asked."""
    over = end(one, days_ago=3)
    behind = timezone.now() - timedelta(days=5)
    item = sale(one, sold_at=(behind - timedelta(minutes=5)).isoformat())
    assert datetime.fromisoformat(item["content"]["sold_at"]) < over
    assert told(sync(one, item, sent_at=behind.isoformat())) == EARLY


def test_online_nothing_is_taken_for_having_happened_before(one):
    shift = start(one, opened_at=ago(days=3))
    ok(close(one, shift, closed_at=ago(days=2, hours=12)))
    over = end(one, days_ago=2)
    body = one.basket(sold_at=(over - timedelta(hours=1)).isoformat())
    refused(one, lambda: one.client().post(SALES, body), 402, "subscription_expired")
    assert told(sync(one, {"kind": "sale", "id": body.pop("id"), "content": body})) == TAKEN


def test_who_is_new_is_known_whatever_was_paid(one):
    put_in_state(one, "EXPIRED")
    new = customer()
    assert told(sync(one, new)) == TAKEN
    refused(
        one,
        lambda: one.client().post("/api/v1/sales/customers/", {"id": str(uuid7()), "name": "Efua"}),
        402,
        "subscription_expired",
    )


def test_a_batch_that_was_taken_is_a_duplicate_in_every_state(one):
    item = sale(one)
    sync(one, item)
    put_in_state(one, "EXPIRED")
    assert verdicts(sync(one, item)) == [("sale", "DUPLICATE")]
