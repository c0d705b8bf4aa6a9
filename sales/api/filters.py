from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import Account
from billing.models import PaymentState
from core.api import filters
from sales.models import (
    Cart,
    CartStatus,
    Customer,
    Debt,
    GiftCard,
    IncomingTransfer,
    Layaway,
    LayawayStatus,
    MobilePayment,
    Payment,
    PaymentMethod,
    PriceLevel,
    Refund,
    RefundKind,
    Register,
    Sale,
    SaleStatus,
    Shift,
    SyncIssue,
    TransferState,
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
        account: Account = self.request.account  # type: ignore[union-attr]
        payments = account.payments.filter(refund=None, method=method)
        return sales.filter(Exists(payments.filter(sale=OuterRef("pk"))))

    def with_product(self, sales: QuerySet[Sale], name: str, product: UUID) -> QuerySet[Sale]:
        account: Account = self.request.account  # type: ignore[union-attr]
        lines = account.sale_lines.filter(product=product)
        return sales.filter(Exists(lines.filter(sale=OuterRef("pk"))))

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
    number = django_filters.CharFilter()
    kind = django_filters.ChoiceFilter(choices=RefundKind.choices)
    register = filters.IdFilter(field_name="register_id")
    shift = filters.IdFilter(field_name="shift_id")
    refunded_by = filters.IdFilter(field_name="refunded_by_id")
    sale = filters.IdFilter(field_name="sale_id")
    customer = filters.IdFilter(field_name="customer_id")
    refunded_from = filters.MomentFilter(field_name="refunded_at", lookup_expr="gte")
    refunded_before = filters.MomentFilter(field_name="refunded_at", lookup_expr="lt")

    class Meta:
        model = Refund
        fields: list[str] = []


class CustomerFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("name", "phone"))
    phone = django_filters.CharFilter()
    group = filters.IdFilter(field_name="group_id")
    is_blocked = filters.BooleanFilter()
    is_active = filters.BooleanFilter()

    class Meta:
        model = Customer
        fields: list[str] = []


class DebtFilter(django_filters.FilterSet):
    customer = filters.IdFilter(field_name="customer_id")
    is_open = filters.BooleanFilter(method="filter_open")
    due_before = filters.DateFilter(field_name="due_on", lookup_expr="lt")

    class Meta:
        model = Debt
        fields: list[str] = []

    def filter_open(self, rows: QuerySet[Any], name: str, wanted: bool) -> QuerySet[Any]:
        return rows.filter(settled__lt=F("amount")) if wanted else rows.filter(settled=F("amount"))


class GiftCardFilter(django_filters.FilterSet):
    last_four = django_filters.CharFilter()
    is_blocked = filters.BooleanFilter()

    class Meta:
        model = GiftCard
        fields: list[str] = []


class PaymentFilter(django_filters.FilterSet):
    method = django_filters.ChoiceFilter(choices=PaymentMethod.choices)
    register = filters.IdFilter(field_name="register_id")
    shift = filters.IdFilter(field_name="shift_id")
    sale = filters.IdFilter(field_name="sale_id")
    refund = filters.IdFilter(field_name="refund_id")
    customer = filters.IdFilter(field_name="customer_id")
    gift_card = filters.IdFilter(field_name="gift_card_id")
    paid_from = filters.MomentFilter(field_name="paid_at", lookup_expr="gte")
    paid_before = filters.MomentFilter(field_name="paid_at", lookup_expr="lt")

    class Meta:
        model = Payment
        fields: list[str] = []


class RegisterFilter(django_filters.FilterSet):
    storefront = filters.IdFilter(field_name="storefront_id")
    code = django_filters.CharFilter()

    class Meta:
        model = Register
        fields: list[str] = []


class MobilePaymentFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(field_name="attempt__state", choices=PaymentState.choices)
    register = filters.IdFilter(field_name="register_id")
    customer = filters.IdFilter(field_name="customer_id")

    class Meta:
        model = MobilePayment
        fields: list[str] = []


class TransferFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=TransferState.choices)
    is_seen = filters.BooleanFilter()
    customer = filters.IdFilter(field_name="customer_id")

    class Meta:
        model = IncomingTransfer
        fields: list[str] = []


class ShiftFilter(django_filters.FilterSet):
    register = filters.IdFilter(field_name="register_id")
    storefront = filters.IdFilter(field_name="register__storefront_id")
    opened_by = filters.IdFilter(field_name="opened_by_id")
    is_open = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull")
    opened_from = filters.MomentFilter(field_name="opened_at", lookup_expr="gte")
    opened_before = filters.MomentFilter(field_name="opened_at", lookup_expr="lt")

    class Meta:
        model = Shift
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
