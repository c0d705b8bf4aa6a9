"""The rules of the till, asked of the services themselves."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from core import errors
from inventory import services as inventory
from inventory.errors import InsufficientStock
from inventory.models import MovementKind
from sales import services
from sales.errors import PaymentShort, RegisterInactive
from sales.models import SaleStatus
from tests.sales.calls import CASH, lines_of, money, movements, sell
from tests.stock import on_hand
from tests.traces import refused_with

pytestmark = pytest.mark.django_db


def test_a_sale_is_priced_numbered_paid_taken_from_stock_and_remembered(shop):
    sale = sell(shop, "2", "1", "1", payments=[{"method": "CASH", "amount": money("30.00")}])
    assert sale.receipt_number == "R1-000001"
    assert (sale.subtotal, sale.total) == (money("24.32"), money("24.32"))
    assert (sale.paid, sale.change_due, sale.status) == (money("30.00"), money("5.68"), SaleStatus.COMPLETED)
    # 20.00 / 6, 3.33 / 6 and 0.99 / 6, each rounded half up
    assert [line.tax_amount for line in lines_of(shop, sale)] == [money("3.33"), money("0.56"), money("0.17")]
    assert sale.tax_total == money("4.06")
    assert sum(on_hand(shop)) == Decimal(296)
    with shop.inside():
        (event,) = shop.account.audit_events.filter(action="sale.completed")
        assert (event.subject_id, event.by_id, event.after) == (sale.pk, shop.owner.pk, {"total": "24.32"})


def test_prices_without_tax_in_them_have_it_put_on_top(shop):
    shop.owner.account.prices_include_tax = False
    sale = sell(shop, "1", payments=[{"method": "CASH", "amount": money("12.00")}])
    assert (sale.subtotal, sale.tax_total, sale.total) == (money("10.00"), money("2.00"), money("12.00"))


def test_a_business_that_is_not_registered_for_tax_takes_none(shop):
    shop.owner.account.is_tax_registered = False
    sale = sell(shop, "1")
    assert (sale.tax_total, sale.total) == (0, money("10.00"))


def test_goods_that_are_exempt_bear_no_levy(shop):
    with shop.inside():
        exempt = inventory.add_product(
            by=shop.owner, sku="BREAD", name="Bread", retail_price=money("6.00"), tax_class="EXEMPT", is_stocked=False
        )
    sale = sell(shop, lines=[{"product": exempt.pk, "quantity": Decimal(1)}])
    (line,) = lines_of(shop, sale)
    assert (line.tax_amount, line.tax_rate, line.taxes) == (0, 0, [])


def test_the_levies_are_those_in_force_on_the_day_of_the_sale(shop):
    with shop.inside():
        sale = services.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1)}],
            payments=CASH,
            sold_at=datetime(2025, 12, 31, 23, 59, tzinfo=UTC),
        )
    assert sale.tax_total == 0


def test_what_a_line_was_is_frozen_when_the_product_changes(shop):
    sale = sell(shop, "1")
    with shop.inside():
        product = shop.account.products.locked().get(pk=shop.products[0].pk)
        inventory.change_product(by=shop.owner, product=product, name="Other", retail_price=money("99.00"))
    (line,) = lines_of(shop, sale)
    assert (line.name, line.unit_price, line.list_price) == ("Thing 0", money("10.00"), money("10.00"))


def test_a_service_is_sold_without_stock(bare):
    with bare.inside():
        service = inventory.add_product(
            by=bare.owner, sku="CUT", name="Haircut", retail_price=money("25.00"), is_stocked=False
        )
    sale = sell(bare, lines=[{"product": service.pk, "quantity": Decimal(1)}])
    (line,) = lines_of(bare, sale)
    assert (sale.total, line.cost) == (money("25.00"), 0)
    assert movements(bare, *MovementKind.values) == []


def test_wholesale_takes_the_wholesale_price_and_retail_where_there_is_none(shop):
    with shop.inside():
        product = shop.account.products.locked().get(pk=shop.products[0].pk)
        inventory.change_product(by=shop.owner, product=product, wholesale_price=money("8.00"))
    sale = sell(shop, "1", "1", price_level="WHOLESALE")
    assert [line.unit_price for line in lines_of(shop, sale)] == [money("8.00"), money("3.33")]
    assert [line.unit_price for line in lines_of(shop, sell(shop, "1"))] == [money("10.00")]


def test_s27_fractions_of_a_kilogram_are_exact(shop):
    """S27."""
    sale = sell(shop, "0.335")
    (line,) = lines_of(shop, sale)
    assert (line.quantity, line.total) == (Decimal("0.335"), money("3.35"))
    with shop.inside():
        batch = shop.account.stock_products.get(product=shop.products[0])
        assert batch.quantity == Decimal("99.665")


def test_what_is_unknown_or_a_strangers_is_named_by_its_path(shop, stranger):
    lines = [{"product": shop.products[0].pk, "quantity": Decimal(1)}]
    theirs = [*lines, {"product": stranger.products[0].pk, "quantity": Decimal(1)}]

    def paths(**extra):
        with shop.inside():
            services.complete_sale(
                **{
                    "by": shop.owner,
                    "storefront": shop.storefront.pk,
                    "register": shop.register.pk,
                    "lines": lines,
                    "payments": CASH,
                    **extra,
                }
            )

    for extra, path in (
        ({"lines": theirs}, "lines.1.product"),
        ({"register": stranger.register.pk}, "register"),
        ({"register": uuid7()}, "register"),
        ({"storefront": stranger.storefront.pk}, "storefront"),
        ({"storefront": uuid7()}, "storefront"),
    ):
        error = refused_with(shop, errors.InvalidInput, lambda extra=extra: paths(**extra))
        assert [(e.field, e.code) for e in error.errors] == [(path, "does_not_exist")]


def test_a_register_sells_in_its_own_storefront_only_and_a_warehouse_sells_nothing(shop):
    with shop.inside():
        other = inventory.add_location(by=shop.owner, kind="STOREFRONT", name="Second")
        depot = inventory.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
    for place, path in ((other, "register"), (depot, "storefront")):
        shop.storefront = place
        error = refused_with(shop, errors.InvalidInput, lambda: sell(shop, "1"))
        assert [e.field for e in error.errors] == [path]


def test_a_register_or_product_that_is_switched_off_sells_nothing(shop):
    with shop.inside():
        services.change_register(by=shop.owner, register=shop.account.registers.locked().get(), is_active=False)
    refused_with(shop, RegisterInactive, lambda: sell(shop, "1"))
    with shop.inside():
        services.change_register(by=shop.owner, register=shop.account.registers.locked().get(), is_active=True)
        inventory.change_location(
            by=shop.owner, location=shop.account.locations.storefronts().locked().get(), is_active=False
        )
    refused_with(shop, RegisterInactive, lambda: sell(shop, "1"))
    with shop.inside():
        inventory.change_location(
            by=shop.owner, location=shop.account.locations.storefronts().locked().get(), is_active=True
        )
        inventory.change_product(
            by=shop.owner, product=shop.account.products.locked().get(pk=shop.products[1].pk), is_active=False
        )
    error = refused_with(shop, errors.InvalidInput, lambda: sell(shop, "1", "1"))
    assert [e.field for e in error.errors] == ["lines.1.product"]


def test_s36_a_sale_that_fails_gives_its_number_back(shop):
    """S36."""
    assert sell(shop, "1").receipt_number == "R1-000001"
    refused_with(shop, PaymentShort, lambda: sell(shop, "1", payments=[]))
    refused_with(shop, InsufficientStock, lambda: sell(shop, "1000"))
    assert sell(shop, "1").receipt_number == "R1-000002"


def test_s36_every_register_counts_for_itself_and_midnight_does_not_matter(shop):
    """S36."""
    with shop.inside():
        second = services.add_register(by=shop.owner, storefront=shop.storefront, code="R2", name="Till 2")
    first = shop.register
    numbers = []
    for register, day in ((first, 1), (second, 1), (first, 2), (second, 3), (first, 1)):
        shop.register = register
        sold_at = datetime(2026, 2, day, 23, 59, 59, tzinfo=UTC)
        numbers.append(sell(shop, "1", sold_at=sold_at).receipt_number)
    assert numbers == ["R1-000001", "R2-000001", "R1-000002", "R2-000002", "R1-000003"]
