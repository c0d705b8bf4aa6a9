from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone

from core.api import filters
from sales.models import Cart, CartStatus, Customer, Layaway, LayawayStatus, Refund, Register, Sale, SaleStatus


class SaleFilter(django_filters.FilterSet):
    receipt_number = django_filters.CharFilter()
    status = django_filters.ChoiceFilter(choices=SaleStatus.choices)
    storefront = filters.IdFilter(field_name="storefront_id")
    register = filters.IdFilter(field_name="register_id")
    customer = filters.IdFilter(field_name="customer_id")
    sold_by = filters.IdFilter(field_name="sold_by_id")
    sold_from = filters.MomentFilter(field_name="sold_at", lookup_expr="gte")
    sold_before = filters.MomentFilter(field_name="sold_at", lookup_expr="lt")

    class Meta:
        model = Sale
        fields: list[str] = []


class CartFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=CartStatus.choices, method="filter_status")
    storefront = filters.IdFilter(field_name="storefront_id")
    register = filters.IdFilter(field_name="register_id")
    customer = filters.IdFilter(field_name="customer_id")

    class Meta:
        model = Cart
        fields: list[str] = []

    def filter_status(self, carts: Any, name: str, status: str) -> QuerySet[Any]:
        """As it is read now, and shown: what was forgotten is abandoned."""
        return carts.that_are(status, now=timezone.now())  # type: ignore[no-any-return]


class LayawayFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=LayawayStatus.choices)
    storefront = filters.IdFilter(field_name="storefront_id")
    register = filters.IdFilter(field_name="register_id")
    customer = filters.IdFilter(field_name="customer_id")
    due_before = filters.DateFilter(field_name="due_on", lookup_expr="lt")

    class Meta:
        model = Layaway
        fields: list[str] = []


class RefundFilter(django_filters.FilterSet):
    sale = filters.IdFilter(field_name="sale_id")
    refunded_from = filters.MomentFilter(field_name="refunded_at", lookup_expr="gte")
    refunded_before = filters.MomentFilter(field_name="refunded_at", lookup_expr="lt")

    class Meta:
        model = Refund
        fields: list[str] = []


class CustomerFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("name", "phone"))
    phone = django_filters.CharFilter()
    is_active = filters.BooleanFilter()

    class Meta:
        model = Customer
        fields: list[str] = []


class RegisterFilter(django_filters.FilterSet):
    storefront = filters.IdFilter(field_name="storefront_id")
    code = django_filters.CharFilter()

    class Meta:
        model = Register
        fields: list[str] = []
