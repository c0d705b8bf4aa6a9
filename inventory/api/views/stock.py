from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core.api.pagination import KeyedPages
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from inventory import services
from inventory.api import filters
from inventory.api.serializers import pieces, purchasing
from inventory.api.serializers import stock as serializers
from inventory.api.views.attachments import DocumentViewSet
from inventory.models import MovementKind


class StockViewSet(DocumentViewSet):
    """Deliveries."""

    write_capability = Capability.STOCK_RECEIVE
    filterset_class = filters.StockFilter
    input_classes: ClassVar[Inputs] = {
        **DocumentViewSet.input_classes,
        "create": serializers.StockInput,
        "send_back": purchasing.SupplierReturnInput,
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_whole = self.action == "retrieve"
        return serializers.StockDetailSerializer if is_whole else serializers.StockSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        deliveries = account.stock.order_by("-occurred_at", "-id")
        return _with_items(deliveries, account) if self.action == "retrieve" else deliveries

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.receive_stock, status=http.HTTP_201_CREATED)

    @extend_schema(responses={201: purchasing.SupplierReturnSerializer})
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def send_back(self, request: AccountRequest, pk: str) -> Response:
        """Send goods of this delivery back to whom they came from."""
        return self.act(
            services.send_back_stock,
            stock=self.get_locked_object,
            status=http.HTTP_201_CREATED,
            shown_by=purchasing.SupplierReturnSerializer,
        )


def _with_items(deliveries: QuerySet[Any], account: Account) -> QuerySet[Any]:
    """With the batches that came, and the lines of the ledger by which they did."""
    batches = account.stock_products.filter(origin=None).select_related("product").order_by("id")
    came = account.stock_movements.filter(kind=MovementKind.RECEIVED).select_related("serial").order_by("sequence")
    return deliveries.prefetch_related(Prefetch("batches", batches), Prefetch("batches__movements", came))


class StockProductViewSet(AccountViewSet):
    """Batches: what is where."""

    read_capability = Capability.STOCK_READ
    module = "inventory"
    feature = "inventory"
    serializer_class = serializers.StockProductSerializer
    filterset_class = filters.StockProductFilter
    columns = (
        "id",
        "stock_id",
        "product_id",
        "product__name",
        "product__sku",
        "product__barcode",
        "product__retail_price",
        "product__wholesale_price",
        "location_id",
        "location__name",
        "quantity",
        "purchase_cost",
        "unit_cost",
        "expires_on",
        "received_at",
    )

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.stock_products.order_by("-id")


class SerialNumberViewSet(AccountViewSet):
    """Pieces that have a number of their own, and the way of each."""

    read_capability = Capability.STOCK_READ
    module = "inventory"
    feature = "inventory"
    filterset_class = filters.SerialNumberFilter

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_whole = self.action == "retrieve"
        return pieces.SerialNumberDetailSerializer if is_whole else pieces.SerialNumberSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.serial_numbers.select_related("product", "stock_product__location").order_by("number", "id")


class StockMovementViewSet(AccountViewSet):
    """The stock ledger, newest first."""

    read_capability = Capability.STOCK_READ
    module = "inventory"
    feature = "inventory"
    serializer_class = serializers.StockMovementSerializer
    filterset_class = filters.StockMovementFilter
    pagination_class = KeyedPages

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.stock_movements.order_by("-id")
