"""Stock leaves for a reason, the batch that expires first, first; and comes back into the batches that it left."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import models

from accounts.models import Membership
from core import errors
from core.amounts import ZERO
from inventory import ledger, queries
from inventory.errors import InsufficientStock, SerialsNotSold
from inventory.ledger import Entry, Seen
from inventory.models import MovementKind, Tracking
from inventory.queries import Batch, Sellable

ATTEMPTS = 5


@dataclass(frozen=True)
class Issue:
    """What a paper takes of one product for one of its lines; `field` names the line in a refusal."""

    line_id: UUID
    product_id: UUID
    quantity: Decimal
    field: str


@dataclass(frozen=True)
class Shelf:
    """Where stock is taken from: a place, on a day, for a cart or for none."""

    location_id: UUID
    on: date
    cart: UUID | None = None

    def look(self, by: Membership, product_ids: Collection[UUID]) -> dict[UUID, Sellable]:
        return queries.find_sellables(
            by.account, location_id=self.location_id, product_ids=product_ids, on=self.on, cart=self.cart
        )


def issue_stock(
    *,
    by: Membership,
    source: models.Model,
    shelf: Shelf,
    issues: Sequence[Issue],
    sellables: Mapping[UUID, Sellable],
    occurred_at: datetime,
) -> dict[UUID, Decimal]:
    """Take stock for a sale. Returns the cost of goods per line.

    Raises SerialsNotSold for what is followed piece by piece, and what `take_stock` raises.
    """
    _refuse_pieces(issues, sellables)
    picks = take_stock(
        by=by,
        source=source,
        shelf=shelf,
        issues=issues,
        sellables=sellables,
        occurred_at=occurred_at,
        kind=MovementKind.SOLD,
    )
    costs = {issue.line_id: ZERO for issue in issues}
    for issue, batch, quantity in picks:
        costs[issue.line_id] += quantity * batch.unit_cost
    return costs


def _refuse_pieces(issues: Sequence[Issue], sellables: Mapping[UUID, Sellable]) -> None:
    """A piece that left without its number would stand in its batch for ever."""
    pieces = [issue for issue in issues if sellables[issue.product_id].tracking == Tracking.SERIAL]
    if pieces:
        code, detail = SerialsNotSold.code, SerialsNotSold.detail
        raise SerialsNotSold(errors=[errors.FieldError(issue.field, code, detail) for issue in pieces])


def take_stock(
    *,
    by: Membership,
    source: models.Model,
    shelf: Shelf,
    issues: Sequence[Issue],
    sellables: Mapping[UUID, Sellable],
    occurred_at: datetime,
    kind: MovementKind,
) -> list["Pick"]:
    """Take stock, the batch that expires first, first, and none that another cart holds. Returns what came of which.

    `sellables` is what the caller saw on the shelf without a lock. An attempt locks all of its batches in key order,
    also those that it does not pick: where another was quicker, the next picks among them with no lock to wait for.
    Raises InsufficientStock with what is available, and TryAgain where others keep being quicker.
    """
    is_whole = True
    for _ in range(ATTEMPTS):
        try:
            picks = pick(issues, sellables)
        except InsufficientStock:
            if is_whole:
                raise
            break  # there is more, but of batches that are not ours to lock any more
        seen = see(sellables.values())
        entries = [Entry(batch.id, kind, -quantity, issue.line_id) for issue, batch, quantity in picks]
        if ledger.post(entries, by=by, source=source, occurred_at=occurred_at, seen=seen):
            return picks
        sellables, is_whole = _look_again(by=by, shelf=shelf, issues=issues, locked=seen)
    raise errors.TryAgain


def see(sellables: Iterable[Sellable]) -> dict[UUID, Seen]:
    """What a pick from these counts on. Where another cart holds something, nothing may have been taken meanwhile: two
    who take what is free, and leave what is held, would together take that too."""
    return {
        batch.id: Seen(batch.hold_count, batch.quantity if sellable.held else ZERO)
        for sellable in sellables
        for batch in sellable.batches
    }


def _look_again(
    *, by: Membership, shelf: Shelf, issues: Sequence[Issue], locked: Collection[UUID]
) -> tuple[dict[UUID, Sellable], bool]:
    """What can be picked now of the locked batches and of younger ones, whose locks come later in key order.

    Also whether that is all there is. Raises TryAgain where a product left the catalogue meanwhile.
    """
    wanted = {issue.product_id for issue in issues}
    sellables = shelf.look(by, wanted)
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
    free = {product_id: sellable.available for product_id, sellable in sellables.items()}
    picks: list[Pick] = []
    lacking = []
    for issue in issues:
        missing = issue.quantity
        for batch in sellables[issue.product_id].batches:
            taken = min(missing, left[batch.id], free[issue.product_id])
            if taken:
                picks.append((issue, batch, taken))
                left[batch.id] -= taken
                free[issue.product_id] -= taken
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
