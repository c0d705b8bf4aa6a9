"""Which batch a sale takes, and when there is too little."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from core import errors
from inventory import services as inventory
from inventory.errors import InsufficientStock
from inventory.models import MovementKind
from tests.conftest import open_shop, receive
from tests.sales.calls import batches_by_expiry, lines_of, money, movements, sell
from tests.stock import on_hand
from tests.traces import refused_with

pytestmark = pytest.mark.django_db


def test_the_batch_that_expires_first_goes_first_and_one_line_may_take_of_several(bare):
    batch = batches_by_expiry(bare, never=None, late=20, soon=3)
    sale = sell(bare, "12")
    assert movements(bare, MovementKind.SOLD) == [
        (MovementKind.SOLD, batch["soon"], Decimal(-5)),
        (MovementKind.SOLD, batch["late"], Decimal(-5)),
        (MovementKind.SOLD, batch["never"], Decimal(-2)),
    ]
    (line,) = lines_of(bare, sale)
    assert line.cost == 5 * 3 + 5 * 2 + 2 * 1


def test_of_batches_that_expire_together_the_older_delivery_goes_first(bare):
    batch = batches_by_expiry(bare, older=3, newer=3)
    sell(bare, "6")
    assert [(b, q) for _, b, q in movements(bare, MovementKind.SOLD)] == [
        (batch["older"], Decimal(-5)),
        (batch["newer"], Decimal(-1)),
    ]


def test_what_has_expired_is_never_sold_and_does_not_count_as_available(bare):
    batch = batches_by_expiry(bare, expired=-1, today=0)
    error = refused_with(bare, InsufficientStock, lambda: sell(bare, "6"))
    assert error.meta["available"] == {str(bare.products[0].pk): "5.000"}
    sell(bare, "5")
    assert movements(bare, MovementKind.SOLD) == [(MovementKind.SOLD, batch["today"], Decimal(-5))]


def test_whether_it_has_expired_is_asked_of_the_shops_own_calendar():
    """At 23:30 UTC on the last good day it is the next day in Tokyo, and still that day in Accra."""
    moment = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    for zone, is_sold in (("Africa/Accra", True), ("Asia/Tokyo", False), ("America/New_York", True)):
        shop = open_shop(f"Shop in {zone.replace('/', ' ')}", time_zone=zone, prices=("10.00",), stock="0")
        with shop.inside():
            receive(shop, "1", expires_on=moment.date())
        if is_sold:
            assert sell(shop, "1", sold_at=moment).total == money("10.00")
        else:
            refused_with(shop, InsufficientStock, lambda shop=shop: sell(shop, "1", sold_at=moment))


def test_two_lines_of_one_product_share_its_batches(bare):
    batches_by_expiry(bare, soon=3, late=9)
    product = bare.products[0].pk
    lines = [{"product": product, "quantity": Decimal(4)}, {"product": product, "quantity": Decimal(4)}]
    sale = sell(bare, lines=lines)
    assert [line.cost for line in lines_of(bare, sale)] == [4 * 1, 1 * 1 + 3 * 2]
    assert sum(on_hand(bare)) == 2
    error = refused_with(bare, InsufficientStock, lambda: sell(bare, lines=lines))
    assert [e.field for e in error.errors] == ["lines.0.quantity", "lines.1.quantity"]


def test_stock_in_a_warehouse_is_not_in_the_storefront(bare):
    with bare.inside():
        warehouse = inventory.add_location(by=bare.owner, kind="WAREHOUSE", name="Depot")
        inventory.receive_stock(
            by=bare.owner,
            location=warehouse.pk,
            items=[{"product": bare.products[0].pk, "quantity": Decimal(5), "unit_cost": Decimal(1)}],
        )
    refused_with(bare, InsufficientStock, lambda: sell(bare, "1"))


def test_every_line_that_lacks_is_named_with_what_there_is(shop):
    error = refused_with(shop, InsufficientStock, lambda: sell(shop, "101", "1", "200"))
    assert error.code == "insufficient_stock"
    assert [(e.field, e.detail) for e in error.errors] == [
        ("lines.0.quantity", "100.000 available."),
        ("lines.2.quantity", "100.000 available."),
    ]


def test_a_product_that_left_the_catalogue_meanwhile_is_not_sold_from_an_old_look(bare):
    """The second look, when another till was quicker, may find the product gone."""
    with bare.inside():
        receive(bare, "1")
        account, product = bare.account, bare.products[0]
        shelf = inventory.Shelf(bare.storefront.pk, on=timezone.localdate(timezone=account.zone))
        looked = shelf.look(bare.owner, {product.pk})
    sell(bare, "1")
    with bare.inside():
        inventory.change_product(by=bare.owner, product=account.products.locked().get(pk=product.pk), is_active=False)
    issue = inventory.Issue(uuid7(), product.pk, Decimal(1), "lines.0")

    def take():
        with bare.inside():
            inventory.issue_stock(
                by=bare.owner,
                source=bare.register,
                shelf=shelf,
                issues=[issue],
                sellables=looked,
                occurred_at=timezone.now(),
            )

    refused_with(bare, errors.TryAgain, take)
