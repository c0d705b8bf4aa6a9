"""The figures of a day as the server reports them, under the names that the tills' books have for them."""

from datetime import date, timedelta
from decimal import Decimal

from tests.sales.day_books import ZERO, Books, Figures, add
from tests.sales.day_line import Line

SALES = "/api/v1/sales/"
_SUMS = ("sale_base", "sale_tax", "refund_base", "refund_tax")


def read(line: Line, books: Books, opened_on: date) -> Figures:
    """All reports of the days from the one before the shop opened to the next; that a day ends meanwhile is allowed."""
    span = {"first_on": opened_on - timedelta(days=1), "last_on": opened_on + timedelta(days=1)}
    found: Figures = {}
    for shift in books.told["shift"]:
        found |= read_z(line, shift)
    for each in (_summaries, _tenders, _cashiers, _products, _taxes):
        found |= each(line, span)
    return found | _papers(line) | _customers(line, books, span) | _stock(line) | _numbers(line) | _phones(line)


def read_z(line: Line, shift) -> Figures:
    report = line.get(f"{SALES}shifts/{shift['id']}/z-report/")
    name = "Z", report["register_code"]
    found: Figures = {
        (*name, "change given"): Decimal(report["change_given"]),
        (*name, "first number"): report["first_receipt_number"],
        (*name, "last number"): report["last_receipt_number"],
        **{(*name, column): Decimal(report[column]) for column in ("expected", "counted", "difference")},
    }
    for part in ("sales", "voids", "refunds"):
        found |= {(*name, part, column): Decimal(figure) for column, figure in report[part].items()}
    for levy in report["taxes"]:
        found[*name, "levy", levy["code"]] = Decimal(levy["amount"])
    for tender in report["payments"]:
        found[*name, tender["method"], "in"] = Decimal(tender["paid_in"])
        found[*name, tender["method"], "out"] = Decimal(tender["paid_out"])
    for moved in report["cash_events"]:
        found[*name, moved["kind"], "count"] = moved["count"]
        found[*name, moved["kind"], "amount"] = Decimal(moved["amount"])
    for late in report["addenda"]:
        amount = late["total"] and Decimal(late["total"])
        found["addendum", late["id"]] = (amount, Decimal(late["cash"]))
    return found


def _papers(line: Line) -> Figures:
    found: Figures = {}
    for kind in ("sale", "refund"):
        rows = line.rows(f"{SALES}{kind}s/")
        found |= {(kind, row["id"]): (row["register"], Decimal(row["total"])) for row in rows}
        found[f"{kind}s", "papers"] = len(rows)
    return found


def _summaries(line: Line, span) -> Figures:
    found: Figures = {}
    for day in line.get(f"{SALES}sales/summary/", **span):
        for column in ("sale_count", "sale_total", "refund_count", "refund_total", "tax_total"):
            add(found, ("summary", column), Decimal(day[column]))
    return found


def _tenders(line: Line, span) -> Figures:
    rows = line.get(f"{SALES}sales/summary/tenders/", **span)
    columns = ("count", "received", "returned", "total")
    return {("tender", row["method"], column): Decimal(row[column]) for row in rows for column in columns}


def _cashiers(line: Line, span) -> Figures:
    rows = line.get(f"{SALES}sales/summary/cashiers/", **span)
    columns = ("sale_count", "sale_total", "discount_total", "refund_count", "refund_total")
    return {("cashier", row["member"], column): Decimal(row[column]) for row in rows for column in columns}


def _products(line: Line, span) -> Figures:
    rows = line.get(f"{SALES}sales/summary/products/", **span, most=1000)
    columns = ("sold", "sale_total", "discount_total", "returned", "refund_total")
    return {("product", row["product"], column): Decimal(row[column]) for row in rows for column in columns}


def _taxes(line: Line, span) -> Figures:
    report = line.get(f"{SALES}tax-report/", **span)
    found: Figures = {
        ("levy", levy["code"], column): Decimal(levy["sums"][column]) for levy in report["levies"] for column in _SUMS
    }
    for kind in ("taxable", "exempt"):
        found |= {("turnover", kind, column): Decimal(report[kind][column]) for column in _SUMS}
    return found


def _customers(line: Line, books: Books, span) -> Figures:
    """From the customers themselves; their statements and the ageing of what they owe have to say the same."""
    found: Figures = {}
    in_a_week = span["first_on"] + timedelta(days=7)
    ageing = line.get(f"{SALES}receivables/ageing/", on=in_a_week, page_size=200)
    ages = {row["customer"]: row for row in ageing["customers"]}
    for customer in books.told["customer"]:
        name = "customer", customer["id"]
        shown = line.get(f"{SALES}customers/{customer['id']}/")
        debt, wallet = Decimal(shown["debt"]), Decimal(shown["wallet"])
        found[*name, "debt less wallet"] = debt - wallet
        if customer["_"]["is_plain"]:
            found[*name, "wallet"] = wallet
        stated = line.get(f"{SALES}customers/{customer['id']}/statement/", **span)
        closing = {book: Decimal(amount) for book, amount in stated["closing"].items()}
        assert closing == {"debt": debt, "wallet": wallet}, (shown, closing)
        bucket = "not_due" if customer["terms_days"] else "days_1_to_30"
        due = ages.get(customer["id"], {"total": ZERO, bucket: ZERO})
        assert (Decimal(due["total"]), Decimal(due[bucket])) == (debt, debt), (shown, due)
    owed = sum((Decimal(row["total"]) for row in ages.values()), ZERO)
    assert Decimal(ageing["total"]["total"]) == owed, ageing
    return found


def _stock(line: Line) -> Figures:
    found: Figures = {}
    for batch in line.rows("/api/v1/inventory/stock-products/"):
        add(found, ("on hand", batch["product"]), Decimal(batch["quantity"]))
    return found


def _numbers(line: Line) -> Figures:
    return {("last number", row["id"]): row["last_number"] for row in line.rows(f"{SALES}registers/")}


def _phones(line: Line) -> Figures:
    rows = line.rows(f"{SALES}mobile-payments/")
    found: Figures = {("phone", row["id"]): (row["state"], row["used_at"] is not None) for row in rows}
    for transfer in line.rows(f"{SALES}incoming-transfers/"):
        add(found, ("inbox", transfer["state"]), 1)
    return found
