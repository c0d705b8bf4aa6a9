"""Many at once with the same credits. Each race has a control that shows it without the guard."""

import threading
from datetime import date
from functools import partial

import pytest

from billing import ledger, services
from billing.credits import InsufficientCreditsError
from billing.errors import CreditsRefunded, ReservationOver
from billing.models import CreditReservation, CreditTransaction, PaymentState
from core.tenancy import OwnedQuerySet
from tests.billing import payments
from tests.billing.crediting import CREDITS, commit, grant, left, lines, post, refund, release, reserve, rich, spend
from tests.races import at_once, count_of, meeting_before, weaken, without, without_index

LOCK = " FOR NO KEY UPDATE"
ENOUGH = "balance + %(amount)s >= CASE WHEN %(heeds)s THEN"


def unlocked(monkeypatch):
    weaken(monkeypatch, ledger, "_LOCK", LOCK)


def meet(calls, *statements):
    """All of these at once, each waiting for the others just before its statement."""
    barrier = threading.Barrier(len(calls))

    def run(call, statement):
        with meeting_before(statement, barrier):
            return call()

    statements = statements * len(calls) if len(statements) == 1 else statements
    return at_once([partial(run, call, statement) for call, statement in zip(calls, statements, strict=True)])


def balance_of(shop):
    """As it stands, whether or not the ledger adds up to it."""
    with shop.inside():
        return shop.account.credit_account.__class__.across_accounts.get().balance


# --- The last credits -------------------------------------------------------------------------------------------------


def test_s42_of_twenty_deductions_of_one_from_ten_ten_succeed(busy):
    """S42."""
    rich(busy, 10)
    clients = [busy.client() for _ in range(20)]
    body = {"operation": "content", "amount": 1}
    answers = at_once(
        [
            partial(client.post, f"{CREDITS}deduct/", body, HTTP_IDEMPOTENCY_KEY=f"deduction {number}")
            for number, client in enumerate(clients)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [402] * 10
    assert left(busy) == (0, 0)
    assert lines(busy) == [("ADDED", 10)] + [("SPENT", -1)] * 10


def test_without_the_condition_there_would_be_fewer_than_none(busy, monkeypatch):
    weaken(monkeypatch, ledger, "_CHANGE", ENOUGH, "0 <= CASE WHEN %(heeds)s THEN 0 *")
    with without("credits_not_negative", "credits_after_not_negative"):
        rich(busy, 10)
        spent = at_once([partial(spend, busy, "content", 1)] * 20)
        assert count_of(spent, CreditTransaction) == 20
        assert balance_of(busy) == -10


def test_what_one_reserves_another_does_not_spend_meanwhile(busy):
    rich(busy, 10)
    calls = [partial(reserve, busy), partial(spend, busy)] * 4
    found = at_once(calls)
    assert count_of(found, InsufficientCreditsError) == 7
    balance, reserved = left(busy)
    assert (balance, reserved) in {(10, 8), (2, 0)}


def test_without_the_lock_it_would(busy, monkeypatch):
    rich(busy, 10)
    unlocked(monkeypatch)
    found = meet(
        [partial(reserve, busy), partial(spend, busy)], 'INSERT INTO "credit_reservations"', "UPDATE credit_accounts"
    )
    assert [type(each) for each in found] == [CreditReservation, CreditTransaction]
    assert left(busy) == (2, 8)


# --- The same thing twice ---------------------------------------------------------------------------------------------


def test_s43_a_deduction_that_is_retried_while_the_first_is_under_way_charges_once(busy):
    """S43."""
    rich(busy, 100)
    answers = at_once([partial(post, busy, "deduct/", {"operation": "linking"}, key="one")] * 6)
    told = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["data"]["id"] for answer in told}) == 1
    assert left(busy) == (92, 0)


def test_a_key_pays_once_whoever_brings_it_at_once(busy):
    rich(busy, 100)
    found = at_once([partial(spend, busy, key="task 7")] * 6)
    assert len({line.pk for line in found}) == 1
    assert left(busy) == (92, 0)


