from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.roles import Capability
from core.api import fields
from core.api.requests import AccountRequest
from core.api.serializers import Serializer
from core.api.views import DeclaredView
from sales import taxes
from sales.api.serializers import SummaryInput
from sales.summaries import Span
from system import modules
from system.modules import Module


class LeviedSerializer(Serializer):
    sale_base = fields.MoneyField()
    sale_tax = fields.MoneyField()
    refund_base = fields.MoneyField()
    refund_tax = fields.MoneyField()
    base = fields.MoneyField()
    tax = fields.MoneyField()


class LevyTotalSerializer(Serializer):
    code = fields.TextField()
    name = fields.TextField()
    rate = fields.RateField()
    sums = LeviedSerializer()


class TaxReportSerializer(Serializer):
    """Taxable and exempt are together the turnover without tax; exempt is what bore no levy."""

    levies = LevyTotalSerializer(many=True)
    taxable = LeviedSerializer()
    exempt = LeviedSerializer()


class TaxReportView(DeclaredView):
    read_capability = Capability.REPORT_READ
    module = "reports"
    feature = "reports"
    asks = SummaryInput

    @extend_schema(responses=TaxReportSerializer)
    def get(self, request: AccountRequest) -> Response:
        """What each levy took, and gave back, on these business days, summed from the lines."""
        modules.require_module(request.account, Module.SALES)
        asked = self.asked()
        days = Span(asked["first_on"], asked["last_on"])
        found = taxes.report_taxes(request.membership, days)
        return Response(TaxReportSerializer(found, context={"request": request}).data)
