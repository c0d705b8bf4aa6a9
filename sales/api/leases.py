"""Receipt numbers for a till that goes offline."""

from rest_framework import serializers

from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from sales.models import NumberLease

MOST_NUMBERS = 500


class LeaseInput(Serializer):
    count = fields.IntegerField(min_value=1, max_value=MOST_NUMBERS)


class LeaseReturnInput(Serializer):
    next_number = fields.IntegerField(min_value=1, max_value=2**31 - 1)


class LeaseSerializer(ModelSerializer):
    """Numbers from the first to the last; once it is returned, those before the next are given out."""

    prefix = serializers.SerializerMethodField()

    class Meta:
        model = NumberLease
        fields = [
            "id",
            "register",
            "device",
            "prefix",
            "first_number",
            "last_number",
            "next_number",
            "leased_by",
            "leased_at",
            "returned_at",
        ]

    def get_prefix(self, lease: NumberLease) -> str:
        """What stands before the number, of six digits or more."""
        return f"{lease.register.code}-"
