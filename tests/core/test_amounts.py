"""The arithmetic of money: whatever is rounded or shared out, nothing is won and nothing lost."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.amounts import allocate, currency_exponent, prorate, round_money

unhurried = settings(deadline=None)  # a busy machine is no failure
EXPONENTS = st.sampled_from([0, 2])
MOST = 10**14 - 1  # the largest amount that a column holds, in hundredths
QUANTITIES = st.integers(min_value=1, max_value=10**9).map(lambda n: Decimal(n).scaleb(-3))


def in_units(units: int, exponent: int) -> Decimal:
    return Decimal(units).scaleb(-exponent)


@st.composite
def shares(draw: st.DrawFn, most: int = MOST) -> tuple[Decimal, list[Decimal], int]:
    """A total, weights whose sum is not zero, and an exponent."""
    exponent = draw(EXPONENTS)
    weights = draw(st.lists(st.integers(min_value=0, max_value=most), min_size=1, max_size=40).filter(any))
    total = draw(st.integers(min_value=0, max_value=most))
    return in_units(total, exponent), [in_units(w, exponent) for w in weights], exponent


@unhurried
@given(shares())
@example((Decimal("0.01"), [Decimal(0), Decimal(1)], 2))
@example((Decimal("999999999999.99"), [Decimal("999999999999.99"), Decimal("0.01")], 2))
def test_what_is_shared_out_sums_to_the_total_and_no_part_is_a_unit_away_from_its_share(case):
    total, weights, exponent = case
    parts = allocate(total, weights, exponent)
    unit, whole = Fraction(1, 10**exponent), sum(Fraction(w) for w in weights)
    assert sum(Fraction(part) for part in parts) == Fraction(total)
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(total) * Fraction(weight) / whole) < unit
        assert part >= 0
        assert part.as_tuple().exponent == -exponent
        assert weight or part == 0


@unhurried
@given(shares())
def test_a_smaller_weight_never_gets_the_larger_part(case):
    total, weights, exponent = case
    by_weight = sorted(zip(weights, allocate(total, weights, exponent), strict=True), key=lambda pair: pair[0])
    for (lighter, less), (heavier, more) in pairwise(by_weight):
        assert lighter == heavier or less <= more


@unhurried
@given(shares())
def test_a_negative_total_is_shared_out_as_its_opposite(case):
    total, weights, exponent = case
    assert allocate(-total, weights, exponent) == [-part for part in allocate(total, weights, exponent)]


@unhurried
@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=1, max_value=30), EXPONENTS)
def test_equal_weights_differ_by_a_unit_at_most_and_the_earlier_get_it(units, count, exponent):
    parts = allocate(in_units(units, exponent), [Decimal(1)] * count, exponent)
    each, left_over = divmod(units, count)
    expected = [each + 1] * left_over + [each] * (count - left_over)
    assert parts == [in_units(n, exponent) for n in expected]


@pytest.mark.parametrize(
    ("total", "weights", "exponent", "expected"),
    [
        ("1.00", ["3.33", "3.33", "3.33"], 2, ["0.34", "0.33", "0.33"]),
        ("0.02", ["1", "1", "1"], 2, ["0.01", "0.01", "0.00"]),
        ("2.00", ["0.15", "0.025", "0.025"], 2, ["1.50", "0.25", "0.25"]),
        ("0.99", ["0.15", "0.025", "0.025"], 2, ["0.74", "0.13", "0.12"]),  # exactly 0.7425, 0.12375, 0.12375
        ("100", ["1", "1", "1"], 0, ["34", "33", "33"]),
        ("0", ["0", "0"], 2, ["0.00", "0.00"]),
        ("0", [], 2, []),
        ("7", ["0", "5", "0"], 0, ["0", "7", "0"]),
    ],
)
def test_the_largest_remainders_get_what_rounding_left_over(total, weights, exponent, expected):
    parts = allocate(Decimal(total), [Decimal(w) for w in weights], exponent)
    assert [str(part) for part in parts] == expected


@pytest.mark.parametrize("weights", [[], ["0"], ["0", "0"]])
def test_something_cannot_be_shared_out_over_nothing(weights):
    with pytest.raises(ValueError, match="over nothing"):
        allocate(Decimal("0.01"), [Decimal(w) for w in weights], 2)


@unhurried
@given(
    st.integers(min_value=0, max_value=10**12),
    st.lists(QUANTITIES, min_size=1, max_size=30),
    EXPONENTS,
)
def test_s34_any_sequence_of_partial_refunds_sums_to_exactly_what_was_paid(units, pieces, exponent):
    """S34."""
    total, whole = in_units(units, exponent), sum(pieces, Decimal(0))
    gone, back = Decimal(0), []
    for piece in pieces:
        before = prorate(total, gone, whole, exponent)
        gone += piece
        back.append(prorate(total, gone, whole, exponent) - before)
    assert sum(back, Decimal(0)) == total
    assert all(part >= 0 for part in back)


@unhurried
@given(st.integers(min_value=0, max_value=10**12), QUANTITIES, QUANTITIES, EXPONENTS)
def test_a_share_is_the_exact_one_rounded_half_up(units, part, more, exponent):
    total, whole = in_units(units, exponent), part + more
    exact = Fraction(total) * Fraction(part) / Fraction(whole) * 10**exponent
    assert prorate(total, part, whole, exponent) == in_units(int(exact + Fraction(1, 2)), exponent)


@unhurried
@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6), EXPONENTS)
def test_rounding_is_half_up_and_symmetric(amount, exponent):
    units = int(abs(Fraction(amount)) * 10**exponent + Fraction(1, 2))
    expected = in_units(-units if amount < 0 else units, exponent)
    assert round_money(amount, exponent) == expected
    assert round_money(-amount, exponent) == -expected


@pytest.mark.parametrize(
    ("amount", "exponent", "expected"),
    [
        ("0.005", 2, "0.01"),
        ("0.015", 2, "0.02"),
        ("0.0049999", 2, "0.00"),
        ("-0.005", 2, "-0.01"),
        ("1.5", 0, "2"),
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("7", 2, "7.00"),
    ],
)
def test_half_a_unit_goes_up(amount, exponent, expected):
    assert str(round_money(Decimal(amount), exponent)) == expected


@pytest.mark.parametrize(("currency", "exponent"), [("GHS", 2), ("NGN", 2), ("XOF", 0), ("XAF", 0)])
def test_a_currency_has_the_digits_that_cldr_gives_it(currency, exponent):
    assert currency_exponent(currency) == exponent
