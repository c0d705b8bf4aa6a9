from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.amounts import SMALLEST_QUANTITY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer, WholeSerializer
from inventory import queries
from inventory.api.fields import SerialsField
from inventory.api.serializers.attachments import AttachedSerializer
from inventory.models import Transfer

MOST_LINES = 1000


class TransferLineInput(WholeSerializer):
    """In base units."""

    product = fields.IdField()
    quantity = fields.QuantityField(min_value=SMALLEST_QUANTITY)


class TransferChange(Serializer):
    reason = fields.TextField(max_length=200, required=False, allow_blank=True)
    lines = fields.BoundedList(child=TransferLineInput(), min_length=1, max_length=MOST_LINES)


class TransferInput(TransferChange):
    """`is_request`: the destination asks for it, and the source has yet to accept."""

    id = fields.IdField(required=False)
    source = fields.IdField()  # type: ignore[assignment]
    destination = fields.IdField()
    is_request = fields.BooleanField(required=False)


class DispatchLineInput(Serializer):
    line = fields.IdField()
    serials = SerialsField()


class DispatchInput(Serializer):
    """Which pieces go, of what is tracked piece by piece."""

    lines = fields.BoundedList(child=DispatchLineInput(), max_length=MOST_LINES, required=False)


class ArrivalInput(Serializer):
    """What was found of a line, in base units; and which pieces, of what is tracked piece by piece."""

    line = fields.IdField()
    accepted = fields.QuantityField(min_value=ZERO, default=ZERO)
    damaged = fields.QuantityField(min_value=ZERO, default=ZERO)
    missing = fields.QuantityField(min_value=ZERO, default=ZERO)
    accepted_serials = SerialsField(default=list)
    damaged_serials = SerialsField(default=list)
    missing_serials = SerialsField(default=list)


class ReceiveInput(Serializer):
    items = fields.BoundedList(child=ArrivalInput(), min_length=1, max_length=MOST_LINES)


class TransferSummarySerializer(ModelSerializer):
    # Who works at one of the places may not look up the other.
    source_name = fields.TextField(source="source.name")
    destination_name = fields.TextField(source="destination.name")

    class Meta:
        model = Transfer
        fields = [
            "id",
            "number",
            "source",
            "source_name",
            "destination",
            "destination_name",
            "status",
            "reason",
            "closing_reason",
            "opened_by",
            "opened_at",
            "dispatched_by",
            "dispatched_at",
            "closed_at",
            "version",
        ]


class TransferLineSerializer(Serializer):
    """What was wanted (`quantity`), went (`sent`, less what came back), and became of it; `serials` are on the road."""

    id = fields.IdField()
    position = fields.IntegerField()
    product = fields.IdField(source="product_id")
    product_name = fields.TextField(source="product__name")
    sku = fields.TextField(source="product__sku")
    quantity = fields.QuantityField()
    sent = fields.QuantityField()
    accepted = fields.QuantityField(source="accepted_sum")
    damaged = fields.QuantityField(source="damaged_sum")
    missing = fields.QuantityField(source="missing_sum")
    on_the_road = fields.QuantityField()
    serials = serializers.ListField(child=fields.TextField())


class TransferSerializer(AttachedSerializer, TransferSummarySerializer):
    """With its lines, and what became of each so far."""

    lines = serializers.SerializerMethodField()

    class Meta(TransferSummarySerializer.Meta):
        fields = [*TransferSummarySerializer.Meta.fields, "lines", "attachments"]

    @extend_schema_field(TransferLineSerializer(many=True))
    def get_lines(self, transfer: Transfer) -> Any:
        shown: Any = TransferLineSerializer(many=True)
        return shown.to_representation(queries.find_transfer_lines(transfer))
