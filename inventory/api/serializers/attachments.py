from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework.serializers import SerializerMethodField

from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory import queries
from inventory.models import Attachment


class AttachmentInput(Serializer):
    """`file` is what `system/files/` answered to the member who attaches it: a JPEG, PNG, WebP or PDF."""

    file = fields.IdField()


class AttachmentSerializer(ModelSerializer):
    name = fields.TextField(source="file.name")
    content_type = fields.TextField(source="file.content_type")
    size = fields.IntegerField(source="file.size")

    class Meta:
        model = Attachment
        fields = ["id", "name", "content_type", "size", "attached_by", "created_at"]


class AttachedSerializer(ModelSerializer):
    """A document with what is attached to it."""

    attachments = SerializerMethodField()

    @extend_schema_field(AttachmentSerializer(many=True))
    def get_attachments(self, document: Any) -> Any:
        shown: Any = AttachmentSerializer(many=True)
        return shown.to_representation(queries.find_attachments(document))
