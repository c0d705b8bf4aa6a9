import django_filters

from core.api.filters import SearchFilter
from sales.models import Customer, Refund, Register, Sale, SaleStatus


class SaleFilter(django_filters.FilterSet):
    receipt_number = django_filters.CharFilter()
    status = django_filters.ChoiceFilter(choices=SaleStatus.choices)
    storefront = django_filters.UUIDFilter(field_name="storefront_id")
    register = django_filters.UUIDFilter(field_name="register_id")
    customer = django_filters.UUIDFilter(field_name="customer_id")
    sold_by = django_filters.UUIDFilter(field_name="sold_by_id")
    sold_from = django_filters.IsoDateTimeFilter(field_name="sold_at", lookup_expr="gte")
    sold_before = django_filters.IsoDateTimeFilter(field_name="sold_at", lookup_expr="lt")

    class Meta:
        model = Sale
        fields: list[str] = []


class RefundFilter(django_filters.FilterSet):
    sale = django_filters.UUIDFilter(field_name="sale_id")
    refunded_from = django_filters.IsoDateTimeFilter(field_name="refunded_at", lookup_expr="gte")
    refunded_before = django_filters.IsoDateTimeFilter(field_name="refunded_at", lookup_expr="lt")

    class Meta:
        model = Refund
        fields: list[str] = []


class CustomerFilter(django_filters.FilterSet):
    search = SearchFilter(fields=("name", "phone"))
    phone = django_filters.CharFilter()
    is_active = django_filters.BooleanFilter()

    class Meta:
        model = Customer
        fields: list[str] = []


class RegisterFilter(django_filters.FilterSet):
    storefront = django_filters.UUIDFilter(field_name="storefront_id")
    code = django_filters.CharFilter()

    class Meta:
        model = Register
        fields: list[str] = []
