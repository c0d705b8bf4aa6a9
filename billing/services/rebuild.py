"""The balance of credits is made anew from its ledger."""

from collections.abc import Collection, Mapping
from uuid import UUID

from accounts.services import Repair, repair_rows

# Two statements: the second sees all that was committed while the first waited for its locks.
_LOCK = """
SELECT id FROM credit_accounts WHERE account_id = %(account)s AND id = ANY(%(ids)s::uuid[]) FOR NO KEY UPDATE
"""
# A ledger with a gap has lost a line, and does not tell what there is.
_REBUILD = """
WITH ledger AS (
  SELECT sum(amount) AS balance, count(*) AS lines, max(sequence) AS last_line
  FROM credit_transactions WHERE account_id = %(account)s
), wanted AS (
  SELECT c.id, c.balance AS held, c.entry_count AS counted, coalesce(l.balance, 0) AS balance, l.lines
  FROM credit_accounts c CROSS JOIN ledger l
  WHERE c.account_id = %(account)s AND c.id = ANY(%(ids)s::uuid[])
    AND coalesce(l.last_line = l.lines AND l.balance >= 0, true)
)
UPDATE credit_accounts c SET balance = w.balance, entry_count = w.lines FROM wanted w
WHERE c.account_id = %(account)s AND c.id = w.id AND (w.held, w.counted) <> (w.balance, w.lines)
RETURNING c.id, json_build_object('balance', w.held, 'entry_count', w.counted),
  json_build_object('balance', c.balance, 'entry_count', c.entry_count)
"""


def rebuild_from_ledger(
    *, account_id: UUID, rows: Mapping[str, Collection[UUID]], is_trial: bool = False
) -> list[Repair]:
    """Bring the balance to what its ledger says, where it says one thing; what was done."""
    return repair_rows(account_id=account_id, rows=rows, ways={"credit_accounts": (_LOCK, _REBUILD)}, is_trial=is_trial)
