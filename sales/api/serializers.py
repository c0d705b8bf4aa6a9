from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.amounts import SMALLEST_MONEY, SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory.api.fields import SerialsField
from sales import queries
from sales.models import (
    Customer,
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


class RegisterSerializer(ModelSerializer):
    class Meta:
        model = Register
        fields = ["id", "storefront", "code", "name", "last_number", "is_active", "version"]


class RegisterInput(ModelSerializer):
    code = fields.PatternField(r"[A-Z0-9]{1,12}", "Give 1 to 12 capital letters and digits.")

    class Meta:
        model = Register
        fields = ["storefront", "code", "name"]


class RegisterChange(ModelSerializer):
    class Meta:
        model = Register
        fields = ["name", "is_active"]


class PhoneField(fields.PatternField):
    """A number however it is spaced; kept without spaces, so that it is found however it is typed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"\+?[0-9]{3,31}", "Give a phone number: digits, a + in front if you like.", **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data.replace(" ", "") if isinstance(data, str) else data)


class CustomerSerializer(ModelSerializer):
    class Meta:
        model = Customer
        fields = ["id", "name", "phone", "is_active", "created_at", "version"]


class CustomerChange(ModelSerializer):
    phone = PhoneField(required=False, allow_blank=True)

    class Meta:
        model = Customer
        fields = ["name", "phone", "is_active"]


class CustomerInput(CustomerChange):
    id = fields.IdField(required=False)

    class Meta(CustomerChange.Meta):
        fields = ["id", "name", "phone"]


class SaleLineInput(Serializer):
    product = fields.IdField()
    pack = fields.IdField(required=False, allow_null=True)
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    unit_price = fields.MoneyField(min_value=ZERO, required=False)
    discount = fields.MoneyField(min_value=ZERO, required=False)
    serials = SerialsField(required=False)


_TAKEN = (PaymentMethod.CASH, PaymentMethod.CARD, PaymentMethod.MOBILE_MONEY, PaymentMethod.BANK)
TENDERS = [(method.value, method.label) for method in _TAKEN]


class PaymentInput(Serializer):
    method = serializers.ChoiceField(choices=TENDERS)
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)
    reference = fields.TextField(max_length=100, required=False, allow_blank=True)


class SaleInput(Serializer):
    id = fields.IdField(required=False)
    storefront = fields.IdField()
    register = fields.IdField()
    customer = fields.IdField(required=False, allow_null=True)
    cart = fields.IdField(required=False, allow_null=True)
    sold_at = fields.MomentField(required=False)
    price_level = serializers.ChoiceField(choices=PriceLevel.choices, required=False)
    lines = fields.BoundedList(child=SaleLineInput(), min_length=1, max_length=500)
    discount = fields.MoneyField(min_value=ZERO, required=False)
    payments = fields.BoundedList(child=PaymentInput(), max_length=20)


class LineTaxSerializer(Serializer):
    code = fields.TextField()
    name = fields.TextField()
    rate = fields.TextField()
    amount = fields.TextField()


class SaleLineSerializer(ModelSerializer):
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
            "discount",
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
        fields = ["id", "method", "amount", "tendered", "reference", "paid_at"]


class SaleSummarySerializer(ModelSerializer):
    """A sale as a line of a list."""

    class Meta:
        model = Sale
        fields = [
            "id",
            "receipt_number",
            "status",
            "storefront",
            "register",
            "customer",
            "price_level",
            "currency",
            "prices_include_tax",
            "subtotal",
            "discount_total",
            "tax_total",
            "total",
            "paid",
            "change_due",
            "sold_by",
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


class RefundPaymentInput(Serializer):
    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)


class RefundInput(Serializer):
    id = fields.IdField(required=False)
    register = fields.IdField(required=False)
    reason = fields.TextField(max_length=200, required=False, allow_blank=True)
    refunded_at = fields.MomentField(required=False)
    lines = fields.BoundedList(child=RefundLineInput(), min_length=1, max_length=500)
    payments = fields.BoundedList(child=RefundPaymentInput(), required=False, max_length=20)


class RefundLineSerializer(ModelSerializer):
    serials = SerialsField(read_only=True)

    class Meta:
        model = RefundLine
        fields = ["id", "line", "quantity", "restock", "serials", "tax_amount", "total"]


class RefundSerializer(ModelSerializer):
    lines = RefundLineSerializer(many=True)
    payments = PaymentSerializer(many=True)

    class Meta:
        model = Refund
        fields = [
            "id",
            "sale",
            "register",
            "reason",
            "tax_total",
            "total",
            "refunded_by",
            "refunded_at",
            "recorded_at",
            "lines",
            "payments",
        ]


FIRST_YEAR, LAST_YEAR = 2000, 2200
MOST_DAYS = timedelta(days=366)
MOST_PRODUCTS = 1000


class SummaryInput(Serializer):
    first_on = fields.DateField()
    last_on = fields.DateField()

    def validate(self, attrs: Any) -> Any:
        span = attrs["last_on"] - attrs["first_on"]
        is_of_a_shop = FIRST_YEAR <= attrs["first_on"].year <= LAST_YEAR
        if not (is_of_a_shop and timedelta(0) <= span <= MOST_DAYS):
            message = serializers.ErrorDetail("Give a later day, and at most a year.", code="invalid_span")
            raise serializers.ValidationError({"last_on": [message]})
        return attrs


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
    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    count = fields.IntegerField()
    received = fields.MoneyField()
    returned = fields.MoneyField()
    total = fields.MoneyField()


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


class ReceiptSerializer(Serializer):
    """What is printed: the business, the place, the sale, and each levy over all lines."""

    business_name = fields.TextField(source="account.name")
    storefront_name = fields.TextField(source="storefront.name")
    cashier_name = fields.TextField(source="sold_by.name")
    customer_name = serializers.SerializerMethodField()
    sold_at_local = serializers.SerializerMethodField()
    taxes = serializers.SerializerMethodField()
    sale = SaleSerializer(source="*")

    def get_customer_name(self, sale: Any) -> str | None:
        return sale.customer.name if sale.customer else None

    def get_sold_at_local(self, sale: Any) -> str:
        return f"{sale.sold_at.astimezone(self.context['request'].account.zone):%Y-%m-%d %H:%M}"

    @extend_schema_field(LineTaxSerializer(many=True))
    def get_taxes(self, sale: Any) -> list[dict[str, str]]:
        return queries.sum_taxes(sale)
