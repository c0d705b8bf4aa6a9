"""What is exported: tables for a spreadsheet, of which products and suppliers have the columns that an import takes."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from django.db import models
from django.db.models import F

from accounts.models import Account, Membership
from core.listings import Column, Listing, in_currency, in_zone

MOST_LEVELS = 50  # of a category's path; no shop has as many


class Export(models.TextChoices):
    PRODUCTS = "PRODUCTS"
    STOCK = "STOCK"
    MOVEMENTS = "MOVEMENTS"
    SUPPLIERS = "SUPPLIERS"


def list_rows(
    by: Membership,
    what: str,
    *,
    location: UUID | None = None,
    first_on: date | None = None,
    last_on: date | None = None,
) -> Listing:
    """What the member sees of the table, at one place or at all of theirs; of movements those of these days of the
    account's calendar."""
    if what == Export.PRODUCTS:
        return _products(by.account)
    if what == Export.SUPPLIERS:
        return _suppliers(by.account)
    listing = _stock(by) if what == Export.STOCK else _movements(by, first_on, last_on)
    return Listing(listing.rows.filter(location=location), listing.columns, listing.key) if location else listing


def _products(account: Account) -> Listing:
    """Those that are on offer."""
    paths, money = _category_paths(account), in_currency(account.currency_exponent)
    return Listing(
        account.products.filter(is_active=True),
        (
            Column("sku", "sku"),
            Column("name", "name"),
            Column("barcode", "barcode"),
            Column("category", "category_id", paths.__getitem__),
            Column("supplier", "supplier__name"),
            Column("unit", "unit"),
            Column("tax_class", "tax_class"),
            Column("tracking", "tracking"),
            Column("retail_price", "retail_price", money),
            Column("wholesale_price", "wholesale_price", money),
            Column("is_stocked", "is_stocked"),
            Column("item_code", "item_code"),
        ),
    )


def _suppliers(account: Account) -> Listing:
    names = ("name", "contact", "phone", "email", "lead_days")
    return Listing(account.suppliers.filter(is_active=True), tuple(Column(name, name) for name in names))


def _stock(by: Membership) -> Listing:
    """The batches of which something is left, at what they cost."""
    moment, money = in_zone(by.account.zone), in_currency(by.account.currency_exponent)
    batches = by.account.stock_products.open_to(by).filter(quantity__gt=0)
    return Listing(
        batches.annotate(value=F("quantity") * F("unit_cost")),
        (
            Column("location", "location__name"),
            Column("sku", "product__sku"),
            Column("name", "product__name"),
            Column("barcode", "product__barcode"),
            Column("unit", "product__unit"),
            Column("expires_on", "expires_on"),
            Column("received_at", "received_at", moment),
            Column("quantity", "quantity"),
            Column("unit_cost", "unit_cost"),
            Column("value", "value"),
            Column("retail_price", "product__retail_price", money),
        ),
    )


def _movements(by: Membership, first_on: date | None, last_on: date | None) -> Listing:
    rows = by.account.stock_movements.open_to(by)
    if first_on:
        rows = rows.filter(occurred_at__gte=by.account.midnight(first_on))
    if last_on and last_on < date.max:
        rows = rows.filter(occurred_at__lt=by.account.midnight(last_on + timedelta(days=1)))
    return Listing(
        rows,
        (
            Column("occurred_at", "occurred_at", in_zone(by.account.zone)),
            Column("location", "location__name"),
            Column("sku", "product__sku"),
            Column("name", "product__name"),
            Column("kind", "kind"),
            Column("quantity", "quantity"),
            Column("unit_cost", "unit_cost"),
            Column("value", "value"),
            Column("balance_after", "balance_after"),
            Column("serial", "serial__number"),
            Column("source", "source"),
            Column("source_id", "source_id"),
            Column("by", "by__name"),
        ),
        key=("occurred_at", "id"),
    )


def _category_paths(account: Account) -> dict[UUID, str]:
    """Every category as `Drinks > Beer`, no longer than so many: a chain without end must stop no export."""
    found = {pk: (name, parent) for pk, name, parent in account.categories.values_list("id", "name", "parent_id")}

    def names(pk: UUID | None) -> Iterator[str]:
        for _ in range(MOST_LEVELS):
            if pk is None:
                return
            name, pk = found[pk]
            yield name

    return {pk: " > ".join([*names(pk)][::-1]) for pk in found}
