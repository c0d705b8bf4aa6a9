"""The phone's money of a sale that a till made offline: it counts once, wherever it is by the time the sale comes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import Membership
from billing import services as billing
from billing.errors import PaymentNotUsable
from billing.models import PaymentAttempt
from core.amounts import ZERO
from sales.errors import PaymentPending
from sales.models import IncomingTransfer, PaymentMethod, TransferCause, TransferState
from sales.objections import Objections
from sales.services import transfers


@dataclass(frozen=True)
class Means:
    """How a sale is paid, and on whose account it may draw."""

    payments: Sequence[Mapping[str, Any]]
    customer_id: UUID | None


def use_what_came(*, by: Membership, purpose: str, attempts: Collection[UUID]) -> dict[UUID, PaymentAttempt]:
    """Lock these attempts, and take the money of those for which it waits.

    Raises PaymentPending while one is open, PaymentNotUsable where the money of one is another sale's.
    """
    rows = by.account.payment_attempts.locked().filter(pk__in=attempts)
    found: dict[UUID, PaymentAttempt] = {row.pk: row for row in rows}
    if any(row.is_open for row in found.values()):
        raise PaymentPending
    if any(row.used_at for row in found.values()):
        raise PaymentNotUsable
    billing.use_payments(by=by, purpose=purpose, attempts=[row.pk for row in found.values() if row.is_waiting])
    return found


def find_money(
    *,
    by: Membership,
    payments: Sequence[Mapping[str, Any]],
    lacking: Collection[UUID],
    customer: UUID | None,
    objections: Objections,
) -> Means:
    """How a sale that has happened is paid where the money of these attempts does not wait for it.

    What waits in the inbox is the sale's. What was put on an account comes off that wallet again; what is there no
    more is owed. For money that has not come, the goods have gone all the same: it is the sale's when it comes. Notes
    PaymentNotUsable for what is owed, or has not come.
    """
    rows = by.account.incoming_transfers.locked().filter(mobile_payment__in=lacking)
    found: dict[UUID, IncomingTransfer] = {row.mobile_payment_id: row for row in rows}
    credited = {pk: row for pk, row in found.items() if row.state == TransferState.MATCHED}
    for pk in lacking:
        transfer = found.get(pk)
        if transfer and transfer.state == TransferState.WAITING and transfer.cause == TransferCause.LATE:
            transfers.use_transfer(by=by, transfer=transfer)
        elif pk not in credited:
            objections.note(PaymentNotUsable())
    owners = [row.customer_id for row in credited.values() if row.customer_id]
    if not owners:
        return Means(payments, customer)
    buyer = customer or owners[0]
    amount = sum((row.amount for row in credited.values()), ZERO)
    is_there = {*owners} == {buyer} and by.account.customers.filter(pk=buyer, wallet__gte=amount).exists()
    if not is_there:  # who spends some of it at this moment is seen when the wallet is locked: it is tried again
        objections.note(PaymentNotUsable())
    method = PaymentMethod.WALLET if is_there else PaymentMethod.CUSTOMER_CREDIT
    return Means([_drawn(each, method) if each.get("attempt") in credited else each for each in payments], buyer)


def _drawn(payment: Mapping[str, Any], method: PaymentMethod) -> dict[str, Any]:
    return {**payment, "method": method, "attempt": None}
