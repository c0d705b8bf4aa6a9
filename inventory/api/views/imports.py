from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from inventory import services
from inventory.api.serializers import imports as serializers
from system.api.serializers import TaskSerializer


class ImportViewSet(AccountViewSet):
    """Tables of products, opening stock or suppliers that were brought along, newest first."""

    read_capability = Capability.TASK_READ
    write_capability = Capability.CATALOG_IMPORT
    module = "inventory"
    feature = "inventory"
    exactly_once = True
    serializer_class = TaskSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.ImportInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.tasks.filter(kind=services.IMPORT).select_related("by").order_by("-id")

    @extend_schema(responses={202: TaskSerializer})
    def create(self, request: AccountRequest) -> Response:
        """Import an uploaded CSV or XLSX in the background. The first row says what is in the columns.

        Products are known by `sku`, or where a row has none by `barcode`; suppliers by `name`. What a row leaves empty
        stays as it is. A row with a mistake is left out, and `system/tasks/<id>/errors/` says why, by its number.
        """
        return self.act(services.start_import, status=http.HTTP_202_ACCEPTED)
