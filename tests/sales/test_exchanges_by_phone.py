"""An exchange that is paid by phone, while the worker gives the same money up as late: neither waits for the other."""

from decimal import Decimal
from threading import Barrier

import pytest

from sales.services import mobile_payments
from tests.races import at_once, meeting_before
from tests.sales.phones import add_customer, age, by_phone, paid, pursue, state, wallet
from tests.sales.requests import sell
from tests.sales.returning import exchange, problems, thing

pytestmark = pytest.mark.usefixtures("committed")
LOCKED_REGISTER = 'SELECT "registers"'


@pytest.fixture
def late(busy, fake):
    """A sale, its customer, and money by phone that has waited too long for what it pays."""
    efua = add_customer(busy)
    sale = sell(busy, customer=efua)
    payment = paid(busy, fake, customer=efua)
    age(busy, payment, minutes=16)
    busy.client()
    return efua, sale, payment


def swapped(shop, sale, payment):
    """One for two, of which one is paid by phone."""
    return exchange(shop, sale, thing(shop, quantity="2"), payments=[by_phone(payment)]).status_code


def test_an_exchange_takes_money_by_phone(busy, fake):
    payment = paid(busy, fake)
    assert swapped(busy, sell(busy), payment) == 201
    assert (state(busy, payment), problems(busy)) == ("PAID", [])


def test_an_exchange_and_the_worker_who_gives_its_money_up_do_not_wait_in_a_circle(busy, late):
    efua, sale, payment = late
    results = at_once([lambda: swapped(busy, sale, payment), lambda: pursue(busy, payment)])
    expected = [([201, None], "PAID", Decimal(0)), ([409, None], "PAID_LATE", Decimal(10))]
    assert (results, state(busy, payment), wallet(busy, efua)[0]) in expected
    assert problems(busy) == []


def each_holding_what_the_other_wants(shop, late):
    """The exchange is about to lock the attempt, the worker the register."""
    _, sale, payment = late
    barrier = Barrier(2)

    def swap():
        with meeting_before('SELECT "payment_attempts"', barrier):
            return swapped(shop, sale, payment)

    def give_up():
        with meeting_before(LOCKED_REGISTER, barrier):
            return pursue(shop, payment)

    return at_once([swap, give_up])


def test_control_whoever_locks_the_attempt_last_waits_in_a_circle(busy, late, monkeypatch):
    monkeypatch.setattr(mobile_payments, "lock_attempts", lambda *, by, payments: None)
    swap, give_up = each_holding_what_the_other_wants(busy, late)
    told = f"{swap} {give_up}"
    assert ("503" in told) != ("deadlock detected" in told), told
