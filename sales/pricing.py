"""What a sale costs, line by line: pure arithmetic, so that it can be read and tested without a database.

A line is rounded once. A discount on the whole sale is shared out over the lines, the tax of a line over its levies,
and both always sum: the total of the sale is the sum of its lines, to the smallest coin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.amounts import ONE, ZERO, allocate, percent_of, round_money, smallest_unit
from sales.discounts import Part, Reckoning, Source
from sales.promotions import Deal, Voucher, take_coupon, take_promotions

_SMALLEST_RATE = Decimal("0.0001")


@dataclass(frozen=True)
class LevyRate:
    """A levy in force. Those of one stage share a base: the amount, and the tax of all earlier stages."""

    code: str
    name: str
    rate: Decimal
    stage: int = 1


@dataclass(frozen=True)
class Wanted:
    """A line before it is priced. `discount` is an amount off this line."""

    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    levies: tuple[LevyRate, ...]
    product: UUID | None = None


@dataclass(frozen=True)
class Priced:
    """A line as it stands on the receipt; `discount` includes its part of the sale's, and is the sum of `parts`."""

    subtotal: Decimal
    discount: Decimal
    tax_rate: Decimal
    tax_amount: Decimal
    taxes: list[dict[str, Any]]
    total: Decimal
    parts: Sequence[Part]


def price_lines(
    lines: Sequence[Wanted],
    *,
    discount: Decimal,
    prices_include_tax: bool,
    exponent: int,
    discount_percent: Decimal = ZERO,
    deals: Sequence[Deal] = (),
    voucher: Voucher | None = None,
) -> list[Priced]:
    """Prices the lines of one sale: off go their own discounts, then promotions, the coupon, and the discount on the
    whole. Raises DiscountTooLarge, CouponNotValid."""
    subtotals = [round_money(line.quantity * line.unit_price, exponent) for line in lines]
    reckoning = Reckoning(subtotals, exponent)
    reckoning.take({i: line.discount for i, line in enumerate(lines)}, Source.LINE)
    take_promotions(deals, lines, reckoning)
    if voucher:
        take_coupon(voucher, reckoning)
    reckoning.share(discount + percent_of(reckoning.total(), discount_percent, exponent), Source.SALE)
    return [
        _priced(line, subtotal, parts, prices_include_tax, exponent)
        for line, subtotal, parts in zip(lines, subtotals, reckoning.parts, strict=True)
    ]


def _priced(
    line: Wanted, subtotal: Decimal, discounts: Sequence[Part], prices_include_tax: bool, exponent: int
) -> Priced:
    discount = sum((part.amount for part in discounts), ZERO)
    amount = subtotal - discount
    weights = _weights(line.levies)
    rate = sum(weights, ZERO)
    taxed = amount * rate / (1 + rate) if prices_include_tax else amount * rate
    tax = round_money(taxed, exponent)
    total = amount if prices_include_tax else amount + tax
    taxes = _taxes(line.levies, allocate(tax, weights, exponent), total - tax)
    return Priced(subtotal, discount, rate.quantize(_SMALLEST_RATE), tax, taxes, total, discounts)


def _weights(levies: Sequence[LevyRate]) -> list[Decimal]:
    """What each levy takes of an untaxed unit: its rate, of the unit and all that earlier stages put on it."""
    bases, base = {}, ONE
    for stage in sorted({levy.stage for levy in levies}):
        bases[stage] = base
        base += base * sum((levy.rate for levy in levies if levy.stage == stage), ZERO)
    return [bases[levy.stage] * levy.rate for levy in levies]


def _taxes(levies: Sequence[LevyRate], parts: Sequence[Decimal], net: Decimal) -> list[dict[str, Any]]:
    taxes = [
        {"code": levy.code, "name": levy.name, "rate": f"{levy.rate:f}", "stage": levy.stage, "amount": f"{part:f}"}
        for levy, part in zip(levies, parts, strict=True)
    ]
    return with_bases(taxes, net)


