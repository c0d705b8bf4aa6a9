"""Where money comes in and goes out: a register, with the shift that is open there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Membership
from core import errors
from sales.errors import RegisterInactive, ShiftClosed, ShiftRequired
from sales.models import Register
from sales.objections import REFUSING, Objections
from subscriptions.checker import SubscriptionChecker
from subscriptions.errors import SubscriptionExpired


def find_drawer(*, by: Membership, register_id: UUID) -> Register:
    """The register, locked, and what is open there may take money: nobody opens or closes a shift there meanwhile.

    Raises what `lock_register` and `check_shift` raise.
    """
    register = lock_register(by=by, register_id=register_id)
    check_shift(by=by, shift_id=register.open_shift_id)
    return register


def lock_register(*, by: Membership, register_id: UUID) -> Register:
    """The register, locked. Raises InvalidInput for one that is unknown or where the member does not work,
    RegisterInactive."""
    register: Register | None = by.account.registers.open_to(by).filter(pk=register_id).locked().first()
    if register is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("register")])
    if not register.is_active:
        raise RegisterInactive
    return register


@dataclass(frozen=True)
class Turn:
    """The shift to which something belongs, if any, and whether it comes when that is closed."""

    shift_id: UUID | None
    is_late: bool = False


def find_turn(
    *,
    by: Membership,
    register_id: UUID,
    open_shift_id: UUID | None,
    opened_at: datetime | None = None,
    named: UUID | None = None,
    at: datetime | None = None,
    objections: Objections = REFUSING,
) -> Turn:
    """The shift of a locked register to which what happened `at` belongs: the open one, which was `opened_at` if that
    is known, or else the one that is named and was open then, for a till that was offline.

    Raises InvalidInput for a shift of elsewhere, ShiftClosed for one that was not open then, ShiftRequired, and
    SubscriptionExpired.
    """
    if named is None or named == open_shift_id:
        with objections.against(ShiftRequired, SubscriptionExpired):
            check_shift(by=by, shift_id=open_shift_id, opened_at=opened_at)
        return Turn(open_shift_id)
    # Asked when the register is locked, and not with it: a statement that waited would see the shift as it was before.
    shift = by.account.shifts.filter(pk=named, register=register_id).defer("z_report").first()
    if shift is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("shift")])
    if at is None or not shift.was_open_at(at):
        objections.note(ShiftClosed())
        return Turn(open_shift_id)
    with objections.against(SubscriptionExpired):
        check_shift(by=by, shift_id=shift.pk, opened_at=shift.opened_at)
    return Turn(shift.pk, is_late=True)


def check_shift(*, by: Membership, shift_id: UUID | None, opened_at: datetime | None = None) -> None:
    """Raises ShiftRequired where the business sells in shifts only, and none is open; in grace SubscriptionExpired,
    but for a shift that began before."""
    checker = SubscriptionChecker(by.account)
    since = checker.grace_began_at
    if since:
        if shift_id and opened_at is None:
            opened_at = by.account.shifts.values_list("opened_at", flat=True).get(pk=shift_id)
        if opened_at is None or opened_at >= since:
            raise SubscriptionExpired(state=checker.state, feature="sales")
    if shift_id is None and by.account.is_shift_required:
        raise ShiftRequired
