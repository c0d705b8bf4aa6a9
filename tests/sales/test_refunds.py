"""S33 and S34: what comes back, where the goods go and what they are worth."""

from collections import Counter
from decimal import Decimal

import pytest

from core import errors
from inventory import services as inventory
from inventory.models import MovementKind
from sales.errors import RefundTooMuch
from sales.models import SaleStatus
from tests.conftest import Shop
from tests.sales.calls import batches_by_expiry, give_back, lines_of, money, movements, sell
from tests.stock import on_hand
from tests.traces import refused_with

pytestmark = pytest.mark.django_db


TENTH = ({"discount": Decimal("1.00")}, {"discount_percent": Decimal(10)})  # of 9.99 are 0.999, so 1.00
TOTALS = {True: Decimal("8.99"), False: Decimal("10.79")}  # where prices include taxes, and where they do not


def in_thirds(shop: Shop, *quantities: str, includes_tax: bool = True, **off):
    """S33: three times 3.33 in lines of so many, 10 % off the sale, three levies."""
    shop.account.prices_include_tax = includes_tax
    with shop.inside():
        shop.account.save(update_fields=["prices_include_tax"])
    return sell(
        shop,
        lines=[{"product": shop.products[1].pk, "quantity": Decimal(quantity)} for quantity in quantities],
        payments=[{"method": "CASH", "amount": TOTALS[includes_tax]}],
        **off,
    )


@pytest.mark.parametrize("off", TENTH, ids=["amount", "percent"])
@pytest.mark.parametrize("includes_tax", [True, False])
def test_s33_the_lines_sum_to_the_total_and_refunding_them_one_by_one_returns_what_was_paid(shop, off, includes_tax):
    """S33."""
    sale = in_thirds(shop, "1", "1", "1", includes_tax=includes_tax, **off)
    lines = lines_of(shop, sale)
    assert sale.discount_total == money("1.00")
    assert [len(line.taxes) for line in lines] == [3, 3, 3]
    assert sum(line.total for line in lines) == sale.total == sale.paid == TOTALS[includes_tax]
    assert sum(Decimal(tax["amount"]) for line in lines for tax in line.taxes) == sale.tax_total > 0
    back = [give_back(shop, sale, [(line, "1", "SHELF")]) for line in lines]
    assert sum(refund.total for refund in back) == TOTALS[includes_tax]
    assert sum(refund.tax_total for refund in back) == sale.tax_total
    with shop.inside():
        assert sum(shop.account.payments.filter(sale=sale).values_list("amount", flat=True)) == 0
        assert shop.account.sales.get(pk=sale.pk).status == SaleStatus.REFUNDED


@pytest.mark.parametrize("off", TENTH, ids=["amount", "percent"])
@pytest.mark.parametrize(
    ("includes_tax", "thirds"),
    [
        (True, ["3.00", "2.99", "3.00"]),  # of 8.99: 2.9966..., 5.9933..., 8.99
        (False, ["3.60", "3.59", "3.60"]),  # of 10.79: 3.5966..., 7.1933..., 10.79
    ],
)
def test_s33_refunding_unit_by_unit_returns_exactly_what_was_paid(shop, off, includes_tax, thirds):
    """S33."""
    sale = in_thirds(shop, "3", includes_tax=includes_tax, **off)
    (line,) = lines_of(shop, sale)
    back = [give_back(shop, sale, [(line, "1", "SHELF")]) for _ in range(3)]
    assert [refund.total for refund in back] == [money(third) for third in thirds]
    assert sum(refund.tax_total for refund in back) == sale.tax_total
    assert sum(on_hand(shop)) == 300


