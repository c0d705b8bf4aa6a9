"""Tells what was booked, what was not and why, and whether the books agree."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from core.amounts import ZERO
from sales.replay.plan import LeftOut, Plan, Reason
from sales.replay.reconcile import Day, Owing, Reconciliation, Shelf, Turn

MOST_PRODUCTS_SHOWN = 20
_COLUMNS = ("Day", "In the file", "Not booked", "Sales", "API sales", "Refunds", "API refunds", "Agrees")


def describe(plan: Plan) -> Iterator[str]:
    """What is going to be booked."""
    lines, sold = len(plan.export.lines), sum(len(sale.lines) for sale in plan.sales)
    taken_back = lines - sold - len(plan.left_out)
    yield f"{lines} lines: {sold} in {len(plan.sales)} sales, {taken_back} in {len(plan.refunds)} refunds."
    yield f"{len(plan.left_out)} lines cannot be booked."
    parts = sum(sale.reference != sale.lines[0].invoice for sale in plan.sales)
    if parts:
        yield f"Invoices that are longer than a sale may be are booked in parts, {parts} in all."


def show(plan: Plan, found: Reconciliation) -> Iterator[str]:
    """The reconciliation, the lines that are not booked first."""
    yield from _left_out(plan)
    yield from _days(found.days)
    yield from _turns(found.turns)
    yield from _owing(found.owing)
    yield from _shelves(found.shelves)
    yield from found.differing
    yield ""
    yield "Everything agrees." if found.agrees else "The books do NOT agree with the file."


def _left_out(plan: Plan) -> Iterator[str]:
    yield ""
    yield "Not booked:"
    for out in plan.left_out:
        line = out.line
        amount = f"{line.quantity:f} × {line.unit_price:.2f} = {line.amount:.2f}"
        yield f"  row {line.row}, {line.day}, invoice {line.invoice}, {line.sku}: {amount}: {out.reason}"
    yield ""
    for reason in Reason:
        of_reason = [out for out in plan.left_out if out.reason == reason]
        if of_reason:
            yield _sum_line(of_reason, reason)
    yield _sum_line(plan.left_out, "not booked in all")
    booked = plan.export.total - _amount(plan.left_out)
    yield f"  {len(plan.export.lines) - len(plan.left_out):>6} lines {booked:>14,.2f}  booked"
    yield f"  {len(plan.export.lines):>6} lines {plan.export.total:>14,.2f}  the whole file"


def _sum_line(left_out: Sequence[LeftOut], label: str) -> str:
    return f"  {len(left_out):>6} lines {_amount(left_out):>14,.2f}  {label}"


def _amount(left_out: Sequence[LeftOut]) -> Decimal:
    return sum((out.line.amount for out in left_out), ZERO)


def _days(days: Sequence[Day]) -> Iterator[str]:
    yield ""
    yield _row(*_COLUMNS)
    for day in days:
        money = (day.in_file, day.left_out, day.sales, day.api_sales, day.refunds, day.api_refunds)
        yield _row(day.day.isoformat(), *(f"{amount:,.2f}" for amount in money), "yes" if day.agrees else "NO")
        if day.other_sales or day.other_refunds:
            yield (
                f"            of the API's, others booked {day.other_sales:,.2f} in sales and "
                f"{day.other_refunds:,.2f} in refunds"
            )


def _row(first: str, *cells: str) -> str:
    return "".join([f"{first:<11}", *(f"{cell:>13}" for cell in cells)])


def _turns(turns: Sequence[Turn]) -> Iterator[str]:
    yield ""
    yield _row("Shift", "Z report", "Sales", "Refunds", "Cash", "Counted off", "Agrees")
    for turn in turns:
        money = (turn.sales, turn.refunds, turn.expected, turn.difference)
        agrees = "yes" if turn.agrees else "NO"
        yield _row(turn.of_file.on.isoformat(), str(turn.number), *(f"{amount:,.2f}" for amount in money), agrees)


def _owing(owing: Sequence[Owing]) -> Iterator[str]:
    debt, wallet = (sum((getattr(row, name) for row in owing), ZERO) for name in ("debt", "wallet"))
    yield ""
    yield f"{len(owing)} customers on account owe {debt:,.2f} after the last day, and {wallet:,.2f} is kept for them."
    wrong = [row for row in owing if not row.agrees]
    for row in wrong:
        yield f"  Customer {row.customer}: {row.debt - row.wallet:,.2f} do NOT agree with {row.in_file:,.2f}."
    yield f"Customers that do not agree: {len(wrong)}."


def _shelves(shelves: Sequence[Shelf]) -> Iterator[str]:
    received, sold = _sum(shelves, "received"), _sum(shelves, "sold")
    returned, on_hand, others = _sum(shelves, "returned"), _sum(shelves, "on_hand"), _sum(shelves, "others")
    yield ""
    yield (
        f"Stock of {len(shelves)} products: {received:f} received - {sold:f} sold + {returned:f} returned = "
        f"{received - sold + returned:f}; on hand {on_hand:f}."
    )
    moved = sum(bool(shelf.others) for shelf in shelves)
    if moved:
        yield f"Others moved {moved} of these products, by {others:f} together, which is taken off."
    wrong = [shelf for shelf in shelves if not shelf.agrees]
    for shelf in wrong[:MOST_PRODUCTS_SHOWN]:
        yield f"  {shelf.sku}: {shelf.on_hand:f} on hand do NOT agree."
    yield f"Products that do not agree: {len(wrong)}."


def _sum(shelves: Sequence[Shelf], name: str) -> Decimal:
    return sum((getattr(shelf, name) for shelf in shelves), ZERO)
