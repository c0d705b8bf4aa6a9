"""Money, costs, quantities and rates: exact decimals, one way to round, one way to share out.

Rounding is half up, once per line, to the currency's exponent (GHS 2, XOF 0; from Unicode CLDR, through Babel).
"""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import get_currency_precision
from django.db import models

ZERO = Decimal(0)
ONE = Decimal(1)
SMALLEST_QUANTITY = Decimal("0.001")
SMALLEST_MONEY = Decimal("0.01")


class _AmountField(models.DecimalField):  # type: ignore[type-arg]
    places: int
    digits = 14

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": self.digits, "decimal_places": self.places, **kwargs})


class MoneyField(_AmountField):
    """An amount in the account's currency, 14 digits with 2 after the point."""

    places = 2


class UnitCostField(_AmountField):
    """What one base unit cost, 14 digits with 4 after the point: finer than money, for it is multiplied."""

    places = 4


class ValueField(_AmountField):
    """A quantity times a unit cost, exact: 28 digits with 7 after the point. It is rounded only where it is shown."""

    places = 7
    digits = 28


class QuantityField(_AmountField):
    """A number of base units, 14 digits with 3 after the point: half a kilogram is 0.500."""

    places = 3


class RateField(_AmountField):
    """A share of one, 7 digits with 4 after the point: 15 % is 0.1500."""

    places = 4
    digits = 7


class PercentField(_AmountField):
    """Of a hundred, 5 digits with 2 after the point: 12.50 is an eighth."""

    places = 2
    digits = 5


@lru_cache
def currency_exponent(currency: str) -> int:
    """How many digits the currency has after the point."""
    return get_currency_precision(currency)


def smallest_unit(exponent: int) -> Decimal:
    return Decimal(1).scaleb(-exponent)


def round_money(amount: Decimal, exponent: int) -> Decimal:
    """The amount to the currency's exponent, half up (away from zero when negative)."""
    return amount.quantize(smallest_unit(exponent), rounding=ROUND_HALF_UP)


def round_to_coin(amount: Decimal, coin: Decimal) -> Decimal:
    """The amount in whole coins, half up (away from zero when negative); as it is where there is no smallest coin."""
    return (amount / coin).quantize(ONE, rounding=ROUND_HALF_UP) * coin if coin else amount


def percent_of(amount: Decimal, percent: Decimal, exponent: int) -> Decimal:
    """So many hundredths of the amount, half up."""
    return round_money(amount * percent / 100, exponent)


def show_money(amount: Decimal, exponent: int) -> str:
    """The amount in figures, with the digits that the currency has."""
    return f"{round_money(amount, exponent):f}"


def prorate(total: Decimal, part: Decimal, whole: Decimal, exponent: int) -> Decimal:
    """The share of `total` that belongs to `part` out of `whole`.

    Shares of a growing part telescope: what is due for the next piece is prorate(new) - prorate(old), and all pieces
    together are exactly the total, in any order and size.
    """
    return round_money(total * part / whole, exponent)


def allocate(total: Decimal, weights: Sequence[Decimal], exponent: int) -> list[Decimal]:
    """Parts of `total` in proportion to the weights (none negative), in whole smallest units, that sum to it exactly.

    What rounding down leaves over goes, one unit each, to the largest remainders, earlier weights first.
    Raises ValueError where there is something to share out and no weight to share it by.
    """
    if total < 0:
        return [-part for part in allocate(-total, weights, exponent)]
    unit, weight = smallest_unit(exponent), sum(weights, ZERO)
    if not weight:
        if total:
            raise ValueError("An amount cannot be shared out over nothing.")
        return [ZERO.quantize(unit) for _ in weights]
    exact = [total * w / weight for w in weights]
    parts = [share.quantize(unit, rounding=ROUND_DOWN) for share in exact]
    left_over = int((total - sum(parts, ZERO)) / unit)
    by_remainder = sorted(range(len(parts)), key=lambda i: parts[i] - exact[i])
    for i in by_remainder[:left_over]:
        parts[i] += unit
    return parts
