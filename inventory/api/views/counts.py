from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from inventory import services
from inventory.api import filters
from inventory.api.serializers import counts as serializers
from inventory.api.serializers.documents import ReasonInput


class StockCountViewSet(AccountViewSet):
    """Stock counts: opened, scanned while the shop sells, and approved."""

    read_capability = Capability.STOCK_READ
    write_capability = Capability.STOCK_COUNT
    module = "inventory"
    feature = "inventory"
    exactly_once = True
    filterset_class = filters.StockCountFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.CountInput,
        "scan": serializers.ScanInput,
        "cancel": ReasonInput,
        "reverse": ReasonInput,
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_list = self.action == "list"
        return serializers.CountSummarySerializer if is_list else serializers.CountSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        counts = account.stock_counts.order_by("-opened_at", "-id")
        return counts if self.action in ("list", "scan") else counts.prefetch_related("lines")

    def create(self, request: AccountRequest) -> Response:
        """Begin to count a place."""
        return self.act(services.open_count, status=http.HTTP_201_CREATED)

    @action(detail=True, methods=["post"])
    def scan(self, request: AccountRequest, pk: str) -> Response:
        """Compare what was counted with the ledger at this instant. A recount takes the place of the count before; the
        lines just scanned are shown."""
        return self.act(services.scan_products, count=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], write_capability=Capability.STOCK_APPROVE)
    def approve(self, request: AccountRequest, pk: str) -> Response:
        """Post the differences."""
        return self.act(services.approve_count, count=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def cancel(self, request: AccountRequest, pk: str) -> Response:
        """Give the count up; nothing comes of it."""
        return self.act(services.cancel_count, count=self.get_locked_object)

    @action(detail=True, methods=["post"], write_capability=Capability.STOCK_APPROVE)
    def reverse(self, request: AccountRequest, pk: str) -> Response:
        """Undo what the count posted, in the very batches."""
        return self.act(services.reverse_count, count=self.get_locked_object)
