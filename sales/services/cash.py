"""Cash that is moved by hand: paid in, paid out, or dropped into the safe."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.errors import CapabilityMissing
from accounts.models import Membership
from accounts.roles import Capability
from core.amounts import ZERO
from sales import shift_report
from sales.errors import DrawerShort, ShiftClosed
from sales.models import CashEvent, CashEventKind, Shift
from sales.objections import REFUSING, Objections
from sales.services import rights, shifts


def move_cash(
    *,
    by: Membership,
    shift: Shift,
    kind: str,
    amount: Decimal,
    reason: str,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    occurred_at: datetime | None = None,
    objections: Objections = REFUSING,
) -> CashEvent:
    """Put cash into the drawer of a locked shift, or take some out. For a closed shift it is noted as late, if it
    happened while that was open.

    Raises CapabilityMissing, ShiftClosed, DrawerShort where more would leave than ought to be there.
    """
    shifts.lock_drawer(by, shift)
    now = timezone.now()
    with objections.against(CapabilityMissing):
        rights.check_right(by, Capability.CASH_MOVE)
    with objections.against(CapabilityMissing):
        rights.check_moment(by, "occurred_at", occurred_at, now=now)
    occurred_at = occurred_at or now
    if shift.closed_at and not shift.was_open_at(occurred_at):
        objections.note(ShiftClosed())
    signed = amount if kind == CashEventKind.PAID_IN else -amount
    if signed < ZERO and not shift.closed_at and shift_report.expected_cash(shift) + signed < ZERO:
        objections.note(DrawerShort())
    event: CashEvent = shift.cash_events.create(
        account=by.account,
        id=id or uuid7(),
        is_late=shift.closed_at is not None,
        kind=kind,
        amount=signed,
        reason=reason,
        by=by,
        occurred_at=occurred_at,
        recorded_at=now,
    )
    moved = {"kind": kind, "amount": by.account.show_money(amount)}
    accounts.record(by=by, action="shift.cash_moved", subject=shift, after=moved)
    return event
