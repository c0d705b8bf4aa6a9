from rest_framework import serializers

from core.api import fields
from core.api.serializers import Serializer


class CataloguePackSerializer(Serializer):
    id = fields.IdField()
    name = fields.TextField()
    factor = fields.QuantityField()
    barcode = fields.TextField()
    retail_price = fields.MoneyField()
    wholesale_price = fields.MoneyField(allow_null=True)


class CatalogueItemSerializer(Serializer):
    """A product as the till sells it; of one that is no longer sold, `id` and `is_deleted` alone."""

    id = fields.IdField()
    is_deleted = fields.BooleanField()
    sku = fields.TextField(required=False)
    name = fields.TextField(required=False)
    barcode = fields.TextField(required=False)
    item_code = fields.TextField(required=False)
    category = fields.IdField(required=False, allow_null=True)
    unit = fields.TextField(required=False)
    tax_class = fields.TextField(required=False)
    tracking = fields.TextField(required=False)
    is_stocked = fields.BooleanField(required=False)
    retail_price = fields.MoneyField(required=False)
    wholesale_price = fields.MoneyField(required=False, allow_null=True)
    packs = CataloguePackSerializer(many=True, required=False)
    available = fields.QuantityField(required=False)


class SaleCatalogueSerializer(Serializer):
    """`cursor` is for the next call: at once where `has_more`, else whenever the till wants to know what is new."""

    items = CatalogueItemSerializer(many=True)
    cursor = fields.TextField()
    has_more = serializers.BooleanField()


class BatchAvailabilitySerializer(Serializer):
    """How much of a batch is left, and how much of it nobody holds."""

    id = fields.IdField()
    expires_on = fields.DateField(allow_null=True)
    quantity = fields.QuantityField()
    available = fields.QuantityField()


class AvailabilitySerializer(Serializer):
    """How much of a product can be had at a place now: on hand, less what has expired, less what carts hold."""

    product = fields.IdField()
    location = fields.IdField()
    on_hand = fields.QuantityField()
    expired = fields.QuantityField()
    held = fields.QuantityField()
    available = fields.QuantityField()
    batches = BatchAvailabilitySerializer(many=True)
