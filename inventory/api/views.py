from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core import errors
from core.api.pagination import KeyedPages
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet
from inventory import queries, services
from inventory.api import filters, serializers
from inventory.models import LocationKind

Inputs = dict[str, type[BaseSerializer[Any]]]


class CategoryViewSet(AccountViewSet):
    read_capability = Capability.CATALOG_READ
    write_capability = Capability.CATALOG_CHANGE
    feature = "inventory"
    serializer_class = serializers.CategorySerializer
    input_classes: ClassVar[Inputs] = {
        "create": serializers.CategoryInput,
        "partial_update": serializers.CategoryChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.categories.order_by("name", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_category, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_category, category=self.get_locked_object)


class ProductViewSet(AccountViewSet):
    read_capability = Capability.CATALOG_READ
    write_capability = Capability.CATALOG_CHANGE
    feature = "inventory"
    serializer_class = serializers.ProductSerializer
    filterset_class = filters.ProductFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.ProductInput,
        "partial_update": serializers.ProductChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.products.order_by("name", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_product, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_product, product=self.get_locked_object)

    @extend_schema(
        parameters=[OpenApiParameter("barcode", str, required=True)],
        responses=serializers.FoundProductSerializer,
        filters=False,
    )
    @action(detail=False, query_parameters=("barcode",))
    def lookup(self, request: AccountRequest) -> Response:
        """The active product that bears this barcode, with what is on hand of it where the asking member works."""
        barcode = request.query_params.get("barcode", "")
        if not barcode:
            required = errors.FieldError("barcode", "required", "Give the barcode.")
            raise errors.InvalidInput(errors=[required])
        product = queries.find_by_barcode(request.membership, barcode)
        if product is None:
            raise errors.NotFound
        return self.show(product, shown_by=serializers.FoundProductSerializer)


class LocationViewSet(AccountViewSet):
    """A kind of place."""

    kind: ClassVar[LocationKind]
    read_capability = Capability.CATALOG_READ
    write_capability = Capability.LOCATION_CHANGE
    feature = "inventory"
    serializer_class = serializers.LocationSerializer
    input_classes: ClassVar[Inputs] = {
        "create": serializers.LocationInput,
        "partial_update": serializers.LocationChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.locations.filter(kind=self.kind).order_by("name", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_location, kind=self.kind, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_location, location=self.get_locked_object)


class StorefrontViewSet(LocationViewSet):
    kind = LocationKind.STOREFRONT


class WarehouseViewSet(LocationViewSet):
    kind = LocationKind.WAREHOUSE


class StockViewSet(AccountViewSet):
    """Deliveries."""

    read_capability = Capability.STOCK_READ
    write_capability = Capability.STOCK_RECEIVE
    feature = "inventory"
    exactly_once = True
    serializer_class = serializers.StockSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.StockInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.stock.order_by("-occurred_at", "-id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.receive_stock, status=http.HTTP_201_CREATED)


class StockProductViewSet(AccountViewSet):
    """Batches: what is where."""

    read_capability = Capability.STOCK_READ
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
        "unit_cost",
        "expires_on",
        "received_at",
    )

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.stock_products.order_by("-id")


class StockMovementViewSet(AccountViewSet):
    """The stock ledger, newest first."""

    read_capability = Capability.STOCK_READ
    feature = "inventory"
    serializer_class = serializers.StockMovementSerializer
    filterset_class = filters.StockMovementFilter
    pagination_class = KeyedPages

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.stock_movements.order_by("-id")
