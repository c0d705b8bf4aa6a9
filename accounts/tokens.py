"""JSON web tokens, by simplejwt: what one says of a user is a hint, and is checked against the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.errors import CredentialInvalid
from accounts.models import Session

SESSION_ACCOUNT_KEY = "account_id"
SESSION_ID_KEY = "session_id"


@dataclass(frozen=True)
class Credential:
    """Who a cookie or token says is asking, by which session. The account may be stale; it only saves a statement."""

    user_id: UUID
    account_id: UUID | None
    session_id: UUID
    refresh_id: UUID | None = None
    is_cookie: bool = False


def issue(session: Session) -> dict[str, str]:
    """An access token (15 minutes) and the session's one refresh token, which lives as long as an unused session."""
    refresh = RefreshToken()
    refresh.set_exp(lifetime=session.lifetime.idle)
    refresh["jti"] = str(session.refresh_id)
    refresh["user_id"] = str(session.user_id)
    refresh["account_id"] = str(session.account_id)
    refresh["session_id"] = str(session.pk)
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


def read_access(raw: str) -> Credential:
    return _read(AccessToken, raw)


def read_refresh(raw: str) -> Credential:
    return _read(RefreshToken, raw)


def _read(kind: type[Token], raw: str) -> Credential:
    """Raises CredentialInvalid for what is expired, forged, of the other kind or not a token."""
    try:
        claims: Mapping[str, Any] = kind(raw).payload  # type: ignore[arg-type]
        account_id = claims.get("account_id")
        return Credential(
            user_id=UUID(claims["user_id"]),
            account_id=UUID(account_id) if account_id else None,
            session_id=UUID(claims["session_id"]),
            refresh_id=UUID(claims["jti"]) if kind is RefreshToken else None,
        )
    except (TokenError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise CredentialInvalid from error
