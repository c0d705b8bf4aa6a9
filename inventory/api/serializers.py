from core.amounts import SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory.models import Category, Location, Product, Stock, StockMovement


class CategorySerializer(ModelSerializer):
    class Meta:
        model = Category
        fields = ["id", "name", "parent", "version"]


class CategoryInput(ModelSerializer):
    class Meta:
        model = Category
        fields = ["name", "parent"]
        extra_kwargs = {"parent": {"required": False}}


class CategoryChange(ModelSerializer):
    class Meta:
        model = Category
        fields = ["name"]


class LocationSerializer(ModelSerializer):
    class Meta:
        model = Location
        fields = ["id", "name", "kind", "is_active", "version"]


class LocationInput(ModelSerializer):
    class Meta:
        model = Location
        fields = ["name"]


class LocationChange(ModelSerializer):
    class Meta:
        model = Location
        fields = ["name", "is_active"]


class ProductSerializer(ModelSerializer):
    class Meta:
        model = Product
        fields = [
            "id",
            "sku",
            "name",
            "barcode",
            "category",
            "retail_price",
            "wholesale_price",
            "tax_class",
            "is_stocked",
            "is_active",
            "created_at",
            "version",
        ]


class ProductChange(ModelSerializer):
    retail_price = fields.MoneyField(min_value=ZERO)
    wholesale_price = fields.MoneyField(min_value=ZERO, required=False, allow_null=True)

    class Meta:
        model = Product
        fields = [
            "sku",
            "name",
            "barcode",
            "category",
            "retail_price",
            "wholesale_price",
            "tax_class",
            "is_stocked",
            "is_active",
        ]
        extra_kwargs = {"barcode": {"required": False}, "category": {"required": False}}


class ProductInput(ProductChange):
    id = fields.IdField(required=False)

    class Meta(ProductChange.Meta):
        fields = ["id", *ProductChange.Meta.fields]


class FoundProductSerializer(ProductSerializer):
    """A product with what is on hand of it where the asking member works."""

    quantity = fields.QuantityField(read_only=True)

    class Meta(ProductSerializer.Meta):
        fields = [*ProductSerializer.Meta.fields, "quantity"]


class StockItemInput(Serializer):
    product = fields.IdField()
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    unit_cost = fields.UnitCostField(min_value=ZERO)
    expiry_date = fields.DateField(source="expires_on", required=False, allow_null=True)
    retail_price = fields.MoneyField(min_value=ZERO, required=False, allow_null=True)
    wholesale_price = fields.MoneyField(min_value=ZERO, required=False, allow_null=True)


class StockInput(Serializer):
    id = fields.IdField(required=False)
    location = fields.IdField()
    reference = fields.TextField(max_length=100, required=False, allow_blank=True)
    occurred_at = fields.MomentField(required=False)
    items = fields.BoundedList(child=StockItemInput(), min_length=1, max_length=1000)


class StockSerializer(ModelSerializer):
    class Meta:
        model = Stock
        fields = ["id", "location", "reference", "received_by", "occurred_at", "recorded_at"]


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
