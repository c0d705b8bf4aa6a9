from typing import Any

from django.db.models import F
from drf_spectacular.utils import extend_schema_field
from rest_framework.serializers import ChoiceField, SerializerMethodField

from core.amounts import SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer, WholeSerializer
from inventory.api.fields import SerialsField
from inventory.api.serializers.attachments import AttachedSerializer
from inventory.api.serializers.stock import MOST_ITEMS, GoodsInput
from inventory.models import PurchaseOrder, PurchaseOrderLine, SpreadBy, SupplierReturn


class OrderLineInput(WholeSerializer):
    """In base units."""

    product = fields.IdField()
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    unit_cost = fields.UnitCostField(min_value=ZERO)


class PurchaseOrderChange(Serializer):
    supplier = fields.IdField()
    location = fields.IdField()
    expected_on = fields.DateField(required=False, allow_null=True)
    reason = fields.TextField(max_length=200, required=False, allow_blank=True)
    lines = fields.BoundedList(child=OrderLineInput(), min_length=1, max_length=MOST_ITEMS)


class PurchaseOrderInput(PurchaseOrderChange):
    id = fields.IdField(required=False)


class ReceiptItemInput(GoodsInput):
    """Without `unit_cost` it cost what was ordered."""

    unit_cost = fields.UnitCostField(min_value=ZERO, required=False)


class ReceiptInput(Serializer):
    reference = fields.TextField(max_length=100, required=False, allow_blank=True)
    additional_cost = fields.MoneyField(min_value=ZERO, required=False)
    spread_by = ChoiceField(SpreadBy.choices, required=False)
    occurred_at = fields.MomentField(required=False)
    items = fields.BoundedList(child=ReceiptItemInput(), min_length=1, max_length=MOST_ITEMS)


class PurchaseOrderSerializer(ModelSerializer):
    class Meta:
        model = PurchaseOrder
        fields = [
            "id",
            "number",
            "supplier",
            "location",
            "status",
            "expected_on",
            "reason",
            "closing_reason",
            "opened_by",
            "opened_at",
            "ordered_at",
            "closed_at",
            "version",
        ]


class OrderLineSerializer(ModelSerializer):
    product_name = fields.TextField(source="product.name")
    sku = fields.TextField(source="product.sku")
    outstanding_quantity = SerializerMethodField()
    excess_quantity = SerializerMethodField()

    class Meta:
        model = PurchaseOrderLine
        fields = [
            "id",
            "position",
            "product",
            "product_name",
            "sku",
            "quantity",
            "unit_cost",
            "received_quantity",
            "outstanding_quantity",
            "excess_quantity",
        ]

    @extend_schema_field(fields.QuantityField)
    def get_outstanding_quantity(self, line: PurchaseOrderLine) -> str:
        """What is still to come."""
        return f"{max(line.quantity - line.received_quantity, ZERO):.3f}"

    @extend_schema_field(fields.QuantityField)
    def get_excess_quantity(self, line: PurchaseOrderLine) -> str:
        """What came beyond what was ordered."""
        return f"{max(line.received_quantity - line.quantity, ZERO):.3f}"


class PurchaseOrderDetailSerializer(PurchaseOrderSerializer):
    total = SerializerMethodField()
    lines = OrderLineSerializer(many=True)

    class Meta(PurchaseOrderSerializer.Meta):
        fields = [*PurchaseOrderSerializer.Meta.fields, "total", "lines"]

    @extend_schema_field(fields.MoneyField)
    def get_total(self, order: PurchaseOrder) -> str:
        """What all that was ordered costs."""
        total = sum((line.quantity * line.unit_cost for line in order.lines.all()), ZERO)
        shown: str = self.context["request"].account.show_money(total)
        return shown


class ReturnItemInput(Serializer):
    batch = fields.IdField()
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)
    serials = SerialsField(required=False)


class SupplierReturnInput(Serializer):
    id = fields.IdField(required=False)
    reason = fields.TextField(max_length=200, required=False, allow_blank=True)
    items = fields.BoundedList(child=ReturnItemInput(), min_length=1, max_length=MOST_ITEMS)


class SupplierReturnSummarySerializer(ModelSerializer):
    location = fields.IdField(source="stock.location_id")
    supplier = fields.IdField(source="stock.supplier_id", allow_null=True)
    returned_by = fields.IdField(source="opened_by_id")

    class Meta:
        model = SupplierReturn
        fields = ["id", "number", "stock", "location", "supplier", "reason", "returned_by", "returned_at"]


class ReturnLineSerializer(Serializer):
    """A line of the ledger, by which goods went back; `value` is at landed cost."""

    batch = fields.IdField(source="stock_product_id")
    product = fields.IdField(source="product_id")
    product_name = fields.TextField(source="product.name")
    sku = fields.TextField(source="product.sku")
    serial = fields.TextField(source="serial.number", allow_null=True, default=None)
    quantity = fields.QuantityField(source="out")
    purchase_cost = fields.UnitCostField(source="stock_product.purchase_cost")
    unit_cost = fields.UnitCostField()
    value = fields.ValueField(source="value_out")


class SupplierReturnSerializer(AttachedSerializer, SupplierReturnSummarySerializer):
    lines = SerializerMethodField()

    class Meta(SupplierReturnSummarySerializer.Meta):
        fields = [*SupplierReturnSummarySerializer.Meta.fields, "lines", "attachments"]

    @extend_schema_field(ReturnLineSerializer(many=True))
    def get_lines(self, sent_back: SupplierReturn) -> Any:
        ledger = self.context["request"].account.stock_movements.filter(source_id=sent_back.pk).order_by("id")
        lines = ledger.select_related("product", "stock_product", "serial").annotate(
            out=-F("quantity"), value_out=-F("value")
        )
        return ReturnLineSerializer(lines, many=True, context=self.context).data
