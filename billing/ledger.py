"""The one way in which credits come and go: a line in the ledger and the balance, together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Membership
from billing.errors import InsufficientCreditsError
from billing.models import CreditAccount, CreditKind, CreditTransaction
from core.errors import IdempotencyKeyReused
from system import services as system

# Whoever writes holds this row. Only a statement that begins afterwards sees what the one before has promised.
_LOCK = "SELECT balance FROM credit_accounts WHERE account_id = %(account)s FOR NO KEY UPDATE"
_HELD = """
SELECT coalesce(sum(credits), 0)::bigint FROM credit_reservations
WHERE account_id = %(account)s AND state = 'OPEN' AND expires_at > %(now)s
"""
_CHANGE = f"""
UPDATE credit_accounts SET balance = balance + %(amount)s, entry_count = entry_count + 1
WHERE account_id = %(account)s
  AND (%(amount)s > 0 OR balance + %(amount)s >= CASE WHEN %(heeds)s THEN ({_HELD}) ELSE 0 END)
RETURNING balance, entry_count
"""


@dataclass(frozen=True)
class Balance:
    """What there is, what of it is promised to reservations that have not run out, and what is left to be spent."""

    balance: int
    reserved: int

    @property
    def available(self) -> int:
        return max(self.balance - self.reserved, 0)

    @property
    def is_low(self) -> bool:
        return bool(self.balance < settings.CREDITS_LOW)


@dataclass(frozen=True)
class Entry:
    """A signed number of credits, and what the line says of it. One that does not heed promises takes from them."""

    kind: CreditKind
    amount: int
    key: str = ""
    heeds_promises: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)

    def made(self, line: CreditTransaction) -> CreditTransaction:
        """The line, which has this entry's key. Raises IdempotencyKeyReused where it is about something else; what an
        operation costs, or a plan gives, may have changed since."""
        operation = self.facts.get("operation", "")
        is_same = (line.kind, line.operation, line.units) == (self.kind, operation, self.facts.get("units"))
        has_price = bool(operation) or self.kind == CreditKind.GRANTED
        if not is_same or not (has_price or line.amount == self.amount):
            raise IdempotencyKeyReused
        return line


def read_balance(account: Account, *, now: datetime) -> Balance:
    """As it is at this moment; reservations that have run out promise nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"account": account.pk, "now": now})
        reserved: int = cursor.fetchone()[0]
    found = CreditAccount.across_accounts.filter(account=account).values_list("balance", flat=True).first()
    return Balance(found or 0, reserved)


def lock_balance(account: Account) -> int:
    """What there is; nobody else changes it, or promises any of it, before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"account": account.pk})
        row = cursor.fetchone()
    return row[0] if row else 0


def post(entry: Entry, *, account: Account, by: Membership | None) -> CreditTransaction:
    """Write an entry and its effect, or find the line that its key has made before. The balance stays locked.

    Raises InsufficientCreditsError where that many are not available, and IdempotencyKeyReused for a key that has paid
    for something else.
    """
    if entry.amount > 0:
        CreditAccount.across_accounts.bulk_create([CreditAccount(account_id=account.pk)], ignore_conflicts=True)
    lock_balance(account)
    earlier: CreditTransaction | None = account.credit_transactions.filter(key=entry.key).first() if entry.key else None
    if earlier:
        return entry.made(earlier)
    now = timezone.now()
    balance, sequence = _change(entry, account, now)
    line = CreditTransaction(
        account=account,
        sequence=sequence,
        kind=entry.kind,
        amount=entry.amount,
        balance_after=balance,
        key=entry.key,
        by=by,
        occurred_at=now,
        **entry.facts,
    )
    line.save(force_insert=True)
    _tell_low(line)
    return line


def _change(entry: Entry, account: Account, now: datetime) -> tuple[int, int]:
    asked: dict[str, Any] = {"account": account.pk, "amount": entry.amount, "heeds": entry.heeds_promises, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE, asked)
        row: tuple[int, int] | None = cursor.fetchone()
    if row is None:
        raise InsufficientCreditsError(required=-entry.amount, available=read_balance(account, now=now).available)
    return row


def _tell_low(line: CreditTransaction) -> None:
    """Once per fall below what is low: the line that crossed it."""
    if not line.balance_after < settings.CREDITS_LOW <= line.balance_after - line.amount:
        return
    system.notify(
        account=line.account,
        kind="credits.low",
        key=str(line.pk),
        title="Few credits are left",
        text=f"{line.balance_after} credits are left. Buy more before the assistants stop.",
        by=line.by,
    )
