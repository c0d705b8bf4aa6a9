"""The second factor: time-based codes (RFC 6238) and recovery codes. The secret is sealed; each code works once."""

import secrets
from base64 import b32encode
from urllib.parse import quote, urlencode

from django.utils import timezone
from django_otp.oath import TOTP

from accounts import mails
from accounts.errors import MfaAlreadyOn, MfaNotBegun, WrongCode
from accounts.models import Membership, User
from accounts.services.history import record
from accounts.services.passwords import confirm
from core import limits, vault

KEY_BYTES = 20
RECOVERY_CODES = 10
TOLERANCE = 1  # steps of 30 seconds that a phone's clock may be off
ISSUER = "Makola"


def begin_totp(*, by: Membership, password: str) -> str:
    """A new secret, to be confirmed by a first code: its `otpauth:` address.

    Asks for the password, or who has stolen a session could lock its owner out. Raises WrongCredentials, TooManyTries,
    MfaAlreadyOn.
    """
    user = _locked(by.user)
    confirm(user, password)
    if user.has_mfa:
        raise MfaAlreadyOn
    key = secrets.token_bytes(KEY_BYTES)
    user.totp_key = vault.seal(key.hex())
    user.save(update_fields=["totp_key"])
    return address_of(user, key)


def address_of(user: User, key: bytes) -> str:
    """What an authenticator reads from the QR code."""
    query = urlencode({"secret": b32encode(key).decode(), "issuer": ISSUER})
    return f"otpauth://totp/{ISSUER}:{quote(user.email)}?{query}"


def confirm_totp(*, by: Membership, code: str) -> list[str]:
    """Put the second factor in force. Returns the recovery codes, told once. Raises MfaNotBegun, WrongCode."""
    user = _locked(by.user)
    if user.has_mfa:
        raise MfaAlreadyOn
    if not user.totp_key:
        raise MfaNotBegun
    _verify_locked(user, code, _address_of(by))
    user.totp_confirmed_at = timezone.now()
    codes = _renew_recovery_codes(user)
    user.save(update_fields=["totp_confirmed_at", "recovery_codes"])
    if by.session:
        by.account.sessions.filter(pk=by.session.pk).update(is_verified=True)
    record(by=by, action="mfa.added", subject=user)
    mails.tell_of_new_mfa(user.email)
    return codes


def change_recovery_codes(*, by: Membership, code: str) -> list[str]:
    """New recovery codes instead of the old ones. Raises MfaNotBegun, WrongCode."""
    user = _locked(by.user)
    if not user.has_mfa:
        raise MfaNotBegun
    _verify_locked(user, code, _address_of(by))
    codes = _renew_recovery_codes(user)
    user.save(update_fields=["recovery_codes"])
    record(by=by, action="mfa.recovery_codes_changed", subject=user)
    return codes


def remove_mfa(*, by: Membership, code: str) -> None:
    """Do without the second factor. Raises MfaNotBegun, WrongCode."""
    user = _locked(by.user)
    if not user.has_mfa:
        raise MfaNotBegun
    _verify_locked(user, code, _address_of(by))
    drop_totp(by=by, user=user)


def drop_totp(*, by: Membership, user: User) -> None:
    """Take a user's second factor away. Raises MfaNotBegun."""
    user = _locked(user)
    if not user.has_mfa:
        raise MfaNotBegun
    user.totp_key, user.totp_confirmed_at, user.totp_step, user.recovery_codes = "", None, 0, ""
    user.save(update_fields=["totp_key", "totp_confirmed_at", "totp_step", "recovery_codes"])
    record(by=by, action="mfa.removed", subject=user)


def put_totp(*, by: Membership, user: User) -> str:
    """A new second factor, in force at once: its `otpauth:` address, for who is told it on the spot."""
    user, key = _locked(user), secrets.token_bytes(KEY_BYTES)
    user.totp_key, user.totp_confirmed_at, user.totp_step = vault.seal(key.hex()), timezone.now(), 0
    user.recovery_codes = ""
    user.save(update_fields=["totp_key", "totp_confirmed_at", "totp_step", "recovery_codes"])
    record(by=by, action="mfa.added", subject=user)
    return address_of(user, key)


def verify(*, user: User, code: str, address: str) -> None:
    """Use up a code of the authenticator, or a recovery code. Raises WrongCode, TooManyTries."""
    _verify_locked(_locked(user), code, address)


def _address_of(by: Membership) -> str:
    return by.session.address if by.session else ""


def _locked(user: User) -> User:
    return User.across_accounts.select_for_update(no_key=True).get(pk=user.pk)


def _verify_locked(user: User, code: str, address: str) -> None:
    # By address too: whoever has the password must not keep its owner out by giving wrong codes elsewhere.
    limits.hit("second_factor", user.pk, address)
    limits.hit("second_factor_user", user.pk)
    code = code.replace(" ", "").replace("-", "").lower()
    if not (_takes_totp(user, code) or _takes_recovery_code(user, code)):
        raise WrongCode
    user.save(update_fields=["totp_step", "recovery_codes"])
    limits.forget("second_factor", user.pk, address)


def _takes_totp(user: User, code: str) -> bool:
    if not (user.totp_key and code.isascii() and code.isdigit() and len(code) == 6):
        return False
    clock = TOTP(bytes.fromhex(vault.unseal(user.totp_key)))
    clock.time = timezone.now().timestamp()
    if not clock.verify(int(code), tolerance=TOLERANCE, min_t=user.totp_step + 1):
        return False
    user.totp_step = clock.t()
    return True


def _takes_recovery_code(user: User, code: str) -> bool:
    kept = user.recovery_codes.split()
    if vault.digest(code) not in kept:
        return False
    kept.remove(vault.digest(code))
    user.recovery_codes = "\n".join(kept)
    return True


def _renew_recovery_codes(user: User) -> list[str]:
    codes = [secrets.token_hex(8) for _ in range(RECOVERY_CODES)]
    user.recovery_codes = "\n".join(map(vault.digest, codes))
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]