def test_without_lock_and_rule_a_key_would_pay_twice(busy, monkeypatch):
    with without_index("one_credit_transaction_per_key"):
        rich(busy, 100)
        unlocked(monkeypatch)
        found = meet([partial(spend, busy, key="task 7")] * 2, "UPDATE credit_accounts")
        assert count_of(found, CreditTransaction) == 2
        assert balance_of(busy) == 84


def test_a_month_is_granted_once_by_all_who_grant_it_at_once(busy):
    found = at_once([partial(grant, busy, 200, date(2026, 3, 1))] * 6)
    assert len({line.pk for line in found}) == 1
    assert left(busy) == (200, 0)


def test_without_lock_and_rule_it_would_be_granted_twice(busy, monkeypatch):
    with without_index("one_credit_transaction_per_key"):
        unlocked(monkeypatch)
        rich(busy, 1)
        meet([partial(grant, busy, 200, date(2026, 3, 1))] * 2, "UPDATE credit_accounts")
        assert balance_of(busy) == 401


def test_what_was_spent_is_refunded_once_by_all_who_refund_it_at_once(busy):
    rich(busy, 100)
    line = spend(busy)
    found = at_once([partial(refund, busy, line)] * 6)
    assert count_of(found, CreditsRefunded) == 5
    assert left(busy) == (100, 0)


def test_without_lock_and_rule_it_would_be_refunded_twice(busy, monkeypatch):
    with without_index("credits_refunded_once"):
        rich(busy, 100)
        line = spend(busy)
        unlocked(monkeypatch)
        meet([partial(refund, busy, line)] * 2, "UPDATE credit_accounts")
        assert balance_of(busy) == 108


# --- One end or the other ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deeds", [(commit, release), (commit, commit), (release, release)])
def test_a_reservation_ends_once(busy, deeds):
    rich(busy, 10)
    reservation = reserve(busy)
    copies = [fetch(busy, reservation) for _ in range(6)]
    found = at_once([partial(deeds[number % 2], busy, copy) for number, copy in enumerate(copies)])
    assert count_of(found, ReservationOver) == 5
    paid = count_of(found, CreditTransaction)
    assert left(busy) == (10 - 8 * paid, 0)


def test_without_the_lock_it_would_be_paid_and_released(busy, monkeypatch):
    rich(busy, 10)
    reservation = reserve(busy)
    unlocked(monkeypatch)
    deeds = [partial(deed, busy, fetch(busy, reservation)) for deed in (commit, release)]
    found = meet(deeds, 'UPDATE "credit_reservations"')
    assert [type(each) for each in found] == [CreditTransaction, CreditReservation]


def fetch(shop, reservation):
    """The same reservation, as another request has it."""
    with shop.inside():
        row = shop.account.credit_reservations.get(pk=reservation.pk)
        row.account = shop.account
        return row


# --- Money ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def paid(busy, fake):
    """An order whose money has come, which nobody knows yet."""
    made = post(busy, "purchases/", {"pack": "ghs-500", "gateway": "MOMO", "payer_phone": "0244123456"})
    with busy.inside():
        attempt = busy.account.payment_attempts.get(subject_id=made.json()["data"]["id"])
    payments.pursue(attempt)
    payments.decide(fake, attempt)
    return attempt


def test_a_pack_is_granted_once_by_all_who_hear_that_it_is_paid(busy, paid):
    found = at_once([partial(payments.pursue, paid)] * 6)
    assert count_of(found, Exception) == 0
    assert lines(busy) == [("PURCHASED", 500)]
    assert left(busy) == (500, 0)


def receive(shop, attempt):
    """What settling calls, once for each who has settled."""
    with shop.inside():
        services.receive_credit_payment(by=shop.owner, attempt=attempt)


def test_nor_is_it_granted_twice_by_two_who_are_told_of_its_money(busy, paid):
    paid.state = PaymentState.PAID
    found = at_once([partial(receive, busy, paid)] * 6)
    assert count_of(found, Exception) == 0
    assert lines(busy) == [("PURCHASED", 500)]


def test_without_the_locks_it_would_be_granted_twice(busy, paid, monkeypatch):
    paid.state = PaymentState.PAID
    monkeypatch.setattr(OwnedQuerySet, "locked", lambda rows: rows.order_by("pk"))
    meet([partial(receive, busy, paid)] * 2, 'INSERT INTO "credit_accounts"')
    assert balance_of(busy) == 1000
