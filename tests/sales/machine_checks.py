"""What the till's state machine looks at after every step: sums over the bare rows, and its own books beside them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from inventory import sums as stock_sums
from sales import shift_report, sums
from sales.models import Shift
from tests.sales.machine_amounts import ZERO
from tests.sales.machine_books import CASH, FREE, Books, Sold
from tests.sales.machine_books import Shift as KeptShift
from tests.sales.machine_deeds import Business

PAID = "SELECT sale_id, layaway_id, shift_id, is_late, method, came_by, amount FROM payments ORDER BY id"
MOVED = "SELECT shift_id, is_late, amount FROM cash_events"
SHIFTS = "SELECT id, opening_float, closed_at FROM shifts"
REGISTERS = "SELECT id, code, open_shift_id, last_number, last_refund_number, last_z_number FROM registers"
SALES = """
SELECT id, register_id, storefront_id, shift_id, is_late, sold_at, receipt_number, customer_id, exchange_id, status,
       total, tax_total, discount_total FROM sales
"""
LINES = "SELECT sale_id, position, product_id, quantity, total, tax_amount, refunded_quantity FROM sale_lines"
BACKS = """
SELECT id, sale_id, register_id, shift_id, is_late, kind, number, total, tax_total, rounding FROM refunds
"""
CUSTOMERS = "SELECT id, debt, wallet, credit_limit, is_blocked FROM customers"
LEDGER = "SELECT customer_id, book, sum(amount) FROM customer_entries GROUP BY 1, 2"
DEBTS = "SELECT source_id, amount, settled, due_on FROM debts"
CARDS = "SELECT id, balance FROM gift_cards"
LAYAWAYS = "SELECT id, status, fee, paid, sale_id FROM layaways"
CARTS = "SELECT id, status FROM carts"
MOVEMENTS = "SELECT location_id, product_id, sum(quantity) FROM stock_movements GROUP BY 1, 2"
SHELVES = "SELECT location_id, product_id, sum(quantity) FROM stock_products GROUP BY 1, 2"


@dataclass(frozen=True)
class Paid:
    """A payment as it is in the database."""

    sale: UUID | None
    layaway: UUID | None
    shift: UUID | None
    is_late: bool
    method: str
    came_by: str
    amount: Decimal


def rows(statement: str) -> list[tuple[Any, ...]]:
    """All of them are the business's: others its scope does not show."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def look(business: Business, kept: Books, *, is_close: bool) -> None:
    """The books are those of the database, which add up; a close look is also at the reports. Raises AssertionError
    otherwise."""
    with business.shop.inside():
        account = business.shop.account
        wrong = [*sums.find_disagreements(using="default"), *stock_sums.find_disagreements(using="default")]
        assert not wrong, f"it disagrees with itself: {wrong}"
        payments = [Paid(*row) for row in rows(PAID)]
        _check_drawers(kept, payments)
        _check_reports(account, kept, is_close=is_close)
        _check_sales(kept)
        _check_tenders(kept, payments)
        _check_customers(kept)
        _check_papers(kept)
        _check_shelves(kept)


