"""Money that comes in at a drawer, whatever it is for: what is handed over, the change, and the rows that say so."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts import services as accounts
from accounts.models import Membership
from core.amounts import ZERO, show_money
from sales.errors import PaymentShort, PaymentTooMuch
from sales.models import Payment, PaymentMethod, Register
from sales.services import drawers
from sales.services.drawers import Turn


def open_drawer(*, by: Membership, register_id: UUID) -> Register:
    """The register, locked; who does not work there approves nothing. Raises what `find_drawer` raises."""
    drawer = drawers.find_drawer(by=by, register_id=register_id)
    accounts.dismiss_approver_elsewhere(by=by, location_id=drawer.storefront_id)
    return drawer


def sum_of(payments: Sequence[Mapping[str, Any]], *methods: str) -> Decimal:
    """What is paid by these methods; without one, by all."""
    return sum((each["amount"] for each in payments if not methods or each["method"] in methods), ZERO)


def change_of(payments: Sequence[Mapping[str, Any]], *, due: Decimal, exponent: int) -> Decimal:
    """What goes back of what is handed over. Raises PaymentShort, and PaymentTooMuch where it is more than the cash."""
    change = sum_of(payments) - due
    if change < 0:
        raise PaymentShort(total=show_money(due, exponent))
    cash = sum_of(payments, PaymentMethod.CASH)
    if change > cash:
        raise PaymentTooMuch(excess=show_money(change - cash, exponent))
    return change


def less_change(
    payments: Sequence[Mapping[str, Any]], change: Decimal
) -> Iterator[tuple[Mapping[str, Any], Decimal, Decimal]]:
    """Each payment with what it settles and what goes back of it: the change comes off the cash."""
    for payment in payments:
        is_cash = payment["method"] == PaymentMethod.CASH
        given_back = min(change, payment["amount"]) if is_cash and change else ZERO
        change -= given_back
        yield payment, payment["amount"] - given_back, given_back


def take(
    *,
    by: Membership,
    drawer: Register,
    payments: Sequence[Mapping[str, Any]],
    paid_at: datetime,
    change: Decimal = ZERO,
    turn: Turn | None = None,
    id: UUID | None = None,  # noqa: A002 - of the first payment
    **purpose: Any,
) -> list[Payment]:
    """Write down what came into the drawer for something else than a sale, or with a minus went out of it: in the shift
    that is open there, unless it was another one's turn."""
    turn = turn or Turn(drawer.open_shift_id)
    rows = [
        Payment(
            account_id=by.account_id,
            register=drawer,
            shift_id=turn.shift_id,
            is_late=turn.is_late,
            method=payment["method"],
            amount=amount,
            tendered=payment["amount"],
            reference=payment.get("reference", ""),
            paid_at=paid_at,
            **purpose,
        )
        for payment, amount, _ in less_change(payments, change)
    ]
    if id:
        rows[0].pk = id
    Payment.across_accounts.bulk_create(rows)
    return rows
