"""The arithmetic of a receipt: whatever is sold, at whatever discount and tax, the columns add up."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.amounts import prorate
from sales.errors import DiscountTooLarge
from sales.pricing import LevyRate, Wanted, price_lines

unhurried = settings(deadline=None)  # a busy machine is no failure
GHANA = (
    LevyRate("VAT", "VAT", Decimal("0.1500")),
    LevyRate("NHIL", "NHIL", Decimal("0.0250")),
    LevyRate("GETFUND", "GETFund levy", Decimal("0.0250")),
)
LEVIES = st.sampled_from([(), GHANA[:1], GHANA])


def total_of(values):
    return sum(values, Decimal(0))


def half_up(exact: Fraction, exponent: int) -> Decimal:
    """An exact amount that is not negative, to the smallest coin."""
    return Decimal(int(exact * 10**exponent + Fraction(1, 2))).scaleb(-exponent)


@st.composite
def wanted_lines(draw: st.DrawFn, exponent: int) -> Wanted:
    quantity = Decimal(draw(st.integers(min_value=1, max_value=10**6))).scaleb(-3)
    price = Decimal(draw(st.integers(min_value=0, max_value=10**6))).scaleb(-exponent)
    most = int(half_up(Fraction(quantity) * Fraction(price), exponent).scaleb(exponent))
    discount = Decimal(draw(st.integers(min_value=0, max_value=most))).scaleb(-exponent)
    return Wanted(quantity=quantity, unit_price=price, discount=discount, levies=draw(LEVIES))


@st.composite
def baskets(draw: st.DrawFn) -> tuple[list[Wanted], Decimal, bool, int]:
    """Lines, a discount on the sale that they can bear, whether prices include tax, and the currency's exponent."""
    exponent = draw(st.sampled_from([0, 2]))
    lines = draw(st.lists(wanted_lines(exponent), min_size=1, max_size=12))
    most = total_of(half_up(Fraction(w.quantity) * Fraction(w.unit_price), exponent) - w.discount for w in lines)
    discount = Decimal(draw(st.integers(min_value=0, max_value=int(most.scaleb(exponent))))).scaleb(-exponent)
    return lines, discount, draw(st.booleans()), exponent


@unhurried
@given(baskets())
def test_whatever_is_sold_the_columns_of_the_receipt_add_up(basket):
    lines, discount, inclusive, exponent = basket
    priced = price_lines(lines, discount=discount, prices_include_tax=inclusive, exponent=exponent)
    for line, row in zip(lines, priced, strict=True):
        assert row.subtotal == half_up(Fraction(line.quantity) * Fraction(line.unit_price), exponent)
        assert row.total == row.subtotal - row.discount + (0 if inclusive else row.tax_amount)
        assert total_of(Decimal(tax["amount"]) for tax in row.taxes) == row.tax_amount
        assert [tax["code"] for tax in row.taxes] == [levy.code for levy in line.levies]
        assert row.tax_rate == total_of(levy.rate for levy in line.levies)
    assert total_of(row.discount for row in priced) == total_of(line.discount for line in lines) + discount
    subtotal, taxes = total_of(row.subtotal for row in priced), total_of(row.tax_amount for row in priced)
    off = total_of(row.discount for row in priced)
    assert total_of(row.total for row in priced) == subtotal - off + (0 if inclusive else taxes)


@unhurried
@given(baskets())
def test_every_amount_is_in_whole_coins_and_none_is_negative(basket):
    lines, discount, inclusive, exponent = basket
    for row in price_lines(lines, discount=discount, prices_include_tax=inclusive, exponent=exponent):
        amounts = [row.subtotal, row.discount, row.tax_amount, row.total, *(Decimal(t["amount"]) for t in row.taxes)]
        assert all(amount >= 0 for amount in amounts)
        assert all(amount == amount.quantize(Decimal(1).scaleb(-exponent)) for amount in amounts)


@unhurried
@given(baskets())
def test_the_tax_of_a_line_is_its_exact_tax_rounded_once(basket):
    lines, discount, inclusive, exponent = basket
    for row in price_lines(lines, discount=discount, prices_include_tax=inclusive, exponent=exponent):
        net, rate = Fraction(row.subtotal) - Fraction(row.discount), Fraction(row.tax_rate)
        exact = net * rate / (1 + rate) if inclusive else net * rate
        assert row.tax_amount == half_up(exact, exponent)


@unhurried
@given(baskets())
def test_a_part_of_the_discount_is_never_larger_than_what_it_is_taken_from(basket):
    lines, discount, inclusive, exponent = basket
    for row in price_lines(lines, discount=discount, prices_include_tax=inclusive, exponent=exponent):
        assert row.discount <= row.subtotal


