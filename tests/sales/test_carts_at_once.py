"""Carts under many hands at once. Every race has its control: the same without the guard, and what then goes wrong."""

import threading
from contextlib import nullcontext
from decimal import Decimal

import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected

from inventory import sums as stock_sums
from inventory.services import reservations
from sales import services, sums
from sales.errors import CartClosed, CartState
from sales.models import Cart
from sales.services import claims
from tests.conftest import Shop, open_shop, receive
from tests.inventory.test_concurrency import taken
from tests.races import at_once, count_of, meeting_before, one_behind_another, weaken
from tests.sales.test_concurrency import TEN, registers
from tests.stock import batches

pytestmark = pytest.mark.usefixtures("committed")


def a_cart(shop: Shop, *quantities: str) -> Cart:
    with shop.inside():
        cart = services.open_cart(by=shop.owner, storefront=shop.storefront, register=shop.register)
        for product, quantity in zip(shop.products, quantities, strict=False):
            services.add_cart_line(by=shop.owner, cart=cart, product=product.pk, quantity=Decimal(quantity))
    return cart


def adds_up() -> bool:
    return [*sums.find_disagreements(using="staff"), *stock_sums.find_disagreements(using="staff")] == []


# --- Sold by two tills ------------------------------------------------------------------------------------------------


def sold_at_once(shop: Shop, *, barrier: threading.Barrier | None = None) -> list:
    """What two tills get that sell one cart."""
    cart, tills = a_cart(shop, "1"), registers(shop, 2)

    def complete(register):
        with meeting_before('INSERT INTO "sales"', barrier) if barrier else nullcontext(), shop.inside():
            return services.complete_sale(
                by=shop.owner,
                storefront=shop.storefront.pk,
                register=register,
                lines=[{"product": shop.products[0].pk, "quantity": Decimal(1)}],
                payments=TEN,
                cart=cart.pk,
            )

    return at_once([lambda each=each.pk: complete(each) for each in tills])


def test_a_cart_that_two_tills_sell_at_once_is_one_sale(busy):
    results = sold_at_once(busy)
    assert count_of(results, CartClosed) == 1
    with busy.inside():
        assert (busy.account.sales.count(), busy.account.payments.count()) == (1, 1)
        assert busy.account.carts.get().sale_id == busy.account.sales.get().pk
        assert sorted(busy.account.registers.values_list("last_number", flat=True)) == [0, 1]
    assert adds_up()


def test_control_without_the_lock_the_cart_is_sold_twice(busy, monkeypatch):
    def look(*, by, cart_id, storefront_id):
        cart = by.account.carts.get(pk=cart_id)
        claims.refuse_unless(cart, "DRAFT")
        return cart

    monkeypatch.setattr(claims, "claim_cart", look)
    assert count_of(sold_at_once(busy, barrier=threading.Barrier(2)), Exception) == 0
    with busy.inside():
        assert busy.account.sales.count() == 2


# --- Filled and taken up by two ---------------------------------------------------------------------------------------


def at_the_cart(shop: Shop, cart: Cart, act, *, is_locked: bool, barrier: threading.Barrier | None = None):
    with shop.inside(), meeting_before("UPDATE", barrier) if barrier else nullcontext():
        rows = shop.account.carts
        return act((rows.locked() if is_locked else rows).get(pk=cart.pk))


def filled_at_once(shop: Shop, count: int, **facts) -> Decimal:
    """How much is in a cart with one piece of a thing, once so many have added one more each."""
    cart, product = a_cart(shop, "1"), shop.products[0].pk

    def add(row):
        return services.add_cart_line(by=shop.owner, cart=row, product=product)

    results = at_once([lambda: at_the_cart(shop, cart, add, **facts)] * count)
    assert count_of(results, Cart) == count, results
    with shop.inside():
        return shop.account.cart_lines.get().quantity


def test_what_several_put_into_a_cart_at_once_is_all_in_it(busy):
    assert filled_at_once(busy, 6, is_locked=True) == 7


def test_control_without_the_lock_one_of_two_is_lost(busy):
    assert filled_at_once(busy, 2, is_locked=False, barrier=threading.Barrier(2)) == 2


def resumed_at_once(shop: Shop, **facts) -> list:
    """What two tills get that take up one parked cart."""
    cart, tills = a_cart(shop, "1"), registers(shop, 2)
    with shop.inside():
        services.park_cart(by=shop.owner, cart=shop.account.carts.locked().get())

    def resume(row, register):
        return services.resume_cart(by=shop.owner, cart=row, register=register)

    return at_once(
        [lambda till=till: at_the_cart(shop, cart, lambda row: resume(row, till), **facts) for till in tills]
    )


def test_of_two_tills_that_take_up_a_parked_cart_one_has_it(busy):
    results = resumed_at_once(busy, is_locked=True)
    assert (count_of(results, Cart), count_of(results, CartState)) == (1, 1)


def test_control_without_the_lock_both_tills_believe_to_have_it(busy):
    results = resumed_at_once(busy, is_locked=False, barrier=threading.Barrier(2))
    assert count_of(results, Cart) == 2


# --- Stock promised to two --------------------------------------------------------------------------------------------


def hold(shop: Shop, cart: Cart):
    with shop.inside():
        return services.hold_cart(by=shop.owner, cart=shop.account.carts.locked().get(pk=cart.pk))


def test_s25_of_ten_carts_that_want_the_last_of_two_things_at_once_one_holds_both():
    """S25."""
    shop = open_shop("Last Things", prices=("10.00", "3.33"), stock="5")
    carts = [a_cart(shop, "5", "5") for _ in range(10)]
    results = at_once([lambda cart=cart: hold(shop, cart) for cart in carts])
    assert count_of(results, Cart) == 1
    with shop.inside():
        held = shop.account.reservations.values_list("cart", "quantity")
        assert sorted(held) == [(held[0][0], Decimal(5))] * 2


def held_in_opposite_order() -> list:
    """What two carts get that hold the same three things, put in from both ends, and wait for the one between."""
    shop = open_shop("Opposite", prices=("10.00", "3.33", "0.99"), stock="0")
    first, second, between = shop.products
    for product in (first, second, between):  # batches in this order of their keys
        shop.products = [product]
        with shop.inside():
            receive(shop, "50")
    carts = []
    for order in ((first, between, second), (second, between, first)):
        shop.products = list(order)
        carts.append(a_cart(shop, "1", "1", "1"))
    held = taken(shop, (batches(shop)[2], -1))
    return one_behind_another([lambda cart=cart: hold(shop, cart) for cart in carts], held=held)


def test_s26_shelves_are_locked_in_an_order_of_their_own():
    """S26."""
    assert count_of(held_in_opposite_order(), Cart) == 2


def test_s26_control_shelves_that_are_locked_in_the_order_of_the_cart_deadlock(monkeypatch):
    """S26."""
    in_order = "ORDER BY array_position(%(products)s::uuid[], product_id) FOR"
    weaken(monkeypatch, reservations, "_LOCK", "ORDER BY id FOR", in_order)
    (error,) = (result for result in held_in_opposite_order() if isinstance(result, Exception))
    assert isinstance(error, OperationalError)
    assert isinstance(error.__cause__, DeadlockDetected)
