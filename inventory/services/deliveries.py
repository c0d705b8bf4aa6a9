"""Deliveries: what came, what it cost with everything that came on top, and under which prices it is sold."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import clock, errors
from core.amounts import ONE, ZERO, allocate
from inventory import ledger, queries
from inventory.errors import ExpiryRequired, NotStocked, SerialNumberTaken, SerialsRequired
from inventory.ledger import Entry
from inventory.models import (
    MovementKind,
    Product,
    PurchaseOrder,
    SpreadBy,
    Stock,
    StockProduct,
    Tracking,
)
from inventory.packs import in_base_units
from inventory.services.documents import take_number
from inventory.services.places import find_place

PRICES = ("retail_price", "wholesale_price")
SMALLEST_COST = Decimal("0.0001")


def receive_stock(
    *,
    by: Membership,
    location: UUID,
    items: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    reference: str = "",
    supplier: UUID | None = None,
    order: PurchaseOrder | None = None,
    additional_cost: Decimal = ZERO,
    spread_by: str = SpreadBy.VALUE,
    occurred_at: datetime | None = None,
) -> Stock:
    """A delivery: one batch per item, and a price on an item becomes the product's.

    An item in packs comes in base units; `unit_cost` is then the pack's. A piece that left comes again under its old
    serial number. Raises InvalidInput for a place (switched off, or not the member's), a product, a pack or a date that
    cannot be, NotStocked for a service, ExpiryRequired and SerialsRequired for what is tracked more closely,
    SerialNumberTaken for a piece that is here already.
    """
    now = timezone.now()
    occurred_at = occurred_at or now
    clock.refuse_impossible("occurred_at", occurred_at, now=now)
    # Locked: prices may be taken over, and how a product is followed must not change before its goods are there.
    products = find_goods(by=by, lines=items, field="items", locked=True)
    place = find_place(by=by, location_id=location)
    items = _in_base_units(by, items)
    _check_tracking(items, products)
    stock: Stock = by.account.stock.create(
        id=id or uuid7(),
        number=take_number("GR", by=by),
        location=place,
        reference=reference,
        supplier_id=supplier or (order.supplier_id if order else None),
        order=order,
        additional_cost=additional_cost,
        spread_by=spread_by,
        received_by=by,
        occurred_at=occurred_at,
    )
    batches = _batches(stock, items, exponent=by.account.currency_exponent)
    entries = list(_entries(by, items, batches))
    ledger.post(entries, by=by, source=stock, occurred_at=occurred_at, opened=batches)
    prices = _take_over_prices(items, products)
    accounts.record(by=by, action="stock.received", subject=stock, after={"items": len(items), "prices": prices})
    return stock


def find_goods(
    *, by: Membership, lines: Sequence[Mapping[str, Any]], field: str, locked: bool = False
) -> dict[UUID, Product]:
    """The products of the lines, locked where goods may come to an empty shelf: how they are kept cannot change before
    they have. Raises InvalidInput for one that is none, and NotStocked for a service."""
    found = by.account.products.filter(pk__in={line["product"] for line in lines})
    products = {product.pk: product for product in (found.locked() if locked else found)}
    unknown = [index for index, line in enumerate(lines) if line["product"] not in products]
    if unknown:
        raise errors.InvalidInput(errors=[errors.unknown_reference(f"{field}.{index}.product") for index in unknown])
    services = [index for index, line in enumerate(lines) if not products[line["product"]].is_stocked]
    if services:
        paths = [
            errors.FieldError(f"{field}.{index}.product", NotStocked.code, NotStocked.detail) for index in services
        ]
        raise NotStocked(errors=paths)
    return products


def _in_base_units(by: Membership, items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The items with their exact `cost`, `quantity` in base units, and what one of these cost."""
    packs = queries.find_packs(by.account, {item["pack"] for item in items if item.get("pack")})
    wrong = [
        errors.unknown_reference(f"items.{index}.pack")
        for index, item in enumerate(items)
        if item.get("pack") and (item["pack"] not in packs or packs[item["pack"]].product_id != item["product"])
    ]
    if wrong:
        raise errors.InvalidInput(errors=wrong)
    return [
        _unpacked(item, packs[item["pack"]].factor if item.get("pack") else ONE, field=f"items.{index}.quantity")
        for index, item in enumerate(items)
    ]


def _unpacked(item: Mapping[str, Any], factor: Decimal, *, field: str) -> Mapping[str, Any]:
    return {
        **item,
        "cost": item["quantity"] * item["unit_cost"],
        "quantity": in_base_units(item["quantity"], factor, field=field),
        "unit_cost": _round_cost(item["unit_cost"] / factor),
    }


def _round_cost(cost: Decimal) -> Decimal:
    return cost.quantize(SMALLEST_COST, rounding=ROUND_HALF_UP)


def _check_tracking(items: Sequence[Mapping[str, Any]], products: Mapping[UUID, Product]) -> None:
    for index, item in enumerate(items):
        if products[item["product"]].tracking == Tracking.BATCH and not item.get("expires_on"):
            path = errors.FieldError(f"items.{index}.expiry_date", ExpiryRequired.code, ExpiryRequired.detail)
            raise ExpiryRequired(errors=[path])
    check_serials(items, [products[item["product"]] for item in items])


def check_serials(items: Sequence[Mapping[str, Any]], products: Sequence[Product]) -> None:
    """Raises SerialsRequired unless each piece of what is tracked by piece, and nothing else, has a number of its own.

    `products` are those of the items, in their order.
    """
    pairs = list(zip(items, products, strict=True))
    named = Counter((product.pk, number) for item, product in pairs for number in item.get("serials", ()))
    for index, (item, product) in enumerate(pairs):
        serials = item.get("serials", ())
        wanted = item["quantity"] if product.tracking == Tracking.SERIAL else 0
        if len(serials) != wanted or any(named[product.pk, number] > 1 for number in serials):
            path = errors.FieldError(f"items.{index}.serials", SerialsRequired.code, SerialsRequired.detail)
            raise SerialsRequired(errors=[path])


def _batches(stock: Stock, items: Sequence[Mapping[str, Any]], *, exponent: int) -> list[StockProduct]:
    weights = [item["cost"] if stock.spread_by == SpreadBy.VALUE else item["quantity"] for item in items]
    if not any(weights):  # nothing cost anything
        weights = [item["quantity"] for item in items]
    shares = allocate(stock.additional_cost, weights, exponent)
    return [_batch(stock, item, share) for item, share in zip(items, shares, strict=True)]


def _batch(stock: Stock, item: Mapping[str, Any], share: Decimal) -> StockProduct:
    return StockProduct(
        account_id=stock.account_id,
        stock=stock,
        location_id=stock.location_id,
        product_id=item["product"],
        purchase_cost=item["unit_cost"],
        unit_cost=_round_cost((item["cost"] + share) / item["quantity"]),
        expires_on=item.get("expires_on"),
        retail_price=item.get("retail_price"),
        wholesale_price=item.get("wholesale_price"),
        received_at=stock.occurred_at,
    )


def _entries(by: Membership, items: Sequence[Mapping[str, Any]], batches: Sequence[StockProduct]) -> Iterator[Entry]:
    """One line of the ledger per batch; of what has serial numbers, one per piece."""
    pieces = _find_pieces(by, items)
    for item, batch in zip(items, batches, strict=True):
        for number in item.get("serials", ()):
            yield Entry(batch.pk, MovementKind.RECEIVED, ONE, serial_id=pieces[item["product"], number])
        if not item.get("serials"):
            yield Entry(batch.pk, MovementKind.RECEIVED, item["quantity"])


# A piece that was here before is found, and locked; another is new.
_FIND_PIECES = """
INSERT INTO serial_numbers AS s (id, account_id, product_id, number)
SELECT id, %(account)s, product_id, number
FROM unnest(%(ids)s::uuid[], %(products)s::uuid[], %(numbers)s::text[]) AS p (id, product_id, number)
ORDER BY product_id, number
ON CONFLICT ON CONSTRAINT one_piece_per_serial_number DO UPDATE SET number = excluded.number
RETURNING s.product_id, s.number, s.id, s.stock_product_id
"""


def _find_pieces(by: Membership, items: Sequence[Mapping[str, Any]]) -> dict[tuple[UUID, str], UUID]:
    """The pieces that come, by product and number: new ones, and those that had left. Raises SerialNumberTaken."""
    named = {(item["product"], number): index for index, item in enumerate(items) for number in item.get("serials", ())}
    if not named:
        return {}
    with connection.cursor() as cursor:
        products, numbers = zip(*named, strict=True)
        wanted = {"ids": [uuid7() for _ in named], "products": list(products), "numbers": list(numbers)}
        cursor.execute(_FIND_PIECES, {"account": by.account_id, **wanted})
        found = cursor.fetchall()
    here = {named[product, number] for product, number, _, batch in found if batch}
    if here:
        detail = SerialNumberTaken.detail
        paths = [errors.FieldError(f"items.{index}.serials", SerialNumberTaken.code, detail) for index in sorted(here)]
        raise SerialNumberTaken(errors=paths)
    return {(product, number): piece for product, number, piece, _ in found}


def _take_over_prices(items: Sequence[Mapping[str, Any]], products: Mapping[UUID, Product]) -> list[dict[str, str]]:
    """Write the prices that differ; what changed, for the history."""
    changes, changed = [], {}
    for item in items:
        product = products[item["product"]]
        for name in PRICES:
            before, after = getattr(product, name), item.get(name)
            if after not in (None, before):
                setattr(product, name, after)
                changed[product.pk] = product
                changes.append({"product": str(product.pk), "price": name, "before": str(before), "after": str(after)})
    for product in changed.values():
        product.version += 1
    Product.across_accounts.bulk_update([changed[pk] for pk in sorted(changed)], [*PRICES, "version"])
    return changes
