"""Registered tills, the PINs by which cashiers change on them, and by which a second person approves an act."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from accounts import mails, queries
from accounts.errors import DeviceUnknown, WrongPin
from accounts.models import Account, Device, Membership, Session, SessionKind
from accounts.services.history import change, record
from accounts.services.members import refuse_beyond
from accounts.services.passwords import confirm, hash_pin, matches
from accounts.services.pins import put_pin
from accounts.services.sessions import open_session
from core import limits, tenancy, vault


def add_device(*, by: Membership, name: str) -> Device:
    """Register a till. Its secret stands in `token`, and is not told again."""
    token = vault.mint(by.account_id)
    device: Device = by.account.devices.create(name=name, token_hash=vault.digest(token))
    device.token = token  # type: ignore[attr-defined]
    record(by=by, action="device.added", subject=device, after={"name": name})
    return device


def change_device(*, by: Membership, device: Device, **changes: Any) -> Device:
    """Change a locked device. Switched off, it ends the sessions that were begun on it."""
    change(by=by, row=device, changes=changes)
    if not device.is_active:
        by.account.sessions.filter(device=device).delete()
    return device


@contextmanager
def find_device(*, token: str) -> Iterator[Device]:
    """The registered till of this secret, in a transaction of its account. Raises DeviceUnknown."""
    account_id = vault.account_of(token)
    if account_id is None:
        raise DeviceUnknown
    with tenancy.scope(account_id):
        account = Account.across_accounts.first()
        device = account.devices.filter(token_hash=vault.digest(token), is_active=True).first() if account else None
        if device is None:
            raise DeviceUnknown
        device.account = account
        yield device


def change_pin(*, by: Membership, password: str, pin: str) -> None:
    """Set one's own. Raises WrongCredentials, WeakPin, TooManyTries."""
    confirm(by.user, password)
    put_pin(by=by, member=by, pin=hash_pin(pin))
    mails.tell_of_new_pin(by.user.email)


def remove_pin(*, by: Membership, member: Membership) -> Membership:
    """Take somebody's PIN away, and end what was begun by it. Raises CapabilityMissing for a role beyond one's own."""
    refuse_beyond(by, member.role)
    put_pin(by=by, member=member, pin="")
    return member


def sign_in_by_pin(
    *, device_token: str, member: UUID, pin: str, address: str = "", user_agent: str = "", request_id: str = ""
) -> tuple[Membership, Session]:
    """Open a member's session on a registered till. It is theirs alone, and does not work away from the till.

    Raises DeviceUnknown, TooManyTries, and WrongPin, after the same work, for whoever has none.
    """
    with find_device(token=device_token) as device:
        seat = _checked(device.account, member, pin, at=device.pk)
        identity = queries.identify(seat.user.pk, presumed_account_id=seat.account_id)
        if identity is None or identity.membership is None:
            raise WrongPin
        holder = identity.membership
        _refuse_changed(seat)
        holder.request_id = request_id
        session = open_session(by=holder, kind=SessionKind.PIN, device=device, address=address, user_agent=user_agent)
    return holder, session


def find_approver(*, by: Membership, member: UUID, pin: str) -> Membership:
    """The second person who lends their rights to the act at hand, with their places.

    Raises WrongPin, also for oneself; TooManyTries.
    """
    session: Session | None = by.session
    limits.hit("approver", by.account_id, by.pk)
    approver = _checked(by.account, member, pin, at=(session.device_id if session else None) or by.pk)
    if approver.pk == by.pk:
        raise WrongPin
    limits.forget("approver", by.account_id, by.pk)
    approver.location_ids = queries.places_of(approver)
    return approver


def dismiss_approver_elsewhere(*, by: Membership, location_id: UUID) -> None:
    """An approver lends rights at their own places: at any other, nobody has approved."""
    if by.approver and not by.approver.works_at(location_id):
        by.approver = None


def _refuse_changed(seat: Membership) -> None:
    """Raises WrongPin where the PIN that was right has been changed or taken away since."""
    if seat.account.memberships.locked().get(pk=seat.pk).pin != seat.pin:
        raise WrongPin


def _checked(account: Account, member_id: UUID, pin: str, *, at: UUID) -> Membership:
    """The active member with this PIN. Wrong tries lock the pair of member and place for a while."""
    limits.hit("pin", account.pk, member_id, at)
    limits.hit("pin_member", account.pk, member_id)
    found = account.memberships.filter(pk=member_id, is_active=True, user__is_active=True).select_related("user")
    member: Membership | None = found.first()
    if not matches(pin, member.pin if member else None) or member is None:
        raise WrongPin
    limits.forget("pin", account.pk, member_id, at)
    limits.forget("pin_member", account.pk, member_id)
    return member
