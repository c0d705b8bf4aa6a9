from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.amounts import SMALLEST_MONEY, SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory.api.fields import SerialsField
from sales import queries
from sales.api.serializers import LineTaxSerializer, PaymentSerializer
from sales.models import Layaway, LayawayLine, PaymentMethod, PriceLevel

_MONEY = (PaymentMethod.CASH, PaymentMethod.CARD, PaymentMethod.MOBILE_MONEY, PaymentMethod.BANK)
MONEY = [(method.value, method.label) for method in _MONEY]
BACK = [*MONEY, (PaymentMethod.WALLET.value, PaymentMethod.WALLET.label)]
MOST_PAYMENTS = 20


class InstalmentInput(Serializer):
    """What is kept of the money: change is given before."""

    method = serializers.ChoiceField(choices=MONEY)
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)
    reference = fields.TextField(max_length=100, required=False, allow_blank=True)


class LayawayLineInput(Serializer):
    product = fields.IdField()
    pack = fields.IdField(required=False, allow_null=True)
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    unit_price = fields.MoneyField(min_value=ZERO, required=False)
    discount = fields.MoneyField(min_value=ZERO, required=False)


class LayawayInput(Serializer):
    id = fields.IdField(required=False)
    storefront = fields.IdField()
    register = fields.IdField()
    customer = fields.IdField()
    due_on = fields.DateField()
    price_level = serializers.ChoiceField(choices=PriceLevel.choices, required=False)
    lines = fields.BoundedList(child=LayawayLineInput(), min_length=1, max_length=500)
    discount = fields.MoneyField(min_value=ZERO, required=False)
    payments = fields.BoundedList(child=InstalmentInput(), max_length=MOST_PAYMENTS)


class LayawayChangeInput(Serializer):
    due_on = fields.DateField()


class LayawayPaymentInput(Serializer):
    register = fields.IdField()
    payments = fields.BoundedList(child=InstalmentInput(), min_length=1, max_length=MOST_PAYMENTS)


class HandedOverInput(Serializer):
    """Which pieces go, of a line of what is tracked by piece."""

    line = fields.IdField()
    serials = SerialsField()


class LayawayCompletionInput(Serializer):
    register = fields.IdField()
    lines = fields.BoundedList(child=HandedOverInput(), required=False, max_length=500)


class MoneyBackInput(Serializer):
    method = serializers.ChoiceField(choices=BACK)
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)


class LayawayCancellationInput(Serializer):
    """`fee` is what the business keeps of the money, at most a fifth of what all would have cost."""

    register = fields.IdField()
    reason = fields.TextField(max_length=200)
    fee = fields.MoneyField(min_value=ZERO, required=False)
    payments = fields.BoundedList(child=MoneyBackInput(), required=False, max_length=MOST_PAYMENTS)


class LayawaySummarySerializer(ModelSerializer):
    open_amount = fields.MoneyField()
    is_overdue = serializers.SerializerMethodField()

    class Meta:
        model = Layaway
        fields = [
            "id",
            "storefront",
            "register",
            "customer",
            "status",
            "is_overdue",
            "price_level",
            "currency",
            "prices_include_tax",
            "subtotal",
            "discount_total",
            "tax_total",
            "total",
            "paid",
            "open_amount",
            "fee",
            "due_on",
            "sale",
            "closing_reason",
            "opened_by",
            "opened_at",
            "closed_at",
            "version",
        ]

    def get_is_overdue(self, layaway: Layaway) -> bool:
        """The day has passed: it holds nothing any more."""
        return layaway.is_overdue(self.context["request"].account.today)


class LayawayLineSerializer(ModelSerializer):
    taxes = LineTaxSerializer(many=True)

    class Meta:
        model = LayawayLine
        fields = [
            "id",
            "position",
            "product",
            "pack",
            "factor",
            "name",
            "quantity",
            "unit_price",
            "list_price",
            "discount",
            "tax_rate",
            "tax_amount",
            "taxes",
            "total",
        ]


class LayawaySerializer(LayawaySummarySerializer):
    """With what is laid aside, and what came and went back for it."""

    lines = LayawayLineSerializer(many=True)
    payments = serializers.SerializerMethodField()

    class Meta(LayawaySummarySerializer.Meta):
        fields = [*LayawaySummarySerializer.Meta.fields, "lines", "payments"]

    @extend_schema_field(PaymentSerializer(many=True))
    def get_payments(self, layaway: Layaway) -> Any:
        shown: Any = PaymentSerializer(many=True, context=self.context)
        return shown.to_representation(queries.find_instalments(layaway))
