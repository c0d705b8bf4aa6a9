"""The platform's staff: they act on a business only when they name it, and leave a line in its history each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from accounts import mails
from accounts.errors import AlreadyMember, SecondFactorRequired, StaffOnly
from accounts.models import Account, Membership, Session, SessionKind, User, canonical_email
from accounts.roles import Capability, Role
from accounts.services import mfa
from accounts.services.credentials import request_reset
from accounts.services.history import change, record
from accounts.services.members import add_member, check_room, refuse_beyond, seat
from accounts.services.sessions import end_sessions, sign_in
from core import errors, limits, tenancy

PLATFORM_ACCOUNT = {"name": "Makola", "country": "GH", "currency": "GHS", "time_zone": "UTC"}
_HELD = ("account__subscription__plan", "account__subscription__next_plan")  # what is asked of every request


def add_staff(*, email: str, name: str, password: str, role: Role) -> tuple[Membership, str]:
    """A person of the platform's staff, and the `otpauth:` address of the second factor, which is in force at once.

    The first one brings the platform's own account about. Raises WeakPassword; the constraint `one_user_per_email`
    refuses who is here already.
    """
    with open_platform() as account:
        member = add_member(account=account, name=name, email=email, password=password, role=role, is_verified=True)
        record(by=member, action="staff.added", subject=member, after={"role": role})
        return member, mfa.put_totp(by=member, user=member.user)


def renew_staff_mfa(*, email: str) -> str:
    """A new second factor for a person of the platform's staff, by its `otpauth:` address. Ends their sessions.

    Raises NotFound.
    """
    with _staff(email) as member:
        end_sessions(by=member, user_id=member.user.pk)
        return mfa.put_totp(by=member, user=member.user)


def remove_staff(*, email: str) -> None:
    """Close the seat of a person of the platform's staff, and end their sessions. Raises NotFound."""
    with _staff(email) as member:
        change(by=member, row=member, changes={"is_active": False})
        end_sessions(by=member, user_id=member.user.pk)


@contextmanager
def _staff(email: str) -> Iterator[Membership]:
    """The locked seat of this person, in a transaction of the platform's account."""
    account_id = _platform_id()
    if account_id is None:
        raise errors.NotFound
    with tenancy.scope(account_id):
        account: Any = Account.across_accounts.get()
        member = account.memberships.locked().filter(user__email=canonical_email(email)).first()
        if member is None:
            raise errors.NotFound
        yield member


@contextmanager
def open_platform() -> Iterator[Account]:
    """The platform's own account, which begins with whoever needs it first, in a transaction of it."""
    account_id = _platform_id() or uuid7()
    with tenancy.scope(account_id):
        accounts: Any = Account.across_accounts
        yield accounts.first() or accounts.create(id=account_id, is_platform=True, **PLATFORM_ACCOUNT)


def _platform_id() -> UUID | None:
    platform = Account.across_accounts.using(tenancy.STAFF).filter(is_platform=True)
    return platform.values_list("pk", flat=True).first()


def is_on_duty(*, by: Membership) -> bool:
    """Whether this is one of the platform's staff, signed in by cookie with a second factor."""
    session = by.session
    if session is None or not session.is_verified or session.kind != SessionKind.COOKIE:
        return False
    return by.account.is_platform and by.may(Capability.PLATFORM_READ)


def sign_in_staff(**credentials: Any) -> tuple[Membership, Session]:
    """As `sign_in`, to the console. Raises StaffOnly, too, and then leaves no session behind."""
    with transaction.atomic():
        member, session = sign_in(kind=SessionKind.COOKIE, **credentials)
        if not is_on_duty(by=member):
            raise StaffOnly
    return member, session


def act_for(*, by: Membership, account_id: UUID, method: str, path: str) -> Membership:
    """The seat in which a member of staff sits in this business for one request; the transaction is turned to it.

    That they came is on record whatever becomes of the request. Raises NotFound for who is not staff as for a business
    that does not exist, SecondFactorRequired.
    """
    if not (by.account.is_platform and by.may(Capability.PLATFORM_READ)):
        raise errors.NotFound
    if not (by.session and by.session.is_verified):
        raise SecondFactorRequired
    with tenancy.scope(account_id, using=limits.OUTSIDE):
        account: Any = Account.across_accounts.using(limits.OUTSIDE).filter(is_platform=False).first()
        if account is None:
            raise errors.NotFound
        seats = Membership.across_accounts.using(limits.OUTSIDE)
        visitor, _ = seats.get_or_create(
            account_id=account_id, staff_id=by.user_id, defaults={"name": f"{by.name} (Makola)", "role": by.role}
        )
        visitor.request_id = by.request_id
        after = {"method": method, "path": path}
        record(by=visitor, action="staff.requested", subject=account, after=after, using=limits.OUTSIDE)
    tenancy.enter(account_id)
    member: Membership = Membership.across_accounts.select_related(*_HELD).get(pk=visitor.pk)
    member.role, member.request_id = by.role, by.request_id
    return member


def seat_orphan(*, by: Membership, user: User, role: str) -> Membership:
    """Give a person of the business a seat who has none. Raises CapabilityMissing for a role of the platform's,
    AlreadyMember, LimitReached.
    """
    refuse_beyond(by, role)
    if by.account.memberships.filter(user=user, is_active=True).exists():
        raise AlreadyMember
    check_room(by=by)
    member = seat(account=by.account, user=user, name=user.name, role=role)
    record(by=by, action="membership.added", subject=member, after={"role": role})
    return member


def offer_reset(*, by: Membership, user: User, address: str) -> None:
    """Mail a person of the business a link to a new password. Raises TooManyTries."""
    request_reset(email=user.email, address=address)
    record(by=by, action="password.reset_offered", subject=user)


def take_mfa(*, by: Membership, user: User) -> None:
    """Take a person's second factor away, who has lost it, and end their sessions. They are told by mail.

    Raises MfaNotBegun.
    """
    mfa.drop_totp(by=by, user=user)
    end_sessions(by=by, user_id=user.pk)
    mails.tell_of_removed_mfa(user.email)
