from typing import Any

import django_filters
from django.db.models import QuerySet

from core.api import filters
from inventory.models import (
    Adjustment,
    AdjustmentKind,
    AdjustmentStatus,
    CountStatus,
    OrderStatus,
    Product,
    ProductPack,
    PurchaseOrder,
    ReorderPoint,
    Reservation,
    SerialNumber,
    Stock,
    StockCount,
    StockMovement,
    StockProduct,
    Supplier,
    SupplierReturn,
    Tracking,
    Transfer,
    TransferStatus,
)


class ProductFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("name", "sku", "barcode"))
    sku = django_filters.CharFilter()
    barcode = django_filters.CharFilter()
    category = filters.IdFilter(field_name="category_id")
    supplier = filters.IdFilter(field_name="supplier_id")
    tracking = django_filters.ChoiceFilter(choices=Tracking.choices)
    is_active = filters.BooleanFilter()

    class Meta:
        model = Product
        fields: list[str] = []


class PackFilter(django_filters.FilterSet):
    product = filters.IdFilter(field_name="product_id")
    barcode = django_filters.CharFilter()
    is_active = filters.BooleanFilter()

    class Meta:
        model = ProductPack
        fields: list[str] = []


class SupplierFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("name", "contact", "phone", "email"))
    is_active = filters.BooleanFilter()

    class Meta:
        model = Supplier
        fields: list[str] = []


class ReorderPointFilter(django_filters.FilterSet):
    product = filters.IdFilter(field_name="product_id")
    location = filters.IdFilter(field_name="location_id")

    class Meta:
        model = ReorderPoint
        fields: list[str] = []


class StockFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("number", "reference"))
    supplier = filters.IdFilter(field_name="supplier_id")
    location = filters.IdFilter(field_name="location_id")
    order = filters.IdFilter(field_name="order_id")

    class Meta:
        model = Stock
        fields: list[str] = []


class PurchaseOrderFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("number", "supplier__name"))
    status = django_filters.ChoiceFilter(choices=OrderStatus.choices)
    supplier = filters.IdFilter(field_name="supplier_id")
    location = filters.IdFilter(field_name="location_id")

    class Meta:
        model = PurchaseOrder
        fields: list[str] = []


class SupplierReturnFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("number", "reason"))
    stock = filters.IdFilter(field_name="stock_id")
    supplier = filters.IdFilter(field_name="stock__supplier_id")
    location = filters.IdFilter(field_name="stock__location_id")

    class Meta:
        model = SupplierReturn
        fields: list[str] = []


class StockProductFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("product__name", "product__sku", "product__barcode"))
    stock = filters.IdFilter(field_name="stock_id")
    product = filters.IdFilter(field_name="product_id")
    location = filters.IdFilter(field_name="location_id")
    in_stock = filters.BooleanFilter(method="filter_in_stock")
    expires_before = filters.DateFilter(field_name="expires_on", lookup_expr="lt")

    class Meta:
        model = StockProduct
        fields: list[str] = []

    def filter_in_stock(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(quantity__gt=0) if value else rows.filter(quantity=0)


class SerialNumberFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("number", "product__name", "product__sku"))
    number = django_filters.CharFilter()
    product = filters.IdFilter(field_name="product_id")
    location = filters.IdFilter(method="filter_location")

    class Meta:
        model = SerialNumber
        fields: list[str] = []

    def filter_location(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        request: Any = self.request
        return rows.filter(stock_product__location=value) if request.membership.works_at(value) else rows.none()


class StockMovementFilter(django_filters.FilterSet):
    product = filters.IdFilter(field_name="product_id")
    location = filters.IdFilter(field_name="location_id")
    stock_product = filters.IdFilter(field_name="stock_product_id")

    class Meta:
        model = StockMovement
        fields: list[str] = []


class ReservationFilter(django_filters.FilterSet):
    cart = filters.IdFilter(field_name="cart")
    product = filters.IdFilter(field_name="product_id")
    location = filters.IdFilter(field_name="location_id")

    class Meta:
        model = Reservation
        fields: list[str] = []


class StockCountFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=CountStatus.choices)
    location = filters.IdFilter(field_name="location_id")

    class Meta:
        model = StockCount
        fields: list[str] = []


class TransferFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("number",))
    status = django_filters.ChoiceFilter(choices=TransferStatus.choices)
    source = filters.IdFilter(field_name="source_id")
    destination = filters.IdFilter(field_name="destination_id")
    product = filters.IdFilter(field_name="lines__product_id")

    class Meta:
        model = Transfer
        fields: list[str] = []


class AdjustmentFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("number", "reason"))
    status = django_filters.ChoiceFilter(choices=AdjustmentStatus.choices)
    kind = django_filters.ChoiceFilter(choices=AdjustmentKind.choices)
    location = filters.IdFilter(field_name="location_id")
    product = filters.IdFilter(field_name="lines__product_id", distinct=True)

    class Meta:
        model = Adjustment
        fields: list[str] = []
