from typing import Any

from rest_framework import serializers

from accounts.api.fields import EmailField
from core.amounts import SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer
from inventory import barcodes
from inventory.models import BarcodeRule, Category, Product, ProductPack, Supplier

MOST_LEAD_DAYS = 3650


class BarcodeField(fields.TextField):
    """Any text, but where it looks like a barcode of GS1 its check digit has to be right."""

    default_error_messages = {"barcode_check_digit": "The last digit does not fit the others: one of them is wrong."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 64, "required": False, "allow_blank": True, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        barcode = super().run_validation(data)
        if barcodes.is_misread(barcode):
            self.fail("barcode_check_digit")
        return barcode


class CategorySerializer(ModelSerializer):
    class Meta:
        model = Category
        fields = ["id", "name", "parent", "version"]


class CategoryInput(ModelSerializer):
    class Meta:
        model = Category
        fields = ["name", "parent"]
        extra_kwargs = {"parent": {"required": False}}


class SupplierSerializer(ModelSerializer):
    class Meta:
        model = Supplier
        fields = ["id", "name", "contact", "phone", "email", "lead_days", "is_active", "version"]


class SupplierChange(ModelSerializer):
    email = EmailField(max_length=254, required=False, allow_blank=True)
    lead_days = fields.IntegerField(min_value=0, max_value=MOST_LEAD_DAYS, required=False, allow_null=True)

    class Meta:
        model = Supplier
        fields = ["name", "contact", "phone", "email", "lead_days", "is_active"]


class SupplierInput(SupplierChange):
    id = fields.IdField(required=False)

    class Meta(SupplierChange.Meta):
        fields = ["id", *SupplierChange.Meta.fields]


class ProductSerializer(ModelSerializer):
    class Meta:
        model = Product
        fields = [
            "id",
            "sku",
            "name",
            "barcode",
            "item_code",
            "category",
            "supplier",
            "unit",
            "retail_price",
            "wholesale_price",
            "tax_class",
            "tracking",
            "is_stocked",
            "is_active",
            "created_at",
            "version",
        ]


class ProductChange(ModelSerializer):
    barcode = BarcodeField()
    item_code = fields.PatternField("[0-9]{5}", "Give five digits.", required=False, allow_blank=True)
    retail_price = fields.MoneyField(min_value=ZERO)
    wholesale_price = fields.MoneyField(min_value=ZERO, required=False, allow_null=True)

    class Meta:
        model = Product
        fields = [
            "sku",
            "name",
            "barcode",
            "item_code",
            "category",
            "supplier",
            "unit",
            "retail_price",
            "wholesale_price",
            "tax_class",
            "tracking",
            "is_stocked",
            "is_active",
        ]
        extra_kwargs = {"category": {"required": False}, "supplier": {"required": False}}


class ProductInput(ProductChange):
    id = fields.IdField(required=False)

    class Meta(ProductChange.Meta):
        fields = ["id", *ProductChange.Meta.fields]


class PackSerializer(ModelSerializer):
    class Meta:
        model = ProductPack
        fields = [
            *("id", "product", "name", "factor", "barcode", "retail_price", "wholesale_price", "is_active", "version"),
        ]


class PackChange(ModelSerializer):
    barcode = BarcodeField()
    retail_price = fields.MoneyField(min_value=ZERO)
    wholesale_price = fields.MoneyField(min_value=ZERO, required=False, allow_null=True)

    class Meta:
        model = ProductPack
        fields = ["name", "barcode", "retail_price", "wholesale_price", "is_active"]


class PackInput(PackChange):
    id = fields.IdField(required=False)
    factor = fields.QuantityField(min_value=SMALLEST_QUANTITY)

    class Meta(PackChange.Meta):
        fields = ["id", "product", "factor", *PackChange.Meta.fields]


class BarcodeRuleSerializer(ModelSerializer):
    prefix = serializers.ChoiceField(choices=[str(number) for number in range(20, 30)])

    class Meta:
        model = BarcodeRule
        fields = ["id", "prefix", "kind"]


class BarcodeRuleInput(BarcodeRuleSerializer):
    class Meta(BarcodeRuleSerializer.Meta):
        fields = ["prefix", "kind"]


class FoundPackSerializer(ModelSerializer):
    class Meta:
        model = ProductPack
        fields = ["id", "name", "factor", "retail_price", "wholesale_price"]


class FoundProductSerializer(ProductSerializer):
    """A product with the pack and the quantity that were scanned, and what is on hand of it where the member works."""

    pack = FoundPackSerializer(read_only=True, allow_null=True)
    scanned_quantity = fields.QuantityField(read_only=True, allow_null=True)
    quantity = fields.QuantityField(read_only=True)

    class Meta(ProductSerializer.Meta):
        fields = [*ProductSerializer.Meta.fields, "pack", "scanned_quantity", "quantity"]
