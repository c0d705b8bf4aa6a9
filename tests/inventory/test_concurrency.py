"""Stock under many hands at once. Every race has its control: the same without the guard, and what then goes wrong."""

import threading
from collections import Counter
from decimal import Decimal

import pytest
from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import DeadlockDetected
from uuid_utils.compat import uuid7

from inventory import ledger, queries, services
from inventory.ledger import Entry
from inventory.models import MovementKind, Product
from tests.conftest import Shop, open_shop, receive
from tests.races import PATIENCE, at_once, count_of, watching

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def shop(committed) -> Shop:
    return open_shop("Ama Provisions", prices=("10.00",), stock="20")


def move(shop: Shop, *entries: tuple) -> bool:
    """Post (batch, quantity) to the ledger in a transaction of its own."""
    with shop.inside():
        return post(shop, *entries)


def post(shop: Shop, *entries: tuple) -> bool:
    kinds = {True: MovementKind.RETURNED, False: MovementKind.SOLD}
    return ledger.post(
        [Entry(batch, kinds[quantity > 0], Decimal(quantity)) for batch, quantity in entries],
        by=shop.owner,
        source=shop.register,
        occurred_at=timezone.now(),
    )


def issue(shop: Shop, quantity: int) -> None:
    """Take of the first product, as a sale would, in a transaction of its own."""
    with shop.inside():
        product, today = shop.products[0].pk, timezone.localdate(timezone=shop.account.zone)
        services.issue_stock(
            by=shop.owner,
            source=shop.register,
            location_id=shop.storefront.pk,
            on=today,
            issues=[services.Issue(uuid7(), product, Decimal(quantity), "lines.0.quantity")],
            sellables=queries.find_sellables(
                shop.account, location_id=shop.storefront.pk, product_ids={product}, on=today
            ),
            occurred_at=timezone.now(),
        )


def batches(shop: Shop) -> list:
    with shop.inside():
        return list(shop.account.stock_products.order_by("id").values_list("id", flat=True))


def on_hand(shop: Shop) -> list[Decimal]:
    with shop.inside():
        return list(shop.account.stock_products.order_by("id").values_list("quantity", flat=True))


def adds_up() -> bool:
    return list(queries.find_disagreements(using="staff")) == []


def test_s22_a_batch_gives_what_it_holds_and_its_lines_are_numbered_without_a_gap(shop):
    (batch,) = batches(shop)
    results = at_once([lambda: move(shop, (batch, -1))] * 30)
    assert Counter(results) == {True: 20, False: 10}
    assert on_hand(shop) == [0]
    with shop.inside():
        lines = shop.account.stock_movements.order_by("sequence").values_list("sequence", "balance_after")
        assert list(lines) == [(n, Decimal(21 - n)) for n in range(1, 22)]
    assert adds_up()


def test_s22_control_a_count_that_is_read_and_then_written_gives_what_is_not_there(shop):
    barrier = threading.Barrier(8)

    def read_then_write():
        with shop.inside():
            batch = shop.account.stock_products.get()
            barrier.wait(timeout=PATIENCE)
            batch.quantity -= 1
            batch.save(update_fields=["quantity"])
            return "taken"

    assert count_of(at_once([read_then_write] * 8), "taken") == 8
    assert on_hand(shop) == [Decimal(19)]


def test_s26_two_that_take_the_same_batches_in_opposite_order_both_get_them(shop):
    with shop.inside():
        receive(shop, "20")
    first, second = batches(shop)
    orders = [((first, -1), (second, -1)), ((second, -1), (first, -1))]
    results = at_once([lambda i=i: [move(shop, *orders[(i + n) % 2]) for n in range(5)] for i in range(4)])
    assert results == [[True] * 5] * 4
    assert on_hand(shop) == [0, 0]
    assert adds_up()


