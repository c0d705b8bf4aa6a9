"""Payments, change, discounts, and whose right it is to make a price."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.errors import CapabilityMissing
from inventory import ledger
from inventory import services as inventory
from inventory.models import MovementKind
from sales.errors import DiscountTooLarge, PaymentShort, PaymentTooMuch
from sales.models import PaymentMethod
from tests.conftest import open_shop
from tests.sales.calls import give_back, lines_of, money, sell
from tests.traces import refused_with

pytestmark = pytest.mark.django_db


def test_s32_cash_of_50_for_42_leaves_42_in_the_drawer(shop):
    """S32."""
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
    error = refused_with(shop, PaymentShort, lambda: sell(shop, "1", payments=short))
    assert (error.status, error.code, error.meta) == (409, "payment_short", {"total": "10.00"})
    refused_with(shop, PaymentShort, lambda: sell(shop, "1", payments=[]))


def test_change_is_not_given_on_a_card(shop):
    card = [{"method": "CARD", "amount": money("10.01")}]
    error = refused_with(shop, PaymentTooMuch, lambda: sell(shop, "1", payments=card))
    assert (error.status, error.code, error.meta) == (409, "payment_too_much", {"excess": "0.01"})
    mixed = [{"method": "CARD", "amount": money("12.00")}, {"method": "CASH", "amount": money("1.00")}]
    assert refused_with(shop, PaymentTooMuch, lambda: sell(shop, "1", payments=mixed)).meta == {"excess": "2.00"}


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
    error = refused_with(shop, DiscountTooLarge, lambda: sell(shop, "1", discount=money(discount)))
    assert (error.status, error.code) == (409, "discount_too_large")


def test_s37_a_cashier_may_not_make_prices_or_discounts(shop):
    """S37."""
    product = shop.products[0].pk
    one = {"product": product, "quantity": Decimal(1)}
    for extra in (
        {"lines": [{**one, "unit_price": money("9.99")}]},
        {"lines": [{**one, "unit_price": money("10.01")}]},
        {"lines": [{**one, "discount": money("0.01")}]},
        {"lines": [one], "discount": money("0.01")},
    ):
        error = refused_with(shop, CapabilityMissing, lambda extra=extra: sell(shop, by=shop.cashier, **extra))
        assert (error.status, error.code) == (403, "capability_missing")


def test_s37_a_cashier_may_send_the_price_that_it_is_and_no_discount(shop):
    """S37."""
    line = {
        "product": shop.products[0].pk,
        "quantity": Decimal(1),
        "unit_price": money("10.00"),
        "discount": money("0"),
    }
    assert sell(shop, lines=[line], by=shop.cashier, discount=money("0")).total == money("10.00")


def test_s37_who_has_the_right_makes_the_price_and_the_list_price_stays_on_the_line(shop):
    """S37."""
    line = {"product": shop.products[0].pk, "quantity": Decimal(1), "unit_price": money("7.50")}
    sale = sell(shop, lines=[line])
    (row,) = lines_of(shop, sale)
    assert (sale.total, row.unit_price, row.list_price) == (money("7.50"), money("7.50"), money("10.00"))


def test_s41_a_currency_without_decimals_has_none_in_the_history_or_in_a_refusal():
    """S41."""
    shop = open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("1500",))
    card = [{"method": "CARD", "amount": money("2000.00")}]
    assert refused_with(shop, PaymentTooMuch, lambda: sell(shop, "1", payments=card)).meta == {"excess": "500"}
    sale = sell(shop, "1", discount=money("100.00"))
    give_back(shop, sale, [(lines_of(shop, sale)[0], "1", "SHELF")])
    with shop.inside():
        totals = shop.account.audit_events.filter(action__startswith="sale.").order_by("id")
        assert [event.after["total"] for event in totals] == ["1400", "1400"]


def test_s37_a_cashier_may_not_cut_goods_into_crumbs_that_cost_nothing(shop):
    """S37."""
    crumbs = [{"product": shop.products[2].pk, "quantity": money("0.004")}] * 100
    error = refused_with(shop, CapabilityMissing, lambda: sell(shop, by=shop.cashier, lines=crumbs, payments=[]))
    assert error.meta == {"capability": "discount:give"}
    slices = [{"product": shop.products[0].pk, "quantity": money("0.0014")}] * 20
    error = refused_with(shop, CapabilityMissing, lambda: sell(shop, by=shop.cashier, lines=slices))
    assert error.meta == {"capability": "discount:give"}


def test_a_cashier_may_weigh_the_same_thing_twice(shop):
    portions = [{"product": shop.products[1].pk, "quantity": money("0.334")}] * 2
    assert sell(shop, by=shop.cashier, lines=portions).total == money("2.22")


def test_s37_a_cashier_may_not_choose_the_wholesale_prices(shop):
    """S37."""
    error = refused_with(shop, CapabilityMissing, lambda: sell(shop, "1", by=shop.cashier, price_level="WHOLESALE"))
    assert error.meta == {"capability": "price:wholesale"}


def test_an_empty_batch_is_worth_nothing_however_its_parts_round(shop):
    with shop.inside():
        inventory.receive_stock(
            by=shop.owner,
            location=shop.storefront.pk,
            items=[{"product": shop.products[0].pk, "quantity": money("1"), "unit_cost": money("0.3333")}],
        )
        batch = shop.account.stock_products.latest("id")
    for _ in range(10):
        with shop.inside():
            entry = ledger.Entry(batch.pk, MovementKind.SOLD, money("-0.1"))
            assert ledger.post([entry], by=shop.owner, source=shop.account, occurred_at=timezone.now())
    with shop.inside():
        assert shop.account.stock_products.get(pk=batch.pk).quantity == 0
        assert sum(shop.account.stock_movements.filter(stock_product=batch).values_list("value", flat=True)) == 0
