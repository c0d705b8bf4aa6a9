"""Where money comes in and goes out: a register, with the shift that is open there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.models import Membership
from core import clock, errors
from sales.errors import RegisterInactive, ShiftClosed, ShiftRequired
from sales.models import Register
from sales.objections import REFUSING, Objections
from subscriptions.checker import SubscriptionChecker
from subscriptions.errors import SubscriptionExpired
from subscriptions.policy import Feature


def find_drawer(*, by: Membership, register_id: UUID) -> Register:
    """The register, locked, and what is open there may take money: nobody opens or closes a shift there meanwhile.

    Raises what `lock_register` and `check_shift` raise.
    """
    register = lock_register(by=by, register_id=register_id)
    check_shift(by=by, shift_id=register.open_shift_id)
    return register


def lock_register(*, by: Membership, register_id: UUID, objections: Objections = REFUSING) -> Register:
    """The register, locked. Raises InvalidInput for one that is unknown or where the member does not work,
    RegisterInactive."""
    register: Register | None = by.account.registers.open_to(by).filter(pk=register_id).locked().first()
    if register is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("register")])
    if not register.is_active:
        objections.note(RegisterInactive())
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

    Raises InvalidInput for a shift of elsewhere, ShiftClosed for one that was not open then, ShiftRequired, and what
    `check_covered` raises.
    """
    happened_at = at if objections.has_happened else None
    if named is None or named == open_shift_id:
        with objections.against(ShiftRequired):
            check_shift(by=by, shift_id=open_shift_id, opened_at=opened_at, happened_at=happened_at)
        return Turn(open_shift_id)
    # Asked when the register is locked, and not with it: a statement that waited would see the shift as it was before.
    shift = by.account.shifts.filter(pk=named, register=register_id).defer("z_report").first()
    if shift is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("shift")])
    if at is None or not shift.was_open_at(at):
        objections.note(ShiftClosed())
        check_covered(by=by, happened_at=happened_at, shift_id=open_shift_id)
        return Turn(open_shift_id)
    check_covered(by=by, happened_at=happened_at, shift_id=shift.pk, opened_at=shift.opened_at)
    return Turn(shift.pk, is_late=True)


def check_shift(
    *, by: Membership, shift_id: UUID | None, opened_at: datetime | None = None, happened_at: datetime | None = None
) -> None:
    """Raises ShiftRequired where the business sells in shifts and none is open, and what `check_covered` raises."""
    check_covered(by=by, happened_at=happened_at, shift_id=shift_id, opened_at=opened_at)
    if shift_id is None and by.account.is_shift_required:
        raise ShiftRequired


def check_running(*, by: Membership, shift_id: UUID | None) -> None:
    """Raises SubscriptionExpired where the subscription has run out, but for what belongs to a shift that is still open
    and began before."""
    if SubscriptionChecker(by.account).is_paid(Feature.SALES):
        return
    is_running = shift_id and by.account.shifts.filter(pk=shift_id, closed_at__isnull=True).exists()
    check_covered(by=by, shift_id=shift_id if is_running else None)


def check_covered(
    *,
    by: Membership,
    happened_at: datetime | None = None,
    shift_id: UUID | None = None,
    opened_at: datetime | None = None,
) -> None:
    """Raises SubscriptionExpired for what the subscription does not cover: in grace all but a shift that began before.

    What a till that was offline did is judged by when it happened; but where the subscription has run out meanwhile,
    not by what a till could not explain.
    """
    account, checker = by.account, SubscriptionChecker(by.account)
    if checker.is_paid(Feature.SALES):
        return
    now = timezone.now()
    if shift_id and opened_at is None:
        opened_at = account.shifts.values_list("opened_at", flat=True).get(pk=shift_id)
    at = happened_at or now
    is_covered = checker.was_covered(Feature.SALES, at=at, began_at=opened_at)
    if not is_covered or clock.is_late(at, now=now):
        raise SubscriptionExpired(state=checker.state, feature=Feature.SALES)
