"""Catalogue and stock by the hundred thousand, with COPY. Every batch has its line in the ledger, and they agree."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.backends.utils import CursorWrapper
from uuid_utils.compat import uuid7

from accounts.models import Membership
from inventory.models import Location, LocationKind, MovementKind, Product, Stock, StockMovement, StockProduct

DELIVERIES = 10  # of every product: by turns to the warehouse and to the storefront
ITEMS = 50  # in one delivery
QUANTITY, COST = Decimal(10_000), Decimal("2.5000")
FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
TABLES = [model._meta.db_table for model in (Product, Stock, StockProduct, StockMovement)]

Row = dict[str, Any]

_FOREIGN_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid = ANY(%s::regclass[]) ORDER BY 1, 2
"""


def stock_up(cursor: CursorWrapper, owner: Membership, *, product_count: int) -> None:
    """Give one business its products and the deliveries that brought them."""
    locations = Location.across_accounts.using("owner").filter(account_id=owner.account_id)
    places = list(locations.exclude(kind=LocationKind.TRANSIT).order_by("-kind"))
    products = list(make_products(owner, product_count))
    deliveries = list(make_deliveries(owner, places, product_count))
    batches = list(make_batches(owner, products, deliveries))
    copy(cursor, Product, products)
    copy(cursor, Stock, deliveries)
    copy(cursor, StockProduct, batches)
    copy(cursor, StockMovement, make_movements(owner, batches))


def make_products(owner: Membership, count: int) -> Iterator[Row]:
    for number in range(count):
        yield {
            "id": uuid7(),
            "account_id": owner.account_id,
            "sku": f"SKU-{number:06d}",
            "name": f"{_THINGS[number % len(_THINGS)]} {number:06d}",
            "barcode": f"{6_000_000_000_000 + number}",
            "retail_price": Decimal(100 + number % 900) / 100 + 4,
        }


_THINGS = ("Rice 5 kg", "Cooking oil 1 l", "Soap", "Sardines", "Tomato paste", "Biscuits", "Batteries", "Milk powder")


def make_deliveries(owner: Membership, places: list[Location], product_count: int) -> Iterator[Row]:
    per_round = -(-product_count // ITEMS)
    for number in range(DELIVERIES * per_round):
        yield {
            "id": uuid7(),
            "account_id": owner.account_id,
            "location_id": places[number // per_round % len(places)].pk,
            "number": f"SEED-{number:06d}",
            "reference": f"GRN-{number:06d}",
            "received_by_id": owner.pk,
            "occurred_at": FIRST + timedelta(minutes=number),
        }


def make_batches(owner: Membership, products: list[Row], deliveries: list[Row]) -> Iterator[Row]:
    per_round = len(deliveries) // DELIVERIES
    for number, delivery in enumerate(deliveries):
        start = number % per_round * ITEMS
        for position, product in enumerate(products[start : start + ITEMS]):
            yield {
                "id": uuid7(),
                "account_id": owner.account_id,
                "stock_id": delivery["id"],
                "product_id": product["id"],
                "location_id": delivery["location_id"],
                "quantity": QUANTITY,
                "movement_count": 1,
                "purchase_cost": COST,
                "unit_cost": COST,
                "expires_on": date(2030 + number // per_round, 1 + position % 12, 28) if position % 2 else None,
                "received_at": delivery["occurred_at"],
            }


def make_movements(owner: Membership, batches: Iterable[Row]) -> Iterator[Row]:
    for batch in batches:
        yield {
            "id": uuid7(),
            "account_id": owner.account_id,
            "stock_product_id": batch["id"],
            "product_id": batch["product_id"],
            "location_id": batch["location_id"],
            "sequence": 1,
            "kind": str(MovementKind.RECEIVED),
            "quantity": QUANTITY,
            "unit_cost": COST,
            "value": QUANTITY * COST,
            "balance_after": QUANTITY,
            "source": "stock",
            "source_id": batch["stock_id"],
            "by_id": owner.pk,
            "occurred_at": batch["received_at"],
        }


def copy(cursor: CursorWrapper, model: type[models.Model], rows: Iterable[Row]) -> None:
    """Write the rows in one COPY, with the model's default for every column that they leave out."""
    fields = model._meta.concrete_fields
    defaults = {field.attname: default_of(field) for field in fields}
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as stream:
        for row in rows:
            stream.write_row([row.get(name, default) for name, default in defaults.items()])


def default_of(field: Any) -> Any:
    if field.primary_key:
        return None  # every row brings its own
    default = field.get_default()
    is_moment = isinstance(field, models.DateTimeField) and not field.null
    return FIRST if is_moment else str(default) if isinstance(default, str) else default


@contextmanager
def without_foreign_keys(cursor: CursorWrapper) -> Iterator[None]:
    """Check them once for all rows, on leaving, rather than row by row."""
    cursor.execute(_FOREIGN_KEYS, [TABLES])
    found = cursor.fetchall()
    for table, name, _ in found:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    for table, name, definition in found:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
