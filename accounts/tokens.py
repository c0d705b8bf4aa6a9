"""JSON web tokens, by simplejwt: what one says of a user is a hint, and is checked against the database."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import compare_digest
from typing import Any
from uuid import UUID

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.errors import CredentialInvalid
from accounts.models import User

SESSION_ACCOUNT_KEY = "account_id"


@dataclass(frozen=True)
class Credential:
    """Who a session or token says is asking. `fingerprint` changes with the password, the account may be stale."""

    user_id: UUID
    account_id: UUID | None
    fingerprint: str
    is_session: bool = False


def issue(user: User) -> dict[str, str]:
    """A refresh token (14 days) and an access token (15 minutes)."""
    refresh = RefreshToken()
    refresh["user_id"] = str(user.pk)
    refresh["account_id"] = str(user.account_id)
    refresh["fingerprint"] = fingerprint(user)
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


def read_access(raw: str) -> Credential:
    return _read(AccessToken, raw)


def read_refresh(raw: str) -> Credential:
    return _read(RefreshToken, raw)


def fingerprint(user: User) -> str:
    """Different after every change of the password, so that a change revokes what was issued before it."""
    return hashlib.sha256(user.get_session_auth_hash().encode()).hexdigest()[:24]


def holds(credential: Credential, user: User) -> bool:
    """Whether the credential was issued under the user's present password."""
    expected = user.get_session_auth_hash() if credential.is_session else fingerprint(user)
    return compare_digest(credential.fingerprint.encode(), expected.encode())


def _read(kind: type[Token], raw: str) -> Credential:
    """Raises CredentialInvalid for what is expired, forged, of the other kind or not a token."""
    try:
        claims: Mapping[str, Any] = kind(raw).payload  # type: ignore[arg-type]
        account_id = claims.get("account_id")
        return Credential(
            user_id=UUID(claims["user_id"]),
            account_id=UUID(account_id) if account_id else None,
            fingerprint=str(claims["fingerprint"]),
        )
    except (TokenError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise CredentialInvalid from error
