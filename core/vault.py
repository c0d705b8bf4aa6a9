"""Secrets at rest: sealed where we need them back, digested where we only compare."""

import base64
import hashlib
import secrets
from contextlib import suppress
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_RANDOM_BYTES = 24


def seal(text: str) -> str:
    """Encrypt under the first of `SEALING_KEYS`."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str, *, seconds: int | None = None) -> str:
    """Decrypt under whichever of `SEALING_KEYS` it was sealed. Raises ValueError where none fits, or it is older."""
    try:
        return _box().decrypt(sealed.encode(), ttl=seconds).decode()
    except InvalidToken as error:
        raise ValueError("This was sealed under a key that SEALING_KEYS no longer lists, or too long ago.") from error


def is_fresh(sealed: str) -> bool:
    """Whether this was sealed under the first of `SEALING_KEYS`, the one in use."""
    try:
        _fernet(settings.SEALING_KEYS[0]).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def is_readable(sealed: str) -> bool:
    """Whether one of `SEALING_KEYS` unseals this."""
    try:
        unseal(sealed)
    except ValueError:
        return False
    return True


def digest(secret: str) -> str:
    """What is stored of a secret that is long and random enough to need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def mint(account_id: UUID) -> str:
    """A random secret that says whose it is, so that its digest is looked for in one account only."""
    return base64.urlsafe_b64encode(account_id.bytes + secrets.token_bytes(_RANDOM_BYTES)).decode().rstrip("=")


def account_of(secret: str) -> UUID | None:
    """The account that minted the secret, if it is one; whether it is genuine, only the digest can tell."""
    try:
        raw = base64.b64decode(secret + "=" * (-len(secret) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return UUID(bytes=raw[:16]) if len(raw) == 16 + _RANDOM_BYTES else None


def seal_ids(purpose: str, *ids: UUID) -> str:
    """A token that nobody can guess, or make out of another, and that is the same each time: 16 bytes and the ids."""
    sealed = _siv(settings.SEALING_KEYS[0]).encrypt(b"".join(each.bytes for each in ids), [purpose.encode()])
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal_ids(purpose: str, token: str) -> tuple[UUID, ...]:
    """The ids in a token for this purpose, sealed under whichever of `SEALING_KEYS`. Raises ValueError for any other
    text."""
    raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    for key in settings.SEALING_KEYS:
        with suppress(InvalidTag):
            found = _siv(key).decrypt(raw, [purpose.encode()])
            return tuple(UUID(bytes=found[at : at + 16]) for at in range(0, len(found), 16))
    raise ValueError("This is no token that we gave.")


def _siv(key: str) -> AESSIV:
    return AESSIV(_stretched(key, length=64, info=b"makola.vault.ids"))


def _box() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in settings.SEALING_KEYS])


def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_stretched(key)))


def _stretched(key: str, *, length: int = 32, info: bytes = b"makola.vault") -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key.encode())
