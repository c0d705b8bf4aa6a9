"""Passwords changed and reset, addresses verified. The tokens are Django's: signed, and of use once."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.utils import timezone

from accounts import mails, queries
from accounts.errors import LinkInvalid
from accounts.models import Membership, User, canonical_email
from accounts.models.session import fingerprint_of
from accounts.services.history import record
from accounts.services.passwords import confirm, set_password
from accounts.services.pins import put_pin
from accounts.services.sessions import end_sessions
from core import limits


class VerificationTokens(PasswordResetTokenGenerator):
    """Of use until the address is verified."""

    key_salt = "accounts.verify-email"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}{user.email}{user.email_verified_at}{timestamp}"


class ResetTokens(PasswordResetTokenGenerator):
    """Of use until the password changes, and for `PASSWORD_RESET_TIMEOUT` seconds."""

    key_salt = "accounts.reset-password"


_verification, _reset = VerificationTokens(), ResetTokens()


def change_password(*, by: Membership, old_password: str, password: str) -> None:
    """Change one's own, and end all other sessions. Raises WrongCredentials, WeakPassword, TooManyTries."""
    user = User.across_accounts.select_for_update(no_key=True).get(pk=by.user.pk)
    confirm(user, old_password)
    _put_password(by=by, user=user, password=password)


def request_verification(*, email: str, address: str) -> None:
    """Mail a new link to who is here and not verified; nobody else can tell. Raises TooManyTries."""
    user, is_here = _addressee(email, address, purpose="verification")
    token = _bound(user, _verification)
    if is_here and not user.email_verified_at:
        mails.ask_to_verify(user.email, token)


def send_verification(user: User) -> None:
    mails.ask_to_verify(user.email, _bound(user, _verification))


def verify_login(*, token: str, password: str) -> None:
    """Take the address of a login that is here as its owner's. Raises LinkInvalid, WrongCredentials, TooManyTries."""
    with _holder_of(token, _verification) as by:
        confirm(by.user, password)
        _verify(by.user)
        record(by=by, action="email.verified", subject=by.user)


def request_reset(*, email: str, address: str) -> None:
    """Mail a link to who is here; nobody else can tell. Raises TooManyTries."""
    user, is_here = _addressee(email, address, purpose="reset")
    token = _bound(user, _reset)
    if is_here and user.is_active:
        mails.offer_reset(user.email, token)


def confirm_reset(*, token: str, password: str, address: str = "") -> None:
    """Set a new password, and end every session and the PIN: whoever knew the old one may have set that.

    The link came by mail, so the address is verified too; and from there its owner can sign in, however often others
    are trying.

    Raises LinkInvalid, WeakPassword.
    """
    with _holder_of(token, _reset) as by:
        _put_password(by=by, user=by.user, password=password)
        _verify(by.user)
        put_pin(by=by, member=by, pin="")
    limits.remember("known_address", by.user.email, address)


def _put_password(*, by: Membership, user: User, password: str) -> None:
    set_password(user, password)
    user.save(update_fields=["password"])
    end_sessions(by=by, user_id=user.pk, keep=by.session)
    if by.session:
        by.account.sessions.filter(pk=by.session.pk).update(fingerprint=fingerprint_of(user))
    record(by=by, action="password.changed", subject=user)
    mails.tell_of_new_password(user.email)


def _verify(user: User) -> None:
    user.email_verified_at = user.email_verified_at or timezone.now()
    user.save(update_fields=["email_verified_at"])


def _addressee(email: str, address: str, *, purpose: str) -> tuple[User, bool]:
    """Whose address it is, and whether that is somebody: for nobody the same work is done."""
    email = canonical_email(email)
    limits.hit("mail_address", address)
    # By purpose: who asks for one kind of mail in another's name must not keep them from the others.
    limits.hit("mail", purpose, email)
    with transaction.atomic():
        user = queries.find_login(email)
    return user or User(email=email), user is not None


def _bound(user: User, generator: PasswordResetTokenGenerator) -> str:
    return f"{user.pk.hex}-{generator.make_token(user)}"


@contextmanager
def _holder_of(token: str, generator: PasswordResetTokenGenerator) -> Iterator[Membership]:
    """The seat of the locked user to whom the link was mailed, in a transaction of their account."""
    name, _, proof = token.partition("-")
    try:
        user_id = UUID(hex=name)
    except ValueError:
        raise LinkInvalid from None
    with transaction.atomic():
        identity = queries.identify(user_id)
        if identity is None or identity.membership is None:
            raise LinkInvalid
        user = User.across_accounts.select_for_update(no_key=True).get(pk=user_id)
        if not (user.is_active and generator.check_token(user, proof)):
            raise LinkInvalid
        identity.membership.user = user
        yield identity.membership