def test_s34_more_than_was_sold_never_comes_back(shop):
    """S34."""
    sale = sell(shop, "2")
    (line,) = lines_of(shop, sale)
    refused_with(shop, RefundTooMuch, lambda: give_back(shop, sale, [(line, "2.001", "SHELF")]))
    give_back(shop, sale, [(line, "1.5", "SHELF")])
    error = refused_with(shop, RefundTooMuch, lambda: give_back(shop, sale, [(line, "0.501", "SHELF")]))
    assert (error.status, error.code) == (409, "refund_too_much")
    assert [(e.field, e.detail) for e in error.errors] == [("lines.0.quantity", "0.500 left.")]
    give_back(shop, sale, [(line, "0.5", "SHELF")])
    refused_with(shop, RefundTooMuch, lambda: give_back(shop, sale, [(line, "0.001", "SHELF")]))


def test_s34_the_same_line_twice_in_one_refund_counts_twice(shop):
    """S34."""
    sale = sell(shop, "2")
    (line,) = lines_of(shop, sale)
    twice = [(line, "1.5", "SHELF"), (line, "1", "SHELF")]
    error = refused_with(shop, RefundTooMuch, lambda: give_back(shop, sale, twice))
    assert [e.field for e in error.errors] == ["lines.1.quantity"]
    assert give_back(shop, sale, [(line, "1.5", "SHELF"), (line, "0.5", "SHELF")]).total == money("20.00")
    assert sum(on_hand(shop)) == 300


@pytest.mark.parametrize(
    ("restock", "kept", "kinds"),
    [
        ("SHELF", Decimal(300), [MovementKind.RETURNED]),
        ("DAMAGED", Decimal(299), [MovementKind.RETURNED, MovementKind.DAMAGED]),
        ("NOT_RETURNED", Decimal(299), []),
    ],
)
def test_s34_goods_go_where_the_line_says(shop, restock, kept, kinds):
    """S34."""
    sale = sell(shop, "1")
    give_back(shop, sale, [(lines_of(shop, sale)[0], "1", restock)])
    assert sum(on_hand(shop)) == kept
    assert [kind for kind, _, _ in movements(shop, "RETURNED", "DAMAGED")] == kinds


def test_s34_goods_return_to_the_batches_that_they_came_from(bare):
    """S34."""
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
    """S34."""
    with bare.inside():
        service = inventory.add_product(
            by=bare.owner, sku="CUT", name="Haircut", retail_price=money("25.00"), is_stocked=False
        )
    sale = sell(bare, lines=[{"product": service.pk, "quantity": Decimal(1)}])
    assert give_back(bare, sale, [(lines_of(bare, sale)[0], "1", "SHELF")]).total == money("25.00")
    assert movements(bare, *MovementKind.values) == []


def test_s34_the_status_says_how_much_came_back(shop):
    """S34."""
    sale = sell(shop, "2", "1")
    first, second = lines_of(shop, sale)

    def status():
        with shop.inside():
            return shop.account.sales.get(pk=sale.pk).status

    give_back(shop, sale, [(first, "2", "SHELF")])
    assert status() == SaleStatus.PARTLY_REFUNDED
    give_back(shop, sale, [(second, "1", "SHELF")])
    assert status() == SaleStatus.REFUNDED


def test_s34_a_line_of_another_sale_is_unknown(shop, stranger):
    """S34."""
    sale, other, theirs = sell(shop, "1"), sell(shop, "1"), sell(stranger, "1")
    for line in (lines_of(shop, other)[0], lines_of(stranger, theirs)[0]):
        error = refused_with(shop, errors.InvalidInput, lambda line=line: give_back(shop, sale, [(line, "1", "SHELF")]))
        assert [(e.field, e.code) for e in error.errors] == [("lines.0.line", "does_not_exist")]


def test_a_refund_leaves_an_audit_event(shop):
    sale = sell(shop, "1")
    give_back(shop, sale, [(lines_of(shop, sale)[0], "1", "SHELF")], reason="Torn")
    with shop.inside():
        (event,) = shop.account.audit_events.filter(action="sale.refunded")
        assert (event.subject_id, event.after) == (sale.pk, {"total": "10.00"})
