from typing import Any, ClassVar

from django.contrib import auth
from django.db import transaction
from django.db.models import QuerySet
from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from uuid_utils.compat import uuid7

from accounts import queries, services, tokens
from accounts.api import serializers
from accounts.errors import NoBusiness
from accounts.models import Account, AuditEvent, User
from accounts.permissions import HasTenantAccess
from accounts.roles import Capability
from core import tenancy
from core.api.pagination import KeyedPages
from core.api.requests import AccountRequest
from core.api.serializers import kept
from core.api.views import AccountViewSet, DeclaredView


class PublicView(DeclaredView):
    """A view for everybody. All of them are listed in tests/test_access.py."""

    authentication_classes = ()
    permission_classes = ()
    input_class: ClassVar[type[BaseSerializer[Any]]]

    def validated(self, request: AccountRequest) -> dict[str, Any]:
        return dict(kept(self.input_class, context={"request": request}).run_validation(request.data))


class OwnView(DeclaredView):
    """A view about oneself: any member may, whatever the role and the subscription."""

    permission_classes = (HasTenantAccess,)


class CsrfView(PublicView):
    @extend_schema(responses=serializers.CsrfSerializer)
    def get(self, request: AccountRequest) -> Response:
        """The token that a page sends back as `X-CSRFToken` with every write it makes by cookie."""
        return Response({"csrf_token": get_token(request._request)})


class RegisterBusinessView(PublicView):
    input_class = serializers.RegisterBusinessInput

    @extend_schema(request=input_class, responses={201: serializers.MeSerializer})
    def post(self, request: AccountRequest) -> Response:
        """A new business on trial, with its owner, a first storefront and a register."""
        wanted, account_id = self.validated(request), uuid7()
        with tenancy.scope(account_id):
            owner = services.open_account(account_id=account_id, request_id=request.request_id, **wanted)
            return Response(shown_to(owner.user, request), status=http.HTTP_201_CREATED)


class LoginView(PublicView):
    input_class = serializers.CredentialsInput

    @extend_schema(request=input_class, responses=serializers.SignedInSerializer)
    def post(self, request: AccountRequest) -> Response:
        """Sign in by cookie. Send `X-CSRFToken` with every later write."""
        user = services.sign_in(**self.validated(request))
        asked = request._request
        with transaction.atomic():
            me = shown_to(user, request)
            auth.login(asked, user, backend="django.contrib.auth.backends.ModelBackend")
            asked.session[tokens.SESSION_ACCOUNT_KEY] = str(user.account_id)
        return Response({**me, "csrf_token": get_token(asked)})


class LogoutView(DeclaredView):
    permission_classes = ()

    @extend_schema(request=None, responses={204: None})
    def post(self, request: AccountRequest) -> Response:
        """End the session that the request came by; without a credential, nothing happens."""
        auth.logout(request._request)
        return Response(status=http.HTTP_204_NO_CONTENT)


class TokenView(PublicView):
    input_class = serializers.CredentialsInput

    @extend_schema(request=input_class, responses=serializers.TokensSerializer)
    def post(self, request: AccountRequest) -> Response:
        """Sign in by token: an access token for 15 minutes, and a refresh token for the next."""
        return Response(tokens.issue(services.sign_in(**self.validated(request))))


class TokenRefreshView(PublicView):
    input_class = serializers.RefreshInput

    @extend_schema(request=input_class, responses=serializers.TokensSerializer)
    def post(self, request: AccountRequest) -> Response:
        """New tokens for a refresh token whose user is still here, active, and has the same password."""
        credential = tokens.read_refresh(self.validated(request)["refresh"])
        with transaction.atomic():
            return Response(tokens.issue(queries.recognise(credential).user))


class MeView(OwnView):
    @extend_schema(responses=serializers.MeSerializer)
    def get(self, request: AccountRequest) -> Response:
        """Who is asking, for which business, with which rights."""
        asked = request._request
        return Response(kept(serializers.MeSerializer, context={"request": asked}).to_representation(asked))


def shown_to(user: User, request: AccountRequest) -> dict[str, Any]:
    """`me` of somebody who is just signing in. Raises NoBusiness for a user without an active seat."""
    identity = queries.identify(user.pk, presumed_account_id=user.account_id)
    if identity is None or identity.membership is None or not identity.membership.is_active:
        raise NoBusiness
    return dict(kept(serializers.MeSerializer, context={"request": request}).to_representation(identity))


class AccountView(AccountViewSet):
    """The business itself: one row, without an id in the path."""

    read_capability = Capability.ACCOUNT_READ
    write_capability = Capability.ACCOUNT_CHANGE
    feature = "account"
    serializer_class = serializers.AccountSerializer
    input_classes: ClassVar[dict[str, type[BaseSerializer[Any]]]] = {"partial_update": serializers.AccountInput}

    def rows(self, account: Account) -> QuerySet[Account]:
        return Account.across_accounts.filter(pk=account.pk)

    def path_id(self) -> Any:
        return self.request.account.pk

    def partial_update(self, request: AccountRequest) -> Response:
        return self.act(services.change_account, account=self.get_locked_object)


class AuditEventViewSet(AccountViewSet):
    """What was done, newest first."""

    read_capability = Capability.AUDIT_READ
    feature = "account"
    serializer_class = serializers.AuditEventSerializer
    pagination_class = KeyedPages

    def rows(self, account: Account) -> QuerySet[AuditEvent]:
        return account.audit_events.order_by("-id")
