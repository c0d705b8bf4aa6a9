"""Stock leaves for a reason: the batch that expires first, first."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import models

from accounts.models import Membership
from core import errors
from core.amounts import ONE, ZERO
from inventory import ledger, queries
from inventory.errors import InsufficientStock, SerialElsewhere
from inventory.ledger import Entry, Level
from inventory.models import MovementKind, Tracking
from inventory.pieces import Named, Pieces, about, find_pieces, refuse_unnamed
from inventory.queries import Batch, Sellable

ATTEMPTS = 5


@dataclass(frozen=True)
class Issue:
    """What a paper takes of one product for one of its lines; `path` names the line in a refusal.

    Where there are `serials`, these pieces go and no others.
    """

    line_id: UUID
    product_id: UUID
    quantity: Decimal
    path: str
    serials: Sequence[str] = ()


@dataclass(frozen=True)
class Shelf:
    """Where stock is taken from: a place, on a day, for a cart or for none, also of what has been `withdrawn`."""

    location_id: UUID
    on: date
    cart: UUID | None = None
    withdrawn: bool = False

    def look(self, by: Membership, product_ids: Collection[UUID]) -> dict[UUID, Sellable]:
        return queries.find_sellables(
            by.account,
            location_id=self.location_id,
            product_ids=product_ids,
            on=self.on,
            cart=self.cart,
            withdrawn=self.withdrawn,
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
    """Take stock for a sale. Returns the cost of goods per line. Raises what `take_stock` raises."""
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
    for issue, batch, quantity, _ in picks:
        costs[issue.line_id] += quantity * batch.unit_cost
    return costs


def _named(issue: Issue, sellable: Sellable) -> Named:
    is_by_piece = sellable.is_stocked and sellable.tracking == Tracking.SERIAL
    return Named(issue.product_id, is_by_piece, issue.quantity, issue.serials, f"{issue.path}.serials")


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
    """Take stock, the named pieces or else the batch that expires first, first, and none that another cart holds.
    Returns what came of which.

    `sellables` is what the caller saw on the shelf without a lock. An attempt locks all of its batches in key order,
    also those that it does not pick: where another was quicker, the next picks among them with no lock to wait for.
    Raises SerialsRequired unless what is tracked piece by piece is named so, SerialElsewhere for pieces that are not on
    the shelf, InsufficientStock with what is available, and TryAgain where others keep being quicker.
    """
    is_whole = True
    for _ in range(ATTEMPTS):
        refuse_unnamed([_named(issue, sellables[issue.product_id]) for issue in issues])
        try:
            picks = pick(issues, sellables, _find_named(by, issues))
        except (InsufficientStock, SerialElsewhere):
            if is_whole:
                raise
            break  # there is more, but of batches that are not ours to lock any more
        seen = _see(sellables.values())
        entries = [Entry(batch.id, kind, -quantity, issue.line_id, piece) for issue, batch, quantity, piece in picks]
        try:
            is_taken = ledger.post(entries, by=by, source=source, occurred_at=occurred_at, seen=seen)
        except SerialElsewhere:
            pick(issues, sellables, _find_named(by, issues))  # which names the pieces that others took
            raise
        if is_taken:
            return picks
        sellables, is_whole = _look_again(by=by, shelf=shelf, issues=issues, locked=seen)
    raise errors.TryAgain


def _see(sellables: Iterable[Sellable]) -> dict[UUID, Level]:
    """What a pick from these counts on. Where another cart holds something, nothing may have been taken meanwhile: two
    who take what is free, and leave what is held, would together take that too."""
    return {
        batch.id: Level(batch.quantity if sellable.held else ZERO, batch.hold_count)
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


class Pick(NamedTuple):
    """What a line takes of a batch: so much, or one piece."""

    issue: Issue
    batch: Batch
    quantity: Decimal
    piece_id: UUID | None = None


NO_PIECES: Pieces = {}


def pick(issues: Sequence[Issue], sellables: Mapping[UUID, Sellable], pieces: Pieces = NO_PIECES) -> list[Pick]:
    """Which batch gives how much, or which piece, for which line. Raises SerialElsewhere for pieces that are in none of
    the batches, and InsufficientStock, naming every line that lacks."""
    _refuse_elsewhere(issues, sellables, pieces)
    left = {batch.id: batch.quantity for sellable in sellables.values() for batch in sellable.batches}
    free = {product_id: sellable.available for product_id, sellable in sellables.items()}
    picks: list[Pick] = []
    lacking = []
    for issue in issues:
        missing = issue.quantity
        for batch, most, piece_id in _sources(issue, sellables[issue.product_id], pieces):
            taken = min(missing, most, left[batch.id], free[issue.product_id])
            if taken:
                picks.append(Pick(issue, batch, taken, piece_id))
                left[batch.id] -= taken
                free[issue.product_id] -= taken
                missing -= taken
        if missing:
            lacking.append(issue)
    if lacking:
        raise _insufficient(lacking, sellables)
    return picks


def _sources(issue: Issue, sellable: Sellable, pieces: Pieces) -> Iterator[tuple[Batch, Decimal, UUID | None]]:
    """Of what the line may take, in its order, and how much of each."""
    if not issue.serials:
        yield from ((batch, batch.quantity, None) for batch in sellable.batches)
        return
    batches: dict[UUID | None, Batch] = {batch.id: batch for batch in sellable.batches}
    for number in issue.serials:
        piece = pieces[issue.product_id, number]
        yield batches[piece.stock_product_id], ONE, piece.pk


def _refuse_elsewhere(issues: Sequence[Issue], sellables: Mapping[UUID, Sellable], pieces: Pieces) -> None:
    here = {batch.id for sellable in sellables.values() for batch in sellable.batches}
    there = {key for key, piece in pieces.items() if piece.stock_product_id in here}
    gone = {
        f"{issue.path}.serials": [number for number in issue.serials if (issue.product_id, number) not in there]
        for issue in issues
    }
    paths = [about(path, SerialElsewhere) for path, numbers in gone.items() if numbers]
    if paths:
        raise SerialElsewhere(errors=paths, serials=sorted({number for numbers in gone.values() for number in numbers}))


def _find_named(by: Membership, issues: Sequence[Issue]) -> Pieces:
    return find_pieces(by, {(issue.product_id, number) for issue in issues for number in issue.serials})


def _insufficient(issues: Sequence[Issue], sellables: Mapping[UUID, Sellable]) -> InsufficientStock:
    return InsufficientStock(
        errors=[
            errors.FieldError(
                f"{issue.path}.quantity",
                InsufficientStock.code,
                f"{sellables[issue.product_id].available:f} available.",
            )
            for issue in issues
        ],
        available={str(issue.product_id): f"{sellables[issue.product_id].available:f}" for issue in issues},
    )
