from core.api import fields
from core.api.serializers import Serializer


class SpanInput(Serializer):
    location = fields.IdField(required=False)
    days = fields.IntegerField(min_value=1, max_value=366, required=False)


class ShortSerializer(Serializer):
    kind = fields.TextField()
    location = fields.IdField()
    product = fields.IdField()
    sku = fields.TextField()
    product_name = fields.TextField()
    available = fields.QuantityField()
    minimum = fields.QuantityField(allow_null=True)


class ExpiringSerializer(Serializer):
    location = fields.IdField()
    product = fields.IdField()
    sku = fields.TextField()
    product_name = fields.TextField()
    stock_product = fields.IdField()
    quantity = fields.QuantityField()
    expires_on = fields.DateField()
    has_expired = fields.BooleanField()


class AlertsSerializer(Serializer):
    """What is low or out, and what expires soon or has."""

    short = ShortSerializer(many=True)
    expiring = ExpiringSerializer(many=True)


class SuggestionSerializer(Serializer):
    """How much of a product to order for a place; `velocity` is what is sold of it a day."""

    location = fields.IdField()
    product = fields.IdField()
    sku = fields.TextField()
    product_name = fields.TextField()
    supplier = fields.IdField(allow_null=True)
    available = fields.QuantityField()
    on_order = fields.QuantityField()
    velocity = fields.QuantityField()
    lead_days = fields.IntegerField()
    quantity = fields.QuantityField()


class SuggestionsSerializer(Serializer):
    """What to order."""

    suggestions = SuggestionSerializer(many=True)


class DeadProductSerializer(Serializer):
    """What lies at a place and nobody has bought there for long; `value` is at cost."""

    location = fields.IdField()
    product = fields.IdField()
    sku = fields.TextField()
    product_name = fields.TextField()
    quantity = fields.QuantityField()
    value = fields.ValueField()
    last_sold_at = fields.MomentField(allow_null=True)


class DeadStockSerializer(Serializer):
    """What nobody buys, the most expensive first."""

    products = DeadProductSerializer(many=True)
