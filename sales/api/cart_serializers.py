from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.amounts import SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory.api.fields import SerialsField
from sales import queries
from sales.models import Cart, CartLine, CartStatus

MOST_MINUTES = 24 * 60


class CartChange(ModelSerializer):
    class Meta:
        model = Cart
        fields = ["customer", "name", "price_level"]


class CartInput(CartChange):
    id = fields.IdField(required=False)

    class Meta(CartChange.Meta):
        fields = ["id", "storefront", "register", *CartChange.Meta.fields]


class ResumeInput(ModelSerializer):
    """Without a register, at the one where it was."""

    class Meta:
        model = Cart
        fields = ["register"]
        extra_kwargs = {"register": {"required": False}}


class HoldInput(Serializer):
    minutes = fields.IntegerField(min_value=1, max_value=MOST_MINUTES, required=False)


class CartTermsInput(Serializer):
    """A price and a discount of one's own need a right."""

    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY, required=False)
    unit_price = fields.MoneyField(min_value=ZERO, required=False, allow_null=True)
    discount = fields.MoneyField(min_value=ZERO, required=False)
    serials = SerialsField(required=False)


class CartQuoteInput(Serializer):
    """What the sale of the cart would be asked for besides."""

    discount = fields.MoneyField(min_value=ZERO, required=False)
    discount_percent = fields.PercentField(required=False)
    coupon = fields.TextField(max_length=32, required=False)


class CartLineInput(CartTermsInput):
    """A product, or what a barcode names: a product, a pack, or what the shop's scale weighed."""

    product = fields.IdField(required=False)
    barcode = fields.TextField(max_length=64, required=False)
    pack = fields.IdField(required=False, allow_null=True)


class CartLineChange(CartTermsInput):
    """Another quantity, price or discount of a line, or other pieces."""


class CartLineSerializer(ModelSerializer):
    """`held_until` is null unless all that the cart wants of the product is promised to it."""

    name = fields.TextField(source="product.name")
    pack_name = fields.TextField(source="pack.name", default=None, allow_null=True)
    held_until = fields.MomentField(allow_null=True)
    is_held = serializers.SerializerMethodField()
    serials = SerialsField(read_only=True)

    class Meta:
        model = CartLine
        fields = [
            "id",
            "product",
            "name",
            "pack",
            "pack_name",
            "quantity",
            "unit_price",
            "discount",
            "serials",
            "is_held",
            "held_until",
        ]

    def get_is_held(self, line: Any) -> bool:
        return line.held_until is not None


class CartSummarySerializer(ModelSerializer):
    status = serializers.SerializerMethodField()

    class Meta:
        model = Cart
        fields = [
            "id",
            "storefront",
            "register",
            "customer",
            "name",
            "price_level",
            "status",
            "sale",
            "closing_reason",
            "opened_by",
            "opened_at",
            "touched_at",
            "version",
        ]

    @extend_schema_field(serializers.ChoiceField(CartStatus.choices))
    def get_status(self, cart: Cart) -> str:
        """One that nobody has touched for a week is abandoned."""
        return cart.state(timezone.now())


class CartSerializer(CartSummarySerializer):
    lines = serializers.SerializerMethodField()

    class Meta(CartSummarySerializer.Meta):
        fields = [*CartSummarySerializer.Meta.fields, "lines"]

    @extend_schema_field(CartLineSerializer(many=True))
    def get_lines(self, cart: Cart) -> Any:
        shown: Any = CartLineSerializer(many=True, context=self.context)
        return shown.to_representation(queries.find_cart_lines(cart))
