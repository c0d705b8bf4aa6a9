"""The one way in which stock changes: a line in the ledger and the batch's count, together, in one statement."""

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
from inventory.models import MovementKind


@dataclass(frozen=True)
class Entry:
    """A signed quantity, in base units, that comes to or leaves a batch."""

    batch_id: UUID
    kind: MovementKind
    quantity: Decimal
    line_id: UUID | None = None
    serial_id: UUID | None = None


@dataclass(frozen=True)
class Seen:
    """What the caller counts on in a batch that it chose from: that nothing of its shelf was reserved since, and that
    at least so much is in it."""

    hold_count: int
    quantity: Decimal


# A batch of which that is not so any more since it was `seen` does not fit: the caller has to look again.
# `locked` takes the batches in primary-key order, so that two baskets never wait in a circle, and reads what the last
# committed transaction left. All entries fit or nothing moves. Entries of one batch build on each other's balance.
_POST = """
WITH wanted AS (
  SELECT * FROM unnest(%(ids)s::uuid[], %(batches)s::uuid[], %(kinds)s::text[], %(quantities)s::numeric[],
                       %(lines)s::uuid[], %(serials)s::uuid[])
    WITH ORDINALITY AS w (id, batch_id, kind, quantity, line_id, serial_id, position)
), seen AS (
  SELECT * FROM unnest(%(seen)s::uuid[], %(hold_counts)s::int[], %(least)s::numeric[])
    AS s (batch_id, hold_count, quantity)
), locked AS MATERIALIZED (
  SELECT id, product_id, location_id, unit_cost, quantity, movement_count, hold_count FROM stock_products
  WHERE account_id = %(account)s AND id = ANY(%(batches)s::uuid[] || %(seen)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
), changes AS (
  SELECT batch_id, sum(quantity) AS quantity, count(*) AS lines FROM wanted GROUP BY batch_id
), verdict AS (
  SELECT count(c.batch_id) = (SELECT count(*) FROM changes)
     AND bool_and(c.batch_id IS NULL OR l.quantity + c.quantity >= 0)
     AND bool_and(s.batch_id IS NULL OR l.hold_count = s.hold_count)
     AND bool_and(s.batch_id IS NULL OR l.quantity >= s.quantity) AS fits
  FROM locked l LEFT JOIN changes c ON c.batch_id = l.id LEFT JOIN seen s ON s.batch_id = l.id
), moved AS (
  UPDATE stock_products s SET quantity = s.quantity + c.quantity, movement_count = s.movement_count + c.lines
  FROM changes c, verdict v
  WHERE v.fits AND s.account_id = %(account)s AND s.id = c.batch_id RETURNING s.id
)
INSERT INTO stock_movements (id, account_id, stock_product_id, product_id, location_id, sequence, kind, quantity,
  unit_cost, value, balance_after, source, source_id, line_id, serial_id, by_id, occurred_at, recorded_at)
SELECT w.id, %(account)s, l.id, l.product_id, l.location_id,
  l.movement_count + row_number() OVER batch, w.kind, w.quantity, l.unit_cost, w.quantity * l.unit_cost,
  l.quantity + sum(w.quantity) OVER batch,
  %(source)s, %(source_id)s, w.line_id, w.serial_id, %(by)s, %(occurred_at)s, %(recorded_at)s
FROM wanted w JOIN locked l ON l.id = w.batch_id JOIN moved m ON m.id = l.id
WINDOW batch AS (PARTITION BY l.id ORDER BY w.position)
"""


def post(
    entries: Sequence[Entry],
    *,
    by: Membership,
    source: models.Model,
    occurred_at: datetime,
    seen: Mapping[UUID, Seen] | None = None,
) -> bool:
    """Write the entries and their effect. False, and nothing moved, where a batch would fall below zero.

    `seen` has the batches that the caller chose from: where one is not as it counts on, nothing moves either. They, and
    those of the entries, stay locked to the end of the transaction. Raises SerialElsewhere for a piece that is not in
    the batch that it should leave.
    """
    seen = seen or {}
    if not entries:
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            _POST,
            {
                "ids": [uuid7() for _ in entries],
                "batches": [entry.batch_id for entry in entries],
                "seen": list(seen),
                "hold_counts": [each.hold_count for each in seen.values()],
                "least": [each.quantity for each in seen.values()],
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
        is_written: bool = cursor.rowcount == len(entries)
    if is_written:
        _move_pieces(entries, account_id=by.account_id)
    return is_written


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
