"""The way a product is kept cannot change while goods of it come to an empty shelf. The control is without the lock."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connections

from core.tenancy import OwnedQuerySet
from inventory import services, sums
from inventory.errors import StillInStock
from sales import services as sales
from sales.services import refund
from tests.races import one_behind_another

PLENTY = [{"method": "CASH", "amount": Decimal(10_000)}]


@pytest.fixture
def sold_out(busy):
    """A business whose one product has been sold out."""
    with busy.inside():
        sales.complete_sale(
            by=busy.owner,
            storefront=busy.storefront.pk,
            register=busy.register.pk,
            lines=[{"product": busy.products[0].pk, "quantity": Decimal(500)}],
            payments=PLENTY,
        )
    return busy


def find(shop):
    lines = [{"product": shop.products[0].pk, "quantity": Decimal(1)}]
    services.adjust_stock(by=shop.owner, location=shop.storefront.pk, kind="FOUND", reason="Behind", lines=lines)


def count(shop):
    paper = services.open_count(by=shop.owner, location=shop.storefront.pk)
    items = [{"product": shop.products[0].pk, "counted": Decimal(1)}]
    services.scan_products(by=shop.owner, count=paper, items=items)
    services.approve_count(by=shop.owner, count=paper)


def bring_back(shop):
    sale = shop.account.sales.locked().get()
    sales.refund_sale(by=shop.owner, sale=sale, lines=[{"line": sale.lines.get().pk, "quantity": Decimal(1)}])


each_way = pytest.mark.parametrize("come", [find, count, bring_back])


@contextmanager
def coming(shop, come):
    """While goods have come, and this is not yet committed."""
    with shop.inside():
        come(shop)
        yield


def follow_by_piece(shop):
    with shop.inside():
        product = shop.account.products.locked().get()
        return services.change_product(by=shop.owner, product=product, tracking="SERIAL").tracking


@each_way
def test_what_comes_to_an_empty_shelf_is_waited_for_and_then_seen(sold_out, come):
    (told,) = one_behind_another([lambda: follow_by_piece(sold_out)], held=coming(sold_out, come))
    assert isinstance(told, StillInStock)
    assert list(sums.find_disagreements(using="staff")) == []


@each_way
def test_control_without_the_lock_there_are_pieces_without_a_number(sold_out, come, monkeypatch):
    monkeypatch.setattr(OwnedQuerySet, "locked", lambda rows: rows.order_by("pk"))
    monkeypatch.setattr(refund, "_lock_lines", lambda sale: sale.lines.select_related("product"))
    with ThreadPoolExecutor(1) as pool, coming(sold_out, come):
        assert pool.submit(in_a_thread, sold_out).result(timeout=20) == "SERIAL"
    assert any("pieces stand in it" in problem.problem for problem in sums.find_disagreements(using="staff"))


def in_a_thread(shop):
    try:
        return follow_by_piece(shop)
    finally:
        connections.close_all()
