from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core import errors
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from inventory import queries, services, valuation
from inventory.api import filters
from inventory.api.serializers import catalogue as serializers
from inventory.api.serializers.valuation import ReconciliationSerializer


class CategoryViewSet(AccountViewSet):
    read_capability = Capability.CATALOG_READ
    write_capability = Capability.CATALOG_CHANGE
    module = "inventory"
    feature = "inventory"
    serializer_class = serializers.CategorySerializer
    input_classes: ClassVar[Inputs] = {
        "create": serializers.CategoryInput,
        "partial_update": serializers.CategoryInput,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.categories.order_by("name", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_category, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_category, category=self.get_locked_object)


class SupplierViewSet(AccountViewSet):
    read_capability = Capability.CATALOG_READ
    write_capability = Capability.SUPPLIER_CHANGE
    module = "inventory"
    feature = "inventory"
    serializer_class = serializers.SupplierSerializer
    filterset_class = filters.SupplierFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.SupplierInput,
        "partial_update": serializers.SupplierChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.suppliers.order_by("name", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_supplier, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_supplier, supplier=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], feature="account")
    def erase(self, request: AccountRequest, pk: str) -> Response:
        """Forget the person whom the shop dealt with: name, phone, address. The firm stays."""
        return self.act(services.erase_supplier, supplier=self.get_locked_object)


class ProductViewSet(AccountViewSet):
    read_capability = Capability.CATALOG_READ
    write_capability = Capability.CATALOG_CHANGE
    module = "inventory"
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
        """The active product that this barcode names: its own, a pack's, or one that the shop's own scale printed."""
        barcode = request.query_params.get("barcode", "")
        if not barcode:
            required = errors.FieldError("barcode", "required", "Give the barcode.")
            raise errors.InvalidInput(errors=[required])
        product = queries.find_by_barcode(request.membership, barcode)
        if product is None:
            raise errors.NotFound
        return self.show(product, shown_by=serializers.FoundProductSerializer)

    @extend_schema(responses=ReconciliationSerializer)
    @action(detail=True, read_capability=Capability.STOCK_READ)
    def reconciliation(self, request: AccountRequest, pk: str) -> Response:
        """All that came and went of a product against what is there, by place and in total, in quantity and at cost."""
        found = valuation.reconcile(request.membership, self.get_object())
        return self.show(found, shown_by=ReconciliationSerializer)


class PackViewSet(AccountViewSet):
    read_capability = Capability.CATALOG_READ
    write_capability = Capability.CATALOG_CHANGE
    module = "inventory"
    feature = "inventory"
    serializer_class = serializers.PackSerializer
    filterset_class = filters.PackFilter
    input_classes: ClassVar[Inputs] = {"create": serializers.PackInput, "partial_update": serializers.PackChange}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.product_packs.order_by("product_id", "factor", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_pack, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        """Change what a pack is called and costs. How much it holds is for ever: what was sold is counted by it."""
        return self.act(services.change_pack, pack=self.get_locked_object)


class BarcodeRuleViewSet(AccountViewSet):
    """Which of the barcodes that the shop's own scale prints tell a weight, and which a price."""

    read_capability = Capability.CATALOG_READ
    write_capability = Capability.CATALOG_CHANGE
    module = "inventory"
    feature = "inventory"
    serializer_class = serializers.BarcodeRuleSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.BarcodeRuleInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.barcode_rules.order_by("prefix", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_barcode_rule, status=http.HTTP_201_CREATED)

    def destroy(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.remove_barcode_rule, rule=self.get_locked_object)
