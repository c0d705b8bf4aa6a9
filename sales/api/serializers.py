from typing import Any

from rest_framework import serializers

from core.amounts import SMALLEST_MONEY, SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from core.api.spans import SpanInput
from inventory.api.fields import SerialsField
from sales.discounts import Source
from sales.models import (
    Payment,
    PaymentMethod,
    PriceLevel,
    Refund,
    RefundLine,
    Register,
    Restock,
    Sale,
    SaleLine,
)

PhoneField = fields.PhoneField
SummaryInput = SpanInput


class RegisterSerializer(ModelSerializer):
    open_shift = fields.IdField(source="open_shift_id", read_only=True, allow_null=True)

    class Meta:
        model = Register
        fields = [
            "id",
            "storefront",
            "code",
            "name",
            "last_number",
            "open_shift",
            "open_lease_id",
            "is_active",
            "version",
        ]


class RegisterInput(ModelSerializer):
    code = fields.PatternField(r"[A-Z0-9]{1,12}", "Give 1 to 12 capital letters and digits.")

    class Meta:
        model = Register
        fields = ["storefront", "code", "name"]


class RegisterChange(ModelSerializer):
    class Meta:
        model = Register
        fields = ["name", "is_active"]


class ReceiptNumberField(fields.PatternField):
    """A number that the till gave out by itself."""

    example = "R1-000042"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"[A-Z0-9]{1,12}-[0-9]{6,9}", "Give a number that this register leased.", **kwargs)


class SaleLineInput(Serializer):
    product = fields.IdField()
    pack = fields.IdField(required=False, allow_null=True)
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    unit_price = fields.MoneyField(min_value=ZERO, required=False)
    discount = fields.MoneyField(min_value=ZERO, required=False)
    discount_percent = fields.PercentField(required=False)
    serials = SerialsField(required=False)


_TAKEN = (
    *(PaymentMethod.CASH, PaymentMethod.CARD, PaymentMethod.MOBILE_MONEY, PaymentMethod.BANK),
    *(PaymentMethod.CUSTOMER_CREDIT, PaymentMethod.WALLET, PaymentMethod.GIFT_CARD),
)
TENDERS = [(method.value, method.label) for method in _TAKEN]


class PaymentInput(Serializer):
    """Of a gift card the reference is its code."""

    method = serializers.ChoiceField(choices=TENDERS)
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)
    reference = fields.TextField(max_length=100, required=False, allow_blank=True)
    attempt = fields.IdField(required=False, allow_null=True)


class SaleInput(Serializer):
    id = fields.IdField(required=False)
    storefront = fields.IdField()
    register = fields.IdField()
    shift = fields.IdField(required=False, allow_null=True)
    customer = fields.IdField(required=False, allow_null=True)
    cart = fields.IdField(required=False, allow_null=True)
    sold_at = fields.MomentField(required=False)
    receipt_number = ReceiptNumberField(required=False)
    price_level = serializers.ChoiceField(choices=PriceLevel.choices, required=False)
    lines = fields.BoundedList(child=SaleLineInput(), min_length=1, max_length=500)
    discount = fields.MoneyField(min_value=ZERO, required=False)
    discount_percent = fields.PercentField(required=False)
    coupon = fields.TextField(max_length=32, required=False, allow_null=True)
    payments = fields.BoundedList(child=PaymentInput(), max_length=20)
    keep_change = fields.BooleanField(required=False)


class LineTaxSerializer(Serializer):
    code = fields.TextField()
    name = fields.TextField()
    rate = fields.TextField()
    base = fields.TextField()
    amount = fields.TextField()


