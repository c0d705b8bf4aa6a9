from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts import services
from accounts.api.serializers import business as serializers
from accounts.models import Account
from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, DeclaredView, Inputs


class AccountView(AccountViewSet):
    """The business itself: one row, without an id in the path."""

    read_capability = Capability.ACCOUNT_READ
    write_capability = Capability.ACCOUNT_CHANGE
    feature = "account"
    serializer_class = serializers.AccountSerializer
    input_classes: ClassVar[Inputs] = {"partial_update": serializers.AccountInput}

    def rows(self, account: Account) -> QuerySet[Account]:
        return Account.across_accounts.filter(pk=account.pk)

    def path_id(self) -> Any:
        return self.request.account.pk

    def partial_update(self, request: AccountRequest) -> Response:
        return self.act(services.change_account, account=self.get_locked_object)


class TakeOutView(DeclaredView):
    """All that there is of the business, to take along."""

    read_capability = Capability.ACCOUNT_EXPORT
    feature = "account"

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: AccountRequest) -> FileResponse:
        """A ZIP of every table, as CSV and as JSON, with a manifest; passwords and the like are left out."""
        bundle = services.take_out_account(by=request.membership)
        today = request.account.today
        return FileResponse(
            bundle, as_attachment=True, filename=f"take-out-{today:%Y-%m-%d}.zip", content_type="application/zip"
        )
