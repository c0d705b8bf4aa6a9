"""The phone's money comes, or is spent, at the very moment when the offline sale that it paid comes: it counts once."""

from decimal import Decimal
from threading import Barrier

from billing.models import PaymentAttempt
from sales.api import sync as sync_api
from sales.services import mobile_payments
from tests.billing import payments
from tests.races import at_once, meanwhile, meeting_before, without_index
from tests.sales.offline import codes, problems, sync
from tests.sales.phones import add_customer, age, ask, attempt_of, paid, pursue, state, transfers, wallet
from tests.sales.test_mobile_payments_at_once import spent, unlocked
from tests.sales.test_sync_phones import by_attempt, late, pay_out


def gone_without_answer(busy, fake):
    """A known customer was asked, nobody waits any more, and the gateway is about to say that she has paid."""
    efua = add_customer(busy)
    payment = ask(busy, customer=efua)
    age(busy, payment, minutes=6)
    pursue(busy, payment)
    assert state(busy, payment) == "EXPIRED"
    payments.decide(fake, attempt_of(busy, payment))
    busy.client()
    return efua, payment


def test_s39_money_that_comes_while_its_sale_is_synced_counts_once(busy, fake):
    """S39."""
    efua, payment = gone_without_answer(busy, fake)
    item = by_attempt(busy, payment, customer=efua)
    [answer], _ = at_once([lambda: sync(busy, item), lambda: pursue(busy, payment)])
    assert state(busy, payment) == "PAID_LATE"
    sale_was_first = codes(answer) == ["payment_not_usable"]
    assert sale_was_first or answer["verdict"] == "ACCEPTED"
    assert [row["state"] for row in transfers(busy)] == ["USED" if sale_was_first else "MATCHED"]
    assert wallet(busy, efua)[:2] == (0, 0)
    assert spent(busy, payment) == 1
    with busy.inside():
        assert busy.account.sales.count() == 1
    assert problems(busy) == []


def test_control_without_lock_and_constraint_the_money_is_in_the_wallet_and_pays_the_sale(busy, fake, monkeypatch):
    efua, payment = gone_without_answer(busy, fake)
    item, barrier = by_attempt(busy, payment, customer=efua), Barrier(2)
    unlocked(monkeypatch, PaymentAttempt)
    monkeypatch.setattr(mobile_payments, "_has_its_sale", lambda payment: False)

    def send():
        with meeting_before("UPDATE registers", barrier):
            return sync(busy, item)

    def hear():
        with meeting_before('INSERT INTO "incoming_transfers"', barrier):
            pursue(busy, payment)

    with without_index("one_payment_per_attempt"):
        [answer], _ = at_once([send, hear])
        assert answer["verdict"] == "ACCEPTED_WITH_EXCEPTION"
        assert (wallet(busy, efua)[0], spent(busy, payment)) == (Decimal(10), 2)


def sold_while_she_takes_it_out(busy, fake):
    """The verdict on a sale that finds the money in the wallet, which is empty by the time it is locked."""
    efua = add_customer(busy)
    payment = late(busy, fake, customer=efua)
    item = by_attempt(busy, payment, customer=efua)
    with meanwhile(r"\s*UPDATE registers", lambda: pay_out(busy, efua)):
        [answer] = sync(busy, item)
    return answer, wallet(busy, efua)[:2]


def test_what_the_customer_takes_out_while_the_sale_comes_is_owed(busy, fake):
    answer, left = sold_while_she_takes_it_out(busy, fake)
    assert codes(answer) == ["payment_not_usable", "credit_limit_exceeded"]
    assert left == (0, 10)
    assert problems(busy) == []


def test_control_who_does_not_look_again_rejects_the_sale(busy, fake, monkeypatch):
    monkeypatch.setattr(sync_api, "ATTEMPTS", 1)
    answer, left = sold_while_she_takes_it_out(busy, fake)
    assert (answer["verdict"], codes(answer), left) == ("REJECTED", ["insufficient_wallet"], (0, 0))


def brought_twice(busy, fake):
    """The verdicts of two devices on a sale that one phone has paid, and how often its money is in the books."""
    payment, barrier = paid(busy, fake), Barrier(2)
    item = by_attempt(busy, payment)

    def send():
        with meeting_before('SELECT "mobile_payments"', barrier):
            return sync(busy, item)[0]["verdict"]

    busy.client()
    return sorted(at_once([send] * 2)), spent(busy, payment)


def test_s40_two_devices_that_bring_the_same_sale_use_its_money_once_and_both_know(busy, fake):
    """S40."""
    assert brought_twice(busy, fake) == (["ACCEPTED", "DUPLICATE"], 1)
    assert problems(busy) == []


def test_control_who_does_not_look_again_says_that_the_money_is_used(busy, fake, monkeypatch):
    monkeypatch.setattr(sync_api, "ATTEMPTS", 1)
    assert brought_twice(busy, fake) == (["ACCEPTED", "REJECTED"], 1)
