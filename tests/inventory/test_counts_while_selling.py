"""A count while the shop sells: each scan is compared with what there is at that instant."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services as inventory
from inventory import sums
from inventory.services import counts
from tests.conftest import Shop, open_shop, receive
from tests.inventory.counting import begin, counted_lines, on_hand, scan, sell, step
from tests.races import at_once, one_behind_another, weaken


@pytest.fixture
def shelf(committed) -> Shop:
    """One product at 10.00, and 20 of it on the shelf."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="20")
    yield shop
    assert list(sums.find_disagreements(using="staff")) == []


def test_s28_what_is_sold_before_between_and_after_is_not_reported_missing(shelf):
    """S28."""
    count = begin(shelf)
    sell(shelf, "3")  # between opening and scanning: 17 are left, and counted
    assert scan(shelf, count, "17")["lines"][0]["difference"] == "0.000"
    sell(shelf, "4")  # between scanning and approving
    assert step(shelf, count, "approve")["status"] == "APPROVED"
    sell(shelf, "2")
    assert counted_lines(shelf) == []
    assert on_hand(shelf) == 20 - 3 - 4 - 2


def test_s28_what_is_missing_beside_what_is_sold_is_all_that_is_posted(shelf):
    """S28."""
    count = begin(shelf)
    sell(shelf, "3")
    assert scan(shelf, count, "15")["lines"][0]["expected"] == "17.000"
    sell(shelf, "4")
    step(shelf, count, "approve")
    assert counted_lines(shelf) == [-2]
    assert on_hand(shelf) == 20 - 3 - 2 - 4


def test_s28_what_is_delivered_and_given_back_meanwhile_is_not_reported_as_found(shelf):
    """S28."""
    count = begin(shelf)
    with shelf.inside():
        receive(shelf, "5")
    assert scan(shelf, count, "25")["lines"][0]["expected"] == "25.000"
    with shelf.inside():
        receive(shelf, "6")
    step(shelf, count, "approve")
    assert (counted_lines(shelf), on_hand(shelf)) == ([], 31)


@contextmanager
def being_sold(shop, quantity):
    """The goods are out of the door; the sale is about to commit."""
    with shop.inside():
        product, today = shop.products[0].pk, timezone.localdate(timezone=shop.account.zone)
        place = inventory.Shelf(shop.storefront.pk, today)
        inventory.issue_stock(
            by=shop.owner,
            source=shop.register,
            shelf=place,
            issues=[inventory.Issue(uuid7(), product, Decimal(quantity), "lines.0")],
            sellables=place.look(shop.owner, {product}),
            occurred_at=timezone.now(),
        )
        yield


def counted_while_sold(shop):
    """20 are there; 3 are being sold while 17 are counted. What the ledger has in the end."""
    opened = begin(shop)

    def scan_it():
        with shop.inside():
            count = shop.account.stock_counts.locked().get(pk=opened["id"])
            item = {"product": shop.products[0].pk, "counted": Decimal(17)}
            return inventory.scan_products(by=shop.owner, count=count, items=[item]).lines.all()[0].expected

    return opened, scan_it


def test_s28_a_scan_waits_for_a_sale_that_has_its_goods_and_counts_it(shelf):
    """S28."""
    opened, scan_it = counted_while_sold(shelf)
    assert one_behind_another([scan_it], held=being_sold(shelf, 3)) == [17]
    step(shelf, opened, "approve")
    assert (counted_lines(shelf), on_hand(shelf)) == ([], 17)


def test_s28_control_without_the_lock_what_is_being_sold_is_reported_missing(shelf, monkeypatch):
    """S28."""
    opened, scan_it = counted_while_sold(shelf)
    weaken(monkeypatch, counts, "_LOCK", "FOR NO KEY UPDATE")
    with being_sold(shelf, 3), ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: at_once([scan_it])).result() == [20]
    step(shelf, opened, "approve")
    assert (counted_lines(shelf), on_hand(shelf)) == ([-3], 14)  # 17 are on the shelf


def test_s28_many_scan_and_sell_at_once_and_every_scan_knows_what_was_sold_by_then(shelf):
    """S28."""
    with shelf.inside():
        receive(shelf, "480")
    opened, begun, done = begin(shelf), [], []

    def sell_some():
        for _ in range(5):
            begun.append(1)
            with being_sold(shelf, 1):
                pass
            done.append(1)

    def scan_some():
        seen = []
        for _ in range(5):
            at_least = len(done)
            with shelf.inside():
                count = shelf.account.stock_counts.locked().get(pk=opened["id"])
                item = {"product": shelf.products[0].pk, "counted": Decimal(1)}
                scanned = inventory.scan_products(by=shelf.owner, count=count, items=[item])
                sold = 500 - scanned.lines.all()[0].expected
            seen.append(at_least <= sold <= len(begun))
        return seen

    results = at_once([sell_some] * 6 + [scan_some] * 2)
    assert results == [None] * 6 + [[True] * 5] * 2
    assert on_hand(shelf) == 470
    with shelf.inside():
        assert shelf.account.stock_count_lines.get().tries == 10
