"""The writers of the catalogue, the places and the stock in them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import clock, errors
from core.amounts import ZERO
from inventory import ledger, queries
from inventory.errors import InsufficientStock, NotStocked, StillInStock
from inventory.ledger import Entry
from inventory.models import (
    Category,
    Location,
    LocationKind,
    MovementKind,
    Product,
    Stock,
    StockProduct,
)
from inventory.queries import Batch, Sellable

PRICES = ("retail_price", "wholesale_price")


def open_first_storefront(*, by: Membership) -> Location:
    """The storefront that a new business starts with."""
    return add_location(by=by, kind=LocationKind.STOREFRONT, name="Main")


def add_location(*, by: Membership, kind: LocationKind, name: str) -> Location:
    """A new place. A member who is limited to places works there too."""
    location: Location = by.account.locations.create(kind=kind, name=name)
    if by.is_limited:
        by.account.location_members.create(location=location, member=by)
    accounts.record(by=by, action="location.added", subject=location, after={"name": name})
    return location


def add_category(*, by: Membership, name: str, parent: Category | None = None) -> Category:
    category: Category = by.account.categories.create(name=name, parent=parent)
    accounts.record(by=by, action="category.added", subject=category, after={"name": name})
    return category


def add_product(*, by: Membership, id: UUID | None = None, **facts: Any) -> Product:  # noqa: A002 - the client's own id
    """A new thing to sell. The constraints refuse a SKU or barcode that is taken."""
    product: Product = by.account.products.create(id=id or uuid7(), **facts)
    accounts.record(by=by, action="product.added", subject=product, after={"sku": product.sku})
    return product


def change_product(*, by: Membership, product: Product, **changes: Any) -> Product:
    """Change a locked product. Raises StillInStock where it would stop being kept in stock while some is there."""
    on_hand = by.account.stock_products.filter(product=product, quantity__gt=0)
    if not changes.get("is_stocked", True) and on_hand.exists():
        raise StillInStock
    accounts.change(by=by, row=product, changes=changes)
    return product


def change_category(*, by: Membership, category: Category, **changes: Any) -> Category:
    accounts.change(by=by, row=category, changes=changes)
    return category


def change_location(*, by: Membership, location: Location, **changes: Any) -> Location:
    accounts.change(by=by, row=location, changes=changes)
    return location


def receive_stock(
    *,
    by: Membership,
    location: UUID,
    items: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    reference: str = "",
    occurred_at: datetime | None = None,
) -> Stock:
    """A delivery: one batch per item, and a price on an item becomes the product's.

    Raises InvalidInput for a place (switched off, or not the member's), a product or a date that cannot be, and
    NotStocked for a service.
    """
    now = timezone.now()
    occurred_at = occurred_at or now
    clock.refuse_impossible("occurred_at", occurred_at, now=now)
    products = _products_received(by=by, items=items)
    if not by.account.locations.open_to(by).filter(pk=location, is_active=True).exists():
        raise errors.InvalidInput(errors=[errors.unknown_reference("location")])
    stock: Stock = by.account.stock.create(
        id=id or uuid7(),
        location_id=location,
        reference=reference,
        received_by=by,
        occurred_at=occurred_at,
    )
    batches = [_batch(stock, item) for item in items]
    StockProduct.across_accounts.bulk_create(batches)
    entries = [
        Entry(batch.pk, MovementKind.RECEIVED, item["quantity"]) for batch, item in zip(batches, items, strict=True)
    ]
    ledger.post(entries, by=by, source=stock, occurred_at=occurred_at)
    prices = _take_over_prices(items, products)
    accounts.record(by=by, action="stock.received", subject=stock, after={"items": len(items), "prices": prices})
    return stock


def _products_received(*, by: Membership, items: Sequence[Mapping[str, Any]]) -> dict[UUID, Product]:
    found = by.account.products.filter(pk__in={item["product"] for item in items})
    if any(item.get(name) is not None for item in items for name in PRICES):
        found = found.locked()
    products = {product.pk: product for product in found}
    unknown = [
        errors.unknown_reference(f"items.{index}.product")
        for index, item in enumerate(items)
        if item["product"] not in products
    ]
    if unknown:
        raise errors.InvalidInput(errors=unknown)
    services = [index for index, item in enumerate(items) if not products[item["product"]].is_stocked]
    if services:
        paths = [errors.FieldError(f"items.{index}.product", NotStocked.code, NotStocked.detail) for index in services]
        raise NotStocked(errors=paths)
    return products


def _batch(stock: Stock, item: Mapping[str, Any]) -> StockProduct:
    return StockProduct(
        account_id=stock.account_id,
        stock=stock,
        location_id=stock.location_id,
        product_id=item["product"],
        unit_cost=item["unit_cost"],
        expires_on=item.get("expires_on"),
        retail_price=item.get("retail_price"),
        wholesale_price=item.get("wholesale_price"),
        received_at=stock.occurred_at,
    )


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


ATTEMPTS = 5


@dataclass(frozen=True)
class Issue:
    """What a sale takes of one product for one of its lines; `field` names the line in a refusal."""

    line_id: UUID
    product_id: UUID
    quantity: Decimal
    field: str


def issue_stock(
    *,
    by: Membership,
    source: models.Model,
    location_id: UUID,
    on: date,
    issues: Sequence[Issue],
    sellables: Mapping[UUID, Sellable],
    occurred_at: datetime,
) -> dict[UUID, Decimal]:
    """Take stock for a sale, the batch that expires first, first. Returns the cost of goods per line.

    `sellables` is what the caller read without a lock. An attempt locks all of its batches in key order, also those
    that it does not pick: where another sale was quicker, the next picks among them with no lock to wait for. Raises
    InsufficientStock with what is available.
    """
    is_whole = True
    for _ in range(ATTEMPTS):
        try:
            picks = pick(issues, sellables)
        except InsufficientStock:
            if is_whole:
                raise
            break  # there is more, but of batches that are not ours to lock any more
        candidates = [batch.id for sellable in sellables.values() for batch in sellable.batches]
        entries = [Entry(batch.id, MovementKind.SOLD, -quantity, issue.line_id) for issue, batch, quantity in picks]
        if ledger.post(entries, by=by, source=source, occurred_at=occurred_at, lock=candidates):
            return _costs(issues, picks)
        sellables, is_whole = _look_again(by=by, location_id=location_id, on=on, issues=issues, locked=candidates)
    raise errors.TryAgain


def _look_again(
    *, by: Membership, location_id: UUID, on: date, issues: Sequence[Issue], locked: Collection[UUID]
) -> tuple[dict[UUID, Sellable], bool]:
    """What can be picked now of the locked batches and of younger ones, whose locks come later in key order.

    Also whether that is all there is. Raises TryAgain where a product left the catalogue meanwhile.
    """
    wanted = {issue.product_id for issue in issues}
    sellables = queries.find_sellables(by.account, location_id=location_id, product_ids=wanted, on=on)
    if wanted - sellables.keys():
        raise errors.TryAgain
    youngest, held = max(locked), set(locked)
    narrowed = {
        product_id: replace(sellable, batches=[b for b in sellable.batches if b.id in held or b.id > youngest])
        for product_id, sellable in sellables.items()
    }
    return narrowed, narrowed == sellables


Pick = tuple[Issue, Batch, Decimal]


def pick(issues: Sequence[Issue], sellables: Mapping[UUID, Sellable]) -> list[Pick]:
    """Which batch gives how much for which line. Raises InsufficientStock, naming every line that lacks."""
    left = {batch.id: batch.quantity for sellable in sellables.values() for batch in sellable.batches}
    picks: list[Pick] = []
    lacking = []
    for issue in issues:
        missing = issue.quantity
        for batch in sellables[issue.product_id].batches:
            taken = min(missing, left[batch.id])
            if taken:
                picks.append((issue, batch, taken))
                left[batch.id] -= taken
                missing -= taken
        if missing:
            lacking.append(issue)
    if lacking:
        raise _insufficient(lacking, sellables)
    return picks


def _insufficient(issues: Sequence[Issue], sellables: Mapping[UUID, Sellable]) -> InsufficientStock:
    return InsufficientStock(
        errors=[
            errors.FieldError(
                issue.field,
                InsufficientStock.code,
                f"{sellables[issue.product_id].available:f} available.",
            )
            for issue in issues
        ],
        available={str(issue.product_id): f"{sellables[issue.product_id].available:f}" for issue in issues},
    )


def _costs(issues: Sequence[Issue], picks: Sequence[Pick]) -> dict[UUID, Decimal]:
    costs = {issue.line_id: ZERO for issue in issues}
    for issue, batch, quantity in picks:
        costs[issue.line_id] += quantity * batch.unit_cost
    return costs


@dataclass(frozen=True)
class Return:
    """Goods of a sold line that came back; damaged ones come back and are written off."""

    line_id: UUID
    quantity: Decimal
    is_damaged: bool


def return_stock(
    *,
    by: Membership,
    source: models.Model,
    returns: Sequence[Return],
    occurred_at: datetime,
) -> None:
    """Put goods back into the batches that they were sold from. The caller holds the sale locked."""
    out = _still_out(by=by, line_ids=[back.line_id for back in returns])
    entries = []
    for back in returns:
        for batch_id, quantity in _spread(back.quantity, out[back.line_id]):
            entries.append(Entry(batch_id, MovementKind.RETURNED, quantity, back.line_id))
            if back.is_damaged:
                entries.append(Entry(batch_id, MovementKind.DAMAGED, -quantity, back.line_id))
    if not ledger.post(entries, by=by, source=source, occurred_at=occurred_at):
        raise errors.TryAgain


def _still_out(*, by: Membership, line_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, Decimal]]:
    """For each sold line, how much is still out of which batch."""
    moved = (
        by.account.stock_movements.filter(line_id__in=line_ids, kind__in=[MovementKind.SOLD, MovementKind.RETURNED])
        .order_by("stock_product_id")
        .values_list("line_id", "stock_product_id")
        .annotate(out=-models.Sum("quantity"))
    )
    out: dict[UUID, dict[UUID, Decimal]] = {line_id: {} for line_id in line_ids}
    for line_id, batch_id, quantity in moved:
        out[line_id][batch_id] = quantity
    return out


def _spread(quantity: Decimal, out: dict[UUID, Decimal]) -> Iterator[tuple[UUID, Decimal]]:
    for batch_id, most in out.items():
        part = min(quantity, most)
        if part > 0:
            out[batch_id] -= part
            quantity -= part
            yield batch_id, part
