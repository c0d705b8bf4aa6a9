from drf_spectacular.utils import extend_schema_field
from rest_framework.serializers import ChoiceField, ListField, SerializerMethodField

from core.amounts import SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory.api.fields import SerialsField
from inventory.api.serializers.attachments import AttachedSerializer
from inventory.models import SpreadBy, Stock, StockMovement, StockProduct

MOST_ITEMS = 1000


class GoodsInput(Serializer):
    """What came of a product, with a serial number for each piece of what is tracked so."""

    product = fields.IdField()
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    expiry_date = fields.DateField(source="expires_on", required=False, allow_null=True)
    serials = SerialsField(required=False)
    retail_price = fields.MoneyField(min_value=ZERO, required=False, allow_null=True)
    wholesale_price = fields.MoneyField(min_value=ZERO, required=False, allow_null=True)


class StockItemInput(GoodsInput):
    """In a pack, `quantity` is a number of packs, and `unit_cost` what one of them cost."""

    pack = fields.IdField(required=False, allow_null=True)
    unit_cost = fields.UnitCostField(min_value=ZERO)


class StockInput(Serializer):
    id = fields.IdField(required=False)
    location = fields.IdField()
    supplier = fields.IdField(required=False, allow_null=True)
    reference = fields.TextField(max_length=100, required=False, allow_blank=True)
    additional_cost = fields.MoneyField(min_value=ZERO, required=False)
    spread_by = ChoiceField(SpreadBy.choices, required=False)
    occurred_at = fields.MomentField(required=False)
    items = fields.BoundedList(child=StockItemInput(), min_length=1, max_length=MOST_ITEMS)


class StockSerializer(ModelSerializer):
    class Meta:
        model = Stock
        fields = [
            "id",
            "number",
            "location",
            "supplier",
            "order",
            "reference",
            "additional_cost",
            "spread_by",
            "received_by",
            "occurred_at",
            "recorded_at",
        ]


class StockItemSerializer(Serializer):
    """A batch of the delivery: what came, and what is left of it where it came to."""

    id = fields.IdField()
    product = fields.IdField(source="product_id")
    product_name = fields.TextField(source="product.name")
    sku = fields.TextField(source="product.sku")
    received_quantity = SerializerMethodField()
    quantity = fields.QuantityField()
    purchase_cost = fields.UnitCostField()
    unit_cost = fields.UnitCostField()
    expiry_date = fields.DateField(source="expires_on", allow_null=True)
    retail_price = fields.MoneyField(allow_null=True)
    wholesale_price = fields.MoneyField(allow_null=True)
    serials = SerializerMethodField()

    @extend_schema_field(fields.QuantityField)
    def get_received_quantity(self, batch: StockProduct) -> str:
        return f"{sum((line.quantity for line in batch.movements.all()), ZERO):.3f}"

    @extend_schema_field(ListField(child=fields.TextField()))
    def get_serials(self, batch: StockProduct) -> list[str]:
        return [line.serial.number for line in batch.movements.all() if line.serial]


class StockDetailSerializer(AttachedSerializer, StockSerializer):
    items = StockItemSerializer(source="batches", many=True)

    class Meta(StockSerializer.Meta):
        fields = [*StockSerializer.Meta.fields, "items", "attachments"]


class StockProductSerializer(Serializer):
    """A batch with the product's present prices, read as plain columns: the till leafs through these all day."""

    id = fields.IdField()
    stock = fields.IdField(source="stock_id")
    product = fields.IdField(source="product_id")
    product_name = fields.TextField(source="product__name")
    sku = fields.TextField(source="product__sku")
    barcode = fields.TextField(source="product__barcode")
    location = fields.IdField(source="location_id")
    location_name = fields.TextField(source="location__name")
    quantity = fields.QuantityField()
    purchase_cost = fields.UnitCostField()
    unit_cost = fields.UnitCostField()
    expiry_date = fields.DateField(source="expires_on", allow_null=True)
    retail_price = fields.MoneyField(source="product__retail_price")
    wholesale_price = fields.MoneyField(source="product__wholesale_price", allow_null=True)
    received_at = fields.MomentField()


class StockMovementSerializer(ModelSerializer):
    class Meta:
        model = StockMovement
        fields = [
            "id",
            "stock_product",
            "product",
            "location",
            "sequence",
            "kind",
            "quantity",
            "unit_cost",
            "value",
            "balance_after",
            "source",
            "source_id",
            "by",
            "occurred_at",
            "recorded_at",
        ]
