"""What is exported of the till: tables for a spreadsheet, of the days that are asked for, where the member works."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery, Sum

from accounts.models import Membership
from core.amounts import ZERO
from core.listings import Column, Listing, in_currency, in_zone
from sales import receivables
from sales.models import MOVES_NOTHING, PaymentMethod


class SalesExport(models.TextChoices):
    SALES = "SALES"
    SALE_LINES = "SALE_LINES"
    PAYMENTS = "PAYMENTS"
    REFUNDS = "REFUNDS"
    CUSTOMERS = "CUSTOMERS"
    Z_REPORTS = "Z_REPORTS"
    RECEIVABLES = "RECEIVABLES"


# Customers are as they are now, on no day in particular; what is owed is owed at the end of one, the last.
NOT_ASKED: Mapping[str, Collection[str]] = {
    SalesExport.CUSTOMERS: ("first_on", "last_on"),
    SalesExport.RECEIVABLES: ("first_on",),
}
OF_CUSTOMERS = (SalesExport.CUSTOMERS, SalesExport.RECEIVABLES)  # the module that they tell of


def list_rows(by: Membership, what: str, *, first_on: date | None = None, last_on: date | None = None) -> Listing:
    """What the member sees of the table, of these days of the account's calendar."""
    if what == SalesExport.RECEIVABLES:
        return _receivables(by, last_on or by.account.today)
    listing: Callable[[Membership], Listing] = _LISTINGS[SalesExport(what)]
    made = listing(by)
    rows, moment = made.rows, made.key[0]
    if first_on:
        rows = rows.filter(**{f"{moment}__gte": by.account.midnight(first_on)})
    if last_on and last_on < date.max:
        rows = rows.filter(**{f"{moment}__lt": by.account.midnight(last_on + timedelta(days=1))})
    return Listing(rows, made.columns, made.key)


def _money(by: Membership, *names: str) -> list[Column]:
    show = in_currency(by.account.currency_exponent)
    return [Column(name, name, show) for name in names]


def _sales(by: Membership) -> Listing:
    rows: QuerySet[Any] = by.account.sales.open_to(by)
    return Listing(
        rows,
        (
            Column("sold_at", "sold_at", in_zone(by.account.zone)),
            Column("receipt_number", "receipt_number"),
            Column("storefront", "storefront__name"),
            Column("register", "register__code"),
            Column("cashier", "sold_by__name"),
            Column("customer", "customer__name"),
            Column("status", "status"),
            Column("price_level", "price_level"),
            Column("currency", "currency"),
            *_money(by, "subtotal", "discount_total", "tax_total", "total", "paid", "change_due"),
        ),
        key=("sold_at", "id"),
    )


def _sale_lines(by: Membership) -> Listing:
    money = in_currency(by.account.currency_exponent)
    return Listing(
        by.account.sale_lines.open_to(by),
        (
            Column("sold_at", "sale__sold_at", in_zone(by.account.zone)),
            Column("receipt_number", "sale__receipt_number"),
            Column("position", "position"),
            Column("sku", "product__sku"),
            Column("name", "name"),
            Column("quantity", "quantity"),
            Column("factor", "factor"),
            Column("unit_price", "unit_price", money),
            Column("discount", "discount", money),
            Column("tax_rate", "tax_rate"),
            Column("tax_amount", "tax_amount", money),
            Column("total", "total", money),
            Column("refunded_quantity", "refunded_quantity"),
        ),
        key=("sale__sold_at", "id"),
    )


def _payments(by: Membership) -> Listing:
    """Money that came in and, with a minus, went back."""
    return Listing(
        by.account.payments.open_to(by),
        (
            Column("paid_at", "paid_at", in_zone(by.account.zone)),
            Column("register", "register__code"),
            Column("receipt_number", "sale__receipt_number"),
            Column("customer", "customer__name"),
            Column("method", "method"),
            *_money(by, "amount", "tendered"),
            Column("reference", "reference"),
        ),
        key=("paid_at", "id"),
    )


