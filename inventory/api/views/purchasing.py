from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
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
from inventory.api.serializers import purchasing as serializers
from inventory.api.serializers.documents import ReasonInput
from inventory.api.views.attachments import DocumentViewSet


class PurchaseOrderViewSet(AccountViewSet):
    read_capability = Capability.STOCK_READ
    write_capability = Capability.STOCK_RECEIVE
    module = "inventory"
    feature = "inventory"
    exactly_once = True
    filterset_class = filters.PurchaseOrderFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.PurchaseOrderInput,
        "partial_update": serializers.PurchaseOrderChange,
        "receive": serializers.ReceiptInput,
        "close": ReasonInput,
        "cancel": ReasonInput,
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_list = self.action == "list"
        return serializers.PurchaseOrderSerializer if is_list else serializers.PurchaseOrderDetailSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        orders = account.purchase_orders.order_by("-opened_at", "-id")
        lines = account.purchase_order_lines.select_related("product").order_by("position")
        return orders if self.action == "list" else orders.prefetch_related(Prefetch("lines", lines))

    def create(self, request: AccountRequest) -> Response:
        """Draw up an order; nothing is expected before it is placed."""
        return self.act(services.add_order, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        """Change a draft; `lines` replace all that it has."""
        return self.act(services.change_order, order=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def order(self, request: AccountRequest, pk: str) -> Response:
        """Order it: from now on it is not changed, but received."""
        return self.act(services.place_order, order=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def receive(self, request: AccountRequest, pk: str) -> Response:
        """Receive what came of it, as a delivery of its own; as often as something comes."""
        return self.act(services.receive_order, order=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def close(self, request: AccountRequest, pk: str) -> Response:
        """The rest will not come."""
        return self.act(services.close_order, order=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def cancel(self, request: AccountRequest, pk: str) -> Response:
        """Give it up, while nothing of it has come."""
        return self.act(services.cancel_order, order=self.get_locked_object)


class SupplierReturnViewSet(DocumentViewSet):
    """What went back to suppliers; goods of a delivery are sent back there, by `stock/<id>/return/`."""

    write_capability = Capability.STOCK_RECEIVE
    filterset_class = filters.SupplierReturnFilter

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_list = self.action == "list"
        return serializers.SupplierReturnSummarySerializer if is_list else serializers.SupplierReturnSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.supplier_returns.select_related("stock").order_by("-returned_at", "-id")
