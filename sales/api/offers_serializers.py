from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.amounts import ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from sales import queries
from sales.api.serializers import PartSerializer, SaleLineInput, SaleLineSerializer
from sales.models import Coupon, PriceLevel, PriceRule, Promotion, PromotionKind, Sale, SaleLine, Side

_OFFER = ["name", "storefront", "starts_on", "ends_on", "is_active"]
_COUNT = 1_000_000
_MOST_ITEMS = 500


class PriceRuleSerializer(ModelSerializer):
    class Meta:
        model = PriceRule
        fields = [
            "id",
            *_OFFER,
            *("product", "pack", "customer_group", "price_level", "min_quantity", "unit_price", "version"),
        ]


class PriceRuleChange(ModelSerializer):
    min_quantity = fields.QuantityField(min_value=ZERO, required=False)
    unit_price = fields.MoneyField(min_value=ZERO)

    class Meta:
        model = PriceRule
        fields = [*_OFFER, "customer_group", "price_level", "min_quantity", "unit_price"]


class PriceRuleInput(PriceRuleChange):
    class Meta(PriceRuleChange.Meta):
        fields = ["product", "pack", *PriceRuleChange.Meta.fields]


class CouponSerializer(ModelSerializer):
    class Meta:
        model = Coupon
        fields = [
            "id",
            "code",
            *_OFFER,
            *("percent", "amount", "min_basket", "max_uses", "max_uses_per_customer", "use_count", "version"),
        ]


class CouponChange(ModelSerializer):
    percent = fields.PercentField(required=False)
    amount = fields.MoneyField(min_value=ZERO, required=False)
    min_basket = fields.MoneyField(min_value=ZERO, required=False)
    max_uses = fields.IntegerField(min_value=1, max_value=_COUNT, required=False, allow_null=True)
    max_uses_per_customer = fields.IntegerField(min_value=1, max_value=_COUNT, required=False, allow_null=True)

    class Meta:
        model = Coupon
        fields = [*_OFFER, "percent", "amount", "min_basket", "max_uses", "max_uses_per_customer"]


class CouponInput(CouponChange):
    code = fields.PatternField(r"[A-Za-z0-9-]{2,32}", "Give 2 to 32 letters, digits and hyphens.")

    class Meta(CouponChange.Meta):
        fields = ["code", *CouponChange.Meta.fields]


class PromotionSerializer(ModelSerializer):
    buy_products = serializers.SerializerMethodField()
    buy_categories = serializers.SerializerMethodField()
    get_products = serializers.SerializerMethodField()
    get_categories = serializers.SerializerMethodField()

    class Meta:
        model = Promotion
        fields = [
            "id",
            *_OFFER,
            *("kind", "priority", "bought", "got", "minimum", "percent", "amount"),
            *("buy_products", "buy_categories", "get_products", "get_categories", "version"),
        ]

    @extend_schema_field(serializers.ListField(child=fields.IdField()))
    def get_buy_products(self, promotion: Any) -> list[str]:
        return _items(promotion, Side.BUY, "product_id")

    @extend_schema_field(serializers.ListField(child=fields.IdField()))
    def get_buy_categories(self, promotion: Any) -> list[str]:
        return _items(promotion, Side.BUY, "category_id")

    @extend_schema_field(serializers.ListField(child=fields.IdField()))
    def get_get_products(self, promotion: Any) -> list[str]:
        return _items(promotion, Side.GET, "product_id")

    @extend_schema_field(serializers.ListField(child=fields.IdField()))
    def get_get_categories(self, promotion: Any) -> list[str]:
        return _items(promotion, Side.GET, "category_id")


def _items(promotion: Any, side: Side, key: str) -> list[str]:
    named = [getattr(item, key) for item in promotion.items.all() if item.side == side]
    return sorted(str(pk) for pk in named if pk)


def _ids() -> fields.BoundedList:
    return fields.BoundedList(child=fields.IdField(), max_length=_MOST_ITEMS, required=False)


class PromotionChange(ModelSerializer):
    priority = fields.IntegerField(min_value=0, max_value=10_000, required=False)
    bought = fields.IntegerField(min_value=0, max_value=_COUNT, required=False)
    got = fields.IntegerField(min_value=0, max_value=_COUNT, required=False)
    minimum = fields.MoneyField(min_value=ZERO, required=False)
    percent = fields.PercentField(required=False)
    amount = fields.MoneyField(min_value=ZERO, required=False)
    buy_products = _ids()
    buy_categories = _ids()
    get_products = _ids()
    get_categories = _ids()

    class Meta:
        model = Promotion
        fields = [
            *_OFFER,
            *("priority", "bought", "got", "minimum", "percent", "amount"),
            *("buy_products", "buy_categories", "get_products", "get_categories"),
        ]


class PromotionInput(PromotionChange):
    kind = serializers.ChoiceField(choices=PromotionKind.choices)

    class Meta(PromotionChange.Meta):
        fields = ["kind", *PromotionChange.Meta.fields]


class QuoteInput(Serializer):
    storefront = fields.IdField()
    customer = fields.IdField(required=False, allow_null=True)
    price_level = serializers.ChoiceField(choices=PriceLevel.choices, required=False)
    lines = fields.BoundedList(child=SaleLineInput(), min_length=1, max_length=500)
    discount = fields.MoneyField(min_value=ZERO, required=False)
    discount_percent = fields.PercentField(required=False)
    coupon = fields.TextField(max_length=32, required=False, allow_null=True)


class QuoteLineSerializer(SaleLineSerializer):
    class Meta:
        model = SaleLine
        fields = [name for name in SaleLineSerializer.Meta.fields if name not in ("id", "serials", "refunded_quantity")]


class QuoteSerializer(ModelSerializer):
    """What a basket would cost now; `discounts` are those of all lines together."""

    lines = QuoteLineSerializer(many=True)
    discounts = serializers.SerializerMethodField()

    class Meta:
        model = Sale
        fields = [
            *("storefront", "customer", "price_level", "currency", "prices_include_tax"),
            *("subtotal", "discount_total", "tax_total", "total", "discounts", "lines"),
        ]

    @extend_schema_field(PartSerializer(many=True))
    def get_discounts(self, sale: Any) -> list[dict[str, Any]]:
        return queries.sum_discounts(sale)
