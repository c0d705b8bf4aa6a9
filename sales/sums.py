"""Whether what is kept as a sum, a count or a state is that of the rows under it."""

from collections.abc import Iterator
from uuid import UUID

from django.db import connections

from core.inspection import Finding

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
         CASE WHEN EXISTS (SELECT 1 FROM refunds v
                           WHERE v.account_id = s.account_id AND v.sale_id = s.id AND v.kind = 'VOID') THEN 'VOIDED'
              WHEN coalesce(l.refunded, 0) = 0 THEN 'COMPLETED'
              WHEN l.refunded = l.quantity THEN 'REFUNDED' ELSE 'PARTLY_REFUNDED' END AS line_status
  FROM sales s LEFT JOIN lines l ON l.account_id = s.account_id AND l.sale_id = s.id
  LEFT JOIN paid p ON p.account_id = s.account_id AND p.sale_id = s.id
), back AS (
  SELECT account_id, line_id, sum(quantity) AS quantity FROM refund_lines GROUP BY 1, 2
), returned AS (
  SELECT account_id, refund_id, sum(total) AS total, sum(tax_amount) AS tax FROM refund_lines GROUP BY 1, 2
), given AS (
  SELECT account_id, refund_id, sum(amount) AS amount FROM payments WHERE refund_id IS NOT NULL GROUP BY 1, 2
), instalments AS (
  SELECT account_id, layaway_id, sum(amount) AS amount FROM payments WHERE layaway_id IS NOT NULL GROUP BY 1, 2
), aside AS (
  SELECT y.*, coalesce(i.amount, 0) AS came, coalesce(l.total, 0) AS line_total, coalesce(l.tax, 0) AS line_tax,
         coalesce(l.discount, 0) AS line_discount
  FROM layaways y LEFT JOIN instalments i ON i.account_id = y.account_id AND i.layaway_id = y.id
  LEFT JOIN (
    SELECT account_id, layaway_id, sum(total) AS total, sum(tax_amount) AS tax, sum(discount) AS discount
    FROM layaway_lines GROUP BY 1, 2
  ) l ON l.account_id = y.account_id AND l.layaway_id = y.id
), deposits AS (
  SELECT account_id, sale_id, sum(amount) AS amount FROM payments WHERE method = 'DEPOSIT' GROUP BY 1, 2
), issued AS (
  SELECT account_id, register_id, substring(receipt_number FROM '[0-9]+$')::numeric AS number FROM sales
), leased AS (
  SELECT account_id, register_id, generate_series(first_number, coalesce(next_number - 1, last_number)) AS number
  FROM number_leases
), numbers AS (
  SELECT * FROM issued UNION SELECT * FROM leased
), twice AS (
  SELECT account_id, register_id, count(*) AS numbers FROM (
    SELECT account_id, register_id, number FROM issued GROUP BY 1, 2, 3 HAVING count(*) > 1
    UNION ALL SELECT account_id, register_id, number FROM leased GROUP BY 1, 2, 3 HAVING count(*) > 1
  ) AS given GROUP BY 1, 2
), known AS (
  SELECT account_id, register_id, count(*) AS numbers, max(number) AS highest FROM numbers GROUP BY 1, 2
), turns AS (
  SELECT account_id, register_id, count(z_number) AS closed, max(z_number) AS highest,
         count(*) - count(z_number) AS opened, max(id::text) FILTER (WHERE z_number IS NULL)::uuid AS open
  FROM shifts GROUP BY 1, 2
), moved AS (
  SELECT account_id, shift_id, amount FROM payments WHERE method = 'CASH' AND NOT is_late
  UNION ALL
  SELECT account_id, shift_id, amount FROM cash_events WHERE NOT is_late
), cash AS (
  SELECT account_id, shift_id, sum(amount) AS amount FROM moved WHERE shift_id IS NOT NULL GROUP BY 1, 2
), numbered AS (
  SELECT account_id, register_id, count(*) AS refunds, max(substring(number FROM '[0-9]+$')::numeric) AS highest
  FROM refunds GROUP BY 1, 2
), traded AS (
  SELECT p.account_id, coalesce(r.replacement_id, p.sale_id) AS sale_id, p.came_by, sum(p.amount) AS amount
  FROM payments p LEFT JOIN refunds r ON r.account_id = p.account_id AND r.id = p.refund_id
  WHERE p.method = 'EXCHANGE' GROUP BY 1, 2, 3
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
SELECT 'sales', account_id, id, format('its total is %s, but its payments settle %s', total + rounding, amount)
FROM sums WHERE total + rounding <> amount
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
SELECT 'refunds', r.account_id, r.id,
       format('its total is %s, but %s went back', r.total + r.rounding, -coalesce(g.amount, 0))
FROM refunds r LEFT JOIN given g ON g.account_id = r.account_id AND g.refund_id = r.id
WHERE r.total + r.rounding <> -coalesce(g.amount, 0)
UNION ALL
SELECT 'layaways', account_id, id, format('%s of it is paid, but its payments sum to %s', paid, came)
FROM aside WHERE paid <> came
UNION ALL
SELECT 'layaways', account_id, id, format('its total is %s, but its lines sum to %s', total, line_total)
FROM aside WHERE total <> line_total
UNION ALL
SELECT 'layaways', account_id, id, format('its tax is %s, but that of its lines is %s', tax_total, line_tax)
FROM aside WHERE tax_total <> line_tax
UNION ALL
SELECT 'layaways', account_id, id,
       format('its discount is %s, but that of its lines is %s', discount_total, line_discount)
FROM aside WHERE discount_total <> line_discount
UNION ALL
SELECT 'layaways', y.account_id, y.id,
       format('%s was paid for it, but its sale says %s', y.came, coalesce(d.amount, 0))
FROM aside y LEFT JOIN deposits d ON d.account_id = y.account_id AND d.sale_id = y.sale_id
WHERE y.status = 'COMPLETED' AND y.came <> coalesce(d.amount, 0)
UNION ALL
SELECT 'sales', d.account_id, d.sale_id, format('%s was paid for it before, but nothing was laid aside', d.amount)
FROM deposits d WHERE NOT EXISTS (
  SELECT 1 FROM layaways y WHERE y.account_id = d.account_id AND y.sale_id = d.sale_id
)
UNION ALL
SELECT 'coupons', c.account_id, c.id, format('it counts %s uses, but there are %s', c.use_count, count(u.id))
FROM coupons c LEFT JOIN coupon_uses u ON u.account_id = c.account_id AND u.coupon_id = c.id
GROUP BY c.account_id, c.id HAVING c.use_count <> count(u.id)
UNION ALL
SELECT 'registers', r.account_id, r.id,
       format('its last number is %s, but it issued or leased %s numbers up to %s',
              r.last_number, coalesce(k.numbers, 0), coalesce(k.highest, 0))
FROM registers r LEFT JOIN known k ON k.account_id = r.account_id AND k.register_id = r.id
WHERE r.last_number <> coalesce(k.numbers, 0) OR r.last_number <> coalesce(k.highest, 0)
UNION ALL
SELECT 'registers', account_id, register_id, format('it issued or leased %s numbers twice', numbers) FROM twice
UNION ALL
SELECT 'registers', r.account_id, r.id, format('its open lease is %s, but %s is open', r.open_lease_id, n.id)
FROM registers r
LEFT JOIN number_leases n ON n.account_id = r.account_id AND n.register_id = r.id AND n.next_number IS NULL
WHERE r.open_lease_id IS DISTINCT FROM n.id
UNION ALL
SELECT 'registers', r.account_id, r.id,
       format('its last Z report is number %s, but %s shifts were closed, the last with number %s, and %s is open',
              r.last_z_number, coalesce(t.closed, 0), coalesce(t.highest, 0), coalesce(t.open::text, 'none'))
FROM registers r LEFT JOIN turns t ON t.account_id = r.account_id AND t.register_id = r.id
WHERE r.last_z_number <> coalesce(t.closed, 0) OR r.last_z_number <> coalesce(t.highest, 0)
   OR coalesce(t.opened, 0) > 1 OR r.open_shift_id IS DISTINCT FROM t.open
UNION ALL
SELECT 'shifts', s.account_id, s.id,
       format('it expected %s, but by its rows %s', s.expected, s.opening_float + coalesce(c.amount, 0))
FROM shifts s LEFT JOIN cash c ON c.account_id = s.account_id AND c.shift_id = s.id
WHERE s.expected <> s.opening_float + coalesce(c.amount, 0)
UNION ALL
SELECT 'refunds', r.account_id, r.id, format('it voids %s, but the sale came to %s', r.total, s.total)
FROM refunds r JOIN sales s ON s.account_id = r.account_id AND s.id = r.sale_id
WHERE r.kind = 'VOID' AND r.total <> s.total
UNION ALL
SELECT 'registers', r.account_id, r.id,
       format('its last refund number is %s, but it made %s refunds up to number %s',
              r.last_refund_number, coalesce(n.refunds, 0), coalesce(n.highest, 0))
FROM registers r LEFT JOIN numbered n ON n.account_id = r.account_id AND n.register_id = r.id
WHERE r.last_refund_number <> coalesce(n.refunds, 0) OR r.last_refund_number <> coalesce(n.highest, 0)
UNION ALL
SELECT 'sales', account_id, sale_id, format('what was exchanged for it, once paid by %s, is off by %s', came_by, amount)
FROM traded WHERE amount <> 0
UNION ALL
SELECT 'sales', s.account_id, s.id,
       format('it is of exchange %s, but sold for refund %s', s.exchange_id, coalesce(r.id::text, 'none'))
FROM sales s LEFT JOIN refunds r ON r.account_id = s.account_id AND r.replacement_id = s.id
WHERE s.exchange_id IS DISTINCT FROM r.id
ORDER BY 1, 2, 3
"""

_VERIFY_ACCOUNTS = """
WITH entries AS (
  SELECT account_id, customer_id, count(*) AS lines, max(sequence) AS last_line,
         coalesce(sum(amount) FILTER (WHERE book = 'DEBT'), 0) AS debt,
         coalesce(sum(amount) FILTER (WHERE book = 'WALLET'), 0) AS wallet
  FROM customer_entries GROUP BY 1, 2
), of_debts AS (
  SELECT account_id, debt_id, sum(amount) AS open, sum(amount) FILTER (WHERE kind = 'SOLD_ON_CREDIT') AS amount
  FROM customer_entries WHERE debt_id IS NOT NULL GROUP BY 1, 2
), running AS (
  SELECT account_id, customer_id, id, balance_after,
         sum(amount) OVER (PARTITION BY account_id, customer_id, book ORDER BY sequence) AS balance
  FROM customer_entries
), of_cards AS (
  SELECT account_id, card_id, count(*) AS lines, max(sequence) AS last_line, sum(amount) AS balance,
         sum(amount) FILTER (WHERE kind = 'SOLD') AS amount
  FROM gift_card_entries GROUP BY 1, 2
), running_cards AS (
  SELECT account_id, id, balance_after,
         sum(amount) OVER (PARTITION BY account_id, card_id ORDER BY sequence) AS balance
  FROM gift_card_entries
)
SELECT 'customers', c.account_id, c.id, format('it owes %s, but by its ledger %s', c.debt, coalesce(e.debt, 0))
FROM customers c LEFT JOIN entries e ON e.account_id = c.account_id AND e.customer_id = c.id
WHERE c.debt <> coalesce(e.debt, 0)
UNION ALL
SELECT 'customers', c.account_id, c.id,
       format('its wallet holds %s, but by its ledger %s', c.wallet, coalesce(e.wallet, 0))
FROM customers c LEFT JOIN entries e ON e.account_id = c.account_id AND e.customer_id = c.id
WHERE c.wallet <> coalesce(e.wallet, 0)
UNION ALL
SELECT 'customers', c.account_id, c.id,
       format('it counts %s entries, but its ledger has %s up to number %s',
              c.entry_count, coalesce(e.lines, 0), coalesce(e.last_line, 0))
FROM customers c LEFT JOIN entries e ON e.account_id = c.account_id AND e.customer_id = c.id
WHERE c.entry_count <> coalesce(e.lines, 0) OR c.entry_count <> coalesce(e.last_line, 0)
UNION ALL
SELECT 'debts', d.account_id, d.id,
       format('%s of %s is settled, but by its entries %s of %s',
              d.settled, d.amount, coalesce(e.amount - e.open, 0), coalesce(e.amount, 0))
FROM debts d LEFT JOIN of_debts e ON e.account_id = d.account_id AND e.debt_id = d.id
WHERE d.amount IS DISTINCT FROM e.amount OR d.amount - d.settled IS DISTINCT FROM e.open
UNION ALL
SELECT 'customer_entries', account_id, id, format('it says %s, but the entries to it sum to %s', balance_after, balance)
FROM running WHERE balance_after <> balance
UNION ALL
SELECT 'gift_cards', c.account_id, c.id,
       format('it holds %s of %s after %s entries, but by its ledger %s of %s after %s',
              c.balance, c.amount, c.entry_count, coalesce(e.balance, 0), coalesce(e.amount, 0), coalesce(e.lines, 0))
FROM gift_cards c LEFT JOIN of_cards e ON e.account_id = c.account_id AND e.card_id = c.id
WHERE c.balance IS DISTINCT FROM e.balance OR c.amount IS DISTINCT FROM e.amount
   OR c.entry_count IS DISTINCT FROM e.lines OR c.entry_count IS DISTINCT FROM e.last_line
UNION ALL
SELECT 'gift_card_entries', account_id, id,
       format('it says %s, but the entries to it sum to %s', balance_after, balance)
FROM running_cards WHERE balance_after <> balance
ORDER BY 1, 2, 3
"""


_OF_ACCOUNT = """
SELECT * FROM ({}) AS found ("table", account_id, id, problem)
WHERE %(account)s::uuid IS NULL OR account_id = %(account)s::uuid ORDER BY 1, 2, 3
"""


def find_disagreements(*, using: str, account_id: UUID | None = None) -> Iterator[Finding]:
    """Every sale, line, refund, coupon, register, customer, debt and gift card that does not agree with its rows, in
    one account or all that the role sees."""
    with connections[using].cursor() as cursor:
        for statement in (_VERIFY, _VERIFY_ACCOUNTS):
            cursor.execute(_OF_ACCOUNT.format(statement.replace("%", "%%")), {"account": account_id})
            for table, owner_id, row, problem in cursor:
                yield Finding(table, problem, row, owner_id)
