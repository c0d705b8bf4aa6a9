"""DRF's authentication repeats what the middleware found; it decides nothing again."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, rotate_token
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import tokens
from accounts.errors import CsrfFailed
from accounts.models import Membership, Session


class AccountAuthentication(BaseAuthentication):
    """Raises what was wrong with the credential, and enforces CSRF where it came by cookie."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        asked: Any = request._request
        if asked.refusal:
            raise asked.refusal
        if asked.credential is None:
            return None
        if asked.credential.is_cookie:
            enforce_csrf(asked)
        return asked.user, asked.credential

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: Any, reason: str) -> HttpResponse:
        raise CsrfFailed


def enforce_csrf(request: Any) -> None:
    """Raises CsrfFailed unless the request is safe or bears the token in its header."""
    # Only the header counts: to look for a form field would read a body that the parser has yet to judge.
    request._post, request._files = {}, {}
    check = _CsrfCheck(lambda _: HttpResponse())
    check.process_request(request)
    check.process_view(request, lambda *_: HttpResponse(), (), {})


def seat_before(request: Any) -> Membership | None:
    """Whose the browser's cookie is until somebody signs in anew."""
    member: Membership | None = request.membership
    return member if request.credential and request.credential.is_cookie else None


def remember(request: Any, session: Session) -> None:
    """Let a new cookie of the browser's stand for this session; whoever has a copy of the old one has nothing."""
    request.session.flush()
    request.session[SESSION_KEY] = str(session.user_id)
    request.session[tokens.SESSION_ACCOUNT_KEY] = str(session.account_id)
    request.session[tokens.SESSION_ID_KEY] = str(session.pk)
    rotate_token(request)
