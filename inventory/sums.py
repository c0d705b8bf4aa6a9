"""Whether what is kept as a count, a place or a sum is that of the ledger, and the ledger itself hangs together."""

from collections.abc import Iterator
from uuid import UUID

from django.db import connections

from core.inspection import Finding

# In the order of accounts; of each batch first what it holds.
_VERIFY = """
WITH movements AS NOT MATERIALIZED (
  SELECT * FROM stock_movements WHERE %(account)s::uuid IS NULL OR account_id = %(account)s::uuid
), batches AS NOT MATERIALIZED (
  SELECT * FROM stock_products WHERE %(account)s::uuid IS NULL OR account_id = %(account)s::uuid
), running AS (
  SELECT *, sum(quantity) OVER batch AS balance, row_number() OVER batch AS position
  FROM movements WINDOW batch AS (PARTITION BY account_id, stock_product_id ORDER BY sequence)
), sums AS (
  SELECT account_id, stock_product_id, sum(quantity) AS quantity, count(*) AS lines FROM movements GROUP BY 1, 2
), standing AS (
  SELECT account_id, serial_id, count(*) AS places, min(quantity) AS quantity,
         (array_agg(stock_product_id))[1] AS batch_id
  FROM (SELECT account_id, serial_id, stock_product_id, sum(quantity) AS quantity FROM movements
        WHERE serial_id IS NOT NULL GROUP BY 1, 2, 3 HAVING sum(quantity) <> 0) AS places
  GROUP BY 1, 2
), road AS (
  SELECT account_id, in_transit_id, sum(quantity - accepted - damaged - missing) AS quantity
  FROM transfer_picks WHERE %(account)s::uuid IS NULL OR account_id = %(account)s::uuid GROUP BY 1, 2
), pieces AS (
  SELECT account_id, stock_product_id, count(*) AS quantity FROM serial_numbers
  WHERE stock_product_id IS NOT NULL AND (%(account)s::uuid IS NULL OR account_id = %(account)s::uuid) GROUP BY 1, 2
), delivered AS (
  SELECT d.account_id, d.order_id, m.product_id, sum(m.quantity) AS quantity
  FROM stock d JOIN batches b ON b.account_id = d.account_id AND b.stock_id = d.id
  JOIN movements m ON m.account_id = b.account_id AND m.stock_product_id = b.id AND m.kind = 'RECEIVED'
  WHERE d.order_id IS NOT NULL GROUP BY 1, 2, 3
)
SELECT 'stock_products', b.account_id, b.id, -2,
       format('holds %%s, but its movements sum to %%s', b.quantity, coalesce(m.quantity, 0))
FROM batches b LEFT JOIN sums m ON m.account_id = b.account_id AND m.stock_product_id = b.id
WHERE b.quantity <> coalesce(m.quantity, 0)
UNION ALL
SELECT 'stock_products', b.account_id, b.id, -1,
       format('counts %%s movements, but there are %%s', b.movement_count, coalesce(m.lines, 0))
FROM batches b LEFT JOIN sums m ON m.account_id = b.account_id AND m.stock_product_id = b.id
WHERE b.movement_count <> coalesce(m.lines, 0)
UNION ALL
SELECT 'stock_products', b.account_id, b.id, 0,
       format('holds %%s on the road, but its transfers have %%s there', b.quantity, coalesce(r.quantity, 0))
FROM batches b JOIN locations l ON l.account_id = b.account_id AND l.id = b.location_id
LEFT JOIN road r ON r.account_id = b.account_id AND r.in_transit_id = b.id
WHERE (l.kind = 'TRANSIT' OR r.quantity IS NOT NULL) AND b.quantity <> coalesce(r.quantity, 0)
UNION ALL
SELECT 'stock_products', b.account_id, b.id, 0,
       format('holds %%s, but %%s pieces stand in it', b.quantity, coalesce(n.quantity, 0))
FROM batches b JOIN products p ON p.account_id = b.account_id AND p.id = b.product_id
LEFT JOIN pieces n ON n.account_id = b.account_id AND n.stock_product_id = b.id
WHERE coalesce(n.quantity, 0) <> CASE WHEN p.tracking = 'SERIAL' THEN b.quantity ELSE 0 END
UNION ALL
SELECT 'stock_products', account_id, stock_product_id, sequence,
       format('movement %%s says %%s is left after it, not %%s', sequence, balance_after, balance)
FROM running WHERE balance <> balance_after OR position <> sequence
UNION ALL
SELECT 'stock_products', account_id, stock_product_id, sequence,
       format('movement %%s is worth %%s, not quantity times unit cost', sequence, value)
FROM movements WHERE value <> quantity * unit_cost
UNION ALL
SELECT 'stock_products', b.account_id, b.id, m.sequence,
       format('movement %%s is at %%s a unit, but the batch cost %%s', m.sequence, m.unit_cost, b.unit_cost)
FROM batches b JOIN movements m ON m.account_id = b.account_id AND m.stock_product_id = b.id
WHERE m.unit_cost <> b.unit_cost
UNION ALL
SELECT 'stock_products', b.account_id, b.id, m.sequence,
       format('movement %%s is of another product or place than the batch', m.sequence)
FROM batches b JOIN movements m ON m.account_id = b.account_id AND m.stock_product_id = b.id
WHERE (m.product_id, m.location_id) <> (b.product_id, b.location_id)
UNION ALL
SELECT 'serial_numbers', n.account_id, n.id, 0,
       format('stands in %%s, but its movements leave it in %%s',
              coalesce('batch ' || n.stock_product_id, 'no batch'), coalesce('batch ' || s.batch_id, 'none'))
FROM serial_numbers n LEFT JOIN standing s ON s.account_id = n.account_id AND s.serial_id = n.id
WHERE (%(account)s::uuid IS NULL OR n.account_id = %(account)s::uuid)
  AND coalesce(s.places = 1 AND s.quantity = 1, true) AND n.stock_product_id IS DISTINCT FROM s.batch_id
UNION ALL
SELECT 'serial_numbers', account_id, serial_id, 1,
       CASE WHEN places > 1 THEN format('its movements leave it in %%s batches at once', places)
            ELSE format('its movements sum to %%s pieces', quantity) END
FROM standing WHERE places > 1 OR quantity <> 1
UNION ALL
SELECT 'purchase_order_lines', l.account_id, l.id, 0,
       format('%%s of it came, but its deliveries brought %%s', l.received_quantity, coalesce(d.quantity, 0))
FROM purchase_order_lines l
LEFT JOIN delivered d ON d.account_id = l.account_id AND d.order_id = l.order_id AND d.product_id = l.product_id
WHERE (%(account)s::uuid IS NULL OR l.account_id = %(account)s::uuid)
  AND l.received_quantity <> coalesce(d.quantity, 0)
ORDER BY 2, 1 DESC, 3, 4
"""


def find_disagreements(*, using: str, account_id: UUID | None = None) -> Iterator[Finding]:
    """Every place where the stock ledger and what is kept of it disagree, in one account or all that the role sees. A
    line of the ledger is named by its batch."""
    with connections[using].cursor() as cursor:
        cursor.execute(_VERIFY, {"account": account_id})
        for table, owner_id, row, _, problem in cursor:
            yield Finding(table, problem, row, owner_id)
