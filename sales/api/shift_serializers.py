from decimal import Decimal
from typing import Any

from rest_framework import serializers

from core.amounts import SMALLEST_MONEY, ZERO
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from sales.models import CashEvent, CashEventKind, HandOver, Shift

MOST_PIECES = 100_000  # of one kind of note or coin
MOST_CASH = Decimal(10**12)  # beyond which no amount goes


class HandOverSerializer(ModelSerializer):
    """Without what was expected, which the reports tell: the shift is closed blind."""

    class Meta:
        model = HandOver
        fields = ["id", "given_by", "taken_by", "counted", "occurred_at", "recorded_at"]


class ShiftSerializer(ModelSerializer):
    """A shift. What was expected in its drawer is told when it is closed."""

    storefront = fields.IdField(source="register.storefront_id", read_only=True)
    is_open = serializers.SerializerMethodField()
    difference = fields.MoneyField(read_only=True, allow_null=True)
    hand_overs = HandOverSerializer(many=True, read_only=True)

    class Meta:
        model = Shift
        fields = [
            "id",
            "storefront",
            "register",
            "is_open",
            "opening_float",
            "opened_by",
            "opened_at",
            "closed_by",
            "closed_at",
            "z_number",
            "expected",
            "counted",
            "difference",
            "hand_overs",
            "version",
        ]

    def get_is_open(self, shift: Shift) -> bool:
        return shift.closed_at is None


class ShiftInput(Serializer):
    id = fields.IdField(required=False)
    register = fields.IdField()
    opening_float = fields.MoneyField(min_value=ZERO, required=False)
    opened_at = fields.MomentField(required=False)


class HandOverInput(Serializer):
    to = fields.IdField(required=False, allow_null=True)
    counted = fields.MoneyField(min_value=ZERO)
    occurred_at = fields.MomentField(required=False)


class DenominationInput(Serializer):
    value = fields.MoneyField(min_value=SMALLEST_MONEY)
    count = fields.IntegerField(min_value=0, max_value=MOST_PIECES)


class CloseInput(Serializer):
    denominations = fields.BoundedList(child=DenominationInput(), max_length=50)
    closed_at = fields.MomentField(required=False)

    def validate_denominations(self, kinds: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({kind["value"] for kind in kinds}) < len(kinds):
            raise serializers.ValidationError("Count each kind of note or coin once.", code="duplicate")
        if sum((kind["value"] * kind["count"] for kind in kinds), ZERO) >= MOST_CASH:
            raise serializers.ValidationError("No drawer holds that much.", code="too_much")
        return kinds


class CashEventSerializer(ModelSerializer):
    """Cash that was moved by hand; its kind says which way."""

    amount = fields.MoneyField(source="moved", read_only=True)

    class Meta:
        model = CashEvent
        fields = ["id", "shift", "kind", "amount", "reason", "by", "is_late", "occurred_at", "recorded_at"]


class CashEventInput(Serializer):
    id = fields.IdField(required=False)
    kind = serializers.ChoiceField(choices=CashEventKind.choices)
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)
    reason = fields.TextField(max_length=200)
    occurred_at = fields.MomentField(required=False)


# --- Reports: their amounts are texts already, so that what was drawn up once is told the same for ever ---------------


class SoldSerializer(Serializer):
    count = fields.IntegerField()
    subtotal = fields.TextField()
    discount_total = fields.TextField()
    tax_total = fields.TextField()
    total = fields.TextField()


class VoidedSerializer(Serializer):
    count = fields.IntegerField()
    total = fields.TextField()


class RefundedSerializer(Serializer):
    count = fields.IntegerField()
    total = fields.TextField()
    tax_total = fields.TextField()


class LevySumSerializer(Serializer):
    code = fields.TextField()
    name = fields.TextField()
    rate = fields.TextField()
    amount = fields.TextField()


class TenderSumSerializer(Serializer):
    method = fields.TextField()
    paid_in = fields.TextField()
    paid_out = fields.TextField()
    total = fields.TextField()


class CashSumSerializer(Serializer):
    kind = fields.TextField()
    count = fields.IntegerField()
    amount = fields.TextField()


class HandOverSumSerializer(Serializer):
    given_by = fields.IdField()
    taken_by = fields.IdField()
    occurred_at = fields.TextField()
    counted = fields.TextField()
    expected = fields.TextField()
    difference = fields.TextField()


class XReportSerializer(Serializer):
    opened_at = fields.TextField()
    opened_by = fields.IdField()
    opening_float = fields.TextField()
    sales = SoldSerializer()
    voids = VoidedSerializer()
    change_given = fields.TextField()
    first_receipt_number = fields.TextField(allow_null=True)
    last_receipt_number = fields.TextField(allow_null=True)
    refunds = RefundedSerializer()
    taxes = LevySumSerializer(many=True)
    payments = TenderSumSerializer(many=True)
    cash_events = CashSumSerializer(many=True)
    hand_overs = HandOverSumSerializer(many=True)
    cashiers = serializers.ListField(child=fields.IdField())
    expected = fields.TextField()


class CountedSerializer(Serializer):
    value = fields.TextField()
    count = fields.IntegerField()


class AddendumSerializer(Serializer):
    kind = fields.TextField()
    id = fields.IdField()
    receipt_number = fields.TextField(allow_null=True)
    by = fields.IdField()
    occurred_at = fields.TextField()
    recorded_at = fields.TextField()
    total = fields.TextField(allow_null=True)
    tax_total = fields.TextField(allow_null=True)
    cash = fields.TextField()


class ZReportSerializer(XReportSerializer):
    """What a shift added up to when it was closed, as it was then, and beside it what came later."""

    z_number = fields.IntegerField()
    shift = fields.IdField()
    register = fields.IdField()
    register_code = fields.TextField()
    currency = fields.TextField()
    closed_at = fields.TextField()
    closed_by = fields.IdField()
    denominations = CountedSerializer(many=True)
    counted = fields.TextField()
    difference = fields.TextField()
    addenda = AddendumSerializer(many=True)
