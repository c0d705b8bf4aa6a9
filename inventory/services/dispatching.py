"""Goods leave for another place: taken as for a sale, and from then on they lie on the road, a batch per pick."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import Membership
from core import errors
from inventory import ledger
from inventory.errors import ProductInactive, SerialElsewhere, SerialsRequired
from inventory.ledger import Entry
from inventory.models import (
    Location,
    LocationKind,
    MovementKind,
    SerialNumber,
    StockProduct,
    Tracking,
    Transfer,
    TransferLine,
    TransferPick,
    TransferStatus,
)
from inventory.queries import Sellable
from inventory.services.issuing import Issue, Shelf, pick, see, take_stock
from inventory.services.transfers import refuse_elsewhere, refuse_unless, take_step

Sellables = Mapping[UUID, Sellable]


@dataclass(frozen=True)
class Load:
    """What a line takes of one batch; of what has serial numbers, which pieces."""

    line: TransferLine
    batch_id: UUID
    quantity: Decimal
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
    numbers = _numbers(wanted, lines)
    loads = _take(by, transfer, wanted, numbers, now=now)
    _put_on_the_road(by, transfer, loads, now=now)
    changes = {"status": TransferStatus.IN_TRANSIT, "dispatched_by": by, "dispatched_at": now}
    return take_step(by, transfer, "dispatched", **changes)


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


def _numbers(wanted: Sequence[TransferLine], lines: Sequence[Mapping[str, Any]]) -> dict[UUID, list[str]]:
    """For each line the serial numbers that were given for it, after a look whether they are needed, and enough."""
    numbers: dict[UUID, list[str]] = {line.pk: [] for line in wanted}
    for index, given in enumerate(lines):
        if given["line"] not in numbers:
            raise errors.InvalidInput(errors=[errors.unknown_reference(f"lines.{index}.line")])
        numbers[given["line"]] += given["serials"]
    bad = [line for line in wanted if not _is_right(line, numbers[line.pk])]
    if bad:
        raise SerialsRequired(errors=[_about(line, "serials", SerialsRequired) for line in bad])
    return numbers


def _is_right(line: TransferLine, numbers: Sequence[str]) -> bool:
    if line.product.tracking != Tracking.SERIAL:
        return not numbers
    return len(numbers) == len(set(numbers)) and line.quantity == len(numbers)


def _about(line: TransferLine, field: str, error: type[errors.DomainError]) -> errors.FieldError:
    return errors.FieldError(f"lines.{line.position - 1}.{field}", error.code, error.detail)


def _take(
    by: Membership,
    transfer: Transfer,
    wanted: Sequence[TransferLine],
    numbers: Mapping[UUID, Sequence[str]],
    *,
    now: datetime,
) -> list[Load]:
    shelf = Shelf(transfer.source_id, on=now.astimezone(by.account.zone).date())
    sellables = shelf.look(by, {line.product_id for line in wanted})
    gone = [line for line in wanted if line.product_id not in sellables]
    if gone:
        raise ProductInactive(errors=[_about(line, "product", ProductInactive) for line in gone])
    by_line = {line.pk: line for line in wanted}
    issues = [Issue(line.pk, line.product_id, line.quantity, f"lines.{line.position - 1}.quantity") for line in wanted]
    pick(issues, sellables)  # so that a refusal names every line that lacks
    # Of all products the batches are locked here, in key order, also those whose pieces go afterwards.
    picks = take_stock(
        by=by,
        source=transfer,
        shelf=shelf,
        issues=[issue for issue in issues if not numbers[issue.line_id]],
        sellables=sellables,
        occurred_at=now,
        kind=MovementKind.DISPATCHED,
    )
    loads = [Load(by_line[issue.line_id], batch.id, quantity) for issue, batch, quantity in picks]
    return loads + _take_pieces(by, transfer, [line for line in wanted if numbers[line.pk]], numbers, sellables, now)


def _take_pieces(
    by: Membership,
    transfer: Transfer,
    wanted: Sequence[TransferLine],
    numbers: Mapping[UUID, Sequence[str]],
    sellables: Sellables,
    now: datetime,
) -> list[Load]:
    """Take the very pieces, wherever on this shelf they are."""
    if not wanted:
        return []
    products = [line.product_id for line in wanted]
    named = {number for line in wanted for number in numbers[line.pk]}
    found = by.account.serial_numbers.filter(product__in=products, number__in=named)
    pieces = {(piece.product_id, piece.number): piece for piece in found}
    loads = [load for line in wanted for load in _loads_of_pieces(line, numbers[line.pk], pieces, sellables)]
    entries = [entry for load in loads for entry in load.entries(MovementKind.DISPATCHED, load.batch_id, sign=-1)]
    seen = see(sellables[product] for product in products)
    if not ledger.post(entries, by=by, source=transfer, occurred_at=now, seen=seen):
        raise errors.TryAgain
    return loads


def _loads_of_pieces(
    line: TransferLine,
    numbers: Iterable[str],
    pieces: Mapping[tuple[UUID, str], SerialNumber],
    sellables: Sellables,
) -> Iterator[Load]:
    here = {batch.id for batch in sellables[line.product_id].batches}
    by_batch: dict[UUID, list[UUID]] = defaultdict(list)
    for number in numbers:
        piece = pieces.get((line.product_id, number))
        if piece is None or piece.stock_product_id not in here:
            raise SerialElsewhere(errors=[_about(line, "serials", SerialElsewhere)])
        by_batch[piece.stock_product_id].append(piece.pk)
    for batch_id, taken in by_batch.items():
        yield Load(line, batch_id, Decimal(len(taken)), taken)


def _put_on_the_road(by: Membership, transfer: Transfer, loads: Sequence[Load], *, now: datetime) -> None:
    road: Location = by.account.locations.get(kind=LocationKind.TRANSIT)
    left = by.account.stock_products.in_bulk({load.batch_id for load in loads})
    batches = [copy_batch(left[load.batch_id], location_id=road.pk, origin_id=load.batch_id, now=now) for load in loads]
    StockProduct.across_accounts.bulk_create(batches)
    entries = [
        entry
        for load, batch in zip(loads, batches, strict=True)
        for entry in load.entries(MovementKind.DISPATCHED, batch.pk, sign=1)
    ]
    ledger.post(entries, by=by, source=transfer, occurred_at=now)
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
