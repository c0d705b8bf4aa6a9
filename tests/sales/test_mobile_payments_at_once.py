"""Sales, cancellations and confirmations at once about one attempt: its money counts once, wherever it goes."""

from contextlib import contextmanager
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from billing.models import PaymentAttempt
from core.tenancy import OwnedQuerySet
from sales.models import IncomingTransfer
from sales.services import mobile_payments
from tests.races import at_once, count_of, meeting_before, one_behind_another, without, without_index
from tests.sales.phones import (
    TRANSFERS,
    add_customer,
    age,
    ask,
    by_phone,
    cancel,
    paid,
    pays,
    pursue,
    state,
    transfers,
    wallet,
)
from tests.sales.requests import SALES
from tests.sales.test_transfers import arrived


def unlocked(monkeypatch, *models):
    """Whoever would wait for a row of these does not."""
    locked = OwnedQuerySet.locked

    def not_locked(rows) -> QuerySet:
        return rows.order_by("pk") if rows.model in models else locked(rows)

    monkeypatch.setattr(OwnedQuerySet, "locked", not_locked)


def sell(shop, *tenders, barrier=None, **extra):
    client, basket = shop.client(), shop.basket(payments=list(tenders), **extra)
    if barrier is None:
        return client.post(SALES, basket).status_code
    with meeting_before('UPDATE "payment_attempts" SET "used_at"', barrier):
        return client.post(SALES, basket).status_code


def spent(shop, payment):
    """How often the money of an attempt is in the books."""
    with shop.inside():
        return shop.account.payments.filter(attempt=payment["id"]).count()


def test_two_sales_at_once_one_wins(busy, fake):
    payment = paid(busy, fake)
    busy.client()
    answers = at_once([lambda: sell(busy, by_phone(payment))] * 3)
    assert (count_of(answers, 201), count_of(answers, 409)) == (1, 2)
    assert spent(busy, payment) == 1
    with busy.inside():
        assert busy.account.sales.count() == 1
        assert busy.account.registers.get().last_number == 1


def test_without_the_lock_the_database_still_lets_one_win(busy, fake, monkeypatch):
    payment = paid(busy, fake)
    busy.client()
    unlocked(monkeypatch, PaymentAttempt)
    barrier = Barrier(2)
    answers = at_once([lambda: sell(busy, by_phone(payment), barrier=barrier)] * 2)
    assert sorted(answers) == [201, 409]
    assert spent(busy, payment) == 1


def test_control_without_the_lock_and_the_constraint_both_sales_are_paid(busy, fake, monkeypatch):
    payment = paid(busy, fake)
    busy.client()
    unlocked(monkeypatch, PaymentAttempt)
    barrier = Barrier(2)
    with without_index("one_payment_per_attempt"):
        answers = at_once([lambda: sell(busy, by_phone(payment), barrier=barrier)] * 2)
        assert (answers, spent(busy, payment)) == ([201, 201], 2)


def test_s39_confirmed_while_the_customer_pays_cash_the_money_counts_once(busy, fake):
    """S39."""
    efua = add_customer(busy)
    payment = ask(busy, customer=efua)
    results = at_once(
        [
            lambda: sell(busy, {"method": "CASH", "amount": "10"}, customer=efua),
            lambda: cancel(busy, payment).status_code,
            lambda: pays(busy, fake, payment),
        ]
    )
    assert results[0] == 201
    assert results[1] in (200, 409)
    if results[1] == 409:  # the money was quicker: it waits in vain
        assert state(busy, payment) == "PAID"
        age(busy, payment, minutes=16)
        pursue(busy, payment)
    assert state(busy, payment) == "PAID_LATE"
    assert wallet(busy, efua) == (Decimal(10), Decimal(0), [("WALLET", "PAID_LATE", Decimal(10))])
    assert [row["state"] for row in transfers(busy)] == ["MATCHED"]
    assert spent(busy, payment) == 1


def expired_while_it_is_used(shop, fake):
    """A sale uses the money in the moment in which it is given up as late."""
    efua = add_customer(shop)
    payment = paid(shop, fake, customer=efua)
    age(shop, payment, minutes=16)
    shop.client()
    return efua, payment


def test_money_is_used_or_late_and_never_both(busy, fake):
    efua, payment = expired_while_it_is_used(busy, fake)
    results = at_once([lambda: sell(busy, by_phone(payment)), lambda: pursue(busy, payment)])
    assert (results[0], wallet(busy, efua)[0]) in [(201, Decimal(0)), (409, Decimal(10))]
    assert spent(busy, payment) == 1


def test_a_sale_that_comes_first_has_the_money_and_the_worker_sees_it(busy, fake):
    efua, payment = expired_while_it_is_used(busy, fake)
    calls = [lambda: sell(busy, by_phone(payment)), lambda: pursue(busy, payment)]
    assert one_behind_another(calls, held=held(busy, payment)) == [201, None]
    assert (state(busy, payment), wallet(busy, efua)[0]) == ("PAID", 0)


@contextmanager
def held(shop, payment):
    """The attempt, while somebody holds it."""
    with shop.inside():
        shop.account.payment_attempts.select_for_update().get(pk=payment["id"])
        yield


def test_control_without_the_lock_money_is_used_and_late(busy, fake, monkeypatch):
    _, payment = expired_while_it_is_used(busy, fake)
    unlocked(monkeypatch, PaymentAttempt)
    monkeypatch.setattr(mobile_payments, "_has_its_sale", lambda payment: False)
    barrier = Barrier(2)

    def give_up():
        with meeting_before('UPDATE "payment_attempts" SET "state"', barrier):
            pursue(busy, payment)

    with without_index("one_payment_per_attempt"), without("only_paid_attempts_are_used"):
        results = at_once([lambda: sell(busy, by_phone(payment), barrier=barrier), give_up])
        assert (results, spent(busy, payment)) == ([201, None], 2)


def match(shop, transfer, customer):
    body = {"customer": customer, "register": str(shop.register.pk)}
    return shop.client().post(f"{TRANSFERS}{transfer}/match/", body).status_code


def test_two_who_match_a_transfer_at_once_credit_it_once(busy, fake):
    efua, transfer = add_customer(busy), arrived(busy)
    busy.client()
    answers = at_once([lambda: match(busy, transfer, efua)] * 3)
    assert (count_of(answers, 200), count_of(answers, 409)) == (1, 2)
    assert wallet(busy, efua)[0] == 10


def test_control_without_the_lock_a_transfer_is_credited_twice(busy, fake, monkeypatch):
    efua, transfer = add_customer(busy), arrived(busy)
    busy.client()
    unlocked(monkeypatch, IncomingTransfer)
    barrier = Barrier(2)

    def both():
        with meeting_before('SELECT "registers"', barrier):  # both have read that nobody has decided
            return match(busy, transfer, efua)

    assert at_once([both, both]) == [200, 200]
    assert wallet(busy, efua)[0] == 20


def test_an_unknown_reference_told_twice_at_once_is_in_the_inbox_once(busy, fake):
    assert at_once([lambda: arrived(busy)] * 3) == [arrived(busy)] * 3
    assert len(transfers(busy)) == 1


def test_the_database_lets_an_attempt_be_used_only_while_it_is_paid(busy, fake):
    ask(busy)
    with pytest.raises(IntegrityError, match="only_paid_attempts_are_used"), busy.inside(), transaction.atomic():
        busy.account.payment_attempts.update(used_at="2026-01-01T00:00Z")
