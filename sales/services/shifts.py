"""A shift: opened with a float, handed over by a count, closed blind, and sealed with its Z report."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import queries as people
from accounts import services as accounts
from accounts.errors import CapabilityMissing
from accounts.models import Membership
from accounts.roles import Capability
from core import errors
from core.amounts import ZERO
from sales import shift_report
from sales.errors import ShiftClosed, ShiftOpen
from sales.models import HandOver, Register, Shift
from sales.objections import REFUSING, Objections
from sales.services import drawers, rights

SEALED = [
    *("closed_at", "closed_by", "denominations", "counted", "expected", "z_number", "z_report"),
    "version",
]


def open_shift(
    *,
    by: Membership,
    register: UUID,
    opening_float: Decimal = ZERO,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    opened_at: datetime | None = None,
    objections: Objections = REFUSING,
) -> Shift:
    """Begin a shift at a register, with what lies in its drawer.

    Raises InvalidInput for a register that is unknown or elsewhere, RegisterInactive, ShiftOpen, CapabilityMissing for
    a day long past.
    """
    drawer = drawers.lock_register(by=by, register_id=register, objections=objections)
    accounts.dismiss_approver_elsewhere(by=by, location_id=drawer.storefront_id)
    if drawer.open_shift_id:
        raise ShiftOpen
    now = timezone.now()
    with objections.against(CapabilityMissing):
        rights.check_moment(by, "opened_at", opened_at, now=now)
    shift: Shift = by.account.shifts.create(
        id=id or uuid7(), register=drawer, opening_float=opening_float, opened_by=by, opened_at=opened_at or now
    )
    _set_open(drawer, shift)
    accounts.record(by=by, action="shift.opened", subject=shift, after={"float": by.account.show_money(opening_float)})
    return shift


def hand_over_shift(
    *,
    by: Membership,
    shift: Shift,
    counted: Decimal,
    to: UUID | None = None,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    occurred_at: datetime | None = None,
    objections: Objections = REFUSING,
) -> Shift:
    """Let another member, whoever asks unless told, go on in a locked shift with what they counted. What was expected
    is noted and not told, for the shift is closed blind. What happened while it was open changes no Z report.

    Raises InvalidInput for a member who could not work there, ShiftClosed.
    """
    drawer = lock_drawer(by, shift)
    now = timezone.now()
    if shift.closed_at and not (objections.has_happened and shift.was_open_at(occurred_at or now)):
        objections.note(ShiftClosed())
    with objections.against(CapabilityMissing):
        rights.check_moment(by, "occurred_at", occurred_at, now=now)
    expected = shift_report.expected_cash(shift, until=occurred_at)
    last = shift.hand_overs.order_by("occurred_at", "id").last()
    note: HandOver = shift.hand_overs.create(
        account=by.account,
        id=id or uuid7(),
        given_by_id=last.taken_by_id if last else shift.opened_by_id,
        taken_by=_find_taker(by, drawer, to),
        counted=counted,
        expected=expected,
        occurred_at=occurred_at or now,
        recorded_at=now,
    )
    told = {
        "to": note.taken_by_id,
        "counted": by.account.show_money(counted),
        "expected": by.account.show_money(expected),
    }
    accounts.record(by=by, action="shift.handed_over", subject=shift, after=told)
    return shift


def close_shift(
    *,
    by: Membership,
    shift: Shift,
    denominations: Sequence[Mapping[str, Any]],
    closed_at: datetime | None = None,
    objections: Objections = REFUSING,
) -> Shift:
    """End a locked shift with what was counted, by kind of note and coin, and draw up its Z report, which nothing
    changes any more. Raises ShiftClosed, InvalidInput for a time before it was opened."""
    drawer = lock_drawer(by, shift)
    if shift.closed_at:
        raise ShiftClosed
    now = timezone.now()
    with objections.against(CapabilityMissing):
        rights.check_moment(by, "closed_at", closed_at, now=now)
    if closed_at and closed_at < shift.opened_at:
        before = errors.FieldError("closed_at", "before_opening", "That is before the shift was opened.")
        raise errors.InvalidInput(errors=[before])
    shift.closed_at, shift.closed_by = closed_at or max(now, shift.opened_at), by
    shift.denominations = as_counted(by, denominations)
    shift.counted = sum((kind["value"] * kind["count"] for kind in denominations), ZERO)
    shift.expected = shift_report.expected_cash(shift)
    drawer.last_z_number += 1
    shift.z_number, shift.version = drawer.last_z_number, shift.version + 1
    shift.z_report = _z_report(by, drawer, shift)
    shift.save(update_fields=SEALED)
    _set_open(drawer, None)
    told = {
        "z_number": shift.z_number,
        "counted": by.account.show_money(shift.counted),
        "expected": by.account.show_money(shift.expected),
    }
    accounts.record(by=by, action="shift.closed", subject=shift, after=told)
    return shift


def as_counted(by: Membership, denominations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A count by kind of note and coin, as it is kept."""
    return [{"value": by.account.show_money(kind["value"]), "count": kind["count"]} for kind in denominations]


def _z_report(by: Membership, drawer: Register, shift: Shift) -> dict[str, Any]:
    exponent = by.account.currency_exponent
    closing = {
        "z_number": shift.z_number,
        "shift": shift.pk,
        "register": drawer.pk,
        "register_code": drawer.code,
        "currency": by.account.currency,
        "closed_at": shift.closed_at,
        "closed_by": by.pk,
        "denominations": shift.denominations,
        "counted": shift.counted,
        "difference": shift.difference,
    }
    return {**shift_report.draw_up(shift, exponent=exponent), **shift_report.as_text(closing, exponent)}


def lock_drawer(by: Membership, shift: Shift) -> Register:
    """The register of a locked shift, locked, also when it is switched off. Raises NotFound where the member does not
    work there."""
    register: Register = by.account.registers.locked().get(pk=shift.register_id)
    if not by.works_at(register.storefront_id):
        raise errors.NotFound
    accounts.dismiss_approver_elsewhere(by=by, location_id=register.storefront_id)
    return register


def _set_open(drawer: Register, shift: Shift | None) -> None:
    drawer.open_shift_id = shift.pk if shift else None
    drawer.save(update_fields=["open_shift_id", "last_z_number"])


def _find_taker(by: Membership, drawer: Register, to: UUID | None) -> Membership:
    if to is None:
        return by
    taker: Membership | None = by.account.memberships.filter(pk=to, is_active=True).first()
    if taker:
        taker.location_ids = people.places_of(taker)
    if taker is None or not taker.may(Capability.SHIFT_WORK) or not taker.works_at(drawer.storefront_id):
        raise errors.InvalidInput(errors=[errors.unknown_reference("to")])
    return taker