def agree(what: str, found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> None:
    """Raises AssertionError, and names what is otherwise."""
    if found != expected:
        keys = sorted(found.keys() | expected.keys(), key=str)
        other = [(key, found.get(key), expected.get(key)) for key in keys if found.get(key) != expected.get(key)]
        raise AssertionError(f"{what}: found, where the books have: {other}")


def summed(rows: Iterable[tuple[Any, Decimal]]) -> dict[Any, Decimal]:
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for key, amount in rows:
        sums[key] += amount
    return dict(sums)


def _some(sums: Mapping[Any, Decimal]) -> dict[Any, Decimal]:
    return {key: amount for key, amount in sums.items() if amount}


def _keyed(rows: Iterable[tuple[Any, ...]]) -> dict[UUID, tuple[Any, ...]]:
    return {pk: tuple(facts) for pk, *facts in rows}


# --- Drawers ---------------------------------------------------------------------------------------------------------


def _check_drawers(kept: Books, payments: list[Paid]) -> None:
    """Each drawer ought to hold its float and the cash that has moved; what came late is beside that."""
    moved = [(each.shift, each.is_late, each.amount) for each in payments if each.method == CASH]
    moved += rows(MOVED)
    cash = summed(((shift, is_late), amount) for shift, is_late, amount in moved)
    shifts = _keyed(rows(SHIFTS))
    found = {pk: (begun + cash.get((pk, False), ZERO), closed_at) for pk, (begun, closed_at) in shifts.items()}
    agree("the drawers hold", found, {pk: (shift.cash, shift.closed_at) for pk, shift in kept.shifts.items()})
    late = {pk: cash.get((pk, True), ZERO) for pk in shifts}
    agree("late came", late, {pk: sum(shift.late.values(), ZERO) for pk, shift in kept.shifts.items()})
    books = {pk: (each.code, each.shift, each.sales, each.refunds, each.z_reports) for pk, each in kept.drawers.items()}
    agree("the registers", _keyed(rows(REGISTERS)), books)


def _check_reports(account: Any, kept: Books, *, is_close: bool) -> None:
    """A Z report is that of its rows when it is drawn up, and stays as it was, whatever comes late."""
    new = [pk for pk, shift in kept.shifts.items() if shift.closed_at and not shift.sealed]
    for shift in account.shifts.all() if is_close else account.shifts.filter(pk__in=new) if new else ():
        book = kept.shifts[shift.pk]
        if shift.pk in new:
            _check_report(kept, shift)
            book.sealed = str(shift.z_report)
        elif shift.closed_at is None:
            assert shift_report.expected_cash(shift) == book.cash, f"{shift} says that it holds something else"
        else:
            assert str(shift.z_report) == book.sealed, f"the Z report of {shift} has changed"
            _check_addenda(account, book, shift)


def _check_report(kept: Books, shift: Shift) -> None:
    report, whole = (
        shift.z_report,
        [sold for sold in kept.sales.values() if (sold.shift, sold.is_late) == (shift.pk, False)],
    )
    good = [sold for sold in whole if sold.status != "VOIDED"]
    backs = [
        back
        for back in kept.backs.values()
        if (back.shift, back.is_late) == (shift.pk, False) and kept.sales[back.sale].status != "VOIDED"
    ]
    found = {
        "expected": Decimal(report["expected"]),
        "sold": (report["sales"]["count"], Decimal(report["sales"]["total"])),
        "voids": report["voids"]["count"],
        "refunds": (report["refunds"]["count"], Decimal(report["refunds"]["total"])),
        "z_number": report["z_number"],
        "cash": sum((Decimal(row["total"]) for row in report["payments"] if row["method"] == CASH), ZERO)
        + sum(
            (Decimal(row["amount"]) * (1 if row["kind"] == "PAID_IN" else -1) for row in report["cash_events"]), ZERO
        ),
    }
    expected = {
        "expected": kept.shifts[shift.pk].cash,
        "sold": (len(good), sum((sold.total for sold in good), ZERO)),
        "voids": len(whole) - len(good),
        "refunds": (len(backs), sum((back.total for back in backs), ZERO)),
        "z_number": kept.drawers[shift.register_id].z_reports,
        "cash": kept.shifts[shift.pk].cash - shift.opening_float,
    }
    agree("the Z report", found, expected)


def _check_addenda(account: Any, book: KeptShift, shift: Shift) -> None:
    if book.late:
        addenda = shift_report.find_addenda(shift, exponent=account.currency_exponent)
        found = {row["id"]: Decimal(row["cash"]) for row in addenda}
        agree("the addenda", _some(found), {str(pk): cash for pk, cash in _some(book.late).items()})


# --- Sales -----------------------------------------------------------------------------------------------------------


def _facts(sold: Sold) -> tuple[Any, ...]:
    taxes = sum((sum(line.taxes, ZERO) for line in sold.lines), ZERO)
    discount = sum((line.discount for line in sold.lines), ZERO)
    where = (sold.register, sold.place, sold.shift, sold.is_late, sold.sold_at, sold.number, sold.customer)
    return (*where, sold.for_exchange, sold.status, sold.total, taxes, discount)


def _check_sales(kept: Books) -> None:
    found = _keyed(rows(SALES))
    agree("the sales", found, {pk: _facts(sold) for pk, sold in kept.sales.items()})
    lines = {(sale, at): tuple(facts) for sale, at, *facts in rows(LINES)}
    books = {
        (pk, at): (line.product, line.quantity, line.total, sum(line.taxes, ZERO), line.back)
        for pk, sold in kept.sales.items()
        for at, line in enumerate(sold.lines, start=1)
    }
    agree("the lines", lines, books)
    backs = _keyed(rows(BACKS))
    agree("the refunds", backs, {pk: tuple(vars(back).values()) for pk, back in kept.backs.items()})
    for pk, drawer in kept.drawers.items():  # without a gap, in whatever order they came
        numbers = sorted(facts[5] for facts in found.values() if facts[0] == pk)
        assert numbers == [f"{drawer.code}-{n:06d}" for n in range(1, drawer.sales + 1)]


def _check_tenders(kept: Books, payments: list[Paid]) -> None:
    """What is left of each tender; never less than nothing came back, and of what came back whole nothing is left."""
    of_sales = [each for each in payments if each.sale and each.method != "DEPOSIT"]
    aside = {pk: paper.sale for pk, paper in kept.layaways.items() if paper.sale}
    came = [((each.sale, each.came_by or each.method), each.amount) for each in of_sales]
    came += [((aside[each.layaway], each.method), each.amount) for each in payments if each.layaway in aside]
    left = summed(came)
    agree("of the tenders is left", _some(left), _some(_by_way(kept.sales)))
    for (sale, way), amount in left.items():
        assert amount >= 0 or way in FREE, f"more of {way} went back than came for {sale}"
    in_all = summed((sale, amount) for (sale, _), amount in left.items())
    gone = summed((back.sale, back.total) for back in kept.backs.values())
    for pk, sold in kept.sales.items():
        assert in_all.get(pk, ZERO) == sold.total - gone.get(pk, ZERO) + sold.rounding
        if sold.status in ("REFUNDED", "VOIDED"):
            assert gone.get(pk, ZERO) == sold.total, f"{gone.get(pk)} of {sold.total} went back for {pk}"
    instalments = summed(((each.layaway, each.method), each.amount) for each in payments if each.layaway)
    agree("the instalments", _some(instalments), _some(_by_way(kept.layaways)))


def _by_way(papers: Mapping[UUID, Any]) -> dict[tuple[UUID, str], Decimal]:
    return {(pk, way): amount for pk, paper in papers.items() for way, amount in paper.left.items()}


# --- Customers, papers and shelves -----------------------------------------------------------------------------------


def _check_customers(kept: Books) -> None:
    found = _keyed(rows(CUSTOMERS))
    books = {pk: (kept.owed(pk), each.wallet, each.limit, each.is_blocked) for pk, each in kept.accounts.items()}
    agree("the customers", found, books)
    ledger = {(pk, book): amount for pk, book, amount in rows(LEDGER)}
    balances = {
        (pk, book): amount for pk, each in found.items() for book, amount in zip(("DEBT", "WALLET"), each, strict=False)
    }
    agree("by their ledger", _some(ledger), _some(balances))
    debts = {sale: tuple(facts) for sale, *facts in rows(DEBTS)}
    agree(
        "the debts", debts, {pk: (debt.amount, debt.amount - debt.open, debt.due_on) for pk, debt in kept.debts.items()}
    )


def _check_papers(kept: Books) -> None:
    cards = dict(rows(CARDS))
    agree("the gift cards", cards, kept.cards)
    layaways = _keyed(rows(LAYAWAYS))
    books = {pk: (each.status, each.fee, each.paid, each.sale) for pk, each in kept.layaways.items()}
    agree("the layaways", layaways, books)
    carts = dict(rows(CARTS))
    agree("the carts", carts, {pk: cart.status for pk, cart in kept.carts.items()})


def _check_shelves(kept: Books) -> None:
    """On the shelf is what came, less what went, by the ledger and as it is kept."""
    books = _some(kept.shelves)
    agree("by the stock's ledger", _some({(place, product): sum_ for place, product, sum_ in rows(MOVEMENTS)}), books)
    agree("on the shelves", _some({(place, product): sum_ for place, product, sum_ in rows(SHELVES)}), books)
