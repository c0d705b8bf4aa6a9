from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core import errors
from core.api import fields
from core.api.requests import AccountRequest
from core.api.serializers import ModelSerializer, Serializer
from core.api.views import AccountViewSet, DeclaredView, Inputs
from system import modules, services
from system.models import AccountModuleSettings

FLAGS = [f"{module}_enabled" for module in modules.Module]


class ModuleSettingsSerializer(ModelSerializer):
    class Meta:
        model = AccountModuleSettings
        fields = [*FLAGS, "version"]


class ModuleSettingsInput(ModelSerializer):
    class Meta:
        model = AccountModuleSettings
        fields = FLAGS


class ModuleSerializer(Serializer):
    module = fields.TextField()
    is_enabled = fields.BooleanField()


class ModuleSettingsView(AccountViewSet):
    """Which modules the business uses: one row, without an id in the path."""

    read_capability = Capability.ACCOUNT_READ
    write_capability = Capability.SETTINGS_CHANGE
    feature = "account"
    serializer_class = ModuleSettingsSerializer
    input_classes: ClassVar[Inputs] = {"partial_update": ModuleSettingsInput}

    def rows(self, account: Account) -> QuerySet[AccountModuleSettings]:
        return AccountModuleSettings.across_accounts.filter(account=account)

    def path_id(self) -> Any:
        return services.open_module_settings(by=self.request.membership).pk

    def retrieve(self, request: AccountRequest) -> Response:
        """Which are switched on."""
        return self.show(self.get_object())

    def partial_update(self, request: AccountRequest) -> Response:
        """Switch modules on or off. What is switched off keeps all that it has."""
        return self.act(services.change_modules, row=self.get_locked_object)


class ModuleCheckView(DeclaredView):
    read_capability = Capability.ACCOUNT_READ
    feature = "account"

    @extend_schema(responses=ModuleSerializer)
    def get(self, request: AccountRequest, module: str) -> Response:
        """Whether this module is switched on; 404 for what is no module."""
        switches = modules.switches_of(request.account)
        if module not in switches:
            raise errors.NotFound
        return Response({"module": module, "is_enabled": switches[module]})