@unhurried
@given(baskets(), st.data())
def test_s34_refunding_in_any_pieces_returns_exactly_what_each_line_cost(basket, data):
    """S34."""
    lines, discount, inclusive, exponent = basket
    for line, row in zip(
        lines, price_lines(lines, discount=discount, prices_include_tax=inclusive, exponent=exponent), strict=True
    ):
        units = int(line.quantity.scaleb(3))
        cuts = sorted({*data.draw(st.lists(st.integers(min_value=1, max_value=units), max_size=5)), units})
        gone, back = Decimal(0), Decimal(0)
        for cut in cuts:
            upto = Decimal(cut).scaleb(-3)
            piece = prorate(row.total, upto, line.quantity, exponent) - prorate(
                row.total, gone, line.quantity, exponent
            )
            assert 0 <= piece <= row.total
            gone, back = upto, back + piece
        assert back == row.total


def three_for_3_33(*, inclusive: bool, discount: str, percent: str):
    lines = [Wanted(Decimal(1), Decimal("3.33"), Decimal(0), GHANA) for _ in range(3)]
    return price_lines(
        lines,
        discount=Decimal(discount),
        discount_percent=Decimal(percent),
        prices_include_tax=inclusive,
        exponent=2,
    )


tenth_off = pytest.mark.parametrize(("discount", "percent"), [("1.00", "0"), ("0", "10")])  # of 9.99: 0.999, so 1.00


@tenth_off
def test_s33_three_times_3_33_with_a_tenth_off_and_three_levies_inclusive(discount, percent):
    """S33."""
    rows = three_for_3_33(inclusive=True, discount=discount, percent=percent)
    assert [row.discount for row in rows] == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]
    assert [row.total for row in rows] == [Decimal("2.99"), Decimal("3.00"), Decimal("3.00")]
    # 2.99 / 6 = 0.49833..., 3.00 / 6 = 0.50; of 0.50 three quarters are VAT, and 0.0625 goes to each of the others.
    assert [row.tax_amount for row in rows] == [Decimal("0.50")] * 3
    assert [[tax["amount"] for tax in row.taxes] for row in rows] == [["0.38", "0.06", "0.06"]] * 3


@tenth_off
def test_s33_three_times_3_33_with_a_tenth_off_and_three_levies_exclusive(discount, percent):
    """S33."""
    rows = three_for_3_33(inclusive=False, discount=discount, percent=percent)
    # 2.99 * 0.2 = 0.598, 3.00 * 0.2 = 0.60.
    assert [row.tax_amount for row in rows] == [Decimal("0.60")] * 3
    assert [row.total for row in rows] == [Decimal("3.59"), Decimal("3.60"), Decimal("3.60")]
    assert [[tax["amount"] for tax in row.taxes] for row in rows] == [["0.45", "0.08", "0.07"]] * 3


def test_s41_a_currency_without_decimals_rounds_to_whole_francs_and_still_sums():
    """S41."""
    lines = [Wanted(Decimal("0.333"), Decimal(1000), Decimal(0), GHANA) for _ in range(3)]
    rows = price_lines(lines, discount=Decimal(100), prices_include_tax=True, exponent=0)
    assert [str(row.subtotal) for row in rows] == ["333", "333", "333"]
    assert [str(row.discount) for row in rows] == ["34", "33", "33"]
    assert [str(row.total) for row in rows] == ["299", "300", "300"]
    assert [str(row.tax_amount) for row in rows] == ["50", "50", "50"]  # 49.83 and 50
    assert [[tax["amount"] for tax in row.taxes] for row in rows] == [["38", "6", "6"]] * 3


@pytest.mark.parametrize(
    ("own", "on_sale"),
    [("10.01", "0"), ("0", "20.01"), ("10.00", "10.01"), ("5.00", "15.01")],
)
def test_a_discount_larger_than_what_it_is_taken_from_is_refused(own, on_sale):
    lines = [
        Wanted(Decimal(1), Decimal("10.00"), Decimal(own), ()),
        Wanted(Decimal(1), Decimal("10.00"), Decimal(0), ()),
    ]
    with pytest.raises(DiscountTooLarge):
        price_lines(lines, discount=Decimal(on_sale), prices_include_tax=True, exponent=2)


def test_a_discount_may_take_everything():
    lines = [Wanted(Decimal(2), Decimal("10.00"), Decimal("5.00"), GHANA)]
    (row,) = price_lines(lines, discount=Decimal("15.00"), prices_include_tax=False, exponent=2)
    assert (row.discount, row.tax_amount, row.total) == (Decimal("20.00"), Decimal("0.00"), Decimal("0.00"))
    assert [tax["amount"] for tax in row.taxes] == ["0.00", "0.00", "0.00"]


def test_goods_without_levies_bear_no_tax():
    (row,) = price_lines(
        [Wanted(Decimal(1), Decimal("10.00"), Decimal(0), ())],
        discount=Decimal(0),
        prices_include_tax=False,
        exponent=2,
    )
    assert (row.tax_rate, row.tax_amount, row.taxes, row.total) == (0, 0, [], Decimal("10.00"))
