"""Goods come off the road: into the place that waited for them, as damaged or missing, or back where they left."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from accounts.models import Membership
from core import errors
from core.amounts import ZERO
from inventory import ledger
from inventory.errors import ArrivalTooMuch, SerialElsewhere, SerialsRequired
from inventory.ledger import Entry
from inventory.models import (
    MovementKind,
    SerialNumber,
    StockProduct,
    Tracking,
    Transfer,
    TransferPick,
    TransferStatus,
)
from inventory.services.dispatching import copy_batch
from inventory.services.documents import refuse_unless, take_step
from inventory.services.transfers import refuse_elsewhere

ON_THE_ROAD = (TransferStatus.IN_TRANSIT, TransferStatus.PARTLY_RECEIVED)
# In which state goods come, and what the ledger calls their leaving the road so.
ACCEPTED = "accepted"
OUTCOMES = {ACCEPTED: MovementKind.ARRIVED, "damaged": MovementKind.DAMAGED, "missing": MovementKind.LOST}

ONE_PIECE = Decimal(1)

Picks = dict[UUID, list[TransferPick]]


@dataclass(frozen=True)
class Part:
    """What of a pick comes off the road, in which state; of what has serial numbers, which piece."""

    pick: TransferPick
    outcome: str
    quantity: Decimal
    piece_id: UUID | None = None

    def entries(self) -> Iterator[Entry]:
        yield self._entry(self.pick.in_transit_id, OUTCOMES[self.outcome], -self.quantity)
        if self.pick.arrived_id and self.outcome == ACCEPTED:
            yield self._entry(self.pick.arrived_id, MovementKind.ARRIVED, self.quantity)

    def _entry(self, batch_id: UUID, kind: MovementKind, quantity: Decimal) -> Entry:
        return Entry(batch_id, kind, quantity, self.pick.line_id, self.piece_id)


def receive_transfer(*, by: Membership, transfer: Transfer, items: Sequence[Mapping[str, Any]]) -> Transfer:
    """Book what the destination found: what it accepts is its stock, what is damaged or missing is a loss.

    It may come in parts; the locked transfer is received when nothing is on the road any more. Raises TransferState,
    WorksElsewhere, InvalidInput for a line that is not there or of which nothing came, ArrivalTooMuch, SerialsRequired,
    SerialElsewhere.
    """
    refuse_unless(transfer, *ON_THE_ROAD)
    refuse_elsewhere(by, transfer.destination_id)
    now, picks = timezone.now(), _find_picks(by, transfer)
    _refuse_too_much(items, picks)
    parts = list(_parts(by, items, picks))
    opened = _open_batches(transfer, parts, now=now)
    _post(by, transfer, [entry for part in parts for entry in part.entries()], now=now, opened=opened)
    changed = list({part.pick.pk: part.pick for part in parts}.values())
    TransferPick.across_accounts.bulk_update(changed, [*OUTCOMES, "arrived"])
    if any(on_the_road(pick) for each in picks.values() for pick in each):
        return take_step(by, transfer, "received", status=TransferStatus.PARTLY_RECEIVED)
    return take_step(by, transfer, "received", status=TransferStatus.RECEIVED, closed_at=now)


def cancel_transfer(*, by: Membership, transfer: Transfer, reason: str = "") -> Transfer:
    """Give up a locked transfer. What is still on the road goes back into the batches that it left.

    A request may be given up at either end, the rest where the goods are from. Raises TransferState, WorksElsewhere.
    """
    refuse_unless(transfer, TransferStatus.REQUESTED, TransferStatus.DRAFT, *ON_THE_ROAD)
    is_request = transfer.status == TransferStatus.REQUESTED
    refuse_elsewhere(by, transfer.source_id, *([transfer.destination_id] if is_request else []))
    now = timezone.now()
    if transfer.status in ON_THE_ROAD:
        _send_back(by, transfer, now=now)
    return take_step(by, transfer, "cancelled", status=TransferStatus.CANCELLED, closed_at=now, closing_reason=reason)


def on_the_road(pick: TransferPick) -> Decimal:
    left: Decimal = pick.quantity - pick.accepted - pick.damaged - pick.missing
    return left


def _find_picks(by: Membership, transfer: Transfer) -> Picks:
    """By line, in the order in which they were picked: what expires first, first. The transfer's lock is theirs."""
    picks: Picks = defaultdict(list)
    found = by.account.transfer_picks.filter(line__transfer=transfer).select_related("line__product", "in_transit")
    for pick in found.order_by(models.F("in_transit__expires_on").asc(nulls_last=True), "in_transit_id"):
        picks[pick.line_id].append(pick)
    return picks


def _refuse_too_much(items: Sequence[Mapping[str, Any]], picks: Picks) -> None:
    """Raises InvalidInput for an item of no line, or of nothing, and ArrivalTooMuch for more than is on the road."""
    wrong, too_much = [], []
    left = {line_id: sum(map(on_the_road, each), ZERO) for line_id, each in picks.items()}
    for index, item in enumerate(items):
        coming = sum((item[outcome] for outcome in OUTCOMES), ZERO)
        if item["line"] not in left:
            wrong.append(errors.unknown_reference(f"items.{index}.line"))
        elif not coming:
            wrong.append(errors.FieldError(f"items.{index}.accepted", "required", "Say how much came, or did not."))
        elif coming > left[item["line"]]:
            sentence = f"{left[item['line']]:f} on the road."
            too_much.append(errors.FieldError(f"items.{index}.accepted", ArrivalTooMuch.code, sentence))
        else:
            left[item["line"]] -= coming
    if wrong:
        raise errors.InvalidInput(errors=wrong)
    if too_much:
        raise ArrivalTooMuch(errors=too_much)


