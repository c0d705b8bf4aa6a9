from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import DeclaredView
from inventory import valuation
from inventory.api.serializers import valuation as serializers


class ValuationView(DeclaredView):
    """What the stock is worth."""

    read_capability = Capability.STOCK_READ
    module = "inventory"
    feature = "reports"
    asks = serializers.ValuationInput

    @extend_schema(responses=serializers.ValuationSerializer)
    def get(self, request: AccountRequest) -> Response:
        """The value of the stock at cost, by place and in total, at the end of a past day, or now."""
        found = valuation.value_stock(request.membership, **self.asked())
        return Response(serializers.ValuationSerializer(found).data)