def with_bases(taxes: Sequence[Mapping[str, Any]], net: Decimal) -> list[dict[str, Any]]:
    """Each tax with what it was taken of: what is untaxed, and the taxes of earlier stages."""
    return [
        {**tax, "base": f"{sum((Decimal(t['amount']) for t in taxes if t['stage'] < tax['stage']), net):f}"}
        for tax in taxes
    ]


def loses_by_rounding(lines: Sequence[Wanted], products: Sequence[UUID], exponent: int) -> bool:
    """Whether goods were cut into crumbs that each round down: a discount by another name.

    A line that costs something does not round to nothing, and the lines of one product come to at most one coin
    less than its whole quantity.
    """
    exact: dict[UUID, Decimal] = {}
    rounded: dict[UUID, Decimal] = {}
    for line, product in zip(lines, products, strict=True):
        amount = line.quantity * line.unit_price
        shown = round_money(amount, exponent)
        if amount and not shown:
            return True
        exact[product] = exact.get(product, ZERO) + amount
        rounded[product] = rounded.get(product, ZERO) + shown
    coin = smallest_unit(exponent)
    return any(round_money(amount, exponent) - rounded[product] > coin for product, amount in exact.items())


WHOLE = "discount"  # what is left off of the sale as a whole


@dataclass(frozen=True)
class Reduction:
    """How much less than by the price list is asked, out of `base`; `field` is what asks for it, and `goods` are what a
    line sells. `least` is the smallest amount that is rounded to this one."""

    field: str
    amount: Decimal
    base: Decimal
    least: Decimal
    goods: tuple[UUID | None, Decimal] | None = None

    @property
    def percent(self) -> Decimal:
        return self.amount * 100 / self.base

    def most(self, limit: Decimal) -> Decimal:
        """What so many percent of the base are, before they are rounded."""
        return limit * self.base / 100


def reductions(
    lines: Sequence[Wanted],
    list_prices: Sequence[Decimal],
    *,
    discount: Decimal,
    crumbles: bool,
    exponent: int,
    offered: Decimal = ZERO,
) -> list[Reduction]:
    """What each line, and then the whole sale, leaves off, by discounts and by prices of its own taken together.

    A line above the list pays for itself only. What rounding leaves off counts where goods were cut into crumbs. The
    discount on the whole is taken of what is left once the shop's own offers are off, and weighs as much of the basket
    as it is of that.
    """
    half = ZERO if crumbles else smallest_unit(exponent) / 2
    found = []
    for index, (line, price) in enumerate(zip(lines, list_prices, strict=True)):
        listed = line.quantity * price
        asked = round_money(line.quantity * line.unit_price, exponent) - line.discount
        base = max(listed if crumbles else round_money(listed, exponent), asked)
        name = "discount" if line.discount else "unit_price" if line.unit_price < price else "quantity"
        off = base - asked
        found.append(Reduction(f"lines.{index}.{name}", off, base, off - half, (line.product, price)))
    amount, base = (sum((getattr(line, name) for line in found), ZERO) for name in ("amount", "base"))
    least = discount - half if discount else ZERO
    if offered and discount:
        discount, least = (each * (base - amount) / (base - amount - offered) for each in (discount, least))
    return [*found, Reduction(WHOLE, amount + discount, base, amount + least)]


def beyond(found: Sequence[Reduction], limit: Decimal) -> list[Reduction]:
    """Those of the lines, and last of the whole, that leave off more than this percentage.

    What it comes to is rounded half up, as any percentage is: by half a coin at most for a line, and for the whole by
    as much as for its lines, once for the same goods however many lines they are cut into.
    """
    *lines, whole = found
    rounded: dict[Any, Decimal] = {}
    for line in lines:
        rounded[line.goods] = max(line.amount - line.most(limit), rounded.get(line.goods, ZERO))
    return [
        *(line for line in lines if line.least > line.most(limit)),
        *([whole] if whole.least - sum(rounded.values(), ZERO) > whole.most(limit) else []),
    ]