def _refunds(by: Membership) -> Listing:
    return Listing(
        by.account.refunds.open_to(by),
        (
            Column("refunded_at", "refunded_at", in_zone(by.account.zone)),
            Column("receipt_number", "sale__receipt_number"),
            Column("register", "register__code"),
            Column("by", "refunded_by__name"),
            Column("reason", "reason"),
            *_money(by, "tax_total", "total"),
        ),
        key=("refunded_at", "id"),
    )


def _customers(by: Membership) -> Listing:
    return Listing(
        by.account.customers.all(),
        (
            Column("name", "name"),
            Column("phone", "phone"),
            Column("group", "group__name"),
            *_money(by, "debt", "wallet", "credit_limit"),
            Column("terms_days", "terms_days"),
            Column("is_blocked", "is_blocked"),
            Column("is_active", "is_active"),
        ),
    )


def _z_reports(by: Membership) -> Listing:
    """Closed shifts with the figures of their Z reports, and what was recorded for them later."""
    account, money = by.account, in_currency(by.account.currency_exponent)
    late_sales, late_refunds = (
        rows.filter(shift=OuterRef("pk"), is_late=True).order_by().values("shift").values(sum=Sum("total"))
        for rows in (account.sales, account.refunds)
    )

    def figure(name: str, *path: str, show: Callable[[Any], Any] = lambda text: money(Decimal(text))) -> Column:
        return Column(name, "__".join(("z_report", *path)), show)

    def of_tender(method: str) -> Callable[[Sequence[Mapping[str, Any]]], Decimal]:
        return lambda rows: money(sum((Decimal(row["total"]) for row in rows if row["method"] == method), ZERO))

    return Listing(
        account.shifts.open_to(by)
        .filter(closed_at__isnull=False)
        .annotate(late_sales=Subquery(late_sales), late_refunds=Subquery(late_refunds)),
        (
            Column("closed_at", "closed_at", in_zone(account.zone)),
            Column("opened_at", "opened_at", in_zone(account.zone)),
            Column("storefront", "register__storefront__name"),
            Column("register", "register__code"),
            Column("z_number", "z_number"),
            Column("opened_by", "opened_by__name"),
            Column("closed_by", "closed_by__name"),
            figure("first_receipt_number", "first_receipt_number", show=str),
            figure("last_receipt_number", "last_receipt_number", show=str),
            figure("sales", "sales", "count", show=int),
            *(figure(name, "sales", name) for name in ("subtotal", "discount_total", "tax_total", "total")),
            figure("voids", "voids", "count", show=int),
            figure("refunds", "refunds", "count", show=int),
            figure("refund_total", "refunds", "total"),
            *(
                figure(method.lower(), "payments", show=of_tender(method))
                for method in PaymentMethod
                if method not in MOVES_NOTHING
            ),
            *_money(by, "opening_float", "expected", "counted"),
            figure("difference", "difference"),
            *_money(by, "late_sales", "late_refunds"),
        ),
        key=("closed_at", "id"),
    )


def _receivables(by: Membership, on: date) -> Listing:
    """What each customer owed at the end of the day, by how long it had been due."""
    return Listing(
        receivables.age_debts(by.account, on=on),
        (
            Column("customer", "name"),
            Column("phone", "customer__phone"),
            *_money(by, "total", *receivables.BUCKETS),
        ),
        key=("name", "customer_id"),
    )


_LISTINGS: dict[SalesExport, Callable[[Membership], Listing]] = {
    SalesExport.SALES: _sales,
    SalesExport.SALE_LINES: _sale_lines,
    SalesExport.PAYMENTS: _payments,
    SalesExport.REFUNDS: _refunds,
    SalesExport.CUSTOMERS: _customers,
    SalesExport.Z_REPORTS: _z_reports,
}
