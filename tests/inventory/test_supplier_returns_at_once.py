"""The last pieces go back to the supplier once, however many send them at the same instant."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from core import tenancy
from inventory import ledger, services, sums
from inventory.errors import InsufficientStock
from tests.conftest import Shop
from tests.races import at_once, count_of, one_behind_another, weaken, without
from tests.stock import batches, move, on_hand, post


def take_back(shop: Shop, quantity: str, **facts):
    """Send so much of the one batch back, in a transaction of its own."""
    with shop.inside():
        stock = shop.account.stock.locked().get()
        batch = shop.account.stock_products.get()
        items = [{"batch": batch.pk, "quantity": Decimal(quantity), **facts}]
        return services.send_back_stock(by=shop.owner, stock=stock, items=items).number


def adds_up() -> bool:
    return list(sums.find_disagreements(using="staff")) == []


@pytest.mark.usefixtures("committed")
def test_of_two_returns_of_the_last_piece_at_the_same_instant_one_goes(busy):
    take_back(busy, "499")
    results = at_once([lambda: take_back(busy, "1")] * 6)
    assert (count_of(results, "SR-000002"), count_of(results, InsufficientStock)) == (1, 5), results
    assert on_hand(busy) == [0]
    with busy.inside():
        assert busy.account.supplier_returns.count() == 2
    assert adds_up()


@contextmanager
def taken(shop: Shop) -> Iterator[None]:
    """While the last piece has been taken and that is not yet committed."""
    with shop.inside():
        assert post(shop, (shop.account.stock_products.get().pk, -1))
        yield


def two_behind_another(shop: Shop) -> list:
    """What two get who want the last piece, and wait for one who has it already."""
    take_back(shop, "499")
    return one_behind_another([lambda: take_back(shop, "1")] * 2, held=taken(shop))


@pytest.mark.usefixtures("committed")
def test_who_waited_for_the_last_piece_sees_that_it_is_gone(busy):
    assert count_of(two_behind_another(busy), InsufficientStock) == 2
    assert on_hand(busy) == [0]
    assert adds_up()


@pytest.mark.usefixtures("committed")
def test_control_without_locks_and_constraints_the_last_piece_goes_back_again_and_again(busy, monkeypatch):
    monkeypatch.setattr(tenancy.OwnedQuerySet, "locked", lambda rows: rows)
    monkeypatch.setattr(services.returns, "take_number", lambda code, by: f"{code}-{uuid7().hex[-9:]}")
    weaken(monkeypatch, ledger, "_LOCK", "FOR NO KEY UPDATE")
    with without("stock_never_negative", "one_movement_per_sequence"):
        assert count_of(two_behind_another(busy), str) == 2
        assert on_hand(busy) == [-2]


@pytest.mark.usefixtures("committed")
def test_returns_and_sales_of_the_last_pieces_at_the_same_instant_take_each_once(busy):
    (batch,) = batches(busy)
    take_back(busy, "490")
    results = at_once([lambda: take_back(busy, "1"), lambda: move(busy, (batch, -1))] * 8)
    gone = count_of(results, True) + sum(isinstance(result, str) for result in results)
    assert gone == 10, results
    assert on_hand(busy) == [0]
    assert adds_up()
