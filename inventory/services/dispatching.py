"""Goods leave for another place: taken as for a sale, and from then on they lie on the road, a batch per pick."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import Membership
from core import errors
from core.amounts import ZERO
from inventory import ledger
from inventory.errors import ProductInactive
from inventory.ledger import Entry
from inventory.models import (
    Location,
    LocationKind,
    MovementKind,
    StockProduct,
    Transfer,
    TransferLine,
    TransferPick,
    TransferStatus,
)
from inventory.pieces import about
from inventory.services.documents import refuse_unless, take_step
from inventory.services.issuing import Issue, Pick, Shelf, take_stock
from inventory.services.transfers import refuse_elsewhere


@dataclass(frozen=True)
class Load:
    """What a line takes of one batch; of what has serial numbers, which pieces."""

    line: TransferLine
    batch_id: UUID
    quantity: Decimal = ZERO
    pieces: Sequence[UUID] = ()

    def entries(self, kind: MovementKind, batch_id: UUID, *, sign: int) -> Iterator[Entry]:
        """The lines of the ledger by which it leaves (-1) a batch, or comes to (+1) one."""
        for piece in self.pieces:
            yield Entry(batch_id, kind, Decimal(sign), self.line.pk, piece)
        if not self.pieces:
            yield Entry(batch_id, kind, sign * self.quantity, self.line.pk)


def dispatch_transfer(*, by: Membership, transfer: Transfer, lines: Sequence[Mapping[str, Any]] = ()) -> Transfer:
    """Send a locked draft: all of it, or nothing. `lines` names the pieces of what has serial numbers.

    The batch that expires first goes first; what has expired stays, and so does what carts hold. Raises TransferState,
    WorksElsewhere, ProductInactive, InsufficientStock, SerialsRequired, SerialElsewhere, and TryAgain where others keep
    being quicker.
    """
    refuse_unless(transfer, TransferStatus.DRAFT)
    refuse_elsewhere(by, transfer.source_id)
    now = timezone.now()
    wanted = list(by.account.transfer_lines.filter(transfer=transfer).select_related("product").order_by("position"))
    loads = _take(by, transfer, wanted, _serials(wanted, lines), now=now)
    _put_on_the_road(by, transfer, loads, now=now)
    return take_step(by, transfer, "dispatched", status=TransferStatus.IN_TRANSIT, dispatched_by=by, dispatched_at=now)


def copy_batch(batch: StockProduct, *, location_id: UUID, origin_id: UUID, now: datetime) -> StockProduct:
    """The same goods at another place, where none of them is yet: their delivery, cost, prices and expiry stay."""
    return StockProduct(
        account_id=batch.account_id,
        stock_id=batch.stock_id,
        origin_id=origin_id,
        product_id=batch.product_id,
        location_id=location_id,
        purchase_cost=batch.purchase_cost,
        unit_cost=batch.unit_cost,
        expires_on=batch.expires_on,
        retail_price=batch.retail_price,
        wholesale_price=batch.wholesale_price,
        received_at=now,
    )


def _serials(wanted: Sequence[TransferLine], lines: Sequence[Mapping[str, Any]]) -> dict[UUID, list[str]]:
    """For each line the serial numbers that were given for it. Raises InvalidInput for those of no line."""
    serials: dict[UUID, list[str]] = {line.pk: [] for line in wanted}
    for index, given in enumerate(lines):
        if given["line"] not in serials:
            raise errors.InvalidInput(errors=[errors.unknown_reference(f"lines.{index}.line")])
        serials[given["line"]] += given["serials"]
    return serials


def _path(line: TransferLine) -> str:
    return f"lines.{line.position - 1}"


def _take(
    by: Membership,
    transfer: Transfer,
    wanted: Sequence[TransferLine],
    serials: Mapping[UUID, Sequence[str]],
    *,
    now: datetime,
) -> list[Load]:
    shelf = Shelf(transfer.source_id, on=now.astimezone(by.account.zone).date())
    sellables = shelf.look(by, {line.product_id for line in wanted})
    gone = [line for line in wanted if line.product_id not in sellables]
    if gone:
        raise ProductInactive(errors=[about(f"{_path(line)}.product", ProductInactive) for line in gone])
    picks = take_stock(
        by=by,
        source=transfer,
        shelf=shelf,
        issues=[Issue(line.pk, line.product_id, line.quantity, _path(line), serials[line.pk]) for line in wanted],
        sellables=sellables,
        occurred_at=now,
        kind=MovementKind.DISPATCHED,
    )
    return _loads({line.pk: line for line in wanted}, picks)


def _loads(lines: Mapping[UUID, TransferLine], picks: Iterable[Pick]) -> list[Load]:
    """One per line and batch, with all that goes of it."""
    loads: dict[tuple[UUID, UUID], Load] = {}
    for issue, batch, quantity, piece_id in picks:
        key = issue.line_id, batch.id
        load = loads.get(key) or Load(lines[issue.line_id], batch.id)
        pieces = (*load.pieces, piece_id) if piece_id else ()
        loads[key] = replace(load, quantity=load.quantity + quantity, pieces=pieces)
    return list(loads.values())


def _put_on_the_road(by: Membership, transfer: Transfer, loads: Sequence[Load], *, now: datetime) -> None:
    road: Location = by.account.locations.get(kind=LocationKind.TRANSIT)
    left = by.account.stock_products.in_bulk({load.batch_id for load in loads})
    batches = [copy_batch(left[load.batch_id], location_id=road.pk, origin_id=load.batch_id, now=now) for load in loads]
    entries = [
        entry
        for load, batch in zip(loads, batches, strict=True)
        for entry in load.entries(MovementKind.DISPATCHED, batch.pk, sign=1)
    ]
    ledger.post(entries, by=by, source=transfer, occurred_at=now, opened=batches)
    picks = [
        TransferPick(
            account_id=by.account_id,
            line=load.line,
            batch_id=load.batch_id,
            in_transit=batch,
            quantity=load.quantity,
        )
        for load, batch in zip(loads, batches, strict=True)
    ]
    TransferPick.across_accounts.bulk_create(picks)
