"""Whether what is kept as a sum, a count or a state is that of the rows under it."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connections


@dataclass(frozen=True)
class Disagreement:
    """A row that says something else than the rows under it."""

    table: str
    account_id: UUID
    id: UUID
    problem: str


_VERIFY = """
WITH lines AS (
  SELECT account_id, sale_id, sum(total) AS total, sum(tax_amount) AS tax, sum(discount) AS discount,
         sum(quantity) AS quantity, sum(refunded_quantity) AS refunded
  FROM sale_lines GROUP BY 1, 2
), paid AS (
  SELECT account_id, sale_id, sum(amount) AS amount, sum(tendered) AS tendered
  FROM payments WHERE refund_id IS NULL GROUP BY 1, 2
), sums AS (
  SELECT s.*, coalesce(l.total, 0) AS line_total, coalesce(l.tax, 0) AS line_tax,
         coalesce(l.discount, 0) AS line_discount, coalesce(p.amount, 0) AS amount, coalesce(p.tendered, 0) AS tendered,
         CASE WHEN coalesce(l.refunded, 0) = 0 THEN 'COMPLETED'
              WHEN l.refunded = l.quantity THEN 'REFUNDED' ELSE 'PARTLY_REFUNDED' END AS line_status
  FROM sales s LEFT JOIN lines l ON l.account_id = s.account_id AND l.sale_id = s.id
  LEFT JOIN paid p ON p.account_id = s.account_id AND p.sale_id = s.id
), back AS (
  SELECT account_id, line_id, sum(quantity) AS quantity FROM refund_lines GROUP BY 1, 2
), returned AS (
  SELECT account_id, refund_id, sum(total) AS total, sum(tax_amount) AS tax FROM refund_lines GROUP BY 1, 2
), given AS (
  SELECT account_id, refund_id, sum(amount) AS amount FROM payments WHERE refund_id IS NOT NULL GROUP BY 1, 2
), issued AS (
  SELECT account_id, register_id, count(*) AS receipts,
         max(substring(receipt_number FROM '[0-9]+$')::numeric) AS highest
  FROM sales GROUP BY 1, 2
)
SELECT 'sales', account_id, id, format('its total is %s, but its lines sum to %s', total, line_total)
FROM sums WHERE total <> line_total
UNION ALL
SELECT 'sales', account_id, id, format('its tax is %s, but that of its lines is %s', tax_total, line_tax)
FROM sums WHERE tax_total <> line_tax
UNION ALL
SELECT 'sales', account_id, id, format('its discount is %s, but that of its lines is %s', discount_total, line_discount)
FROM sums WHERE discount_total <> line_discount
UNION ALL
SELECT 'sales', account_id, id, format('its total is %s, but %s less %s is not', total, subtotal, discount_total)
FROM sums WHERE total <> subtotal - discount_total + CASE WHEN prices_include_tax THEN 0 ELSE tax_total END
UNION ALL
SELECT 'sales', account_id, id, format('its total is %s, but its payments settle %s', total, amount)
FROM sums WHERE total <> amount
UNION ALL
SELECT 'sales', account_id, id, format('%s was paid, but its payments say %s', paid, tendered)
FROM sums WHERE paid <> tendered
UNION ALL
SELECT 'sales', account_id, id, format('it is %s, but by its lines %s', status, line_status)
FROM sums WHERE status <> line_status
UNION ALL
SELECT 'sale_lines', l.account_id, l.id,
       format('%s came back of it, but its refunds say %s', l.refunded_quantity, coalesce(b.quantity, 0))
FROM sale_lines l LEFT JOIN back b ON b.account_id = l.account_id AND b.line_id = l.id
WHERE l.refunded_quantity <> coalesce(b.quantity, 0)
UNION ALL
SELECT 'refunds', r.account_id, r.id, format('its total is %s, but its lines sum to %s', r.total, coalesce(l.total, 0))
FROM refunds r LEFT JOIN returned l ON l.account_id = r.account_id AND l.refund_id = r.id
WHERE r.total <> coalesce(l.total, 0)
UNION ALL
SELECT 'refunds', r.account_id, r.id,
       format('its tax is %s, but that of its lines is %s', r.tax_total, coalesce(l.tax, 0))
FROM refunds r LEFT JOIN returned l ON l.account_id = r.account_id AND l.refund_id = r.id
WHERE r.tax_total <> coalesce(l.tax, 0)
UNION ALL
SELECT 'refunds', r.account_id, r.id, format('its total is %s, but %s went back', r.total, -coalesce(g.amount, 0))
FROM refunds r LEFT JOIN given g ON g.account_id = r.account_id AND g.refund_id = r.id
WHERE r.total <> -coalesce(g.amount, 0)
UNION ALL
SELECT 'coupons', c.account_id, c.id, format('it counts %s uses, but there are %s', c.use_count, count(u.id))
FROM coupons c LEFT JOIN coupon_uses u ON u.account_id = c.account_id AND u.coupon_id = c.id
GROUP BY c.account_id, c.id HAVING c.use_count <> count(u.id)
UNION ALL
SELECT 'registers', r.account_id, r.id,
       format('its last number is %s, but it issued %s receipts up to number %s',
              r.last_number, coalesce(i.receipts, 0), coalesce(i.highest, 0))
FROM registers r LEFT JOIN issued i ON i.account_id = r.account_id AND i.register_id = r.id
WHERE r.last_number <> coalesce(i.receipts, 0) OR r.last_number <> coalesce(i.highest, 0)
ORDER BY 1, 2, 3
"""


def find_disagreements(*, using: str) -> Iterator[Disagreement]:
    """Every sale, line, refund, coupon and register that does not agree with its rows, of all accounts that the role
    may see."""
    with connections[using].cursor() as cursor:
        cursor.execute(_VERIFY)
        for table, account_id, row, problem in cursor:
            yield Disagreement(table, account_id, row, problem)
