"""What is kept beside the ledger is made anew from it: what a batch holds and counts, and where a piece stands."""

from collections.abc import Collection, Mapping
from uuid import UUID

from accounts.services import Repair, repair_rows

# Two statements each: the second sees all that was committed while the first waited for its locks.
_LOCK_BATCHES = """
SELECT id FROM stock_products WHERE account_id = %(account)s AND id = ANY(%(ids)s::uuid[])
ORDER BY id FOR NO KEY UPDATE
"""
# A ledger with a gap has lost a line, and does not tell what there is.
_REBUILD_BATCHES = """
WITH ledger AS (
  SELECT stock_product_id, sum(quantity) AS quantity, count(*) AS lines, max(sequence) AS last_line
  FROM stock_movements WHERE account_id = %(account)s AND stock_product_id = ANY(%(ids)s::uuid[]) GROUP BY 1
), wanted AS (
  SELECT b.id, b.quantity AS held, b.movement_count AS counted,
         coalesce(l.quantity, 0) AS quantity, coalesce(l.lines, 0) AS lines
  FROM stock_products b LEFT JOIN ledger l ON l.stock_product_id = b.id
  WHERE b.account_id = %(account)s AND b.id = ANY(%(ids)s::uuid[])
    AND coalesce(l.last_line = l.lines AND l.quantity >= 0, true)
)
UPDATE stock_products b SET quantity = w.quantity, movement_count = w.lines FROM wanted w
WHERE b.account_id = %(account)s AND b.id = w.id AND (w.held <> w.quantity OR w.counted <> w.lines)
RETURNING b.id, json_build_object('quantity', w.held::text, 'movement_count', w.counted),
  json_build_object('quantity', b.quantity::text, 'movement_count', b.movement_count)
"""
_LOCK_PIECES = """
SELECT id FROM serial_numbers WHERE account_id = %(account)s AND id = ANY(%(ids)s::uuid[])
ORDER BY id FOR NO KEY UPDATE
"""
_REBUILD_PIECES = """
WITH places AS (
  SELECT serial_id, stock_product_id, sum(quantity) AS quantity FROM stock_movements
  WHERE account_id = %(account)s AND serial_id = ANY(%(ids)s::uuid[]) GROUP BY 1, 2 HAVING sum(quantity) <> 0
), wanted AS (
  SELECT n.id, n.stock_product_id AS held_in, (array_agg(p.stock_product_id))[1] AS stands_in
  FROM serial_numbers n LEFT JOIN places p ON p.serial_id = n.id
  WHERE n.account_id = %(account)s AND n.id = ANY(%(ids)s::uuid[])
  GROUP BY 1, 2 HAVING count(p.serial_id) <= 1 AND coalesce(min(p.quantity), 1) = 1
)
UPDATE serial_numbers n SET stock_product_id = w.stands_in FROM wanted w
WHERE n.account_id = %(account)s AND n.id = w.id AND w.held_in IS DISTINCT FROM w.stands_in
RETURNING n.id, json_build_object('stock_product', w.held_in), json_build_object('stock_product', w.stands_in)
"""


def rebuild_from_ledger(
    *, account_id: UUID, rows: Mapping[str, Collection[UUID]], is_trial: bool = False
) -> list[Repair]:
    """Bring these rows, by table, to what the account's ledger says of them, where it says one thing; what was done."""
    ways = {
        "stock_products": (_LOCK_BATCHES, _REBUILD_BATCHES),
        "serial_numbers": (_LOCK_PIECES, _REBUILD_PIECES),
    }
    return repair_rows(account_id=account_id, rows=rows, ways=ways, is_trial=is_trial)
