"""Secrets at rest: sealed where we need them back, digested where we only compare."""

import base64
import hashlib
import secrets
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
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


def _box() -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_stretched(key))) for key in settings.SEALING_KEYS])


def _stretched(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"makola.vault").derive(key.encode())
