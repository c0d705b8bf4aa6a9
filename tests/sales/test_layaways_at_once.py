"""Layaways under many hands at once. Every race has its control: the same without the guard, and what then goes
wrong."""

import threading
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.utils import timezone

from inventory.errors import InsufficientStock
from inventory.services import reservations
from sales import services, sums
from sales.errors import LayawayClosed, LayawayOverpaid
from sales.models import Customer, Layaway, Sale
from tests.conftest import Shop
from tests.races import at_once, count_of, meanwhile, meeting_before, without
from tests.sales.test_concurrency import TEN, registers
from tests.stock import on_hand

pytestmark = pytest.mark.usefixtures("committed")


def adds_up() -> bool:
    return list(sums.find_disagreements(using="staff")) == []


def a_customer(shop: Shop) -> Customer:
    with shop.inside():
        return shop.account.customers.first() or services.add_customer(by=shop.owner, name="Efua")


def lay_aside(shop: Shop, quantity: str, paid: str) -> Layaway:
    with shop.inside():
        return services.open_layaway(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            customer=a_customer(shop).pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(quantity)}],
            due_on=timezone.localdate(timezone=shop.account.zone) + timedelta(days=9),
            payments=[{"method": "CASH", "amount": Decimal(paid)}],
        )


def pay(shop: Shop, layaway: Layaway, register) -> Layaway:
    rest = [{"method": "CASH", "amount": Decimal(6)}]
    return services.pay_layaway(by=shop.owner, layaway=layaway, register=register.pk, payments=rest)


def complete(shop: Shop, layaway: Layaway, register) -> Sale:
    return services.complete_layaway(by=shop.owner, layaway=layaway, register=register.pk)


def cancel(shop: Shop, layaway: Layaway, register) -> Layaway:
    return services.cancel_layaway(by=shop.owner, layaway=layaway, register=register.pk, reason="Both")


def at_two_tills(shop: Shop, first, second, *, paid: str, is_locked: bool, until: str = 'UPDATE "layaways"') -> list:
    """What two tills get that do this with one layaway of 10.00. Who has no lock meets the other before it writes."""
    pk, tills, barrier = lay_aside(shop, "1", paid).pk, registers(shop, 2), threading.Barrier(2)

    def act(step, register):
        with shop.inside(), nullcontext() if is_locked else meeting_before(until, barrier):
            rows = shop.account.layaways
            return step(shop, (rows.locked() if is_locked else rows).get(pk=pk), register)

    return at_once([lambda: act(first, tills[0]), lambda: act(second, tills[1])])


def came(shop: Shop) -> Decimal:
    with shop.inside():
        return sum(shop.account.payments.exclude(layaway=None).values_list("amount", flat=True))


# --- Paid twice -------------------------------------------------------------------------------------------------------


def test_of_two_who_pay_the_rest_at_once_one_does(busy):
    results = at_two_tills(busy, pay, pay, paid="4", is_locked=True)
    assert (count_of(results, Layaway), count_of(results, LayawayOverpaid)) == (1, 1)
    assert came(busy) == 10
    assert adds_up()


def test_control_without_the_lock_the_rest_is_paid_twice_and_the_proof_says_so(busy):
    results = at_two_tills(busy, pay, pay, paid="4", is_locked=False)
    assert count_of(results, Layaway) == 2
    assert came(busy) == 16
    assert not adds_up()


# --- Ended twice ------------------------------------------------------------------------------------------------------


def test_of_two_who_hand_it_over_at_once_one_does(busy):
    results = at_two_tills(busy, complete, complete, paid="10", is_locked=True)
    assert (count_of(results, Sale), count_of(results, LayawayClosed)) == (1, 1)
    assert on_hand(busy) == [499]
    assert adds_up()


def test_control_without_the_lock_it_is_handed_over_twice_and_the_proof_says_so(busy):
    results = at_two_tills(busy, complete, complete, paid="10", is_locked=False, until="UPDATE registers")
    assert count_of(results, Sale) == 2
    assert (came(busy), on_hand(busy)) == (10, [498])
    assert not adds_up()


def test_of_two_who_give_it_up_at_once_one_gets_the_money(busy):
    results = at_two_tills(busy, cancel, cancel, paid="10", is_locked=True)
    assert (count_of(results, Layaway), count_of(results, LayawayClosed)) == (1, 1)
    assert came(busy) == 0
    assert adds_up()


def test_control_without_the_lock_the_money_goes_back_twice(busy):
    results = at_two_tills(busy, cancel, cancel, paid="10", is_locked=False)
    assert count_of(results, Layaway) == 2
    assert came(busy) == -10
    assert not adds_up()


def test_handed_over_and_given_up_at_once_it_is_one_of_both(busy):
    results = at_two_tills(busy, complete, cancel, paid="10", is_locked=True)
    assert count_of(results, LayawayClosed) == 1
    is_sold = count_of(results, Sale) == 1
    assert (came(busy), on_hand(busy)) == ((10, [499]) if is_sold else (0, [500]))
    assert adds_up()


def given_up_while_handed_over(shop: Shop) -> None:
    """A till gives up what it saw open just before the till beside it handed it over; neither locks it."""
    pk, tills = lay_aside(shop, "1", "10").pk, registers(shop, 2)

    def act(step, register):
        with shop.inside():
            return step(shop, shop.account.layaways.get(pk=pk), register)

    with meanwhile('UPDATE "layaways"', lambda: act(complete, tills[0])):
        act(cancel, tills[1])


def test_control_without_the_lock_the_constraint_refuses_the_second_end(busy):
    with pytest.raises(IntegrityError):
        given_up_while_handed_over(busy)
    assert (came(busy), on_hand(busy)) == (10, [499])
    assert adds_up()


def test_control_without_lock_and_constraint_the_goods_and_the_money_are_gone(busy):
    with without("layaway_ends_one_way"):
        given_up_while_handed_over(busy)
        assert (came(busy), on_hand(busy)) == (0, [499])


# --- The last of it ---------------------------------------------------------------------------------------------------


def test_the_last_piece_is_sold_or_laid_aside_but_not_both(busy):
    calls = [lambda: lay_aside(busy, "500", "5000")] * 3
    results = at_once(calls)
    assert (count_of(results, Layaway), count_of(results, InsufficientStock)) == (1, 2)
    assert came(busy) == 5000
    assert adds_up()


def sell(shop: Shop, register) -> Sale:
    with shop.inside():
        return services.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=register,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1)}],
            payments=TEN,
        )


def laid_aside_meanwhile(shop: Shop):
    """What a sale hears that has seen the shelf just before all of it was laid aside at the till beside it."""
    _, beside = registers(shop, 2)
    a_customer(shop)
    with meanwhile("\nSELECT id, quantity, hold_count", lambda: lay_aside(shop, "500", "5000")):
        try:
            return sell(shop, beside.pk)
        except InsufficientStock as error:
            return error


def test_a_sale_that_saw_the_shelf_before_it_was_laid_aside_does_not_get_it(busy):
    assert isinstance(laid_aside_meanwhile(busy), InsufficientStock)
    assert on_hand(busy) == [500]


def test_control_without_the_note_of_the_hold_it_sells_what_was_laid_aside(busy, monkeypatch):
    monkeypatch.setattr(reservations, "_NOTE_HOLD", "SELECT %(account)s::uuid, %(batches)s::uuid[]")
    assert isinstance(laid_aside_meanwhile(busy), Sale)
    assert on_hand(busy) == [499]
