"""Compares what the export says with what the API now says: money per business day and shift, what customers owe, and
goods per product."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.amounts import ZERO
from sales.replay.booking import Booking, Business, Product
from sales.replay.client import Client
from sales.replay.days import Day as DayOfFile
from sales.replay.trading import refunds_booked, sales_booked

Totals = dict[date, Decimal]
LONGEST_STATEMENT = timedelta(days=366)


@dataclass(frozen=True)
class Day:
    """One business day. `other_*` is what somebody else booked on it, which the API's summary includes."""

    day: date
    in_file: Decimal
    left_out: Decimal
    sales: Decimal
    refunds: Decimal
    api_sales: Decimal
    api_refunds: Decimal
    other_sales: Decimal
    other_refunds: Decimal

    @property
    def agrees(self) -> bool:
        is_whole = self.in_file == self.left_out + self.sales - self.refunds
        is_sold = self.api_sales - self.other_sales == self.sales
        return is_whole and is_sold and self.api_refunds - self.other_refunds == self.refunds


@dataclass(frozen=True)
class Shelf:
    """One product. `others` is what came or went by documents that are not the replay's."""

    sku: str
    received: Decimal
    sold: Decimal
    returned: Decimal
    on_hand: Decimal
    others: Decimal

    @property
    def agrees(self) -> bool:
        return self.received - self.sold + self.returned == self.on_hand - self.others


@dataclass(frozen=True)
class Turn:
    """One shift: what the export says of its day, and what its Z report says."""

    number: int
    of_file: DayOfFile
    sale_count: int
    sales: Decimal
    refunds: Decimal
    expected: Decimal
    difference: Decimal

    @property
    def agrees(self) -> bool:
        day = self.of_file
        told = (self.sale_count, self.sales, self.refunds, self.expected, self.difference)
        return told == (len(day.sales), day.sold, day.refunded, day.cash, ZERO)


@dataclass(frozen=True)
class Owing:
    """A customer on account: what the export leaves them owing, less what is kept for them, and what the API says."""

    customer: str
    in_file: Decimal
    debt: Decimal
    wallet: Decimal

    @property
    def agrees(self) -> bool:
        return self.in_file == self.debt - self.wallet


@dataclass(frozen=True)
class Reconciliation:
    days: Sequence[Day]
    turns: Sequence[Turn]
    owing: Sequence[Owing]
    shelves: Sequence[Shelf]
    differing: Sequence[str]

    @property
    def agrees(self) -> bool:
        rows: list[Day | Turn | Owing | Shelf] = [*self.days, *self.turns, *self.owing, *self.shelves]
        return not self.differing and all(row.agrees for row in rows)


@dataclass(frozen=True)
class _Books:
    """One kind of document: what should be there by id, and the rows that are."""

    label: str
    wanted: Mapping[str, tuple[str, Decimal]]  # reference and total
    rows: Sequence[Any]
    moment: str

    def differing(self) -> Iterator[str]:
        found = {row["id"]: Decimal(row["total"]) for row in self.rows}
        for own_id, (reference, total) in self.wanted.items():
            if own_id not in found:
                yield f"{self.label} {reference} is not there."
            elif found[own_id] != total:
                yield f"{self.label} {reference} is {total} in the file and {found[own_id]} in the API."

    def others(self, business: Business) -> Totals:
        strange = [row for row in self.rows if row["id"] not in self.wanted]
        return _by_day(
            (datetime.fromisoformat(row[self.moment]).astimezone(business.zone).date(), Decimal(row["total"]))
            for row in strange
        )


def reconcile(booking: Booking, products: Sequence[Product]) -> Reconciliation:
    """Reads the books anew, whatever this run was told when it posted."""
    sales, refunds = _sales(booking), _refunds(booking)
    own = {*sales.wanted, *refunds.wanted, *(delivery["id"] for delivery in booking.deliveries(products))}
    return Reconciliation(
        days=_days(
            booking,
            other_sales=sales.others(booking.business),
            other_refunds=refunds.others(booking.business),
        ),
        turns=[_turn(booking, day) for day in booking.diary.days],
        owing=[_owing(booking, customer, amount) for customer, amount in sorted(booking.diary.owed.items())],
        shelves=_shelves(booking.client, products, own),
        differing=[*sales.differing(), *refunds.differing()],
    )


