from operator import itemgetter
from typing import Any

from accounts.roles import Capability
from core.amounts import ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from inventory.api.fields import SerialsField
from inventory.models import CountStatus, StockCount, StockCountLine


class CountInput(Serializer):
    id = fields.IdField(required=False)
    location = fields.IdField()
    reason = fields.TextField(max_length=200, required=False, allow_blank=True)
    is_blind = fields.BooleanField(required=False)


class ScannedItemInput(Serializer):
    product = fields.IdField()
    counted = fields.QuantityField(min_value=ZERO, max_digits=13)
    serials = SerialsField(required=False)


class ScanInput(Serializer):
    items = fields.BoundedList(child=ScannedItemInput(), min_length=1, max_length=1000)


class CountSummarySerializer(ModelSerializer):
    class Meta:
        model = StockCount
        fields = [
            "id",
            "number",
            "location",
            "reason",
            "closing_reason",
            "is_blind",
            "status",
            "opened_by",
            "opened_at",
            "decided_by",
            "decided_at",
            "version",
        ]


class CountLineSerializer(ModelSerializer):
    """Of what is tracked piece by piece also the numbers: of what was seen, and of what that is less and more."""

    difference = fields.QuantityField(read_only=True)
    serials = SerialsField(read_only=True, allow_null=True)
    missing_serials = SerialsField(read_only=True)
    found_serials = SerialsField(read_only=True)

    class Meta:
        model = StockCountLine
        fields = [
            *("id", "product", "counted", "expected", "difference", "serials", "missing_serials", "found_serials"),
            *("tries", "counted_by", "counted_at"),
        ]


class CountSerializer(CountSummarySerializer):
    """A count with its lines. Whoever counts blind is not told what should be there until it is approved."""

    lines = CountLineSerializer(many=True, read_only=True)

    class Meta(CountSummarySerializer.Meta):
        fields = [*CountSummarySerializer.Meta.fields, "lines"]

    def to_representation(self, instance: StockCount) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        lines = sorted(shown["lines"], key=itemgetter("id"))
        return {**shown, "lines": lines if self.may_see(instance) else [hidden(line) for line in lines]}

    def may_see(self, count: StockCount) -> bool:
        is_decided = count.status in (CountStatus.APPROVED, CountStatus.REVERSED)
        may_approve: bool = self.context["request"].membership.may(Capability.STOCK_APPROVE)
        return is_decided or not count.is_blind or may_approve


def hidden(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, **dict.fromkeys(("expected", "difference", "missing_serials", "found_serials"))}
