"""What a business sets, what a member chooses, and the business's own keys to providers."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.response import Response

from accounts import services as accounts
from accounts.api.views.declared import InputView
from accounts.models import Account
from accounts.permissions import HasCapability, HasTenantAccess
from accounts.roles import Capability
from core import errors
from core.api.envelope import Page
from core.api.requests import AccountRequest
from core.api.serializers import kept
from core.api.views import AccountViewSet, Inputs, refuse_stale, version_headers
from core.tenancy import STAFF
from system import services
from system.api import settings_serializers as serializers
from system.models import Integration, MemberSettings, PlatformSettings, Provider


class AccountSettingsView(AccountViewSet):
    """How the business works: the same row, and the same version, as at `accounts/account/`."""

    read_capability = Capability.SETTINGS_READ
    write_capability = Capability.SETTINGS_CHANGE
    feature = "account"
    serializer_class = serializers.AccountSettingsSerializer
    input_classes: ClassVar[Inputs] = {"partial_update": serializers.AccountSettingsInput}

    def rows(self, account: Account) -> QuerySet[Account]:
        return Account.across_accounts.filter(pk=account.pk)

    def path_id(self) -> Any:
        return self.request.account.pk

    def partial_update(self, request: AccountRequest) -> Response:
        return self.act(accounts.change_account, account=self.get_locked_object)


class MemberSettingsView(AccountViewSet):
    """What one has chosen for oneself."""

    permission_classes = (HasTenantAccess,)
    is_own = True
    is_personal = True
    serializer_class = serializers.MemberSettingsSerializer
    input_classes: ClassVar[Inputs] = {"partial_update": serializers.MemberSettingsInput}

    def rows(self, account: Account) -> QuerySet[MemberSettings]:
        return account.member_settings.filter(member=self.request.membership)

    def retrieve(self, request: AccountRequest) -> Response:
        return self.show(self.get_queryset().first() or MemberSettings())

    def partial_update(self, request: AccountRequest) -> Response:
        return self.act(services.change_settings, row=self._own_settings)

    def _own_settings(self) -> MemberSettings:
        row = services.open_settings(by=self.request.membership)
        self.check_version(row)
        return row


class PlatformSettingsView(InputView):
    """What the platform tells everybody. For its own staff, while they act for no business."""

    permission_classes = (HasTenantAccess, HasCapability)
    is_own = True
    is_personal = True
    read_capability = Capability.PLATFORM_READ
    write_capability = Capability.PLATFORM_ACT
    input_class = serializers.PlatformSettingsInput

    @extend_schema(responses=serializers.PlatformSettingsSerializer)
    def get(self, request: AccountRequest) -> Response:
        """A notice of maintenance, which every till is told, and the end of every mail of a notice."""
        return self._shown(services.read_platform_settings())

    @extend_schema(request=input_class, responses=serializers.PlatformSettingsSerializer)
    def patch(self, request: AccountRequest) -> Response:
        """Change what is given; the rest stays."""
        by = request.membership
        with transaction.atomic(using=STAFF):  # the request's own is of the account
            row = services.lock_platform_settings()
            refuse_stale(request, self._read(row))
            return self._shown(services.change_platform_settings(by=by, row=row, **self.validated(request)))

    def _shown(self, row: PlatformSettings) -> Response:
        shown = self._read(row)
        return Response(shown, headers=version_headers(shown))

    def _read(self, row: PlatformSettings) -> Any:
        return kept(serializers.PlatformSettingsSerializer, context={"request": self.request}).to_representation(row)


class IntegrationView(AccountViewSet):
    """Keys to those who move money, send texts and answer questions. Without its own a business uses the platform's.

    Only a business that has something to sell brings keys: a trial that has nothing could be there to try stolen ones.
    """

    read_capability = Capability.SETTINGS_READ
    write_capability = Capability.SETTINGS_CHANGE
    feature = "account"
    needs_onboarding = ("update", "check")
    serializer_class = serializers.IntegrationSerializer
    input_classes: ClassVar[Inputs] = {"update": serializers.IntegrationInput}
    paged = ("overview",)
    pagination_class = None  # they are few

    def rows(self, account: Account) -> QuerySet[Integration]:
        return account.integrations.order_by("provider")

    @extend_schema(responses=serializers.IntegrationSerializer(many=True))
    def overview(self, request: AccountRequest) -> Response:
        """Every provider, and whose keys are used: `own`, `platform` or `none`."""
        own = {row.provider: row for row in self.get_queryset()}
        shown = [self.shown(own.get(provider) or Integration(provider=provider)) for provider in Provider.values]
        return Response(Page(count=len(shown), next=None, previous=None, results=shown))

    def retrieve(self, request: AccountRequest, provider: str) -> Response:
        known = self._provider()
        return self.show(self.get_queryset().filter(provider=known).first() or Integration(provider=known))

    def update(self, request: AccountRequest, provider: str) -> Response:
        """Use these keys from now on. They are sealed, and shown to nobody."""
        return self.act(services.change_integration, provider=self._provider)

    @extend_schema(responses={204: None})
    def destroy(self, request: AccountRequest, provider: str) -> Response:
        """Use the platform's again."""
        return self.act(services.remove_integration, provider=self._provider)

    @extend_schema(request=None, responses={202: serializers.IntegrationSerializer})
    def check(self, request: AccountRequest, provider: str) -> Response:
        """Have the provider asked whether it takes the keys; ask for them again after a second or two."""
        return self.act(services.check_integration, status=http.HTTP_202_ACCEPTED, provider=self._provider)

    def _provider(self) -> str:
        named: str = self.kwargs["provider"].upper()
        if named not in Provider.values:
            raise errors.NotFound
        return named
