"""What the till's state machine reckons by itself: what a basket costs, in plain Python and from nothing of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from uuid import UUID

from tests.machines import Refused

ZERO = Decimal(0)
LEVIES = (Decimal("0.15"), Decimal("0.025"), Decimal("0.025"))  # of one base: VAT, NHIL and GETFund

Shares = dict[str, Decimal]  # by tender, in the order in which it came
Off = Mapping[str, Decimal]  # `discount` is an amount, `discount_percent` of a hundred


@dataclass(frozen=True)
class Terms:
    """What a business's money is like, and its prices."""

    unit: Decimal
    coin: Decimal
    prices: Mapping[UUID, Decimal]
    exempt: UUID
    is_inclusive: bool
    is_shift_required: bool

    def half_up(self, amount: Decimal) -> Decimal:
        return (amount / self.unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * self.unit

    def down(self, amount: Decimal) -> Decimal:
        return (amount / self.unit).quantize(Decimal(1), rounding=ROUND_DOWN) * self.unit

    def in_coins(self, amount: Decimal) -> Decimal:
        return (amount / self.coin).quantize(Decimal(1), rounding=ROUND_HALF_UP) * self.coin if self.coin else amount

    def share(self, total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
        """In whole units; those who lose most by rounding down get what that leaves."""
        if not total:
            return [ZERO] * len(weights)
        exact = [total * weight / sum(weights) for weight in weights]
        parts = [self.down(part) for part in exact]
        for index in sorted(range(len(parts)), key=lambda i: parts[i] - exact[i])[
            : int((total - sum(parts)) / self.unit)
        ]:
            parts[index] += self.unit
        return parts


@dataclass(frozen=True)
class Asked:
    """Lines of different products, each with what is left off it, and what is left off the whole."""

    lines: Sequence[tuple[UUID, Decimal, Off]]
    off: Off = field(default_factory=dict)

    def as_sent(self) -> list[dict[str, object]]:
        return [{"product": product, "quantity": quantity, **off} for product, quantity, off in self.lines]

    @property
    def wanted(self) -> list[tuple[UUID, Decimal]]:
        return [(product, quantity) for product, quantity, _ in self.lines]


@dataclass
class Line:
    """A line as it was sold, and how much of it has come back."""

    product: UUID
    quantity: Decimal
    total: Decimal
    taxes: Sequence[Decimal]
    discount: Decimal = ZERO
    back: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        return self.quantity - self.back

    def due(self, terms: Terms, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """What the next so much of it is worth, and the tax in that: all parts together are all of it."""

        def part(whole: Decimal) -> Decimal:
            until = terms.half_up(whole * (self.back + quantity) / self.quantity)
            return until - terms.half_up(whole * self.back / self.quantity)

        return part(self.total), sum((part(tax) for tax in self.taxes), ZERO)


def price(terms: Terms, asked: Asked) -> list[Line]:
    subtotals = [terms.half_up(quantity * terms.prices[product]) for product, quantity, _ in asked.lines]
    left = [subtotal - _off(terms, subtotal, off) for subtotal, (*_, off) in zip(subtotals, asked.lines, strict=True)]
    whole = sum(left, ZERO)
    off_all = _off(terms, whole, asked.off) if min(left) >= 0 else ZERO
    if min(left) < 0 or off_all > whole:
        raise Refused("discount_too_large")
    amounts = [amount - part for amount, part in zip(left, terms.share(off_all, left), strict=True)]
    rows = zip(asked.wanted, subtotals, amounts, strict=True)
    return [_line(terms, product, quantity, subtotal, amount) for (product, quantity), subtotal, amount in rows]


def _off(terms: Terms, amount: Decimal, off: Off) -> Decimal:
    return off.get("discount", ZERO) + terms.half_up(amount * off.get("discount_percent", ZERO) / 100)


def _line(terms: Terms, product: UUID, quantity: Decimal, subtotal: Decimal, amount: Decimal) -> Line:
    levies = () if product == terms.exempt else LEVIES
    rate = sum(levies, ZERO)
    tax = terms.half_up(amount * rate / (1 + rate) if terms.is_inclusive else amount * rate)
    total = amount if terms.is_inclusive else amount + tax
    return Line(product, quantity, total, terms.share(tax, levies), subtotal - amount)


def fill(total: Decimal, ways: Sequence[tuple[str, Decimal]]) -> Shares:
    """So much, by each way in turn up to the most that it takes."""
    shares: Shares = {}
    for method, most in ways:
        part = min(total, max(most, ZERO))
        if part:
            shares[method] = shares.get(method, ZERO) + part
            total -= part
    return shares


def by_tender(payments: Sequence[Mapping[str, object]]) -> Shares:
    sums: Shares = {}
    for payment in payments:
        method = str(payment.get("came_by") or payment["method"])
        sums[method] = sums.get(method, ZERO) + Decimal(str(payment["amount"]))
    return sums


def total_of(lines: Sequence[Line]) -> Decimal:
    return sum((line.total for line in lines), ZERO)
