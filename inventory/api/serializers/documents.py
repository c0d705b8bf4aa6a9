from core.api import fields
from core.api.serializers import Serializer


class ReasonInput(Serializer):
    """Why a document is ended, given up, rejected or undone: its `closing_reason`."""

    reason = fields.TextField(max_length=200, required=False, allow_blank=True)
