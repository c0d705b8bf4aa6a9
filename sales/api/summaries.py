"""What some days brought, asked in different ways."""

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.serializers import Serializer, kept
from core.api.views import DeclaredView
from sales import summaries
from sales.api import serializers
from sales.summaries import Span


class SummaryView(DeclaredView):
    """The days that are asked for, the first and the last included."""

    read_capability = Capability.SALE_READ
    module = "sales"
    feature = "sales"
    asks: ClassVar[type[Serializer] | None] = serializers.SummaryInput
    serializer_class: ClassVar[type[BaseSerializer[Any]]]
    is_page = False  # all rows stand under `data`

    def summarise(self, request: AccountRequest, ask: Callable[..., Any]) -> Response:
        sent = self.asked()
        rows = ask(request.membership, Span(sent.pop("first_on"), sent.pop("last_on")), **sent)
        shown = kept(self.serializer_class, context={"request": request})
        return Response([shown.to_representation(row) for row in rows])


class TendersView(SummaryView):
    serializer_class = serializers.TenderSerializer

    @extend_schema(responses=serializers.TenderSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """What came in and went back by each tender, debts and deposits included."""
        return self.summarise(request, summaries.summarise_tenders)


class CashiersView(SummaryView):
    serializer_class = serializers.CashierSerializer

    @extend_schema(responses=serializers.CashierSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """What each member sold, and gave back."""
        return self.summarise(request, summaries.summarise_cashiers)


class ProductsView(SummaryView):
    asks = serializers.TopInput
    serializer_class = serializers.SoldProductSerializer

    @extend_schema(responses=serializers.SoldProductSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """The products that brought in most."""
        return self.summarise(request, summaries.summarise_products)
