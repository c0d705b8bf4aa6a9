"""What customers owe and have, and what is on gift cards, is made anew from their ledgers."""

from collections.abc import Collection, Mapping
from uuid import UUID

from accounts.services import Repair, repair_rows

# Two statements each: the second sees all that was committed while the first waited for its locks.
_LOCK_CUSTOMERS = """
SELECT id FROM customers WHERE account_id = %(account)s AND id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
# A ledger with a gap has lost a line, and does not tell what there is.
_REBUILD_CUSTOMERS = """
WITH ledger AS (
  SELECT customer_id, coalesce(sum(amount) FILTER (WHERE book = 'DEBT'), 0) AS debt,
         coalesce(sum(amount) FILTER (WHERE book = 'WALLET'), 0) AS wallet,
         count(*) AS lines, max(sequence) AS last_line
  FROM customer_entries WHERE account_id = %(account)s AND customer_id = ANY(%(ids)s::uuid[]) GROUP BY 1
), wanted AS (
  SELECT c.id, c.debt AS owed, c.wallet AS held, c.entry_count AS counted,
         coalesce(l.debt, 0) AS debt, coalesce(l.wallet, 0) AS wallet, coalesce(l.lines, 0) AS lines
  FROM customers c LEFT JOIN ledger l ON l.customer_id = c.id
  WHERE c.account_id = %(account)s AND c.id = ANY(%(ids)s::uuid[])
    AND coalesce(l.last_line = l.lines AND l.debt >= 0 AND l.wallet >= 0, true)
)
UPDATE customers c SET debt = w.debt, wallet = w.wallet, entry_count = w.lines FROM wanted w
WHERE c.account_id = %(account)s AND c.id = w.id AND (w.owed, w.held, w.counted) <> (w.debt, w.wallet, w.lines)
RETURNING c.id, json_build_object('debt', w.owed::text, 'wallet', w.held::text, 'entry_count', w.counted),
  json_build_object('debt', c.debt::text, 'wallet', c.wallet::text, 'entry_count', c.entry_count)
"""
# Whoever settles a debt has its customer.
_LOCK_DEBTORS = """
SELECT id FROM customers WHERE account_id = %(account)s AND id IN (
  SELECT customer_id FROM debts WHERE account_id = %(account)s AND id = ANY(%(ids)s::uuid[])
) ORDER BY id FOR NO KEY UPDATE
"""
_REBUILD_DEBTS = """
WITH ledger AS (
  SELECT debt_id, sum(amount) AS open, sum(amount) FILTER (WHERE kind = 'SOLD_ON_CREDIT') AS amount
  FROM customer_entries WHERE account_id = %(account)s AND debt_id = ANY(%(ids)s::uuid[]) GROUP BY 1
), wanted AS (
  SELECT d.id, d.settled AS held, l.amount - l.open AS settled
  FROM debts d JOIN ledger l ON l.debt_id = d.id
  WHERE d.account_id = %(account)s AND d.amount = l.amount AND l.open BETWEEN 0 AND l.amount
    AND (SELECT count(*) = max(e.sequence) FROM customer_entries e
         WHERE e.account_id = %(account)s AND e.customer_id = d.customer_id)
)
UPDATE debts d SET settled = w.settled FROM wanted w
WHERE d.account_id = %(account)s AND d.id = w.id AND w.held <> w.settled
RETURNING d.id, json_build_object('settled', w.held::text), json_build_object('settled', d.settled::text)
"""
_LOCK_CARDS = """
SELECT id FROM gift_cards WHERE account_id = %(account)s AND id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
_REBUILD_CARDS = """
WITH ledger AS (
  SELECT card_id, sum(amount) AS balance, sum(amount) FILTER (WHERE kind = 'SOLD') AS amount,
         count(*) AS lines, max(sequence) AS last_line
  FROM gift_card_entries WHERE account_id = %(account)s AND card_id = ANY(%(ids)s::uuid[]) GROUP BY 1
), wanted AS (
  SELECT c.id, c.balance AS held, c.entry_count AS counted, l.balance, l.lines
  FROM gift_cards c JOIN ledger l ON l.card_id = c.id
  WHERE c.account_id = %(account)s AND c.amount = l.amount AND l.last_line = l.lines AND l.balance >= 0
)
UPDATE gift_cards c SET balance = w.balance, entry_count = w.lines FROM wanted w
WHERE c.account_id = %(account)s AND c.id = w.id AND (w.held, w.counted) <> (w.balance, w.lines)
RETURNING c.id, json_build_object('balance', w.held::text, 'entry_count', w.counted),
  json_build_object('balance', c.balance::text, 'entry_count', c.entry_count)
"""


def rebuild_from_ledger(
    *, account_id: UUID, rows: Mapping[str, Collection[UUID]], is_trial: bool = False
) -> list[Repair]:
    """Bring these rows, by table, to what their ledgers say of them, where these say one thing; what was done."""
    ways = {
        "customers": (_LOCK_CUSTOMERS, _REBUILD_CUSTOMERS),
        "debts": (_LOCK_DEBTORS, _REBUILD_DEBTS),
        "gift_cards": (_LOCK_CARDS, _REBUILD_CARDS),
    }
    return repair_rows(account_id=account_id, rows=rows, ways=ways, is_trial=is_trial)
