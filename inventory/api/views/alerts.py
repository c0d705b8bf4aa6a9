"""What somebody should look at."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import DeclaredView
from inventory import alerts
from inventory.api.serializers import alerts as serializers


class SpanView(DeclaredView):
    """A question about the stock of one place, or of all where the member works, over some days."""

    read_capability = Capability.STOCK_READ
    module = "inventory"
    feature = "inventory"
    asks = serializers.SpanInput
    days: int  # unless it is said otherwise

    def span(self) -> dict[str, Any]:
        return {"days": self.days, **self.asked()}


class AlertsView(SpanView):
    days = 30

    @extend_schema(responses=serializers.AlertsSerializer)
    def get(self, request: AccountRequest) -> Response:
        """What is low or out, and what expires within so many days, 30 unless told."""
        found = alerts.find_alerts(request.membership, **self.span())
        return Response(serializers.AlertsSerializer(found).data)


class OrderSuggestionsView(SpanView):
    days = 30

    @extend_schema(responses=serializers.SuggestionsSerializer)
    def get(self, request: AccountRequest) -> Response:
        """What to order, by the sales of so many days past, 30 unless told, and the time that suppliers take."""
        found = alerts.suggest_orders(request.membership, **self.span())
        return Response(serializers.SuggestionsSerializer({"suggestions": found}).data)


class DeadStockView(SpanView):
    feature = "reports"
    days = 90

    @extend_schema(responses=serializers.DeadStockSerializer)
    def get(self, request: AccountRequest) -> Response:
        """What has been there for so many days, 90 unless told, and not been sold since."""
        found = alerts.find_dead_stock(request.membership, **self.span())
        return Response(serializers.DeadStockSerializer({"products": found}).data)
