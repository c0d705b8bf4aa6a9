from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework.serializers import SerializerMethodField

from core.api import fields
from core.api.serializers import Serializer
from inventory import queries
from inventory.models import SerialNumber


class SerialNumberSerializer(Serializer):
    """A piece, and where it stands: in no batch once it has left, at no place where the member does not work."""

    id = fields.IdField()
    product = fields.IdField(source="product_id")
    product_name = fields.TextField(source="product.name")
    sku = fields.TextField(source="product.sku")
    number = fields.TextField()
    stock_product = SerializerMethodField()
    location = SerializerMethodField()
    location_name = SerializerMethodField()

    @extend_schema_field(fields.IdField(allow_null=True))
    def get_stock_product(self, piece: SerialNumber) -> str | None:
        batch = self.batch_of(piece)
        return str(batch.pk) if batch else None

    @extend_schema_field(fields.IdField(allow_null=True))
    def get_location(self, piece: SerialNumber) -> str | None:
        batch = self.batch_of(piece)
        return str(batch.location_id) if batch else None

    def get_location_name(self, piece: SerialNumber) -> str | None:
        batch = self.batch_of(piece)
        return batch.location.name if batch else None

    def batch_of(self, piece: SerialNumber) -> Any:
        batch, member = piece.stock_product, self.context["request"].membership
        return batch if batch and member.works_at(batch.location_id) else None


class StepSerializer(Serializer):
    """A line of the ledger: what became of the piece, by which paper, and where."""

    id = fields.IdField()
    kind = fields.TextField()
    quantity = fields.QuantityField()
    stock_product = fields.IdField(source="stock_product_id")
    location = fields.IdField(source="location_id")
    location_name = fields.TextField(source="location__name")
    source = fields.TextField()  # type: ignore[assignment]
    source_id = fields.IdField()
    line = fields.IdField(source="line_id", allow_null=True)
    by = fields.IdField(source="by_id")
    occurred_at = fields.MomentField()
    recorded_at = fields.MomentField()


class SerialNumberDetailSerializer(SerialNumberSerializer):
    """A piece with its way so far."""

    steps = SerializerMethodField()

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, piece: SerialNumber) -> Any:
        shown: Any = StepSerializer(many=True)
        return shown.to_representation(queries.find_steps(self.context["request"].membership, piece))
