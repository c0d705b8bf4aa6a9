from datetime import timedelta
from typing import Any

from rest_framework import serializers

from core.amounts import SMALLEST_MONEY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from core.api.spans import FIRST_YEAR, LAST_YEAR
from sales.api.serializers import PaymentSerializer, PhoneField, SummaryInput
from sales.models import Customer, CustomerEntry, CustomerGroup, Debt, PaymentMethod

LONGEST_TERMS = 3650  # days
_MONEY = (PaymentMethod.CASH, PaymentMethod.CARD, PaymentMethod.MOBILE_MONEY, PaymentMethod.BANK)
MONEY = [(method.value, method.label) for method in _MONEY]


class CustomerGroupSerializer(ModelSerializer):
    class Meta:
        model = CustomerGroup
        fields = ["id", "name", "version"]


class CustomerGroupInput(ModelSerializer):
    class Meta:
        model = CustomerGroup
        fields = ["name"]


class CustomerSummarySerializer(ModelSerializer):
    class Meta:
        model = Customer
        fields = [
            "id",
            "name",
            "phone",
            "group",
            "credit_limit",
            "terms_days",
            "is_blocked",
            "is_active",
            "created_at",
            "version",
        ]


class CustomerSerializer(CustomerSummarySerializer):
    """One customer, with what they owe and what is kept for them: a till that sells has to know."""

    class Meta(CustomerSummarySerializer.Meta):
        fields = [*CustomerSummarySerializer.Meta.fields, "debt", "wallet"]


class CustomerChange(ModelSerializer):
    phone = PhoneField(required=False, allow_blank=True)
    credit_limit = fields.MoneyField(min_value=ZERO, required=False)
    terms_days = fields.IntegerField(min_value=0, max_value=LONGEST_TERMS, required=False)

    class Meta:
        model = Customer
        fields = ["name", "phone", "group", "credit_limit", "terms_days", "is_blocked", "is_active"]


class CustomerInput(CustomerChange):
    id = fields.IdField(required=False)

    class Meta(CustomerChange.Meta):
        fields = ["id", "name", "phone", "group", "credit_limit", "terms_days", "is_blocked"]


class DebtSerializer(ModelSerializer):
    open_amount = fields.MoneyField()

    class Meta:
        model = Debt
        fields = [
            "id",
            "customer",
            "source",
            "source_id",
            "amount",
            "settled",
            "open_amount",
            "due_on",
            "occurred_at",
        ]


class DebtWriteOffInput(Serializer):
    amount = fields.MoneyField(min_value=SMALLEST_MONEY, required=False)
    reason = fields.TextField(max_length=200)


class CustomerEntrySerializer(ModelSerializer):
    class Meta:
        model = CustomerEntry
        fields = [
            "id",
            "sequence",
            "book",
            "kind",
            "debt",
            "amount",
            "balance_after",
            "source",
            "source_id",
            "reason",
            "by",
            "occurred_at",
            "recorded_at",
        ]


class MoneyInput(Serializer):
    """Money that comes in; what is given back of it is not part of the amount."""

    method = serializers.ChoiceField(choices=MONEY)
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)
    reference = fields.TextField(max_length=100, required=False, allow_blank=True)


class TopUpInput(Serializer):
    id = fields.IdField(required=False)
    register = fields.IdField()
    payments = fields.BoundedList(child=MoneyInput(), min_length=1, max_length=20)
    paid_at = fields.MomentField(required=False)


class AllocationInput(Serializer):
    debt = fields.IdField()
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)


class CollectionInput(TopUpInput):
    debts = fields.BoundedList(child=AllocationInput(), required=False, max_length=200)


class PayOutInput(Serializer):
    id = fields.IdField(required=False)
    register = fields.IdField()
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)
    method = serializers.ChoiceField(choices=MONEY, required=False)
    reason = fields.TextField(max_length=200, required=False, allow_blank=True)
    paid_at = fields.MomentField(required=False)


class BookingSerializer(Serializer):
    id = fields.IdField()
    customer = CustomerSerializer()
    payments = PaymentSerializer(many=True)
    entries = CustomerEntrySerializer(many=True)


class StatementInput(SummaryInput):
    first_on = fields.DateField(required=False)
    last_on = fields.DateField(required=False)

    def validate(self, attrs: Any) -> Any:
        today = self.context["request"].account.today
        return super().validate({"first_on": today - timedelta(days=30), "last_on": today, **attrs})


class BalanceSerializer(Serializer):
    debt = fields.MoneyField()
    wallet = fields.MoneyField()


class StatementLineSerializer(Serializer):
    """A line of the ledger, and what the customer owed and had after it."""

    id = fields.IdField(source="entry.id")
    occurred_at = fields.MomentField(source="entry.occurred_at")
    book = fields.TextField(source="entry.book")
    kind = fields.TextField(source="entry.kind")
    amount = fields.MoneyField(source="entry.amount")
    source = fields.TextField(source="entry.source")  # type: ignore[assignment]
    source_id = fields.IdField(source="entry.source_id")
    reason = fields.TextField(source="entry.reason")
    balance = BalanceSerializer()


class StatementSerializer(Serializer):
    customer = CustomerSummarySerializer()
    first_on = fields.DateField()
    last_on = fields.DateField()
    opening = BalanceSerializer()
    lines = StatementLineSerializer(many=True)
    closing = BalanceSerializer()


class AgeingInput(Serializer):
    on = fields.DateField(required=False)

    def validate_on(self, on: Any) -> Any:
        if not FIRST_YEAR <= on.year <= LAST_YEAR:
            raise serializers.ValidationError("Give a day of a shop.", code="invalid_span")
        return on


class AgesSerializer(Serializer):
    not_due = fields.MoneyField()
    days_1_to_30 = fields.MoneyField()
    days_31_to_60 = fields.MoneyField()
    days_61_to_90 = fields.MoneyField()
    over_90_days = fields.MoneyField()
    total = fields.MoneyField()


class CustomerAgesSerializer(AgesSerializer):
    """What one customer owes, by how many days it has been due."""

    customer = fields.IdField(source="customer_id")
    name = fields.TextField()


class AgeingSerializer(Serializer):
    """`total` is that of all customers, `customers` one page of them."""

    on = fields.DateField()
    total = AgesSerializer()
    count = fields.IntegerField()
    customers = CustomerAgesSerializer(many=True)
