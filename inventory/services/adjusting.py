"""What an adjustment takes of which batch, and brings to which: worked out under their locks, before anything moves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from accounts.models import Membership
from core import errors
from core.amounts import ONE, ZERO
from inventory import ledger, queries
from inventory.errors import CostRequired, ExpiryRequired, SerialElsewhere, SerialNumberTaken
from inventory.ledger import Entry
from inventory.models import (
    Adjustment,
    AdjustmentKind,
    AdjustmentLine,
    MovementKind,
    SerialNumber,
    StockProduct,
    Tracking,
)
from inventory.pieces import Named, Pieces, find_pieces, refuse_unnamed
from inventory.queries import Batch, Sellable
from inventory.services.issuing import Issue, pick

LEDGER_KINDS = {
    AdjustmentKind.THEFT: MovementKind.STOLEN,
    AdjustmentKind.DAMAGE: MovementKind.DAMAGED,
    AdjustmentKind.EXPIRED: MovementKind.EXPIRED,
    AdjustmentKind.SPOILAGE: MovementKind.SPOILED,
    AdjustmentKind.LOSS: MovementKind.LOST,
    AdjustmentKind.SAMPLE: MovementKind.SAMPLED,
    AdjustmentKind.WRITE_OFF: MovementKind.WRITTEN_OFF,
    AdjustmentKind.FOUND: MovementKind.FOUND,
    AdjustmentKind.CORRECTION: MovementKind.CORRECTED,
}
MOST_VALUE = Decimal(10) ** 21  # a value has that many digits before the point, and no more
_NEVER = date.max

Batches = Mapping[UUID, StockProduct]


@dataclass
class Plan:
    """What would move, with the batches and pieces that are new, and what it is worth at cost, without a sign."""

    entries: list[Entry] = field(default_factory=list)
    opened: list[StockProduct] = field(default_factory=list)
    pieces: list[SerialNumber] = field(default_factory=list)
    value: Decimal = ZERO

    def carry_out(self, *, by: Membership, source: Adjustment) -> None:
        """Write it. The batches have been locked since it was made, so it still fits."""
        SerialNumber.across_accounts.bulk_create(self.pieces)
        if not ledger.post(self.entries, by=by, source=source, occurred_at=source.occurred_at, opened=self.opened):
            raise errors.TryAgain


def lock_batches(*, by: Membership, location_id: UUID, lines: Iterable[AdjustmentLine]) -> dict[UUID, StockProduct]:
    """Of the place: the batches that lines name; of products whose line names none, all with something in them; and
    where something comes, all."""
    whole = [line for line in lines if line.stock_product_id is None]
    wanted = (
        Q(pk__in=[line.stock_product_id for line in lines if line.stock_product_id])
        | Q(product__in=[line.product_id for line in whole if line.quantity < 0], quantity__gt=0)
        | Q(product__in=[line.product_id for line in whole if line.quantity > 0])
    )
    return {batch.pk: batch for batch in by.account.stock_products.locked().filter(wanted, location=location_id)}


def make_plan(*, by: Membership, adjustment: Adjustment, lines: Sequence[AdjustmentLine], batches: Batches) -> Plan:
    """What the lines do to these batches, which are locked. Expired stock goes as well, and what a cart holds: it is
    gone, whoever was promised it.

    Raises InvalidInput for a batch that is none of the product's here, InsufficientStock, CostRequired and
    ExpiryRequired for what is found of a product that nobody knows enough about, SerialsRequired, SerialElsewhere and
    SerialNumberTaken for pieces.
    """
    _refuse_unknown_batches(lines, batches)
    refuse_unnamed([_named(line) for line in lines])
    plan, kind = Plan(), LEDGER_KINDS[AdjustmentKind(adjustment.kind)]
    targets = _find_targets(by, adjustment, [line for line in lines if line.quantity > 0], batches, plan)
    known = find_pieces(by, {(line.product_id, number) for line in lines for number in line.serials})
    pieces, loose = [line for line in lines if line.serials], [line for line in lines if not line.serials]
    plan.entries = [
        *_taken([line for line in loose if line.quantity < 0], batches, kind),
        *(Entry(targets[line.pk].pk, kind, line.quantity, line.pk) for line in loose if line.quantity > 0),
        *_taken_pieces([line for line in pieces if line.quantity < 0], batches, known, kind),
        *_found_pieces([line for line in pieces if line.quantity > 0], targets, known, kind, plan),
    ]
    costs = {batch.pk: batch.unit_cost for batch in (*batches.values(), *plan.opened)}
    plan.value = sum((abs(entry.quantity) * costs[entry.batch_id] for entry in plan.entries), ZERO)
    if plan.value >= MOST_VALUE:
        too_large = "Together this is worth more than can be kept."
        raise errors.InvalidInput(errors=[errors.FieldError("lines", "out_of_range", too_large)])
    return plan


def _refuse_unknown_batches(lines: Iterable[AdjustmentLine], batches: Batches) -> None:
    unknown = [
        line
        for line in lines
        if line.stock_product_id
        and (line.stock_product_id not in batches or batches[line.stock_product_id].product_id != line.product_id)
    ]
    if unknown:
        paths = [errors.unknown_reference(f"lines.{line.position - 1}.stock_product") for line in unknown]
        raise errors.InvalidInput(errors=paths)


def _named(line: AdjustmentLine) -> Named:
    is_by_piece = line.product.tracking == Tracking.SERIAL
    return Named(line.product_id, is_by_piece, abs(line.quantity), line.serials, f"lines.{line.position - 1}.serials")


def about(line: AdjustmentLine, name: str, error: type[errors.DomainError]) -> errors.FieldError:
    return errors.FieldError(f"lines.{line.position - 1}.{name}", error.code, error.detail)


# --- What goes -------------------------------------------------------------------------------------------------------


def _taken(lines: Sequence[AdjustmentLine], batches: Batches, kind: MovementKind) -> Iterator[Entry]:
    """Lines that name their batch choose first; the others take what expires first, first, of all that is left."""
    issues, shelves = [], {}
    for line in sorted(lines, key=lambda each: each.stock_product_id is None):
        shelf_id = line.stock_product_id or line.product_id
        issues.append(Issue(line.pk, shelf_id, -line.quantity, f"lines.{line.position - 1}"))
        shelves[shelf_id] = _shelf(line, batches)
    for issue, batch, quantity, _ in pick(issues, shelves):
        yield Entry(batch.id, kind, -quantity, issue.line_id)


def _shelf(line: AdjustmentLine, batches: Batches) -> Sellable:
    """All that the line may take of, held or not."""
    named, product = line.stock_product_id, line.product
    there = [batches[named]] if named else [each for each in batches.values() if each.product_id == product.pk]
    return Sellable(
        product.pk,
        product.name,
        product.sku,
        product.retail_price,
        product.wholesale_price,
        product.tax_class,
        product.is_stocked,
        product.tracking,
        held=ZERO,
        batches=[
            Batch(batch.pk, batch.quantity, batch.unit_cost)
            for batch in sorted(there, key=lambda each: (each.expires_on or _NEVER, each.pk))
        ],
    )


def _taken_pieces(
    lines: Iterable[AdjustmentLine], batches: Batches, known: Pieces, kind: MovementKind
) -> Iterator[Entry]:
    """The very pieces, out of the batches that they are in."""
    for line in lines:
        for number in line.serials:
            piece = known.get((line.product_id, number))
            batch = batches.get(piece.stock_product_id) if piece and piece.stock_product_id else None
            if not piece or not batch or line.stock_product_id not in (None, batch.pk):
                raise SerialElsewhere(errors=[about(line, "serials", SerialElsewhere)], serials=[number])
            yield Entry(batch.pk, kind, -ONE, line.pk, piece.pk)


# --- What comes ------------------------------------------------------------------------------------------------------


def _find_targets(
    by: Membership, adjustment: Adjustment, lines: Sequence[AdjustmentLine], batches: Batches, plan: Plan
) -> dict[UUID, StockProduct]:
    """For each line the batch that it brings to: its own, or the newest of the product at the place, or a new one where
    there is none or what was found cost something else."""
    newest: dict[UUID, StockProduct] = {}
    for batch in sorted(batches.values(), key=_age):
        newest[batch.product_id] = batch
    targets, known = (
        {},
        newest | queries.find_newest_batches(by.account, {line.product_id for line in lines} - newest.keys()),
    )
    for line in lines:
        target = batches[line.stock_product_id] if line.stock_product_id else newest.get(line.product_id)
        if target is None or line.unit_cost not in (None, target.unit_cost):
            target = _new_batch(adjustment, line, known.get(line.product_id))
            plan.opened.append(target)
        targets[line.pk] = target
    return targets


def _age(batch: StockProduct) -> tuple[object, UUID]:
    return batch.received_at, batch.pk


def _new_batch(adjustment: Adjustment, line: AdjustmentLine, like: StockProduct | None) -> StockProduct:
    if line.unit_cost is None and like is None:
        raise CostRequired(errors=[about(line, "unit_cost", CostRequired)])
    cost = line.unit_cost if line.unit_cost is not None or like is None else like.unit_cost
    expires_on = like.expires_on if like else None
    if line.product.tracking == Tracking.BATCH and expires_on is None:
        raise ExpiryRequired(errors=[about(line, "product", ExpiryRequired)])
    return StockProduct(
        account_id=adjustment.account_id,
        product_id=line.product_id,
        location_id=adjustment.location_id,
        purchase_cost=cost,
        unit_cost=cost,
        expires_on=expires_on,
        received_at=adjustment.occurred_at,
    )


def _found_pieces(
    lines: Iterable[AdjustmentLine],
    targets: Mapping[UUID, StockProduct],
    known: Pieces,
    kind: MovementKind,
    plan: Plan,
) -> Iterator[Entry]:
    """Pieces that had left, or were never known. Raises SerialNumberTaken for one that is in stock somewhere."""
    for line in lines:
        for number in line.serials:
            piece = known.get((line.product_id, number))
            if piece is None:
                piece = SerialNumber(account_id=line.account_id, product_id=line.product_id, number=number)
                plan.pieces.append(piece)
            elif piece.stock_product_id:
                raise SerialNumberTaken(errors=[about(line, "serials", SerialNumberTaken)], serials=[number])
            yield Entry(targets[line.pk].pk, kind, ONE, line.pk, piece.pk)
