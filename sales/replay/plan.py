"""Decides what of an export is booked as what: every line is in a sale, in refunds, or left out with a reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from core.amounts import ZERO, round_money
from sales.replay.export import Export, Line

MOST_LINES = 500  # that one sale takes
QUANTITY_EXPONENT = 3

# Postage, carriage, manual entries, discounts, samples, bank and marketplace fees: charges, not goods.
NOT_GOODS = frozenset({"POST", "DOT", "C2", "M", "m", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"})


class Reason(StrEnum):
    """Why a line is not booked."""

    NEGATIVE_QUANTITY = "negative quantity without a cancellation"
    ZERO_PRICE = "zero price"
    NEGATIVE_PRICE = "negative price"
    ZERO_QUANTITY = "zero quantity"
    POSITIVE_CANCELLATION = "positive quantity in a cancellation"
    TOO_FINE = "more decimals than the currency or a quantity has"
    NO_CUSTOMER = "cancellation without a customer, whose original cannot be known"
    NO_ORIGINAL = "cancellation whose original is not in the file"
    ORIGINAL_USED_UP = "cancellation of more than its originals have left"


@dataclass(frozen=True, eq=False)
class Sale:
    """An invoice, or the part of a long one that a sale can take."""

    reference: str
    customer: str
    sold_at: datetime
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return _total(self.lines)


@dataclass(frozen=True)
class Refund:
    """What a cancellation takes back of one sale: quantities by the position of the sold line, from 1."""

    reference: str
    sale: Sale
    refunded_at: datetime
    taken: dict[int, Decimal]

    @property
    def total(self) -> Decimal:
        return sum((quantity * self.sale.lines[at - 1].unit_price for at, quantity in self.taken.items()), ZERO)


@dataclass(frozen=True)
class LeftOut:
    line: Line
    reason: Reason


@dataclass(frozen=True)
class Item:
    """A product as the export knows it, with the quantity that its sales need."""

    sku: str
    name: str
    price: Decimal
    sold: Decimal
    returned: Decimal

    @property
    def is_stocked(self) -> bool:
        return self.sku not in NOT_GOODS


@dataclass(frozen=True)
class Plan:
    export: Export
    sales: tuple[Sale, ...]
    refunds: tuple[Refund, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def days(self) -> list[date]:
        return sorted({line.day for line in self.export.lines})

    @property
    def customers(self) -> list[str]:
        return sorted({sale.customer for sale in self.sales if sale.customer})

    def items(self) -> list[Item]:
        """The products of the sales, each named and priced by its first line that has a name."""
        lines: dict[str, list[Line]] = {}
        for sale in self.sales:
            for line in sale.lines:
                lines.setdefault(line.sku, []).append(line)
        back = self._returned()
        return [_item(sku, of_sku, back.get(sku, ZERO)) for sku, of_sku in sorted(lines.items())]

    def _returned(self) -> dict[str, Decimal]:
        back: dict[str, Decimal] = {}
        for refund in self.refunds:
            for position, quantity in refund.taken.items():
                sku = refund.sale.lines[position - 1].sku
                back[sku] = back.get(sku, ZERO) + quantity
        return back


def _item(sku: str, lines: Sequence[Line], returned: Decimal) -> Item:
    named = next((line for line in lines if line.name), lines[0])
    sold = sum((line.quantity for line in lines), ZERO)
    return Item(sku=sku, name=named.name or sku, price=named.unit_price, sold=sold, returned=returned)


def make(export: Export, *, exponent: int) -> Plan:
    """The plan for an account whose currency has this many digits after the point."""
    good, left_out = [], []
    for line in export.lines:
        reason = _reason_against(line, exponent)
        if reason:
            left_out.append(LeftOut(line, reason))
        else:
            good.append(line)
    sales = tuple(_sales(line for line in good if not line.is_cancellation))
    matching = _Matching(sales)
    for line in sorted((line for line in good if line.is_cancellation), key=lambda line: (line.sold_at, line.row)):
        matching.take_back(line)
    left_out = sorted([*left_out, *matching.left_out], key=lambda out: out.line.row)
    return Plan(export, sales, tuple(matching.refunds.values()), tuple(left_out))


def _reason_against(line: Line, exponent: int) -> Reason | None:
    checks = {
        Reason.NEGATIVE_QUANTITY: line.quantity < 0 and not line.is_cancellation,
        Reason.ZERO_PRICE: line.unit_price == 0,
        Reason.NEGATIVE_PRICE: line.unit_price < 0,
        Reason.ZERO_QUANTITY: line.quantity == 0,
        Reason.POSITIVE_CANCELLATION: line.quantity > 0 and line.is_cancellation,
        Reason.TOO_FINE: not _fits(line, exponent),
        Reason.NO_CUSTOMER: line.is_cancellation and not line.customer,
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def _fits(line: Line, exponent: int) -> bool:
    """Whether price, quantity and amount are whole numbers of what the books count in, so that nothing is rounded."""
    amounts = (line.unit_price, line.amount)
    is_money = all(amount == round_money(amount, exponent) for amount in amounts)
    return is_money and line.quantity == round_money(line.quantity, QUANTITY_EXPONENT)


def _sales(lines: Iterable[Line]) -> Iterator[Sale]:
    invoices: dict[str, list[Line]] = {}
    for line in lines:
        invoices.setdefault(line.invoice, []).append(line)
    for invoice, of_invoice in invoices.items():
        for start in range(0, len(of_invoice), MOST_LINES):
            part = tuple(of_invoice[start : start + MOST_LINES])
            reference = f"{invoice}/{start // MOST_LINES + 1}" if len(of_invoice) > MOST_LINES else invoice
            yield Sale(reference, part[0].customer, part[0].sold_at, part)


@dataclass
class _Sold:
    sale: Sale
    position: int
    left: Decimal


@dataclass
class _Matching:
    """Finds what a cancellation takes back: the same customer, product and price, earlier, the oldest sale first."""

    sales: Sequence[Sale]
    refunds: dict[tuple[str, str], Refund] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sold: dict[tuple[str, str, Decimal], list[_Sold]] = {}
        for sale in sorted(self.sales, key=lambda sale: sale.sold_at):
            for position, line in enumerate(sale.lines, start=1):
                self.sold.setdefault(_key(line), []).append(_Sold(sale, position, line.quantity))

    def take_back(self, line: Line) -> None:
        """All of the line, or nothing of it and the reason."""
        earlier = [sold for sold in self.sold.get(_key(line), []) if sold.sale.sold_at <= line.sold_at]
        missing = -line.quantity
        if sum((sold.left for sold in earlier), ZERO) < missing:
            reason = Reason.ORIGINAL_USED_UP if earlier else Reason.NO_ORIGINAL
            self.left_out.append(LeftOut(line, reason))
            return
        for sold in earlier:
            part = min(missing, sold.left)
            if part:
                self._book(line, sold, part)
                missing -= part

    def _book(self, line: Line, sold: _Sold, quantity: Decimal) -> None:
        sold.left -= quantity
        new = Refund(line.invoice, sold.sale, line.sold_at, {})
        refund = self.refunds.setdefault((line.invoice, sold.sale.reference), new)
        refund.taken[sold.position] = refund.taken.get(sold.position, ZERO) + quantity


def _key(line: Line) -> tuple[str, str, Decimal]:
    return line.customer, line.sku, line.unit_price


def _total(lines: Iterable[Line]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)
