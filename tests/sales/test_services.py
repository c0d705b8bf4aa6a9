"""The rules of the till, asked of the services themselves."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.errors import CapabilityMissing
from core import errors
from inventory import services as inventory
from inventory.errors import InsufficientStock
from inventory.models import MovementKind
from sales import services
from sales.errors import (
    DiscountTooLarge,
    PaymentShort,
    PaymentTooMuch,
    RefundTenderTooMuch,
    RefundTooMuch,
    RegisterInactive,
)
from sales.models import PaymentMethod, SaleStatus
from tests.conftest import Shop, open_shop, receive
from tests.traces import state_of

pytestmark = pytest.mark.django_db

CASH = [{"method": "CASH", "amount": Decimal(100_000)}]


def money(text: str) -> Decimal:
    return Decimal(text)


@pytest.fixture
def bare(db) -> Shop:
    """A business with one product at 10.00 and nothing on the shelf."""
    return open_shop("Bare Shelves", prices=("10.00",), stock="0")


def sell(shop: Shop, *quantities: str, by=None, payments=CASH, lines=None, **extra):
    """Sell these quantities of the products in their order."""
    with shop.inside():
        return services.complete_sale(
            by=by or shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            lines=lines
            or [
                {"product": product.pk, "quantity": Decimal(quantity)}
                for product, quantity in zip(shop.products, quantities, strict=False)
            ],
            payments=payments,
            **extra,
        )


def give_back(shop: Shop, sale, lines, **extra):
    """Refund (line, quantity, restock) of a sale."""
    with shop.inside():
        locked = shop.account.sales.locked().get(pk=sale.pk)
        return services.refund_sale(
            by=shop.owner,
            sale=locked,
            lines=[{"line": line.pk, "quantity": Decimal(q), "restock": restock} for line, q, restock in lines],
            **extra,
        )


def lines_of(shop: Shop, sale):
    with shop.inside():
        return list(shop.account.sale_lines.filter(sale=sale).order_by("position"))


def on_hand(shop: Shop) -> Decimal:
    with shop.inside():
        return sum(shop.account.stock_products.values_list("quantity", flat=True), Decimal(0))


def movements(shop: Shop, *kinds: str):
    with shop.inside():
        found = shop.account.stock_movements.filter(kind__in=kinds).order_by("id")
        return [(m.kind, m.stock_product_id, m.quantity) for m in found]


def refused(shop: Shop, error: type[Exception], call) -> Exception:
    """The call is refused with this error, and nothing has changed."""
    before = state_of(shop)
    with pytest.raises(error) as caught:
        call()
    assert state_of(shop) == before
    return caught.value


# --- A sale ----------------------------------------------------------------------------------------------------------


def test_a_sale_is_priced_numbered_paid_taken_from_stock_and_remembered(shop):
    sale = sell(shop, "2", "1", "1", payments=[{"method": "CASH", "amount": money("30.00")}])
    assert sale.receipt_number == "R1-000001"
    assert (sale.subtotal, sale.total) == (money("24.32"), money("24.32"))
    assert (sale.paid, sale.change_due, sale.status) == (money("30.00"), money("5.68"), SaleStatus.COMPLETED)
    # 20.00 / 6, 3.33 / 6 and 0.99 / 6, each rounded half up
    assert [line.tax_amount for line in lines_of(shop, sale)] == [money("3.33"), money("0.56"), money("0.17")]
    assert sale.tax_total == money("4.06")
    assert on_hand(shop) == Decimal(296)
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
        inventory.change(by=shop.owner, row=product, name="Other", retail_price=money("99.00"))
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
        inventory.change(by=shop.owner, row=product, wholesale_price=money("8.00"))
    sale = sell(shop, "1", "1", price_level="WHOLESALE")
    assert [line.unit_price for line in lines_of(shop, sale)] == [money("8.00"), money("3.33")]
    assert [line.unit_price for line in lines_of(shop, sell(shop, "1"))] == [money("10.00")]


def test_s27_fractions_of_a_kilogram_are_exact(shop):
    sale = sell(shop, "0.335")
    (line,) = lines_of(shop, sale)
    assert (line.quantity, line.total) == (Decimal("0.335"), money("3.35"))
    with shop.inside():
        batch = shop.account.stock_products.get(product=shop.products[0])
        assert batch.quantity == Decimal("99.665")


# --- Which batch -----------------------------------------------------------------------------------------------------


def batches_by_expiry(shop: Shop, **days: int | None):
    """Deliveries of 5 each, in this order; days to expiry from today. Unit costs are 1, 2, 3 in order of delivery."""
    today, found = timezone.localdate(timezone=shop.account.zone), {}
    for cost, (name, left) in enumerate(days.items(), start=1):
        with shop.inside():
            expires_on = None if left is None else today + timedelta(days=left)
            stock = receive(shop, "5", unit_cost=Decimal(cost), expires_on=expires_on)
            found[name] = stock.batches.get(account=shop.account).pk
    return found


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
    error = refused(bare, InsufficientStock, lambda: sell(bare, "6"))
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
            refused(shop, InsufficientStock, lambda shop=shop: sell(shop, "1", sold_at=moment))


def test_two_lines_of_one_product_share_its_batches(bare):
    batches_by_expiry(bare, soon=3, late=9)
    product = bare.products[0].pk
    lines = [{"product": product, "quantity": Decimal(4)}, {"product": product, "quantity": Decimal(4)}]
    sale = sell(bare, lines=lines)
    assert [line.cost for line in lines_of(bare, sale)] == [4 * 1, 1 * 1 + 3 * 2]
    assert on_hand(bare) == 2
    error = refused(bare, InsufficientStock, lambda: sell(bare, lines=lines))
    assert [e.field for e in error.errors] == ["lines.0.quantity", "lines.1.quantity"]


def test_stock_in_a_warehouse_is_not_in_the_storefront(bare):
    with bare.inside():
        warehouse = inventory.add_location(by=bare.owner, kind="WAREHOUSE", name="Depot")
        inventory.receive_stock(
            by=bare.owner,
            location=warehouse.pk,
            items=[{"product": bare.products[0].pk, "quantity": Decimal(5), "unit_cost": Decimal(1)}],
        )
    refused(bare, InsufficientStock, lambda: sell(bare, "1"))


def test_every_line_that_lacks_is_named_with_what_there_is(shop):
    error = refused(shop, InsufficientStock, lambda: sell(shop, "101", "1", "200"))
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
        today = timezone.localdate(timezone=account.zone)
        looked = inventory.queries.find_sellables(
            account, location_id=bare.storefront.pk, product_ids={product.pk}, on=today
        )
    sell(bare, "1")
    with bare.inside():
        inventory.change(by=bare.owner, row=account.products.locked().get(pk=product.pk), is_active=False)
    issue = inventory.Issue(uuid7(), product.pk, Decimal(1), "lines.0.quantity")

    def take():
        with bare.inside():
            inventory.issue_stock(
                by=bare.owner,
                source=bare.register,
                location_id=bare.storefront.pk,
                on=today,
                issues=[issue],
                sellables=looked,
                occurred_at=timezone.now(),
            )

    refused(bare, errors.TryAgain, take)


# --- Money -----------------------------------------------------------------------------------------------------------


def test_s32_cash_of_50_for_42_leaves_42_in_the_drawer(shop):
    sale = sell(shop, "4.2", payments=[{"method": "CASH", "amount": money("50.00")}])
    assert (sale.total, sale.change_due) == (money("42.00"), money("8.00"))
    with shop.inside():
        (payment,) = shop.account.payments.filter(sale=sale)
        assert (payment.amount, payment.tendered) == (money("42.00"), money("50.00"))


def test_a_sale_is_split_over_tenders_and_change_comes_off_the_cash(shop):
    payments = [
        {"method": "CASH", "amount": money("5.00")},
        {"method": "CARD", "amount": money("6.00"), "reference": "slip 7"},
    ]
    sale = sell(shop, "1", payments=payments)
    assert (sale.paid, sale.change_due) == (money("11.00"), money("1.00"))
    with shop.inside():
        found = shop.account.payments.filter(sale=sale).order_by("id")
        assert [(p.method, p.amount, p.tendered, p.reference) for p in found] == [
            (PaymentMethod.CASH, money("4.00"), money("5.00"), ""),
            (PaymentMethod.CARD, money("6.00"), money("6.00"), "slip 7"),
        ]


def test_payments_below_the_total_are_refused(shop):
    short = [{"method": "CASH", "amount": money("9.99")}]
    error = refused(shop, PaymentShort, lambda: sell(shop, "1", payments=short))
    assert (error.status, error.code, error.meta) == (409, "payment_short", {"total": "10.00"})
    refused(shop, PaymentShort, lambda: sell(shop, "1", payments=[]))


def test_change_is_not_given_on_a_card(shop):
    card = [{"method": "CARD", "amount": money("10.01")}]
    error = refused(shop, PaymentTooMuch, lambda: sell(shop, "1", payments=card))
    assert (error.status, error.code, error.meta) == (409, "payment_too_much", {"excess": "0.01"})
    mixed = [{"method": "CARD", "amount": money("12.00")}, {"method": "CASH", "amount": money("1.00")}]
    assert refused(shop, PaymentTooMuch, lambda: sell(shop, "1", payments=mixed)).meta == {"excess": "2.00"}


def test_what_costs_nothing_needs_no_payment(shop):
    sale = sell(shop, "1", payments=[], discount=money("10.00"))
    assert (sale.total, sale.paid, sale.change_due) == (0, 0, 0)


def test_discounts_on_lines_and_on_the_sale_are_shared_out_and_add_up(shop):
    lines = [
        {"product": shop.products[0].pk, "quantity": Decimal(1), "discount": money("1.00")},
        {"product": shop.products[1].pk, "quantity": Decimal(1)},
    ]
    sale = sell(shop, lines=lines, discount=money("1.00"))
    # 1.00 over 9.00 and 3.33: 0.7299... and 0.2700...
    assert [line.discount for line in lines_of(shop, sale)] == [money("1.73"), money("0.27")]
    assert (sale.subtotal, sale.discount_total, sale.total) == (money("13.33"), money("2.00"), money("11.33"))


@pytest.mark.parametrize("discount", ["10.01", "999999999999.99"])
def test_a_discount_above_the_price_is_refused(shop, discount):
    error = refused(shop, DiscountTooLarge, lambda: sell(shop, "1", discount=money(discount)))
    assert (error.status, error.code) == (409, "discount_too_large")


def test_s37_a_cashier_may_not_make_prices_or_discounts(shop):
    product = shop.products[0].pk
    one = {"product": product, "quantity": Decimal(1)}
    for extra in (
        {"lines": [{**one, "unit_price": money("9.99")}]},
        {"lines": [{**one, "unit_price": money("10.01")}]},
        {"lines": [{**one, "discount": money("0.01")}]},
        {"lines": [one], "discount": money("0.01")},
    ):
        error = refused(shop, CapabilityMissing, lambda extra=extra: sell(shop, by=shop.cashier, **extra))
        assert (error.status, error.code) == (403, "capability_missing")


def test_s37_a_cashier_may_send_the_price_that_it_is_and_no_discount(shop):
    line = {
        "product": shop.products[0].pk,
        "quantity": Decimal(1),
        "unit_price": money("10.00"),
        "discount": money("0"),
    }
    assert sell(shop, lines=[line], by=shop.cashier, discount=money("0")).total == money("10.00")


def test_s37_who_has_the_right_makes_the_price_and_the_list_price_stays_on_the_line(shop):
    line = {"product": shop.products[0].pk, "quantity": Decimal(1), "unit_price": money("7.50")}
    sale = sell(shop, lines=[line])
    (row,) = lines_of(shop, sale)
    assert (sale.total, row.unit_price, row.list_price) == (money("7.50"), money("7.50"), money("10.00"))


# --- What is not this business's -------------------------------------------------------------------------------------


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
        error = refused(shop, errors.InvalidInput, lambda extra=extra: paths(**extra))
        assert [(e.field, e.code) for e in error.errors] == [(path, "does_not_exist")]


def test_a_register_sells_in_its_own_storefront_only_and_a_warehouse_sells_nothing(shop):
    with shop.inside():
        other = inventory.add_location(by=shop.owner, kind="STOREFRONT", name="Second")
        depot = inventory.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
    for place, path in ((other, "register"), (depot, "storefront")):
        shop.storefront = place
        error = refused(shop, errors.InvalidInput, lambda: sell(shop, "1"))
        assert [e.field for e in error.errors] == [path]


def test_a_register_or_product_that_is_switched_off_sells_nothing(shop):
    with shop.inside():
        services.change(by=shop.owner, row=shop.account.registers.locked().get(), is_active=False)
    refused(shop, RegisterInactive, lambda: sell(shop, "1"))
    with shop.inside():
        services.change(by=shop.owner, row=shop.account.registers.locked().get(), is_active=True)
        inventory.change(by=shop.owner, row=shop.account.locations.locked().get(), is_active=False)
    refused(shop, RegisterInactive, lambda: sell(shop, "1"))
    with shop.inside():
        inventory.change(by=shop.owner, row=shop.account.locations.locked().get(), is_active=True)
        inventory.change(by=shop.owner, row=shop.account.products.locked().get(pk=shop.products[1].pk), is_active=False)
    error = refused(shop, errors.InvalidInput, lambda: sell(shop, "1", "1"))
    assert [e.field for e in error.errors] == ["lines.1.product"]


# --- Clocks ----------------------------------------------------------------------------------------------------------


def test_a_till_that_was_offline_sells_up_to_a_week_late(shop):
    late = timezone.now() - timedelta(days=6, hours=23)
    assert sell(shop, "1", by=shop.cashier, sold_at=late).sold_at == late


def test_s37_an_older_date_would_choose_its_taxes_and_needs_a_right(shop):
    old = timezone.now() - timedelta(days=7, hours=1)
    error = refused(shop, CapabilityMissing, lambda: sell(shop, "1", by=shop.cashier, sold_at=old))
    assert error.meta == {"capability": "sale:backdate"}
    assert sell(shop, "1", sold_at=old).sold_at == old


def test_a_sale_cannot_be_in_the_future_whoever_sells(shop):
    error = refused(shop, errors.InvalidInput, lambda: sell(shop, "1", sold_at=timezone.now() + timedelta(days=1.1)))
    assert [(e.field, e.code) for e in error.errors] == [("sold_at", "in_future")]


# --- Numbers ---------------------------------------------------------------------------------------------------------


def test_s36_a_sale_that_fails_gives_its_number_back(shop):
    assert sell(shop, "1").receipt_number == "R1-000001"
    refused(shop, PaymentShort, lambda: sell(shop, "1", payments=[]))
    refused(shop, InsufficientStock, lambda: sell(shop, "1000"))
    assert sell(shop, "1").receipt_number == "R1-000002"


def test_s36_every_register_counts_for_itself_and_midnight_does_not_matter(shop):
    with shop.inside():
        second = services.add_register(by=shop.owner, storefront=shop.storefront, code="R2", name="Till 2")
    first = shop.register
    numbers = []
    for register, day in ((first, 1), (second, 1), (first, 2), (second, 3), (first, 1)):
        shop.register = register
        sold_at = datetime(2026, 2, day, 23, 59, 59, tzinfo=UTC)
        numbers.append(sell(shop, "1", sold_at=sold_at).receipt_number)
    assert numbers == ["R1-000001", "R2-000001", "R1-000002", "R2-000002", "R1-000003"]


# --- Refunds ---------------------------------------------------------------------------------------------------------


def thirds(shop: Shop):
    """S33: three lines of 3.33, 10 % (0.999, so 1.00) off the sale, three levies."""
    product = shop.products[1].pk
    return sell(
        shop,
        lines=[{"product": product, "quantity": Decimal(1)} for _ in range(3)],
        discount=money("1.00"),
        payments=[{"method": "CASH", "amount": money("8.99")}],
    )


def test_s33_the_lines_sum_to_the_total_and_refunding_them_one_by_one_returns_what_was_paid(shop):
    sale = thirds(shop)
    lines = lines_of(shop, sale)
    assert sum(line.total for line in lines) == sale.total == money("8.99")
    back = [give_back(shop, sale, [(line, "1", "SHELF")]) for line in lines]
    assert sum(refund.total for refund in back) == money("8.99")
    assert sum(refund.tax_total for refund in back) == sale.tax_total
    with shop.inside():
        assert sum(shop.account.payments.filter(sale=sale).values_list("amount", flat=True)) == 0
        assert shop.account.sales.get(pk=sale.pk).status == SaleStatus.REFUNDED


def test_s33_refunding_unit_by_unit_returns_exactly_what_was_paid(shop):
    product = shop.products[1].pk
    sale = sell(shop, lines=[{"product": product, "quantity": Decimal(3)}], discount=money("1.00"))
    (line,) = lines_of(shop, sale)
    back = [give_back(shop, sale, [(line, "1", "SHELF")]).total for _ in range(3)]
    # 8.99 in thirds: 2.9966..., 5.9933..., 8.99
    assert back == [money("3.00"), money("2.99"), money("3.00")]
    assert on_hand(shop) == 300


def test_s34_more_than_was_sold_never_comes_back(shop):
    sale = sell(shop, "2")
    (line,) = lines_of(shop, sale)
    refused(shop, RefundTooMuch, lambda: give_back(shop, sale, [(line, "2.001", "SHELF")]))
    give_back(shop, sale, [(line, "1.5", "SHELF")])
    error = refused(shop, RefundTooMuch, lambda: give_back(shop, sale, [(line, "0.501", "SHELF")]))
    assert (error.status, error.code) == (409, "refund_too_much")
    assert [(e.field, e.detail) for e in error.errors] == [("lines.0.quantity", "0.500 left.")]
    give_back(shop, sale, [(line, "0.5", "SHELF")])
    refused(shop, RefundTooMuch, lambda: give_back(shop, sale, [(line, "0.001", "SHELF")]))


def test_s34_the_same_line_twice_in_one_refund_counts_twice(shop):
    sale = sell(shop, "2")
    (line,) = lines_of(shop, sale)
    twice = [(line, "1.5", "SHELF"), (line, "1", "SHELF")]
    error = refused(shop, RefundTooMuch, lambda: give_back(shop, sale, twice))
    assert [e.field for e in error.errors] == ["lines.1.quantity"]
    assert give_back(shop, sale, [(line, "1.5", "SHELF"), (line, "0.5", "SHELF")]).total == money("20.00")
    assert on_hand(shop) == 300


@pytest.mark.parametrize(
    ("restock", "kept", "kinds"),
    [
        ("SHELF", Decimal(300), [MovementKind.RETURNED]),
        ("DAMAGED", Decimal(299), [MovementKind.RETURNED, MovementKind.DAMAGED]),
        ("NOT_RETURNED", Decimal(299), []),
    ],
)
def test_s34_goods_go_where_the_line_says(shop, restock, kept, kinds):
    sale = sell(shop, "1")
    give_back(shop, sale, [(lines_of(shop, sale)[0], "1", restock)])
    assert on_hand(shop) == kept
    assert [kind for kind, _, _ in movements(shop, "RETURNED", "DAMAGED")] == kinds


def test_s34_goods_return_to_the_batches_that_they_came_from(bare):
    batch = batches_by_expiry(bare, soon=3, late=9)
    sale = sell(bare, "7")
    (line,) = lines_of(bare, sale)
    give_back(bare, sale, [(line, "2", "NOT_RETURNED")])
    give_back(bare, sale, [(line, "4.5", "SHELF")])
    give_back(bare, sale, [(line, "0.5", "SHELF")])
    returned = Counter()
    for _, batch_id, quantity in movements(bare, "RETURNED"):
        returned[batch_id] += quantity
    assert sum(returned.values()) == 5
    with bare.inside():
        left = dict(bare.account.stock_products.values_list("id", "quantity"))
    assert set(returned) <= set(batch.values())
    assert all(quantity <= 5 for quantity in left.values())
    assert sum(left.values()) == 10 - 7 + 5


def test_s34_a_refunded_service_moves_no_stock(bare):
    with bare.inside():
        service = inventory.add_product(
            by=bare.owner, sku="CUT", name="Haircut", retail_price=money("25.00"), is_stocked=False
        )
    sale = sell(bare, lines=[{"product": service.pk, "quantity": Decimal(1)}])
    assert give_back(bare, sale, [(lines_of(bare, sale)[0], "1", "SHELF")]).total == money("25.00")
    assert movements(bare, *MovementKind.values) == []


def test_s34_the_status_says_how_much_came_back(shop):
    sale = sell(shop, "2", "1")
    first, second = lines_of(shop, sale)

    def status():
        with shop.inside():
            return shop.account.sales.get(pk=sale.pk).status

    give_back(shop, sale, [(first, "2", "SHELF")])
    assert status() == SaleStatus.PARTLY_REFUNDED
    give_back(shop, sale, [(second, "1", "SHELF")])
    assert status() == SaleStatus.REFUNDED


def split_sale(shop: Shop):
    """20.00, of which 12.00 by card and 8.00 in cash."""
    payments = [{"method": "CARD", "amount": money("12.00")}, {"method": "CASH", "amount": money("10.00")}]
    sale = sell(shop, "2", payments=payments)
    return sale, lines_of(shop, sale)[0]


def tenders(refund):
    return [(payment.method, payment.amount) for payment in refund.payments.all()]


def test_s34_money_goes_back_in_the_order_in_which_it_came(shop):
    sale, line = split_sale(shop)
    first = give_back(shop, sale, [(line, "1.5", "SHELF")])
    assert tenders(first) == [("CARD", money("-12.00")), ("CASH", money("-3.00"))]
    assert tenders(give_back(shop, sale, [(line, "0.5", "SHELF")])) == [("CASH", money("-5.00"))]


def test_s34_money_goes_back_by_the_tender_that_is_named_if_so_much_came_by_it(shop):
    sale, line = split_sale(shop)
    cash = [{"method": "CASH", "amount": money("8.00")}]
    assert tenders(give_back(shop, sale, [(line, "0.8", "SHELF")], payments=cash)) == [("CASH", money("-8.00"))]
    more = [{"method": "CASH", "amount": money("0.01")}, {"method": "CARD", "amount": money("9.99")}]
    error = refused(shop, RefundTenderTooMuch, lambda: give_back(shop, sale, [(line, "1", "SHELF")], payments=more))
    assert (error.status, error.code) == (409, "refund_tender_too_much")


@pytest.mark.parametrize("amounts", [[], ["9.99"], ["10.01"], ["5.00", "4.99"]])
def test_s34_what_goes_back_is_neither_more_nor_less_than_is_due(shop, amounts):
    sale, line = split_sale(shop)
    payments = [{"method": "CARD", "amount": money(amount)} for amount in amounts]
    refused(shop, RefundTenderTooMuch, lambda: give_back(shop, sale, [(line, "1", "SHELF")], payments=payments))


def test_s34_a_line_of_another_sale_is_unknown(shop, stranger):
    sale, other, theirs = sell(shop, "1"), sell(shop, "1"), sell(stranger, "1")
    for line in (lines_of(shop, other)[0], lines_of(stranger, theirs)[0]):
        error = refused(shop, errors.InvalidInput, lambda line=line: give_back(shop, sale, [(line, "1", "SHELF")]))
        assert [(e.field, e.code) for e in error.errors] == [("lines.0.line", "does_not_exist")]


def test_a_refund_leaves_an_audit_event(shop):
    sale = sell(shop, "1")
    give_back(shop, sale, [(lines_of(shop, sale)[0], "1", "SHELF")], reason="Torn")
    with shop.inside():
        (event,) = shop.account.audit_events.filter(action="sale.refunded")
        assert (event.subject_id, event.after) == (sale.pk, {"total": "10.00"})


def test_s41_a_currency_without_decimals_has_none_in_the_history_or_in_a_refusal():
    shop = open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("1500",))
    card = [{"method": "CARD", "amount": money("2000.00")}]
    assert refused(shop, PaymentTooMuch, lambda: sell(shop, "1", payments=card)).meta == {"excess": "500"}
    sale = sell(shop, "1", discount=money("100.00"))
    give_back(shop, sale, [(lines_of(shop, sale)[0], "1", "SHELF")])
    with shop.inside():
        totals = shop.account.audit_events.filter(action__startswith="sale.").order_by("id")
        assert [event.after["total"] for event in totals] == ["1400", "1400"]
