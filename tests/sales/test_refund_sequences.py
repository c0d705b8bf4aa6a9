"""S33 and S34: in whatever parts a sale comes back, by whatever tenders, what goes back is what was paid."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales.models import SaleStatus
from tests.conftest import open_shop, receive
from tests.sales.calls import give_back, lines_of, sell
from tests.sales.returning import problems

pytestmark = pytest.mark.django_db

TENDERS = ("CASH", "CARD", "MOBILE_MONEY", "BANK")
unhurried = settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@st.composite
def cuts(draw):
    """Thousandths of three lines, each cut into up to four parts."""
    sizes = [draw(st.integers(1, 9_000)) for _ in range(3)]
    return [(size, sorted(draw(st.sets(st.integers(1, size), max_size=3)) | {size})) for size in sizes]


def parts(cut):
    """What a line comes back in."""
    _, ends = cut
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def pay(total: Decimal, weights, exponent: int):
    """A total in up to four tenders."""
    unit, left, payments = Decimal(1).scaleb(-exponent), total, []
    for tender, weight in zip(TENDERS, weights, strict=True):
        amount = min(left, (total * weight / 10).quantize(unit)) if tender != TENDERS[-1] else left
        if amount:
            payments.append({"method": tender, "amount": amount})
            left -= amount
    return payments


def check(shop, cut, weights, discount, order):
    exponent = shop.account.currency_exponent
    with shop.inside():
        receive(shop, "30")  # what is sold to see what it costs stays sold
    lines = [
        {"product": product.pk, "quantity": Decimal(size).scaleb(-3)}
        for product, (size, _) in zip(shop.products, cut, strict=True)
    ]
    probe = sell(shop, lines=lines)
    off = (probe.subtotal * discount / 100).quantize(Decimal(1).scaleb(-exponent))
    due = sell(shop, lines=lines, discount=off).total
    sale = sell(shop, lines=lines, discount=off, payments=pay(due, weights, exponent))
    rows = lines_of(shop, sale)
    steps = [(row, part) for row, each in zip(rows, cut, strict=True) for part in parts(each)]
    order.shuffle(steps)
    for row, part in steps:
        refund = give_back(shop, sale, [(row, str(Decimal(part).scaleb(-3)), "SHELF")])
        assert refund.total == -sum((payment.amount for payment in refund.payments.all()), Decimal(0))
    with shop.inside():
        account = shop.account
        by_line, by_tender = Counter(), Counter()
        for back in account.refund_lines.filter(refund__sale=sale):
            by_line[back.line_id] += back.total
        for payment in account.payments.filter(sale=sale):
            by_tender[payment.method] += payment.amount
        taxes = sum(account.refunds.filter(sale=sale).values_list("tax_total", flat=True))
        assert account.sales.get(pk=sale.pk).status == SaleStatus.REFUNDED
    assert all(by_line[row.pk] == row.total for row in rows)
    assert set(by_tender.values()) <= {0}
    assert taxes == sale.tax_total


@unhurried
@given(cut=cuts(), weights=st.tuples(*[st.integers(0, 5)] * 4), discount=st.integers(0, 40), order=st.randoms())
def test_s34_any_sequence_of_refunds_gives_back_by_each_tender_what_came_by_it(shop, cut, weights, discount, order):
    """S34."""
    check(shop, cut, weights, discount, order)
    assert problems(shop) == []


@pytest.fixture
def boutique(db):
    prices = ("1500", "333", "7")
    return open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=prices, stock="1000")


@unhurried
@given(cut=cuts(), weights=st.tuples(*[st.integers(0, 5)] * 4), discount=st.integers(0, 40), order=st.randoms())
def test_s41_any_sequence_of_refunds_without_decimals(boutique, cut, weights, discount, order):
    """S41."""
    check(boutique, cut, weights, discount, order)
    assert problems(boutique) == []
