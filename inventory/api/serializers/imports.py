"""An import, and what its rows may say: texts, by the rules that hold for the fields of the API."""

from typing import Any

from rest_framework import serializers

from core.amounts import SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import Serializer
from inventory.api.serializers.catalogue import ProductChange, SupplierChange
from inventory.importing.rows import What
from inventory.models import TaxClass, Tracking

MOST_LETTERS = 100  # of a category's name
YES, NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"})


class ImportInput(Serializer):
    file = fields.IdField()
    what = serializers.ChoiceField(What.choices)
    location = fields.IdField(required=False)
    is_dry_run = fields.BooleanField(required=False)


class WordField(serializers.ChoiceField):
    """A choice, whatever the case of its letters."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data.upper())


class YesNoField(fields.BooleanField):
    default_error_messages = {"invalid": "Say yes or no."}

    def to_internal_value(self, data: Any) -> bool:
        word = data.lower()
        return super().to_internal_value(word in YES if word in YES | NO else data)


class PathField(fields.TextField):
    """A category with those above it, such as `Drinks > Beer`; what comes of it are the names."""

    default_error_messages = {"path": "Give names of at most {most} characters, with > between them."}

    def to_internal_value(self, data: Any) -> Any:
        names = tuple(name.strip() for name in super().to_internal_value(data).split(">"))
        if not all(names) or max(map(len, names)) > MOST_LETTERS:
            self.fail("path", most=MOST_LETTERS)
        return names


class ProductRow(ProductChange):
    """What a new product needs is judged where it is known which are new."""

    category = PathField(required=False)
    supplier = fields.TextField(required=False, max_length=200)
    tax_class = WordField(TaxClass.choices, required=False)
    tracking = WordField(Tracking.choices, required=False)
    retail_price = fields.MoneyField(min_value=ZERO, required=False)
    is_stocked = YesNoField(required=False)

    class Meta(ProductChange.Meta):
        fields = [
            *("sku", "name", "barcode", "category", "supplier", "unit", "tax_class", "tracking"),
            *("retail_price", "wholesale_price", "is_stocked", "item_code"),
        ]
        extra_kwargs = {"sku": {"required": False}, "name": {"required": False}}


class SupplierRow(SupplierChange):
    class Meta(SupplierChange.Meta):
        fields = ["name", "contact", "phone", "email", "lead_days"]


class OpeningStockRow(Serializer):
    """The name is there for people to read."""

    sku = fields.TextField(required=False)
    barcode = fields.TextField(required=False)
    name = fields.TextField(required=False)
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    unit_cost = fields.UnitCostField(min_value=ZERO)
    expiry_date = fields.DateField(source="expires_on", required=False)
