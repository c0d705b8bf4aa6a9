"""What is made in the background, to be fetched as a file: see `system/tasks/`."""

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
from inventory.api.serializers import exports as serializers
from system.api.serializers import TaskSerializer


class MadeViewSet(AccountViewSet):
    serializer_class = TaskSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.tasks.all()


class ExportViewSet(MadeViewSet):
    write_capability = Capability.REPORT_EXPORT
    module = "inventory"
    feature = "exports"
    input_classes: ClassVar[Inputs] = {"create": serializers.ExportInput}

    @extend_schema(responses={202: TaskSerializer})
    def create(self, request: AccountRequest) -> Response:
        """Have a table written as CSV or XLSX. In the days of grace it has its first 100 rows, and the task says so."""
        return self.act(services.start_export, status=http.HTTP_202_ACCEPTED)


class LabelViewSet(MadeViewSet):
    write_capability = Capability.CATALOG_CHANGE
    module = "inventory"
    feature = "inventory"
    input_classes: ClassVar[Inputs] = {"create": serializers.LabelsInput}

    @extend_schema(responses={202: TaskSerializer})
    def create(self, request: AccountRequest) -> Response:
        """Have at most 1,000 labels with barcodes drawn as PDF, for sheets of A4."""
        return self.act(services.start_labels, status=http.HTTP_202_ACCEPTED)
