"""Deliveries and the catalogue, asked of the services themselves."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.utils import timezone
from uuid_utils.compat import uuid7

from core import errors
from inventory import services
from inventory.errors import NotStocked, StillInStock
from inventory.models import MovementKind
from tests.conftest import Shop, open_shop
from tests.traces import refused_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def bare(db) -> Shop:
    """A business with two products and nothing on the shelf."""
    return open_shop("Bare Shelves", prices=("10.00", "3.33"), stock="0")


def item(product, quantity: str = "5", unit_cost: str = "1.2345", **extra):
    return {"product": product.pk, "quantity": Decimal(quantity), "unit_cost": Decimal(unit_cost), **extra}


def deliver(shop: Shop, *items, location=None, **extra):
    with shop.inside():
        return services.receive_stock(
            by=shop.owner, location=(location or shop.storefront).pk, items=list(items), **extra
        )


def test_a_delivery_makes_a_batch_per_item_with_its_line_in_the_ledger(bare):
    first, second = bare.products
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC)
    stock = deliver(
        bare,
        item(first, "5", expires_on=date(2026, 12, 31)),
        item(second, "0.125", "2"),
        item(first, "7", "3"),
        reference="Invoice 7",
        occurred_at=moment,
    )
    with bare.inside():
        batches = bare.account.stock_products.filter(stock=stock).order_by("id")
        assert [(b.product_id, b.quantity, b.unit_cost, b.expires_on, b.movement_count) for b in batches] == [
            (first.pk, Decimal(5), Decimal("1.2345"), date(2026, 12, 31), 1),
            (second.pk, Decimal("0.125"), Decimal(2), None, 1),
            (first.pk, Decimal(7), Decimal(3), None, 1),
        ]
        assert {(b.location_id, b.received_at) for b in batches} == {(bare.storefront.pk, moment)}
        lines = bare.account.stock_movements.order_by("id")
        assert [(m.stock_product_id, m.quantity, m.value) for m in lines] == [
            (batches[0].pk, Decimal(5), Decimal("6.1725")),
            (batches[1].pk, Decimal("0.125"), Decimal("0.25")),
            (batches[2].pk, Decimal(7), Decimal(21)),
        ]
        assert {(m.kind, m.source, m.source_id, m.by_id, m.occurred_at) for m in lines} == {
            (MovementKind.RECEIVED, "stock", stock.pk, bare.owner.pk, moment)
        }
        (event,) = bare.account.audit_events.filter(action="stock.received")
        assert (event.subject_id, event.after) == (stock.pk, {"items": 3, "prices": []})
    assert (stock.reference, stock.occurred_at, stock.received_by_id) == ("Invoice 7", moment, bare.owner.pk)


def prices(shop: Shop):
    with shop.inside():
        rows = shop.account.products.order_by("id")
        return list(rows.values_list("retail_price", "wholesale_price", "version"))


def test_a_price_on_an_item_becomes_the_products_and_is_kept_on_the_batch(bare):
    first, second = bare.products
    stock = deliver(
        bare,
        item(first, retail_price=Decimal("12.00"), wholesale_price=Decimal("9.00")),
        item(second, retail_price=Decimal("3.33")),
    )
    assert prices(bare) == [
        (Decimal("12.00"), Decimal("9.00"), 2),
        (Decimal("3.33"), None, 1),
    ]
    with bare.inside():
        batches = bare.account.stock_products.filter(stock=stock).order_by("id")
        assert [(b.retail_price, b.wholesale_price) for b in batches] == [
            (Decimal("12.00"), Decimal("9.00")),
            (Decimal("3.33"), None),
        ]
        (event,) = bare.account.audit_events.filter(action="stock.received")
    assert [(p["product"], p["price"], p["before"], p["after"]) for p in event.after["prices"]] == [
        (str(first.pk), "retail_price", "10.00", "12.00"),
        (str(first.pk), "wholesale_price", "None", "9.00"),
    ]


def test_an_item_without_a_price_leaves_the_products_price(bare):
    deliver(bare, item(bare.products[0]), item(bare.products[1], retail_price=None, wholesale_price=None))
    assert prices(bare) == [(Decimal("10.00"), None, 1), (Decimal("3.33"), None, 1)]


def test_of_two_prices_for_one_product_the_last_one_counts(bare):
    first = bare.products[0]
    deliver(bare, item(first, retail_price=Decimal("11.00")), item(first, retail_price=Decimal("12.00")))
    assert prices(bare)[0] == (Decimal("12.00"), None, 2)


def test_a_service_is_not_kept_in_stock(bare):
    with bare.inside():
        service = services.add_product(
            by=bare.owner, sku="CUT", name="Haircut", retail_price=Decimal(25), is_stocked=False
        )
    error = refused_with(bare, NotStocked, lambda: deliver(bare, item(bare.products[0]), item(service)))
    assert (error.status, error.code) == (409, "not_stocked")


def test_what_is_unknown_or_a_strangers_is_named_and_nothing_comes(bare, stranger):
    first = bare.products[0]
    for product in (stranger.products[0], type(first)(id=uuid7())):
        error = refused_with(
            bare, errors.InvalidInput, lambda product=product: deliver(bare, item(first), item(product), item(product))
        )
        assert [(e.field, e.code) for e in error.errors] == [
            ("items.1.product", "does_not_exist"),
            ("items.2.product", "does_not_exist"),
        ]
    for place in (stranger.storefront, type(bare.storefront)(id=uuid7())):
        error = refused_with(bare, errors.InvalidInput, lambda place=place: deliver(bare, item(first), location=place))
        assert [(e.field, e.code) for e in error.errors] == [("location", "does_not_exist")]


def test_a_delivery_comes_to_a_warehouse_too(bare):
    with bare.inside():
        depot = services.add_location(by=bare.owner, kind="WAREHOUSE", name="Depot")
    deliver(bare, item(bare.products[0]), location=depot)
    with bare.inside():
        assert bare.account.stock_products.get().location_id == depot.pk


def test_s27_fractions_add_up_exactly(bare):
    """S27."""
    for quantity in ("0.001", "0.1", "0.2", "0.333"):
        deliver(bare, item(bare.products[0], quantity, "0.3333"))
    with bare.inside():
        assert sum(bare.account.stock_products.values_list("quantity", flat=True)) == Decimal("0.634")
        values = bare.account.stock_movements.order_by("id").values_list("value", flat=True)
        assert list(values) == [Decimal("0.0003333"), Decimal("0.03333"), Decimal("0.06666"), Decimal("0.1109889")]


def test_a_change_of_a_product_is_in_its_history_with_what_was_and_what_is(bare):
    with bare.inside():
        row = bare.account.products.locked().get(pk=bare.products[0].pk)
        services.change_product(by=bare.owner, product=row, name="Renamed", retail_price=Decimal("11.00"), sku=row.sku)
        (event,) = bare.account.audit_events.filter(action="product.changed")
        assert event.before == {"name": "Thing 0", "retail_price": "10.00"}
        assert event.after == {"name": "Renamed", "retail_price": "11.00"}


@pytest.mark.parametrize("name", ["retail_price", "wholesale_price"])
def test_the_database_refuses_a_negative_price(bare, name):
    def make():
        with bare.inside():
            services.add_product(
                by=bare.owner, sku="NEG", name="Negative", **{"retail_price": Decimal(1), name: Decimal(-1)}
            )

    assert "not_negative" in str(refused_with(bare, IntegrityError, make))


def test_nothing_is_delivered_to_a_place_that_is_switched_off(bare):
    with bare.inside():
        services.change_location(
            by=bare.owner, location=bare.account.locations.storefronts().locked().get(), is_active=False
        )
    error = refused_with(bare, errors.InvalidInput, lambda: deliver(bare, item(bare.products[0])))
    assert [(e.field, e.code) for e in error.errors] == [("location", "does_not_exist")]


def test_what_is_still_in_stock_cannot_become_a_service(bare):
    deliver(bare, item(bare.products[0]))

    def switch(product):
        with bare.inside():
            row = bare.account.products.locked().get(pk=product.pk)
            return services.change_product(by=bare.owner, product=row, is_stocked=False)

    refused_with(bare, StillInStock, lambda: switch(bare.products[0]))
    assert switch(bare.products[1]).is_stocked is False


def test_a_delivery_is_not_of_a_day_to_come(bare):
    late = timezone.now() + timedelta(days=2)
    error = refused_with(bare, errors.InvalidInput, lambda: deliver(bare, item(bare.products[0]), occurred_at=late))
    assert [(e.field, e.code) for e in error.errors] == [("occurred_at", "in_future")]
