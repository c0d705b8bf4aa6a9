"""Credits added, spent and refunded."""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Account, Membership
from billing import costs, ledger
from billing.errors import CreditsRefunded, NotSpent
from billing.ledger import Entry
from billing.models import CreditKind, CreditTransaction


def spend_credits(
    *,
    by: Membership | None,
    account: Account,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    operation: str | None = None,
    amount: int | None = None,
    credits: int | None = None,  # noqa: A002
    key: str = "",
) -> CreditTransaction:
    """Pay what so much of an operation costs today, or so many credits in place of its price; with a key, once.

    Raises OperationUnknown, AmountInvalid, ModuleDisabled where the operation's module is off, IdempotencyKeyReused,
    and InsufficientCreditsError.
    """
    price = costs.price(account, operation=operation, amount=amount, credits=credits)
    facts = {"id": id or uuid7(), "operation": price.operation, "units": amount}
    line = ledger.post(Entry(CreditKind.SPENT, -price.credits, key, facts=facts), account=account, by=by)
    return _recorded(line, by)


def add_credits(
    *,
    by: Membership | None,
    account: Account,
    credits: int,  # noqa: A002
    reason: str = "",
    key: str = "",
) -> CreditTransaction:
    """Give so many, for a reason; with a key, once. Raises AmountInvalid, IdempotencyKeyReused."""
    entry = Entry(CreditKind.ADDED, costs.whole(credits), key, facts={"reason": reason})
    return _recorded(ledger.post(entry, account=account, by=by), by)


def refund_credits(*, by: Membership | None, line: CreditTransaction, reason: str = "") -> CreditTransaction:
    """Give back, once, what was spent. Raises NotSpent, CreditsRefunded."""
    if line.kind != CreditKind.SPENT:
        raise NotSpent
    ledger.lock_balance(line.account)
    if line.refunds.exists():
        raise CreditsRefunded
    facts: dict[str, Any] = {"refund_of": line, "operation": line.operation, "units": line.units, "reason": reason}
    return _recorded(
        ledger.post(Entry(CreditKind.REFUNDED, -line.amount, facts=facts), account=line.account, by=by), by
    )


def _recorded(line: CreditTransaction, by: Membership | None) -> CreditTransaction:
    """With a line in the history of whoever did it; what the product does by itself stands in the ledger alone."""
    if by is not None:
        after = {"kind": line.kind, "amount": line.amount, "operation": line.operation}
        accounts.record(by=by, action="credits.moved", subject=line, after=after)
    return line
