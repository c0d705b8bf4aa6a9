"""What is exported of the till: tables for a spreadsheet, of the days that are asked for, where the member works."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import QuerySet

from accounts.models import Membership
from core.listings import Column, Listing, in_currency, in_zone


class SalesExport(models.TextChoices):
    SALES = "SALES"
    SALE_LINES = "SALE_LINES"
    PAYMENTS = "PAYMENTS"
    REFUNDS = "REFUNDS"
    CUSTOMERS = "CUSTOMERS"


DAYLESS = frozenset({SalesExport.CUSTOMERS})  # what is so now, and on no day in particular


def list_rows(by: Membership, what: str, *, first_on: date | None = None, last_on: date | None = None) -> Listing:
    """What the member sees of the table, of these days of the account's calendar."""
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


_LISTINGS: dict[SalesExport, Callable[[Membership], Listing]] = {
    SalesExport.SALES: _sales,
    SalesExport.SALE_LINES: _sale_lines,
    SalesExport.PAYMENTS: _payments,
    SalesExport.REFUNDS: _refunds,
    SalesExport.CUSTOMERS: _customers,
}
