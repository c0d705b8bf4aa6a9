from uuid import UUID

import django_filters
from django.db.models import Exists, OuterRef, QuerySet

from core.api import filters
from sales.models import (
    Customer,
    Payment,
    PaymentMethod,
    PriceLevel,
    Refund,
    Register,
    Sale,
    SaleLine,
    SaleStatus,
    SyncIssue,
    Verdict,
)


class SaleFilter(django_filters.FilterSet):
    """`method` finds sales that were paid by it, also in part; `product` those on which it stands."""

    search = filters.SearchFilter(fields=("receipt_number", "customer__name", "customer__phone"))
    receipt_number = django_filters.CharFilter()
    status = django_filters.ChoiceFilter(choices=SaleStatus.choices)
    storefront = filters.IdFilter(field_name="storefront_id")
    register = filters.IdFilter(field_name="register_id")
    shift = filters.IdFilter(field_name="shift_id")
    customer = filters.IdFilter(field_name="customer_id")
    sold_by = filters.IdFilter(field_name="sold_by_id")
    sold_from = filters.MomentFilter(field_name="sold_at", lookup_expr="gte")
    sold_before = filters.MomentFilter(field_name="sold_at", lookup_expr="lt")
    total_from = filters.AmountFilter(field_name="total", lookup_expr="gte")
    total_to = filters.AmountFilter(field_name="total", lookup_expr="lte")
    price_level = django_filters.ChoiceFilter(choices=PriceLevel.choices)
    method = django_filters.ChoiceFilter(choices=PaymentMethod.choices, method="paid_by")
    product = filters.IdFilter(method="with_product")

    def paid_by(self, sales: QuerySet[Sale], name: str, method: str) -> QuerySet[Sale]:
        payments = Payment.across_accounts.filter(sale=OuterRef("pk"), account=OuterRef("account"), refund=None)
        return sales.filter(Exists(payments.filter(method=method)))

    def with_product(self, sales: QuerySet[Sale], name: str, product: UUID) -> QuerySet[Sale]:
        lines = SaleLine.across_accounts.filter(sale=OuterRef("pk"), account=OuterRef("account"), product=product)
        return sales.filter(Exists(lines))

    class Meta:
        model = Sale
        fields: list[str] = []


class RefundFilter(django_filters.FilterSet):
    register = filters.IdFilter(field_name="register_id")
    shift = filters.IdFilter(field_name="shift_id")
    refunded_by = filters.IdFilter(field_name="refunded_by_id")
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


class SyncIssueFilter(django_filters.FilterSet):
    verdict = django_filters.ChoiceFilter(
        choices=[(v.value, v.label) for v in (Verdict.ACCEPTED_WITH_EXCEPTION, Verdict.REJECTED)]
    )
    storefront = filters.IdFilter(field_name="storefront_id")
    item_id = filters.IdFilter()
    is_reviewed = filters.BooleanFilter(field_name="reviewed_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = SyncIssue
        fields: list[str] = []
