"""What was sold comes back: into the batches that it left, and from there to where it was brought."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import models
from django.utils import timezone

from accounts.models import Membership
from core import errors
from inventory import ledger
from inventory.errors import SerialElsewhere
from inventory.ledger import Entry
from inventory.models import MovementKind, StockProduct
from inventory.pieces import about
from inventory.services.dispatching import copy_batch


@dataclass(frozen=True)
class Return:
    """Goods of a sold line that came back, these pieces where there are `serials`; damaged ones come back and are
    written off. `path` names the line in a refusal.

    Once a product is not tracked by piece any more, the numbers only tell which batches the goods left.
    """

    line_id: UUID
    quantity: Decimal
    is_damaged: bool
    path: str
    serials: Sequence[str] = ()
    is_by_piece: bool = True


@dataclass
class Sold:
    """What of a line is still out, of one batch: so much, or one piece."""

    batch_id: UUID
    quantity: Decimal
    piece_id: UUID | None
    serial: str | None
    is_here: bool  # the piece is in stock again, by another paper


def return_stock(
    *,
    by: Membership,
    source: models.Model,
    returns: Sequence[Return],
    occurred_at: datetime,
    brought_to: UUID | None = None,
) -> None:
    """Put goods back into the batches that they were sold from, and what is whole from there into new ones at the place
    that it was `brought_to`, if that is another. The caller holds the sale locked.

    Raises SerialElsewhere for a piece that is in stock already.
    """
    out = _still_out(by=by, line_ids=[back.line_id for back in returns])
    entries, whole = [], []
    for back in returns:
        for batch_id, quantity, piece_id in _spread(back, out[back.line_id]):
            entries.append(Entry(batch_id, MovementKind.RETURNED, quantity, back.line_id, piece_id))
            if back.is_damaged:
                entries.append(Entry(batch_id, MovementKind.DAMAGED, -quantity, back.line_id, piece_id))
            else:
                whole.append(entries[-1])
    opened = _copy(by, whole, brought_to) if brought_to else {}
    entries += [step for entry in whole if entry.batch_id in opened for step in _carry(entry, opened[entry.batch_id])]
    if not ledger.post(entries, by=by, source=source, occurred_at=occurred_at, opened=list(opened.values())):
        raise errors.TryAgain


def lock_batches(
    *, by: Membership, location_id: UUID, product_ids: Collection[UUID], line_ids: Collection[UUID]
) -> None:
    """Lock what stands of the products at a place and the batches that sold lines left, all in one order, for a caller
    who both takes from stock and puts back."""
    left = by.account.stock_movements.filter(line_id__in=line_ids).values("stock_product_id")
    on_the_shelf = models.Q(location=location_id, product__in=product_ids, quantity__gt=0)
    batches = by.account.stock_products.filter(on_the_shelf | models.Q(pk__in=left))
    list(batches.locked().values_list("pk", flat=True))


def _copy(by: Membership, entries: Sequence[Entry], location_id: UUID) -> dict[UUID, StockProduct]:
    """By the batch that goods left, a new one of them at another place."""
    left = by.account.stock_products.exclude(location=location_id).in_bulk({entry.batch_id for entry in entries})
    now = timezone.now()
    return {pk: copy_batch(batch, location_id=location_id, origin_id=pk, now=now) for pk, batch in left.items()}


def _carry(entry: Entry, batch: StockProduct) -> Iterator[Entry]:
    """Out of the batch that goods came back into, and into that of the place where they are."""
    yield Entry(entry.batch_id, MovementKind.DISPATCHED, -entry.quantity, entry.line_id, entry.serial_id)
    yield Entry(batch.pk, MovementKind.ARRIVED, entry.quantity, entry.line_id, entry.serial_id)


def _still_out(*, by: Membership, line_ids: Sequence[UUID]) -> dict[UUID, list[Sold]]:
    """For each sold line, how much is still out of which batch, and which pieces."""
    piece = ("serial_id", "serial__number", "serial__stock_product_id")
    moved = (
        by.account.stock_movements.filter(line_id__in=line_ids, kind__in=[MovementKind.SOLD, MovementKind.RETURNED])
        .order_by("stock_product_id", "serial_id")
        .values_list("line_id", "stock_product_id", *piece)
        .annotate(out=-models.Sum("quantity"))
    )
    out: dict[UUID, list[Sold]] = {line_id: [] for line_id in line_ids}
    for line_id, batch_id, piece_id, serial, stands_in, quantity in moved:
        out[line_id].append(Sold(batch_id, quantity, piece_id, serial, is_here=stands_in is not None))
    return out


def _spread(back: Return, out: Sequence[Sold]) -> Iterator[tuple[UUID, Decimal, UUID | None]]:
    wanted = [sold for sold in out if sold.serial in back.serials] if back.serials else out
    is_by_piece = bool(back.serials) and back.is_by_piece
    if is_by_piece and any(sold.is_here for sold in wanted):
        raise SerialElsewhere(errors=[about(f"{back.path}.serials", SerialElsewhere)])
    missing = back.quantity
    for sold in wanted:
        part = min(missing, sold.quantity)
        if part > 0:
            sold.quantity -= part
            missing -= part
            yield sold.batch_id, part, sold.piece_id if is_by_piece else None
