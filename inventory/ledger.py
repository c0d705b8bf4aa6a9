"""The one way in which stock changes: a line in the ledger and the batch's count, together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, models
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Membership
from inventory.errors import SerialElsewhere
from inventory.models import MovementKind, StockProduct


@dataclass(frozen=True)
class Entry:
    """A signed quantity, in base units, that comes to or leaves a batch."""

    batch_id: UUID
    kind: MovementKind
    quantity: Decimal
    line_id: UUID | None = None
    serial_id: UUID | None = None


@dataclass(frozen=True)
class Level:
    """How much is in a batch, and how often something of its shelf was reserved."""

    quantity: Decimal
    hold_count: int


# In primary-key order, so that two baskets never wait in a circle, and each as the last transaction left it. Alone: a
# statement that goes on to update looks for the row as it was when the statement began, and that version may be in the
# hands of somebody who waits for us.
_LOCK = """
SELECT id, quantity, hold_count FROM stock_products
WHERE account_id = %(account)s AND id = ANY(%(batches)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""

# Entries of one batch build on each other's balance.
_POST = """
WITH wanted AS (
  SELECT * FROM unnest(%(ids)s::uuid[], %(batches)s::uuid[], %(kinds)s::text[], %(quantities)s::numeric[],
                       %(lines)s::uuid[], %(serials)s::uuid[])
    WITH ORDINALITY AS w (id, batch_id, kind, quantity, line_id, serial_id, position)
), changes AS (
  SELECT batch_id, sum(quantity) AS quantity, count(*) AS lines FROM wanted GROUP BY batch_id
), moved AS (
  UPDATE stock_products b SET quantity = b.quantity + c.quantity, movement_count = b.movement_count + c.lines
  FROM changes c WHERE b.account_id = %(account)s AND b.id = c.batch_id
  RETURNING b.id, b.product_id, b.location_id, b.unit_cost,
    b.quantity - c.quantity AS quantity, b.movement_count - c.lines AS movement_count
)
INSERT INTO stock_movements (id, account_id, stock_product_id, product_id, location_id, sequence, kind, quantity,
  unit_cost, value, balance_after, source, source_id, line_id, serial_id, by_id, occurred_at, recorded_at)
SELECT w.id, %(account)s, m.id, m.product_id, m.location_id,
  m.movement_count + row_number() OVER batch, w.kind, w.quantity, m.unit_cost, w.quantity * m.unit_cost,
  m.quantity + sum(w.quantity) OVER batch,
  %(source)s, %(source_id)s, w.line_id, w.serial_id, %(by)s, %(occurred_at)s, %(recorded_at)s
FROM wanted w JOIN moved m ON m.id = w.batch_id
WINDOW batch AS (PARTITION BY m.id ORDER BY w.position)
"""


def post(
    entries: Sequence[Entry],
    *,
    by: Membership,
    source: models.Model,
    occurred_at: datetime,
    seen: Mapping[UUID, Level] | None = None,
    opened: Sequence[StockProduct] = (),
) -> bool:
    """Write the entries and their effect. False, and nothing moved, where a batch would fall below zero.

    `seen` has the batches that the caller chose from, and counts on: where something was reserved since, or less is
    left, nothing moves either. They, and those of the entries, stay locked to the end of the transaction. `opened` are
    the batches that begin with these entries. Raises SerialElsewhere for a piece that is not in the batch that it
    should leave.
    """
    if not entries:
        return True
    seen = seen or {}
    left = {batch.pk: Level(batch.quantity, batch.hold_count) for batch in opened}
    named = dict.fromkeys([*(entry.batch_id for entry in entries), *seen])
    left |= _lock([batch for batch in named if batch not in left], account_id=by.account_id)
    if not _fits(entries, left, seen):
        return False
    StockProduct.across_accounts.bulk_create(opened)
    with connection.cursor() as cursor:
        cursor.execute(
            _POST,
            {
                "ids": [uuid7() for _ in entries],
                "batches": [entry.batch_id for entry in entries],
                "kinds": [str(entry.kind) for entry in entries],
                "quantities": [entry.quantity for entry in entries],
                "lines": [entry.line_id for entry in entries],
                "serials": [entry.serial_id for entry in entries],
                "account": by.account_id,
                "source": source._meta.model_name,
                "source_id": source.pk,
                "by": by.pk,
                "occurred_at": occurred_at,
                "recorded_at": timezone.now(),
            },
        )
    _move_pieces(entries, account_id=by.account_id)
    return True


def _lock(batch_ids: list[UUID], *, account_id: UUID) -> dict[UUID, Level]:
    if not batch_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"account": account_id, "batches": batch_ids})
        return {batch_id: Level(quantity, hold_count) for batch_id, quantity, hold_count in cursor.fetchall()}


def _fits(entries: Sequence[Entry], left: Mapping[UUID, Level], seen: Mapping[UUID, Level]) -> bool:
    changes: dict[UUID, Decimal] = defaultdict(Decimal)
    for entry in entries:
        changes[entry.batch_id] += entry.quantity
    return all(_is_as(left[batch], level) for batch, level in seen.items()) and all(
        batch in left and left[batch].quantity + quantity >= 0 for batch, quantity in changes.items()
    )


def _is_as(now: Level, seen: Level) -> bool:
    return now.hold_count == seen.hold_count and now.quantity >= seen.quantity


# A piece leaves the batch of its first entry, or comes from outside, and ends in that of its last, or outside.
_MOVE_PIECES = """
WITH moved AS (
  SELECT serial_id, array_agg(batch_id ORDER BY position) AS batches,
         array_agg(quantity ORDER BY position) AS quantities
  FROM unnest(%(serials)s::uuid[], %(batches)s::uuid[], %(quantities)s::numeric[])
    WITH ORDINALITY AS m (serial_id, batch_id, quantity, position) GROUP BY serial_id
)
UPDATE serial_numbers s
SET stock_product_id = CASE WHEN quantities[cardinality(quantities)] > 0 THEN batches[cardinality(batches)] END
FROM moved WHERE s.account_id = %(account)s AND s.id = moved.serial_id
  AND s.stock_product_id IS NOT DISTINCT FROM CASE WHEN quantities[1] < 0 THEN batches[1] END
"""


def _move_pieces(entries: Sequence[Entry], *, account_id: UUID) -> None:
    pieces = [entry for entry in entries if entry.serial_id]
    if not pieces:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE_PIECES,
            {
                "account": account_id,
                "serials": [piece.serial_id for piece in pieces],
                "batches": [piece.batch_id for piece in pieces],
                "quantities": [piece.quantity for piece in pieces],
            },
        )
        if cursor.rowcount != len({piece.serial_id for piece in pieces}):
            raise SerialElsewhere
