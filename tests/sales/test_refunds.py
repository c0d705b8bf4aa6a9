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
    """S33."""
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
    """S33."""
    product = shop.products[1].pk
    sale = sell(shop, lines=[{"product": product, "quantity": Decimal(3)}], discount=money("1.00"))
    (line,) = lines_of(shop, sale)
    back = [give_back(shop, sale, [(line, "1", "SHELF")]).total for _ in range(3)]
    # 8.99 in thirds: 2.9966..., 5.9933..., 8.99
    assert back == [money("3.00"), money("2.99"), money("3.00")]
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