class PartSerializer(Serializer):
    """A part of a discount: what the shop offers has an id and a name."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field of that name, as all fields are
        choices=[source.value for source in Source]
    )
    id = fields.IdField(allow_null=True)
    name = fields.TextField()
    amount = fields.TextField()


class SaleLineSerializer(ModelSerializer):
    discounts = PartSerializer(many=True)
    taxes = LineTaxSerializer(many=True)
    serials = SerialsField(read_only=True)

    class Meta:
        model = SaleLine
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
            "price_rule",
            "price_rule_name",
            "discount",
            "discounts",
            "tax_rate",
            "tax_amount",
            "taxes",
            "serials",
            "total",
            "refunded_quantity",
        ]


class PaymentSerializer(ModelSerializer):
    class Meta:
        model = Payment
        fields = ["id", "method", "came_by", "amount", "tendered", "reference", "attempt", "paid_at"]


class PaymentDetailSerializer(PaymentSerializer):
    """A payment as a line of a list: with what it is for."""

    class Meta(PaymentSerializer.Meta):
        fields = [
            *PaymentSerializer.Meta.fields,
            "register",
            "shift",
            "sale",
            "refund",
            "customer",
            "gift_card",
        ]


class SaleSummarySerializer(ModelSerializer):
    """A sale as a line of a list."""

    exchange = fields.IdField(source="exchange_id", allow_null=True, read_only=True)

    class Meta:
        model = Sale
        fields = [
            "id",
            "receipt_number",
            "status",
            "exchange",
            "storefront",
            "register",
            "shift",
            "customer",
            "price_level",
            "currency",
            "prices_include_tax",
            "subtotal",
            "discount_total",
            "tax_total",
            "total",
            "rounding",
            "paid",
            "change_due",
            "sold_by",
            "approved_by",
            "sold_at",
            "recorded_at",
        ]


class SaleSerializer(SaleSummarySerializer):
    """The whole receipt."""

    lines = SaleLineSerializer(many=True)
    payments = PaymentSerializer(many=True)

    class Meta(SaleSummarySerializer.Meta):
        fields = [*SaleSummarySerializer.Meta.fields, "lines", "payments"]


class RefundLineInput(Serializer):
    line = fields.IdField()
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    restock = serializers.ChoiceField(choices=Restock.choices, required=False)
    serials = SerialsField(required=False)


GIVEN_BACK = [choice for choice in PaymentMethod.choices if choice[0] != PaymentMethod.EXCHANGE]


class RefundPaymentInput(Serializer):
    method = serializers.ChoiceField(choices=GIVEN_BACK)
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)


class RefundInput(Serializer):
    id = fields.IdField(required=False)
    register = fields.IdField(required=False)
    shift = fields.IdField(required=False, allow_null=True)
    customer = fields.IdField(required=False, allow_null=True)
    reason = fields.TextField(max_length=200, required=False, allow_blank=True)
    refunded_at = fields.MomentField(required=False)
    lines = fields.BoundedList(child=RefundLineInput(), min_length=1, max_length=500)
    payments = fields.BoundedList(child=RefundPaymentInput(), required=False, max_length=20)


class RefundLineSerializer(ModelSerializer):
    taxes = LineTaxSerializer(many=True)
    serials = SerialsField(read_only=True)

    class Meta:
        model = RefundLine
        fields = ["id", "line", "quantity", "restock", "serials", "tax_amount", "taxes", "total"]


class RefundSerializer(ModelSerializer):
    lines = RefundLineSerializer(many=True)
    payments = PaymentSerializer(many=True)

    class Meta:
        model = Refund
        fields = [
            "id",
            "number",
            "kind",
            "sale",
            "replacement",
            "register",
            "shift",
            "customer",
            "reason",
            "tax_total",
            "total",
            "rounding",
            "refunded_by",
            "refunded_at",
            "recorded_at",
            "lines",
            "payments",
        ]


class VoidInput(Serializer):
    id = fields.IdField(required=False)
    reason = fields.TextField(max_length=200)


class ExchangeInput(Serializer):
    """`lines` come back, `new_lines` are sold for them; `payments` for what these cost more, `given_back` for less."""

    id = fields.IdField(required=False)
    register = fields.IdField(required=False)
    shift = fields.IdField(required=False, allow_null=True)
    customer = fields.IdField(required=False, allow_null=True)
    reason = fields.TextField(max_length=200)
    exchanged_at = fields.MomentField(required=False)
    lines = fields.BoundedList(child=RefundLineInput(), min_length=1, max_length=500)
    new_lines = fields.BoundedList(child=SaleLineInput(), min_length=1, max_length=500)
    price_level = serializers.ChoiceField(choices=PriceLevel.choices, required=False)
    discount = fields.MoneyField(min_value=ZERO, required=False)
    discount_percent = fields.PercentField(required=False)
    coupon = fields.TextField(max_length=32, required=False, allow_null=True)
    receipt_number = ReceiptNumberField(required=False)
    payments = fields.BoundedList(child=PaymentInput(), required=False, max_length=20)
    given_back = fields.BoundedList(child=RefundPaymentInput(), required=False, max_length=20)


class ExchangeSerializer(Serializer):
    id = fields.IdField()
    refund = RefundSerializer()
    sale = SaleSerializer()


MOST_PRODUCTS = 1000


class DaySerializer(Serializer):
    day = fields.DateField()
    sale_count = fields.IntegerField()
    sale_total = fields.MoneyField()
    refund_count = fields.IntegerField()
    refund_total = fields.MoneyField()
    tax_total = fields.MoneyField()


class TopInput(SummaryInput):
    most = fields.IntegerField(min_value=1, max_value=MOST_PRODUCTS, default=100)


class TenderSerializer(Serializer):
    """`money` is what of the total is money, and may be summed over tenders: nothing of what is owed or was kept."""

    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    count = fields.IntegerField()
    received = fields.MoneyField()
    returned = fields.MoneyField()
    total = fields.MoneyField()
    money = fields.MoneyField()


class CashierSerializer(Serializer):
    member = fields.IdField()
    name = fields.TextField()
    sale_count = fields.IntegerField()
    sale_total = fields.MoneyField()
    discount_total = fields.MoneyField()
    refund_count = fields.IntegerField()
    refund_total = fields.MoneyField()


class SoldProductSerializer(Serializer):
    """What was sold and came back is in base units."""

    product = fields.IdField()
    name = fields.TextField()
    sku = fields.TextField()
    sold = fields.QuantityField()
    sale_total = fields.MoneyField()
    discount_total = fields.MoneyField()
    returned = fields.QuantityField()
    refund_total = fields.MoneyField()
