"""Tables of the till that are made in the background, to be fetched as a file: see `system/tasks/`."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.serializers import ChoiceField

from accounts.models import Account
from accounts.roles import Capability
from core.api import fields
from core.api.requests import AccountRequest
from core.api.serializers import Serializer
from core.api.spans import FIRST_YEAR, LAST_YEAR
from core.api.views import AccountViewSet, Inputs
from core.sheets import WRITERS
from sales import services
from sales.exports import SalesExport
from system.api.serializers import TaskSerializer


class SalesExportInput(Serializer):
    """The days for all but the customers, both counted; of what is owed, the last: it is as at the end of that day, of
    today unless told."""

    what = ChoiceField(SalesExport.choices)
    format = ChoiceField(list(WRITERS))
    first_on = fields.DateField(required=False, allow_null=True)
    last_on = fields.DateField(required=False, allow_null=True)

    def validate(self, attrs: Any) -> Any:
        last_on = attrs.get("last_on")
        if attrs["what"] == SalesExport.RECEIVABLES and last_on and not FIRST_YEAR <= last_on.year <= LAST_YEAR:
            raise ValidationError({"last_on": [ErrorDetail("Give a day of a shop.", code="invalid_span")]})
        return attrs


class SalesExportViewSet(AccountViewSet):
    write_capability = Capability.REPORT_EXPORT
    module = "sales"
    feature = "exports"
    serializer_class = TaskSerializer
    input_classes: ClassVar[Inputs] = {"create": SalesExportInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.tasks.all()

    @extend_schema(responses={202: TaskSerializer})
    def create(self, request: AccountRequest) -> Response:
        """Have a table written as CSV or XLSX. In the days of grace it has its first 100 rows, and the task says so."""
        return self.act(services.start_sales_export, status=http.HTTP_202_ACCEPTED)
