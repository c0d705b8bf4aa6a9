"""Signing in, staying signed in, and no longer."""

from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import queries
from accounts.errors import (
    CredentialInvalid,
    EmailNotVerified,
    NoBusiness,
    RefreshReused,
    SecondFactorRequired,
    WrongCredentials,
)
from accounts.models import Device, Membership, Session, SessionKind, User, canonical_email
from accounts.models.session import LIFETIMES, fingerprint_of
from accounts.services import mfa
from accounts.services.history import record
from accounts.services.passwords import matches
from accounts.tokens import Credential
from core import limits, tenancy, vault


def sign_in(
    *,
    kind: SessionKind,
    email: str,
    password: str,
    code: str = "",
    address: str = "",
    user_agent: str = "",
    request_id: str = "",
    replaces: Membership | None = None,
) -> tuple[Membership, Session]:
    """A session for these credentials, in place of the one in which the browser was somebody's, and whose it is.

    Raises WrongCredentials, after the same work for an address that is unknown; TooManyTries; and only to who has the
    password EmailNotVerified, NoBusiness, SecondFactorRequired and WrongCode.
    """
    email = canonical_email(email)
    count_try(email, address)
    user = verify_password(email=email, password=password)
    with transaction.atomic():
        if replaces and replaces.session:
            with tenancy.scope(replaces.account_id):
                end_session(by=replaces, session=replaces.session)
        identity = queries.identify(user.pk, presumed_account_id=user.account_id)
        if identity is None or identity.membership is None or not identity.membership.is_active:
            raise NoBusiness
        user = _unchanged(user)
        identity.membership.user = user
        if settings.ACCOUNT_EMAIL_VERIFICATION == "required" and not user.email_verified_at:
            raise EmailNotVerified
        if user.has_mfa:
            if not code:
                raise SecondFactorRequired
            mfa.verify(user=user, code=code, address=address)
        member = identity.membership
        member.request_id = request_id
        session = open_session(
            by=member,
            kind=kind,
            is_verified=user.has_mfa,
            address=address,
            user_agent=user_agent,
        )
    limits.forget("login", email, address)
    limits.remember("known_address", email, address)
    return member, session


def count_try(email: str, address: str) -> None:
    """Count a try to sign in. Raises TooManyTries.

    However often strangers try an account, who has signed in to it from an address before can from there.
    """
    limits.hit("login_address", address)
    limits.hit("login", email, address)
    if not limits.remembers("known_address", email, address):
        limits.hit("login_account", email)


def verify_password(*, email: str, password: str) -> User:
    """The active user of these credentials. Raises WrongCredentials, after the same work whatever was wrong."""
    with transaction.atomic():
        user = queries.find_login(email)
    if not matches(password, user.password if user else None) or user is None or not user.is_active:
        raise WrongCredentials
    return user


def _unchanged(user: User) -> User:
    """The user, locked. Raises WrongCredentials where the password that was right is that no more."""
    locked = User.across_accounts.select_for_update(no_key=True).get(pk=user.pk)
    if locked.password != user.password or not locked.is_active:
        raise WrongCredentials
    return locked


def open_session(
    *,
    by: Membership,
    kind: SessionKind,
    device: Device | None = None,
    is_verified: bool = False,
    address: str = "",
    user_agent: str = "",
) -> Session:
    """A session of this member, who has proved to be the one. Raises NoBusiness where the seat is closed meanwhile."""
    # Locked: who closes the seat at the same instant comes first, and is seen here, or after us, and ends this session.
    if by.account.memberships.locked().filter(pk=by.pk, is_active=True).first() is None:
        raise NoBusiness
    now = timezone.now()
    session = Session(
        id=uuid7(),
        account=by.account,
        user=by.user,
        kind=kind,
        device=device,
        is_verified=is_verified,
        fingerprint=fingerprint_of(by.user),
        refresh_id=None if kind == SessionKind.COOKIE else uuid4(),
        address=address,
        user_agent=user_agent[:200],
        created_at=now,
        last_seen_at=now,
        expires_at=now + LIFETIMES[kind].absolute,
    )
    session.save(force_insert=True)
    by.session = session
    record(by=by, action="session.opened", subject=session, after={"kind": kind})
    return session


def refresh_session(*, credential: Credential, device_token: str = "") -> Session:
    """The session with its next refresh token.

    Raises CredentialInvalid, and RefreshReused for a token that was used before: then somebody has a copy, and the
    session ends for both.
    """
    with transaction.atomic():
        identity, session = queries.recognise(credential)
        refuse_other_device(session, device_token)
        session.refresh_id, session.last_seen_at = uuid4(), timezone.now()
        mine = identity.account.sessions.filter(pk=session.pk, refresh_id=credential.refresh_id)
        is_current = mine.update(refresh_id=session.refresh_id, last_seen_at=session.last_seen_at)
        if not is_current:
            transaction.set_rollback(True)  # whoever came second has locked the row, which is now ended from outside
    if not is_current:
        _end_reused(identity.membership, session)
        raise RefreshReused
    return session


def _end_reused(by: Membership | None, session: Session) -> None:
    # Outside of the request's transaction, which the refusal undoes.
    with tenancy.scope(session.account_id, using=limits.OUTSIDE):
        ended, _ = session.account.sessions.using(limits.OUTSIDE).filter(pk=session.pk).delete()
        if by and ended:
            record(by=by, action="session.reused", subject=session, using=limits.OUTSIDE)


def refuse_other_device(session: Session, device_token: str) -> None:
    """Raises CredentialInvalid for a session begun by PIN that has left its device."""
    if not session.is_by_pin:
        return
    device = session.device
    if device is None or not device.is_active or device.token_hash != vault.digest(device_token):
        raise CredentialInvalid


def revoke_refresh(*, credential: Credential) -> None:
    """End the session of a refresh token. Raises CredentialInvalid."""
    with transaction.atomic():
        identity, session = queries.recognise(credential)
        if identity.membership:
            end_session(by=identity.membership, session=session)


def touch_session(*, session: Session) -> None:
    """Note that the session is in use, unless another request has. A transaction of its own: none waits for it."""
    with tenancy.scope(session.account_id):
        mine = session.account.sessions.filter(pk=session.pk, last_seen_at=session.last_seen_at)
        mine.update(last_seen_at=timezone.now())


def end_session(*, by: Membership, session: Session) -> None:
    """End one session, with every token that came of it."""
    by.account.sessions.filter(pk=session.pk).delete()
    record(by=by, action="session.ended", subject=session)
    by.session = None  # it may be the one that acts


def end_sessions(*, by: Membership, user_id: UUID, keep: Session | None = None) -> None:
    """End all sessions of a user, but for the one to keep."""
    doomed = by.account.sessions.filter(user_id=user_id)
    ended, _ = (doomed.exclude(pk=keep.pk) if keep else doomed).delete()
    subject = by.account.memberships.get(user_id=user_id)
    record(by=by, action="sessions.ended", subject=subject, after={"count": ended})
