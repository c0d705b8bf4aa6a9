from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework.serializers import ChoiceField, ListField, SerializerMethodField

from core.amounts import ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory import queries
from inventory.api.fields import SerialsField
from inventory.api.serializers.attachments import AttachedSerializer
from inventory.models import Adjustment, AdjustmentKind

MOST_LINES = 1000


class AdjustmentLineInput(Serializer):
    """In base units, without a sign but for a correction. Without `stock_product` all batches give, the first to expire
    first. `unit_cost` is that of what is found; the newest batch's where it is not told."""

    product = fields.IdField()
    stock_product = fields.IdField(required=False, allow_null=True)
    quantity = fields.QuantityField()
    unit_cost = fields.UnitCostField(min_value=ZERO, required=False, allow_null=True)
    serials = SerialsField(required=False)


class AdjustmentInput(Serializer):
    id = fields.IdField(required=False)
    location = fields.IdField()
    kind = ChoiceField(AdjustmentKind.choices)
    reason = fields.TextField(max_length=200)
    occurred_at = fields.MomentField(required=False)
    lines = fields.BoundedList(child=AdjustmentLineInput(), min_length=1, max_length=MOST_LINES)


class WriteOffInput(Serializer):
    location = fields.IdField()
    reason = fields.TextField(max_length=200, required=False, allow_blank=True)


class AdjustmentSummarySerializer(ModelSerializer):
    class Meta:
        model = Adjustment
        fields = [
            "id",
            "number",
            "location",
            "kind",
            "status",
            "reason",
            "closing_reason",
            "value",
            "occurred_at",
            "opened_by",
            "opened_at",
            "decided_by",
            "decided_at",
            "version",
        ]


class AdjustmentLineSerializer(Serializer):
    """So much more, or with a minus less; `serials` are the pieces that go or come."""

    id = fields.IdField()
    position = fields.IntegerField()
    product = fields.IdField(source="product_id")
    product_name = fields.TextField(source="product__name")
    sku = fields.TextField(source="product__sku")
    stock_product = fields.IdField(source="stock_product_id", allow_null=True)
    quantity = fields.QuantityField()
    unit_cost = fields.UnitCostField(allow_null=True)
    serials = ListField(child=fields.TextField())


class AdjustmentSerializer(AttachedSerializer, AdjustmentSummarySerializer):
    lines = SerializerMethodField()

    class Meta(AdjustmentSummarySerializer.Meta):
        fields = [*AdjustmentSummarySerializer.Meta.fields, "lines", "attachments"]

    @extend_schema_field(AdjustmentLineSerializer(many=True))
    def get_lines(self, adjustment: Adjustment) -> Any:
        shown: Any = AdjustmentLineSerializer(many=True)
        return shown.to_representation(queries.find_adjustment_lines(adjustment))
