from typing import Any

import django_filters
from django.db.models import QuerySet

from core.api import filters
from inventory.models import Product, StockMovement, StockProduct


class ProductFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("name", "sku", "barcode"))
    sku = django_filters.CharFilter()
    barcode = django_filters.CharFilter()
    category = filters.IdFilter(field_name="category_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Product
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


class StockMovementFilter(django_filters.FilterSet):
    product = filters.IdFilter(field_name="product_id")
    location = filters.IdFilter(field_name="location_id")
    stock_product = filters.IdFilter(field_name="stock_product_id")

    class Meta:
        model = StockMovement
        fields: list[str] = []