def test_s26_control_batches_that_are_locked_in_the_order_of_the_basket_deadlock(shop):
    with shop.inside():
        receive(shop, "20")
    first, second = batches(shop)
    barrier = threading.Barrier(2)

    def lock_in_order(*order):
        with shop.inside():
            shop.account.stock_products.locked().get(pk=order[0])
            barrier.wait(timeout=PATIENCE)
            shop.account.stock_products.locked().get(pk=order[1])
            return "locked"

    results = at_once([lambda: lock_in_order(first, second), lambda: lock_in_order(second, first)])
    assert count_of(results, "locked") == 1
    (error,) = (result for result in results if result != "locked")
    assert isinstance(error, OperationalError)
    assert isinstance(error.__cause__, DeadlockDetected)


def older_and_sooner(shop: Shop):
    """A batch that is older and never expires, and one that is younger and goes first."""
    with shop.inside():
        receive(shop, "2", expires_on=timezone.localdate(timezone=shop.account.zone))
    return batches(shop)


def test_s26_who_finds_a_batch_empty_has_the_others_locked_already(shop):
    """Who waited for the batch that goes first turns to the older one, held by another who waits for the first."""
    _, sooner = older_and_sooner(shop)
    with watching() as until_blocked:
        results = []
        threads = [
            threading.Thread(target=lambda n=n: results.extend(at_once([lambda: issue(shop, n)]))) for n in (1, 4)
        ]
        with shop.inside():
            assert post(shop, (sooner, -2))
            for count, thread in enumerate(threads, start=1):
                thread.start()
                until_blocked(count)
        for thread in threads:
            thread.join(timeout=PATIENCE)
    assert results == [None, None]
    assert on_hand(shop) == [20 - 5, 0]
    assert adds_up()


def test_s26_control_who_keeps_the_empty_batch_while_taking_another_deadlocks(shop):
    older, sooner = older_and_sooner(shop)
    with watching() as until_blocked:

        def keep_and_take():
            with shop.inside():
                assert not post(shop, (sooner, -1))
                return post(shop, (older, -1))

        calls = [keep_and_take, lambda: move(shop, (sooner, -2), (older, -2))]
        results = []
        threads = [threading.Thread(target=lambda c=c: results.extend(at_once([c]))) for c in calls]
        with shop.inside():
            assert post(shop, (sooner, -2))
            for count, thread in enumerate(threads, start=1):
                thread.start()
                until_blocked(count)
        for thread in threads:
            thread.join(timeout=PATIENCE)
    assert count_of(results, OperationalError) == 1


def test_deliveries_and_sales_at_the_same_instant_keep_the_ledger_true(shop):
    def deliver():
        for _ in range(4):
            with shop.inside():
                receive(shop, "3")

    def take():
        for _ in range(4):
            issue(shop, 3)

    assert at_once([deliver, take] * 4) == [None] * 8
    assert sum(on_hand(shop)) == 20
    assert adds_up()


def price(shop: Shop) -> Product:
    with shop.inside():
        return shop.account.products.get()


def test_a_price_of_a_delivery_and_a_change_of_the_other_price_are_both_kept(shop):
    def deliver(n: int):
        with shop.inside():
            receive(shop, "1", retail_price=Decimal(100 + n))

    def change(n: int):
        with shop.inside():
            row = shop.account.products.locked().get()
            services.change_product(by=shop.owner, product=row, wholesale_price=Decimal(50 + n))

    for n in range(10):
        assert at_once([lambda n=n: deliver(n), lambda n=n: change(n)]) == [None, None]
        found = price(shop)
        assert (found.retail_price, found.wholesale_price) == (100 + n, 50 + n)
        assert found.version == 1 + 2 * (n + 1)


def test_control_prices_that_are_read_and_then_both_written_lose_one(shop):
    barrier = threading.Barrier(2)

    def write(**changes):
        with shop.inside():
            product = shop.account.products.get()
            barrier.wait(timeout=PATIENCE)
            for name, value in changes.items():
                setattr(product, name, value)
            product.version += 1
            product.save(update_fields=["retail_price", "wholesale_price", "version"])
            return "written"

    results = at_once([lambda: write(retail_price=Decimal(100)), lambda: write(wholesale_price=Decimal(50))])
    assert results == ["written"] * 2
    found = price(shop)
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
