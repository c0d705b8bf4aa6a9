"""Who is asking is found here, once; all that follows reads `request.user`, `.membership` and `.account`."""

from collections.abc import Callable
from http.cookies import Morsel
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError, transaction
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.utils import timezone

from accounts import queries, services, tokens
from accounts.errors import CredentialInvalid, CredentialsDisagree
from accounts.models import Membership
from accounts.tokens import Credential
from core.api import failures, fields, requests
from core.errors import BodyTooLarge, DomainError, NotFound

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class AccountContextMiddleware:
    """Opens the request's transaction in the account of whoever asks, and undoes it when the answer is a refusal.

    A credential that does not hold is not an error here but `request.refusal`: views for everybody do not mind it, all
    others raise it (authentication.py).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.user, request.membership, request.account = AnonymousUser(), None, None
        request.credential, request.session_row, request.refusal = None, None, None
        response = self._answer(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def _answer(self, request: Any) -> HttpResponseBase:
        try:
            requests.refuse_large_body(request)
            # Before a transaction is open: a body that trickles in must not hold a lock meanwhile.
            request.body  # noqa: B018
            credential = self._credential(request)
            return self._in_account(request, credential) if credential else self.get_response(request)
        except (BodyTooLarge, DatabaseError, InterfaceError, RequestDataTooBig, UnreadablePostError) as error:
            return failures.respond(error, request)

    def _credential(self, request: Any) -> Credential | None:
        try:
            return read_credential(request)
        except DomainError as refusal:
            request.refusal = refusal
            return None

    def _in_account(self, request: Any, credential: Credential) -> HttpResponseBase:
        with transaction.atomic():
            try:
                self._identify(request, credential)
            except DomainError as refusal:
                request.refusal = refusal
            response = self.get_response(request)
            failures.undo_if_refused(response.status_code)
        self._touch(request)
        return response

    def _identify(self, request: Any, credential: Credential) -> None:
        identity, session = queries.recognise(credential)
        member, account = identity.membership, identity.account
        services.refuse_other_device(session, request.headers.get("X-Device-Token", ""))
        if member:
            member.request_id = request.request_id
        named = request.headers.get("X-Account-ID")
        if named is not None and named.lower() != str(account.pk):
            member = self._act_for(request, member, named)
            account = member.account
        request.credential, request.session_row = credential, session
        request.user, request.account, request.membership = identity.user, account, member
        structlog.contextvars.bind_contextvars(account_id=str(account.pk), user_id=str(identity.user.pk))

    def _act_for(self, request: Any, member: Membership | None, named: str) -> Membership:
        try:
            account_id = fields.read_id(named)
        except ValueError:
            raise NotFound from None
        if member is None:
            raise NotFound
        return services.act_for(by=member, account_id=account_id, method=request.method, path=request.path)

    def _touch(self, request: Any) -> None:
        """Note, in a transaction of its own, that the session is in use."""
        session = request.session_row
        if session and session.wants_touch(now=timezone.now()):
            services.touch_session(session=session)


def read_credential(request: HttpRequest) -> Credential | None:
    """The token's credential, else the session's. Raises CredentialsDisagree where they name different people."""
    by_token, by_session = _from_token(request), _from_session(request)
    if by_token and by_session and by_token.user_id != by_session.user_id:
        raise CredentialsDisagree
    return by_token or by_session


def _from_token(request: HttpRequest) -> Credential | None:
    scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer":
        raise CredentialInvalid
    return tokens.read_access(raw.strip())


def _from_session(request: HttpRequest) -> Credential | None:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    session = request.session
    if not str(session.session_key or "").isalnum():  # none of ours; a NUL would be too much for the database
        request.session = type(session)()
        return None
    try:
        account_id = session.get(tokens.SESSION_ACCOUNT_KEY)
        return Credential(
            user_id=UUID(session[SESSION_KEY]),
            account_id=UUID(account_id) if account_id else None,
            session_id=UUID(session[tokens.SESSION_ID_KEY]),
            is_cookie=True,
        )
    except (KeyError, ValueError):
        return None


class PartitionedMorsel(Morsel[str]):
    """A cookie with `Partitioned`, which Python's own cookies cannot say before 3.14."""

    def OutputString(self, attrs: Any = None) -> str:  # noqa: N802 - the name is the standard library's
        return f"{super().OutputString(attrs)}; Partitioned"


class PartitionedCookiesMiddleware:
    """With `CROSS_SITE_COOKIES`, cookies are kept per top-level site: browsers are ending unpartitioned ones."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if settings.CROSS_SITE_COOKIES:
            for name, morsel in list(response.cookies.items()):
                partitioned = PartitionedMorsel()
                partitioned.set(morsel.key, morsel.value, morsel.coded_value)
                partitioned.update(morsel)
                dict.__setitem__(response.cookies, name, partitioned)
        return response