def _sales(booking: Booking) -> _Books:
    business, plan = booking.business, booking.plan
    wanted = {business.sale_id(sale): (sale.reference, sale.total) for sale in plan.sales}
    return _Books("Invoice", wanted, list(sales_booked(booking.client, business, plan)), "sold_at")


def _refunds(booking: Booking) -> _Books:
    business, plan = booking.business, booking.plan
    wanted = {business.refund_id(refund): (refund.reference, refund.total) for refund in plan.refunds}
    return _Books("Cancellation", wanted, list(refunds_booked(booking.client, business, plan)), "refunded_at")


def _days(booking: Booking, *, other_sales: Totals, other_refunds: Totals) -> list[Day]:
    plan = booking.plan
    first, last = plan.days[0].isoformat(), plan.days[-1].isoformat()
    summary = booking.client.get("sales/sales/summary/", first_on=first, last_on=last)
    api = {date.fromisoformat(row["day"]): row for row in summary}
    in_file = _by_day((line.day, line.amount) for line in plan.export.lines)
    left_out = _by_day((out.line.day, out.line.amount) for out in plan.left_out)
    sales = _by_day((sale.sold_at.date(), sale.total) for sale in plan.sales)
    refunds = _by_day((refund.refunded_at.date(), refund.total) for refund in plan.refunds)
    return [
        Day(
            day=day,
            in_file=in_file[day],
            left_out=left_out.get(day, ZERO),
            sales=sales.get(day, ZERO),
            refunds=refunds.get(day, ZERO),
            api_sales=Decimal(api[day]["sale_total"]) if day in api else ZERO,
            api_refunds=Decimal(api[day]["refund_total"]) if day in api else ZERO,
            other_sales=other_sales.get(day, ZERO),
            other_refunds=other_refunds.get(day, ZERO),
        )
        for day in plan.days
    ]


def _turn(booking: Booking, day: DayOfFile) -> Turn:
    report = booking.client.get(f"sales/shifts/{booking.business.shift_id(day.on)}/z-report/")
    return Turn(
        number=report["z_number"],
        of_file=day,
        sale_count=report["sales"]["count"],
        sales=Decimal(report["sales"]["total"]),
        refunds=Decimal(report["refunds"]["total"]),
        expected=Decimal(report["expected"]),
        difference=Decimal(report["difference"]),
    )


def _owing(booking: Booking, customer: str, amount: Decimal) -> Owing:
    """By the statement up to the last day of the export: whatever the customer does later is not looked at."""
    plan, path = booking.plan, f"sales/customers/{booking.business.customer_id(customer)}/statement/"
    last = plan.days[-1]
    first = max(plan.days[0], last - LONGEST_STATEMENT)
    closing = booking.client.get(path, first_on=first.isoformat(), last_on=last.isoformat())["closing"]
    return Owing(customer, amount, Decimal(closing["debt"]), Decimal(closing["wallet"]))


def _shelves(client: Client, products: Sequence[Product], own: Set[str]) -> list[Shelf]:
    on_hand: dict[str, Decimal] = {}
    for batch in client.rows("inventory/stock-products/"):
        on_hand[batch["product"]] = on_hand.get(batch["product"], ZERO) + Decimal(batch["quantity"])
    stocked = [product for product in products if product.is_stocked]
    return [_shelf(client, product, on_hand.get(product.id, ZERO), own) for product in stocked]


def _shelf(client: Client, product: Product, on_hand: Decimal, own: Set[str]) -> Shelf:
    """The ledger is asked only where the count is not what the export alone would leave."""
    item = product.item
    alone = Shelf(item.sku, item.sold, item.sold, item.returned, on_hand, ZERO)
    if alone.agrees:
        return alone
    movements = client.rows("inventory/stock-movements/", product=product.id)
    others = (Decimal(movement["quantity"]) for movement in movements if movement["source_id"] not in own)
    return replace(alone, others=sum(others, ZERO))


def _by_day(amounts: Iterable[tuple[date, Decimal]]) -> Totals:
    totals: Totals = {}
    for day, amount in amounts:
        totals[day] = totals.get(day, ZERO) + amount
    return totals
