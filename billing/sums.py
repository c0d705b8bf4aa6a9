"""Whether what is kept of credits is what their ledger tells, and the ledger itself hangs together."""

from collections.abc import Iterator
from uuid import UUID

from django.db import connections

from core.inspection import Finding

_VERIFY = """
WITH lines AS NOT MATERIALIZED (
  SELECT * FROM credit_transactions WHERE %(account)s::uuid IS NULL OR account_id = %(account)s::uuid
), running AS (
  SELECT *, sum(amount) OVER line AS balance, row_number() OVER line AS position
  FROM lines WINDOW line AS (PARTITION BY account_id ORDER BY sequence)
), sums AS (
  SELECT account_id, sum(amount) AS balance, count(*) AS entries, (array_agg(id ORDER BY sequence))[1] AS first_id
  FROM lines GROUP BY 1
), sources AS (
  SELECT account_id, source, source_id, sum(amount) AS amount, count(*) AS entries
  FROM lines WHERE source_id IS NOT NULL GROUP BY 1, 2, 3
)
SELECT 'credit_accounts', coalesce(c.account_id, s.account_id), coalesce(c.id, s.first_id), 0,
       format('has %%s in %%s lines, but the ledger sums to %%s in %%s', coalesce(c.balance, 0),
              coalesce(c.entry_count, 0), coalesce(s.balance, 0), coalesce(s.entries, 0))
FROM credit_accounts c FULL JOIN sums s ON s.account_id = c.account_id
WHERE (%(account)s::uuid IS NULL OR coalesce(c.account_id, s.account_id) = %(account)s::uuid)
  AND (coalesce(c.balance, 0), coalesce(c.entry_count, 0)) <> (coalesce(s.balance, 0), coalesce(s.entries, 0))
UNION ALL
SELECT 'credit_transactions', account_id, id, sequence,
       format('line %%s says %%s are left after it, not %%s', sequence, balance_after, balance)
FROM running WHERE balance <> balance_after OR position <> sequence
UNION ALL
SELECT 'credit_transactions', r.account_id, r.id, r.sequence,
       format('gives back %%s of a line of %%s', r.amount, l.amount)
FROM lines r JOIN credit_transactions l ON l.account_id = r.account_id AND l.id = r.refund_of_id
WHERE r.amount <> -l.amount OR l.kind <> 'SPENT' OR r.kind <> 'REFUNDED'
UNION ALL
SELECT 'credit_reservations', v.account_id, v.id, 0,
       format('is %%s, but %%s lines have paid it', v.state, coalesce(s.entries, 0))
FROM credit_reservations v
LEFT JOIN sources s ON s.account_id = v.account_id AND s.source_id = v.id AND s.source = 'creditreservation'
WHERE (%(account)s::uuid IS NULL OR v.account_id = %(account)s::uuid)
  AND coalesce(s.entries, 0) <> CASE WHEN v.state = 'COMMITTED' THEN 1 ELSE 0 END
UNION ALL
SELECT 'credit_purchases', p.account_id, p.id, 0,
       format('brought %%s credits by the ledger', coalesce(s.amount, 0))
FROM credit_purchases p
LEFT JOIN sources s ON s.account_id = p.account_id AND s.source_id = p.id AND s.source = 'creditpurchase'
WHERE (%(account)s::uuid IS NULL OR p.account_id = %(account)s::uuid)
  AND coalesce(s.amount, 0) <> CASE WHEN p.granted_at IS NOT NULL THEN p.credits
                                    WHEN p.taken_back_at IS NOT NULL THEN p.credits - p.taken_back ELSE 0 END
ORDER BY 2, 1, 4, 3
"""


def find_disagreements(*, using: str, account_id: UUID | None = None) -> Iterator[Finding]:
    """Every place where the ledger of credits and what is kept of it disagree, in one account or all that the role
    sees."""
    with connections[using].cursor() as cursor:
        cursor.execute(_VERIFY, {"account": account_id})
        for table, owner_id, row, _, problem in cursor:
            yield Finding(table, problem, row, owner_id)
