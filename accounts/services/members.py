"""The people of a business: their seats, roles and places. There is always an owner."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import roles
from accounts.errors import CapabilityMissing, LastOwner, OwnAffair, SeatEmpty
from accounts.models import Account, Membership, User, canonical_email
from accounts.roles import Capability, Role
from accounts.services.history import change, record
from accounts.services.passwords import set_password
from accounts.services.sessions import end_sessions
from core import errors


def add_member(
    *,
    account: Account,
    name: str,
    email: str,
    password: str,
    role: Role,
    is_limited: bool = False,
    is_verified: bool = False,
) -> Membership:
    """A new person with a seat. Raises WeakPassword."""
    user = User(account=account, email=canonical_email(email), name=name)
    if is_verified:
        user.email_verified_at = timezone.now()
    set_password(user, password)
    user.save(force_insert=True)
    return seat(account=account, user=user, name=name, role=role, is_limited=is_limited)


def seat(*, account: Account, user: User, name: str, role: str, is_limited: bool = False) -> Membership:
    """Give a user of the account a seat in it; the one that a leaver left empty is taken again."""
    member: Membership | None = account.memberships.filter(user=user).locked().first()
    if member is None:
        return account.memberships.create(user=user, name=name, role=role, is_limited=is_limited)
    member.role, member.is_limited, member.is_active, member.version = role, is_limited, True, member.version + 1
    member.save(update_fields=["role", "is_limited", "is_active", "version"])
    return member


def change_member(
    *,
    by: Membership,
    member: Membership,
    role: str | None = None,
    name: str | None = None,
    locations: Sequence[UUID] | None = None,
    is_limited: bool | None = None,
) -> Membership:
    """Change role, name and places of a locked member, the account being locked before.

    `locations` are the places of a limited member. Raises CapabilityMissing for a role beyond one's own, LastOwner,
    InvalidInput for an unknown place.
    """
    refuse_beyond(by, member.role)
    if role is not None and role != member.role:
        refuse_beyond(by, role)
        _keep_an_owner(member)
    wanted = {"role": role, "name": name, "is_limited": is_limited}
    changes = {field: value for field, value in wanted.items() if value is not None}
    if locations is not None:
        place(by=by, member=member, locations=locations)
        changes.setdefault("is_limited", True)
    change(by=by, row=member, changes=changes)
    return member


def place(*, by: Membership, member: Membership, locations: Sequence[UUID]) -> None:
    """Let a member work at these places. Raises InvalidInput for one that is not this account's."""
    known = find_places(by=by, locations=locations)
    before = set(member.location_members.values_list("location_id", flat=True))
    member.location_members.exclude(location_id__in=known).delete()
    for location_id in sorted(known - before):
        member.location_members.create(account_id=member.account_id, location_id=location_id)
    if known != before:
        record(
            by=by,
            action="membership.placed",
            subject=member,
            before={"locations": sorted(map(str, before))},
            after={"locations": sorted(map(str, known))},
        )


def find_places(*, by: Membership, locations: Sequence[UUID]) -> set[UUID]:
    """These places of the business. Raises InvalidInput for one that is not this account's."""
    known = set(by.account.locations.filter(pk__in=locations).values_list("pk", flat=True))
    unknown = [errors.unknown_reference(f"locations.{i}") for i, pk in enumerate(locations) if pk not in known]
    if unknown:
        raise errors.InvalidInput(errors=unknown)
    return known


def check_room(*, by: Membership) -> None:
    """Raises LimitReached where the plan covers no more people. Plans live on a higher floor, and are asked by name."""
    import_string(settings.LIMITS)(by=by, resource="users")


def deactivate_member(*, by: Membership, member: Membership) -> Membership:
    """Close a locked member's seat and end their sessions. Raises CapabilityMissing, LastOwner."""
    refuse_beyond(by, member.role)
    _close_seat(by=by, member=member)
    return member


def leave_business(*, by: Membership) -> None:
    """Close one's own seat. Raises LastOwner."""
    lock_account(by.account)
    _close_seat(by=by, member=by.account.memberships.locked().get(pk=by.pk))


def reactivate_member(*, by: Membership, member: Membership) -> Membership:
    """Open a locked member's seat again.

    Raises SeatEmpty for who has moved on or is erased, CapabilityMissing, LimitReached.
    """
    refuse_beyond(by, member.role)
    if member.user is None or not member.user.is_active:
        raise SeatEmpty
    if not member.is_active:
        check_room(by=by)
    change(by=by, row=member, changes={"is_active": True})
    return member


def hand_over_business(*, by: Membership, member: Membership) -> Membership:
    """Make a locked member an owner in one's own place.

    Raises SeatEmpty for an inactive one, OwnAffair to staff, CapabilityMissing.
    """
    if by.staff_id:
        raise OwnAffair
    refuse_beyond(by, Role.OWNER)
    if not member.is_active:
        raise SeatEmpty
    if member.pk != by.pk:
        change(by=by, row=member, changes={"role": Role.OWNER, "is_limited": False})
        change(by=by, row=by.account.memberships.locked().get(pk=by.pk), changes={"role": Role.ADMIN})
    return member


def lock_account(account: Account) -> None:
    """Make the account's changes of people wait for one another: first in the order of locks."""
    Account.across_accounts.filter(pk=account.pk).locked().get()


def refuse_beyond(by: Membership, role: str) -> None:
    """Raises CapabilityMissing for a role that holds a right which the acting member does not."""
    if not may_offer(by, role):
        raise CapabilityMissing(capability=Capability.OWNER_CHANGE)


def may_offer(by: Membership, role: str) -> bool:
    return role not in roles.PLATFORM and roles.CAPABILITIES[Role(role)] <= by.capabilities


def _close_seat(*, by: Membership, member: Membership) -> None:
    _keep_an_owner(member)
    change(by=by, row=member, changes={"is_active": False})
    if member.user_id:
        end_sessions(by=by, user_id=member.user_id)


def _keep_an_owner(member: Membership) -> None:
    owners: Any = member.account.memberships.filter(role=Role.OWNER, is_active=True, staff=None)
    if member.role == Role.OWNER and not owners.exclude(pk=member.pk).exists():
        raise LastOwner
