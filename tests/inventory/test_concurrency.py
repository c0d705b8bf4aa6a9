"""Stock under many hands at once. Every race has its control: the same without the guard, and what then goes wrong."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError
from django.utils import timezone
from psycopg.errors import DeadlockDetected
from uuid_utils.compat import uuid7

from core import tenancy
from inventory import ledger, services, sums
from inventory.models import Product
from tests.conftest import Shop, open_shop, receive
from tests.races import at_once, count_of, meeting_before, one_behind_another, weaken, without
from tests.stock import batches, move, on_hand, post

pytestmark = pytest.mark.usefixtures("committed")


def issue(shop: Shop, quantity: int) -> None:
    """Take of the first product, as a sale would, in a transaction of its own."""
    with shop.inside():
        product, today = shop.products[0].pk, timezone.localdate(timezone=shop.account.zone)
        shelf = services.Shelf(shop.storefront.pk, today)
        services.issue_stock(
            by=shop.owner,
            source=shop.register,
            shelf=shelf,
            issues=[services.Issue(uuid7(), product, Decimal(quantity), "lines.0")],
            sellables=shelf.look(shop.owner, {product}),
            occurred_at=timezone.now(),
        )


def adds_up() -> bool:
    return list(sums.find_disagreements(using="staff")) == []


def test_s22_a_batch_gives_what_it_holds_and_its_lines_are_numbered_without_a_gap(busy):
    """S22."""
    (batch,) = batches(busy)
    results = at_once([lambda: move(busy, (batch, -25))] * 30)
    assert Counter(results) == {True: 20, False: 10}
    assert on_hand(busy) == [0]
    with busy.inside():
        lines = busy.account.stock_movements.order_by("sequence").values_list("sequence", "balance_after")
        assert list(lines) == [(n, Decimal(525 - 25 * n)) for n in range(1, 22)]
    assert adds_up()


@contextmanager
def taken(shop: Shop, *entries: tuple) -> Iterator[None]:
    """While this has been posted and not yet committed."""
    with shop.inside():
        assert post(shop, *entries)
        yield


def all_of_it(shop: Shop) -> list:
    """What eight get who want the whole batch, and wait for one who has it already."""
    (batch,) = batches(shop)
    return one_behind_another([lambda: move(shop, (batch, -500))] * 8, held=taken(shop, (batch, -500)))


def test_s22_who_waited_for_a_batch_sees_what_is_left_of_it(busy):
    """S22."""
    assert all_of_it(busy) == [False] * 8
    assert on_hand(busy) == [0]
    assert adds_up()


def test_s22_control_without_the_lock_and_the_constraints_a_batch_gives_what_is_not_there(busy, monkeypatch):
    """S22."""
    weaken(monkeypatch, ledger, "_LOCK", "FOR NO KEY UPDATE")
    with without("stock_never_negative", "one_movement_per_sequence"):
        assert all_of_it(busy) == [True] * 8
        assert on_hand(busy) == [-8 * 500]


def test_s22_control_without_the_lock_the_constraints_refuse_what_is_not_there(busy, monkeypatch):
    """S22."""
    weaken(monkeypatch, ledger, "_LOCK", "FOR NO KEY UPDATE")
    assert count_of(all_of_it(busy), IntegrityError) == 8
    assert on_hand(busy) == [0]
    assert adds_up()


def test_s26_two_that_take_the_same_batches_in_opposite_order_both_get_them(busy):
    """S26."""
    with busy.inside():
        receive(busy, "20")
    first, second = batches(busy)
    orders = [((first, -1), (second, -1)), ((second, -1), (first, -1))]
    results = at_once([lambda i=i: [move(busy, *orders[(i + n) % 2]) for n in range(5)] for i in range(4)])
    assert results == [[True] * 5] * 4
    assert on_hand(busy) == [480, 0]
    assert adds_up()


def opposite_orders(shop: Shop) -> list:
    """What two get who take from both ends of three batches, and wait for the one between."""
    for _ in range(2):
        with shop.inside():
            receive(shop, "20")
    first, second, between = batches(shop)
    orders = [(first, between, second), (second, between, first)]
    calls = [lambda order=order: move(shop, *((batch, -1) for batch in order)) for order in orders]
    return one_behind_another(calls, held=taken(shop, (between, -1)))


def test_s26_batches_are_locked_in_an_order_of_their_own(busy):
    """S26."""
    assert opposite_orders(busy) == [True, True]


def test_s26_control_batches_that_are_locked_in_the_order_of_the_basket_deadlock(busy, monkeypatch):
    """S26."""
    weaken(monkeypatch, ledger, "_LOCK", "ORDER BY id FOR", "ORDER BY array_position(%(batches)s::uuid[], id) FOR")
    assert is_deadlock(opposite_orders(busy))


def is_deadlock(results: list) -> bool:
    """One of two was thrown out for the other."""
    (error,) = (result for result in results if isinstance(result, Exception))
    return isinstance(error, OperationalError) and isinstance(error.__cause__, DeadlockDetected)


def one_and_four(shop: Shop) -> list:
    """What two get who wait for the batch that expires first, and is taken. The one who finds it empty turns to the
    older batch, which the other wants too."""
    with shop.inside():
        receive(shop, "2", expires_on=timezone.localdate(timezone=shop.account.zone))
    _, sooner = batches(shop)
    return one_behind_another([lambda n=n: issue(shop, n) for n in (1, 4)], held=taken(shop, (sooner, -2)))


def test_s26_who_finds_a_batch_empty_has_the_others_locked_already(busy):
    """S26."""
    assert one_and_four(busy) == [None, None]
    assert on_hand(busy) == [500 - 5, 0]
    assert adds_up()


def test_s26_control_who_locks_only_the_batches_that_it_picks_deadlocks(busy, monkeypatch):
    """S26."""
    whole = ledger.post
    monkeypatch.setattr(ledger, "post", lambda entries, **facts: whole(entries, **{**facts, "seen": {}}))
    assert is_deadlock(one_and_four(busy))


def test_deliveries_and_sales_at_the_same_instant_keep_the_ledger_true(busy):
    def deliver():
        for _ in range(4):
            with busy.inside():
                receive(busy, "3")

    def take():
        for _ in range(4):
            issue(busy, 3)

    assert at_once([deliver, take] * 4) == [None] * 8
    assert sum(on_hand(busy)) == 500
    assert adds_up()


def price(shop: Shop) -> Product:
    with shop.inside():
        return shop.account.products.get()


def test_a_price_of_a_delivery_and_a_change_of_the_other_price_are_both_kept(busy):
    def deliver(n: int):
        with busy.inside():
            receive(busy, "1", retail_price=Decimal(100 + n))

    def change(n: int):
        with busy.inside():
            row = busy.account.products.locked().get()
            services.change_product(by=busy.owner, product=row, wholesale_price=Decimal(50 + n))

    for n in range(10):
        assert at_once([lambda n=n: deliver(n), lambda n=n: change(n)]) == [None, None]
        found = price(busy)
        assert (found.retail_price, found.wholesale_price) == (100 + n, 50 + n)
        assert found.version == 1 + 2 * (n + 1)


def two_prices(shop: Shop) -> list:
    """What two deliveries get that have both read the same product."""
    barrier = threading.Barrier(2)

    def deliver(**prices: Decimal):
        with shop.inside(), meeting_before("INSERT INTO document_counters", barrier):
            receive(shop, "1", **prices)

    return at_once([lambda: deliver(retail_price=Decimal(100)), lambda: deliver(wholesale_price=Decimal(50))])


def test_control_prices_that_are_read_without_a_lock_and_then_both_written_lose_one(busy, monkeypatch):
    monkeypatch.setattr(tenancy.OwnedQuerySet, "locked", lambda rows: rows)
    assert two_prices(busy) == [None, None]
    found = price(busy)
    assert (found.retail_price, found.wholesale_price) != (100, 50)
    assert found.version == 2


def test_two_deliveries_at_the_same_instant_of_the_same_products_in_opposite_order_both_come(committed):
    shop = open_shop("Depot", prices=("1.00", "2.00", "3.00"), stock="0")

    def deliver(i: int):
        for n in range(6):
            products = shop.products if (i + n) % 2 else shop.products[::-1]
            with shop.inside():
                services.receive_stock(
                    by=shop.owner,
                    location=shop.storefront.pk,
                    items=[
                        {
                            "product": product.pk,
                            "quantity": Decimal(1),
                            "unit_cost": Decimal(1),
                            "retail_price": Decimal(10 + i + n),
                        }
                        for product in products
                    ],
                )

    assert at_once([lambda i=i: deliver(i) for i in range(4)]) == [None] * 4
    assert sum(on_hand(shop)) == 3 * 4 * 6
    assert adds_up()
