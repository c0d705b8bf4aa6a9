"""What a count posts, and what undoes it: worked out under the locks of the batches, before anything moves."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import OuterRef, Subquery

from accounts.models import Membership
from core.amounts import ONE, ZERO
from inventory import queries
from inventory.errors import CostRequired, InsufficientStock, TrackedOtherwise
from inventory.ledger import Entry
from inventory.models import (
    MovementKind,
    SerialNumber,
    StockCount,
    StockCountLine,
    StockMovement,
    StockProduct,
    Tracking,
)
from inventory.pieces import about
from inventory.services.deliveries import find_goods


def refuse_otherwise_tracked(*, by: Membership, lines: Sequence[StockCountLine]) -> None:
    """Raises NotStocked or TrackedOtherwise for what has become a service, or is tracked otherwise, since its scan."""
    asked = [{"product": line.product_id} for line in lines]
    products = find_goods(by=by, lines=asked, field="lines", locked=True)
    changed = [
        f"lines.{index}.serials"
        for index, line in enumerate(lines)
        if (line.serials is not None) != (products[line.product_id].tracking == Tracking.SERIAL)
    ]
    if changed:
        raise TrackedOtherwise(errors=[about(path, TrackedOtherwise) for path in changed])


def find_entries(
    *, by: Membership, count: StockCount, lines: Sequence[StockCountLine], now: datetime
) -> tuple[list[Entry], list[StockProduct]]:
    """What the lines found less, and more, and the batches that begin with it, of products that were never there. Locks
    the batches of their products at the place. Raises InsufficientStock and CostRequired."""
    batches = _batches_of(by, count, [line.product_id for line in lines])
    less = list(_less([line for line in lines if line.serials is None], batches))
    more: list[tuple[StockCountLine, Decimal, UUID | None]] = [
        (line, line.difference, None) for line in lines if line.serials is None and line.difference > 0
    ]
    for line, piece in _unmoved(by, lines, batches):
        if piece.stock_product_id is None:
            more.append((line, ONE, piece.pk))
        else:
            less.append(Entry(piece.stock_product_id, MovementKind.COUNTED, -ONE, line.pk, piece.pk))
    products = {line.product_id for line, *_ in more}
    newest = {product_id: max(batches[product_id], key=_age) for product_id in products if product_id in batches}
    opened = _open_batches(by, count, products - newest.keys(), now=now)
    newest |= opened
    entries = less + [
        Entry(newest[line.product_id].pk, MovementKind.COUNTED, quantity, line.pk, piece_id)
        for line, quantity, piece_id in more
    ]
    return entries, list(opened.values())


def find_reversal(*, by: Membership, count: StockCount) -> list[Entry]:
    """The contrary of all that the count posted, in the very batches, which are locked. Raises InsufficientStock, and
    TrackedOtherwise for what is tracked otherwise since."""
    posted: list[StockMovement] = list(
        by.account.stock_movements.filter(source_id=count.pk).select_related("product").order_by("id")
    )
    if any((line.serial_id is not None) != (line.product.tracking == Tracking.SERIAL) for line in posted):
        raise TrackedOtherwise
    _refuse_gone(by, posted)
    return [
        Entry(line.stock_product_id, MovementKind.COUNTED, -line.quantity, line.line_id, line.serial_id)
        for line in posted
    ]


def _unmoved(
    by: Membership, lines: Iterable[StockCountLine], batches: Mapping[UUID, Sequence[StockProduct]]
) -> Iterator[tuple[StockCountLine, SerialNumber]]:
    """The pieces that were not seen and still stand at the place, and those that were seen and stand nowhere. Whatever
    has moved since the scan is where its paper left it."""
    missing = {(line.product_id, number): line for line in lines for number in line.missing_serials}
    found = {(line.product_id, number): line for line in lines for number in line.found_serials}
    if not missing and not found:
        return
    named, here = missing.keys() | found.keys(), {batch.pk for each in batches.values() for batch in each}
    known = by.account.serial_numbers.filter(
        product__in={product_id for product_id, _ in named}, number__in={number for _, number in named}
    )
    last = by.account.stock_movements.filter(serial=OuterRef("pk")).order_by("-recorded_at").values("recorded_at")
    for piece in known.annotate(moved_at=Subquery(last[:1])).order_by("number"):
        line = (missing if piece.stock_product_id else found).get((piece.product_id, piece.number))
        is_there = piece.stock_product_id is None or piece.stock_product_id in here
        if line and is_there and piece.moved_at <= line.counted_at:
            yield line, piece


def _batches_of(by: Membership, count: StockCount, product_ids: Collection[UUID]) -> dict[UUID, list[StockProduct]]:
    """The batches of each product at the place, locked; those of none for a product that was never there."""
    found: dict[UUID, list[StockProduct]] = defaultdict(list)
    for batch in by.account.stock_products.locked().filter(location=count.location_id, product__in=product_ids):
        found[batch.product_id].append(batch)
    return found


def _less(lines: Iterable[StockCountLine], batches: Mapping[UUID, Sequence[StockProduct]]) -> Iterator[Entry]:
    lacking = {}
    for line in lines:
        missing = -line.difference
        there = batches.get(line.product_id, ())
        for batch in sorted(there, key=lambda each: (each.expires_on is None, each.expires_on, each.pk)):
            taken = min(missing, batch.quantity)
            if taken > 0:
                yield Entry(batch.pk, MovementKind.COUNTED, -taken, line.pk)
                missing -= taken
        if missing > 0:
            lacking[line.product_id] = sum((batch.quantity for batch in there), ZERO)
    if lacking:
        raise _insufficient(lacking)


def _age(batch: StockProduct) -> tuple[datetime, UUID]:
    return batch.received_at, batch.pk


def _open_batches(
    by: Membership, count: StockCount, product_ids: Collection[UUID], *, now: datetime
) -> dict[UUID, StockProduct]:
    """A new batch at the place for each product, like its newest batch anywhere. Raises CostRequired without one."""
    if not product_ids:
        return {}
    known = queries.find_newest_batches(by.account, product_ids)
    unknown = sorted(set(product_ids) - known.keys())
    if unknown:
        raise CostRequired(products=[str(product_id) for product_id in unknown])
    return {
        product_id: StockProduct(
            account_id=by.account_id,
            product_id=product_id,
            location_id=count.location_id,
            purchase_cost=like.unit_cost,
            unit_cost=like.unit_cost,
            expires_on=like.expires_on,
            received_at=now,
        )
        for product_id, like in known.items()
    }


def _refuse_gone(by: Membership, posted: Iterable[StockMovement]) -> None:
    """Raises InsufficientStock where a batch has less left than the count found more of it."""
    gained: dict[UUID, Decimal] = defaultdict(Decimal)
    for line in posted:
        gained[line.stock_product_id] += line.quantity
    batches = by.account.stock_products.locked().filter(pk__in=gained)
    lacking = {batch.product_id: batch.quantity for batch in batches if batch.quantity < gained[batch.pk]}
    if lacking:
        raise _insufficient(lacking)


def _insufficient(lacking: Mapping[UUID, Decimal]) -> InsufficientStock:
    return InsufficientStock(available={str(product): f"{quantity:f}" for product, quantity in lacking.items()})
