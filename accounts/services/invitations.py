"""Invitations: a seat offered by mail, for one address in one business, once, for seven days."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts import mails, queries
from accounts.errors import (
    AlreadyInBusiness,
    AlreadyMember,
    InvitationClosed,
    InvitationUnknown,
    SecondFactorRequired,
    WrongCredentials,
)
from accounts.models import Account, Invitation, Membership, User
from accounts.roles import Role
from accounts.services import mfa
from accounts.services.history import record
from accounts.services.members import add_member, check_room, find_places, may_offer, place, refuse_beyond, seat
from accounts.services.passwords import matches
from accounts.services.sessions import count_try
from core import limits, tenancy, vault

LIFETIME = timedelta(days=7)


def invite(
    *, by: Membership, email: str, role: str, name: str = "", locations: Sequence[UUID] | None = None
) -> Invitation:
    """Offer a seat; `locations` limit it to places.

    Whether the person is known elsewhere is nobody's business before they accept. Raises CapabilityMissing for a role
    beyond one's own, AlreadyMember, InvalidInput for an unknown place, LimitReached, TooManyTries; the constraint
    refuses a second.
    """
    refuse_beyond(by, role)
    if by.account.memberships.filter(user__email=email, is_active=True).exists():
        raise AlreadyMember
    find_places(by=by, locations=locations or ())
    check_room(by=by)  # when it is accepted, it is asked again
    invitation = Invitation(
        account_id=by.account_id,
        email=email,
        name=name,
        role=role,
        is_limited=locations is not None,
        location_ids=list(locations or ()),
        invited_by=by,
    )
    _send(by=by, invitation=invitation)
    invitation.save(force_insert=True)
    record(by=by, action="invitation.sent", subject=invitation, after={"role": role})
    return invitation


def resend_invitation(*, by: Membership, invitation: Invitation) -> Invitation:
    """Mail a new link for seven more days; the old one is dead.

    Raises InvitationClosed, CapabilityMissing, TooManyTries.
    """
    _refuse_closed(invitation)
    refuse_beyond(by, invitation.role)
    _send(by=by, invitation=invitation)
    invitation.invited_by = by
    invitation.save(update_fields=["token_hash", "expires_at", "invited_by"])
    record(by=by, action="invitation.sent_again", subject=invitation)
    return invitation


def revoke_invitation(*, by: Membership, invitation: Invitation) -> Invitation:
    """Withdraw a locked invitation. Raises InvitationClosed, CapabilityMissing for a role beyond one's own."""
    _refuse_closed(invitation)
    refuse_beyond(by, invitation.role)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    record(by=by, action="invitation.revoked", subject=invitation)
    return invitation


@contextmanager
def find_invitation(*, token: str) -> Iterator[Invitation]:
    """The open invitation of this token, locked, in a transaction of its account. Raises InvitationUnknown."""
    account_id = vault.account_of(token)
    if account_id is None:
        raise InvitationUnknown
    with tenancy.scope(account_id):
        account = Account.across_accounts.first()
        rows = account.invitations.locked().filter(token_hash=vault.digest(token)) if account else ()
        invitation = next(iter(rows), None)
        if invitation is None or invitation.state_at(timezone.now()) != "OPEN":
            raise InvitationUnknown
        if not may_offer(invitation.invited_by, invitation.role):
            raise InvitationUnknown  # who has lost the right has offered nothing
        invitation.account = account
        yield invitation


def accept_invitation(*, token: str, name: str, password: str, code: str = "", address: str = "") -> Membership:
    """Take the seat.

    A stranger chooses a password; who has a login, gives its own, and moves here with all sessions ended. Raises
    InvitationUnknown, WeakPassword, WrongCredentials, WrongCode, AlreadyInBusiness for who has a seat elsewhere, and
    LimitReached.
    """
    with find_invitation(token=token) as invitation:
        account = invitation.account
        invitation.invited_by.account = account
        check_room(by=invitation.invited_by)
        user = queries.find_login(invitation.email)
        if user is None:
            member = add_member(
                account=account,
                name=name,
                email=invitation.email,
                password=password,
                role=Role(invitation.role),
                is_limited=invitation.is_limited,
                is_verified=True,
            )
        else:
            user = _proven(user, password=password, code=code, address=address)
            member = _take_seat(user, invitation)
        member.account = account
        known = account.locations.filter(pk__in=invitation.location_ids)
        place(by=member, member=member, locations=[location.pk for location in known])
        invitation.accepted_at, invitation.member = timezone.now(), member
        invitation.save(update_fields=["accepted_at", "member"])
        record(by=member, action="invitation.accepted", subject=invitation, after={"role": member.role})
    return member


def _send(*, by: Membership, invitation: Invitation) -> None:
    limits.hit("mail", "invitation", by.account_id, invitation.email)
    limits.hit("invitation", by.account_id)
    token = vault.mint(by.account_id)
    invitation.token_hash, invitation.expires_at = vault.digest(token), timezone.now() + LIFETIME
    mails.invite(invitation.email, business=by.account.name, role=invitation.role, token=token)


def _refuse_closed(invitation: Invitation) -> None:
    if not invitation.is_open:
        raise InvitationClosed


def _proven(user: User, *, password: str, code: str, address: str) -> User:
    """The user, once password and second factor were right."""
    count_try(user.email, address)
    if not matches(password, user.password) or not user.is_active:
        raise WrongCredentials
    limits.forget("login", user.email, address)
    compared, user = user.password, _locked(user)
    if user.password != compared or not user.is_active:  # changed, or erased, meanwhile
        raise WrongCredentials
    if user.has_mfa:
        if not code:
            raise SecondFactorRequired
        with tenancy.scope(user.account_id):
            mfa.verify(user=user, code=code, address=address)
    return user


def _locked(user: User) -> User:
    """The user as they are now, wherever that is, and free to come over."""
    tenancy.reveal("app.user_id", str(user.pk))
    tenancy.reveal("app.moving_user", str(user.pk))
    return User.across_accounts.select_for_update(no_key=True).get(pk=user.pk)


def _take_seat(user: User, invitation: Invitation) -> Membership:
    account = invitation.account
    if user.account_id != account.pk:
        _leave_old_account(user)
        tenancy.enter(account.pk)
        user.account = account
        user.save(update_fields=["account"])
    elif account.memberships.filter(user=user, is_active=True).exists():
        raise AlreadyMember
    return seat(account=account, user=user, name=user.name, role=invitation.role, is_limited=invitation.is_limited)


def _leave_old_account(user: User) -> None:
    """Take a user, whose seat there is closed, out of it: seat and history stay, sessions end."""
    tenancy.enter(user.account_id)
    old: Account = Account.across_accounts.get(pk=user.account_id)
    member: Membership | None = old.memberships.locked().filter(user=user).first()
    if member and member.is_active:
        raise AlreadyInBusiness
    old.sessions.filter(user=user).delete()
    if member:
        member.user = None
        member.save(update_fields=["user"])
        record(by=member, action="membership.left_empty", subject=member)