def _parts(by: Membership, items: Sequence[Mapping[str, Any]], picks: Picks) -> Iterator[Part]:
    """What of which pick comes how. The picks are counted on as it is found out."""
    pieces = _find_pieces(by, items, picks)
    for index, item in enumerate(items):
        of_line = picks[item["line"]]
        for outcome in OUTCOMES:
            if of_line[0].line.product.tracking == Tracking.SERIAL:
                found = _of_pieces(item[f"{outcome}_serials"], of_line, outcome, pieces, field=f"items.{index}")
            else:
                found = _spread(item[outcome], of_line, outcome)
            for part in found:
                setattr(part.pick, outcome, getattr(part.pick, outcome) + part.quantity)
                yield part


def _spread(quantity: Decimal, picks: Iterable[TransferPick], outcome: str) -> Iterator[Part]:
    for pick in picks:
        part = min(quantity, on_the_road(pick))
        if part > 0:
            quantity -= part
            yield Part(pick, outcome, part)


def _find_pieces(
    by: Membership, items: Sequence[Mapping[str, Any]], picks: Picks
) -> dict[tuple[UUID, str], SerialNumber]:
    """The pieces that are named, after a look whether each is named that has to be, and once."""
    named: set[tuple[UUID, str]] = set()
    for index, item in enumerate(items):
        product = picks[item["line"]][0].line.product
        for outcome in OUTCOMES:
            numbers = item[f"{outcome}_serials"]
            keys = {(product.pk, number) for number in numbers}
            expected = item[outcome] if product.tracking == Tracking.SERIAL else ZERO
            if len(numbers) != expected or len(keys) != len(numbers) or keys & named:
                path = f"items.{index}.{outcome}_serials"
                raise SerialsRequired(errors=[errors.FieldError(path, SerialsRequired.code, SerialsRequired.detail)])
            named |= keys
    if not named:
        return {}
    found = by.account.serial_numbers.filter(
        product__in={product_id for product_id, _ in named}, number__in={number for _, number in named}
    )
    return {(piece.product_id, piece.number): piece for piece in found}


def _of_pieces(
    numbers: Sequence[str],
    picks: Sequence[TransferPick],
    outcome: str,
    pieces: Mapping[tuple[UUID, str], SerialNumber],
    *,
    field: str,
) -> Iterator[Part]:
    by_batch = {pick.in_transit_id: pick for pick in picks}
    for number in numbers:
        piece = pieces.get((picks[0].line.product_id, number))
        if piece is None or piece.stock_product_id not in by_batch:
            path = errors.FieldError(f"{field}.{outcome}_serials", SerialElsewhere.code, SerialElsewhere.detail)
            raise SerialElsewhere(errors=[path])
        yield Part(by_batch[piece.stock_product_id], outcome, ONE_PIECE, piece.pk)


def _open_batches(transfer: Transfer, parts: Iterable[Part], *, now: datetime) -> list[StockProduct]:
    """Each pick comes to one batch of the destination, however many parts it comes in."""
    fresh: list[StockProduct] = []
    for part in parts:
        pick = part.pick
        if part.outcome == ACCEPTED and pick.arrived_id is None:
            pick.arrived = copy_batch(
                pick.in_transit, location_id=transfer.destination_id, origin_id=pick.batch_id, now=now
            )
            fresh.append(pick.arrived)
    return fresh


def _send_back(by: Membership, transfer: Transfer, *, now: datetime) -> None:
    picks = [pick for each in _find_picks(by, transfer).values() for pick in each if on_the_road(pick)]
    pieces: dict[UUID | None, list[UUID]] = defaultdict(list)
    for piece in by.account.serial_numbers.filter(stock_product__in=[pick.in_transit_id for pick in picks]):
        pieces[piece.stock_product_id].append(piece.pk)
    entries = [entry for pick in picks for entry in _returns(pick, pieces[pick.in_transit_id])]
    _post(by, transfer, entries, now=now)
    for pick in picks:
        pick.quantity -= on_the_road(pick)
    TransferPick.across_accounts.bulk_update(picks, ["quantity"])


def _returns(pick: TransferPick, pieces: Sequence[UUID]) -> Iterator[Entry]:
    for piece in pieces or (None,):
        quantity = ONE_PIECE if piece else on_the_road(pick)
        yield Entry(pick.in_transit_id, MovementKind.ARRIVED, -quantity, pick.line_id, piece)
        yield Entry(pick.batch_id, MovementKind.ARRIVED, quantity, pick.line_id, piece)


def _post(
    by: Membership,
    transfer: Transfer,
    entries: Sequence[Entry],
    *,
    now: datetime,
    opened: Sequence[StockProduct] = (),
) -> None:
    if not ledger.post(entries, by=by, source=transfer, occurred_at=now, opened=opened):
        raise errors.TryAgain  # cannot be, while nothing but a transfer takes from the road
