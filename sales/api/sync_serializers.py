"""What a till that was offline sends, and what it is told of it."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.serializers import BaseSerializer

from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from sales import services
from sales.api.customer_serializers import (
    BookingSerializer,
    CollectionInput,
    CustomerInput,
    CustomerSerializer,
    MoneyInput,
)
from sales.api.serializers import RefundInput, RefundSerializer, SaleInput, SaleSerializer
from sales.api.shift_serializers import (
    CashEventInput,
    CashEventSerializer,
    CloseInput,
    HandOverInput,
    HandOverSerializer,
    ShiftInput,
    ShiftSerializer,
)
from sales.models import SyncIssue, Verdict

MOST_ITEMS = 200


class OfflineRefundInput(RefundInput):
    sale = fields.IdField()


class OfflineCollectionInput(CollectionInput):
    """By one tender: its payment has the id of the item, so that it is known again."""

    customer = fields.IdField()
    shift = fields.IdField(required=False, allow_null=True)
    payments = fields.BoundedList(child=MoneyInput(), min_length=1, max_length=1)


class OfflineCashEventInput(CashEventInput):
    shift = fields.IdField()


class OfflineHandOverInput(HandOverInput):
    id = fields.IdField()
    shift = fields.IdField()


class OfflineCloseInput(CloseInput):
    id = fields.IdField()
    shift = fields.IdField()


INPUTS: Mapping[str, type[BaseSerializer[Any]]] = {
    "customer": CustomerInput,
    "shift_open": ShiftInput,
    "sale": SaleInput,
    "refund": OfflineRefundInput,
    "customer_payment": OfflineCollectionInput,
    "cash_event": OfflineCashEventInput,
    "shift_hand_over": OfflineHandOverInput,
    "shift_close": OfflineCloseInput,
}
SHOWN_BY: Mapping[str, type[BaseSerializer[Any]]] = {
    "customer": CustomerSerializer,
    "shift_open": ShiftSerializer,
    "sale": SaleSerializer,
    "refund": RefundSerializer,
    "customer_payment": BookingSerializer,
    "cash_event": CashEventSerializer,
    "shift_hand_over": HandOverSerializer,
    "shift_close": ShiftSerializer,
}


class SyncItemInput(Serializer):
    kind = serializers.ChoiceField(choices=[(kind, kind) for kind in services.KINDS])
    id = fields.IdField()
    content = serializers.DictField()


class SyncInput(Serializer):
    """`sent_at` is what the till's clock says as it sends this: by it a wrong clock is seen, and corrected."""

    sent_at = fields.MomentField(required=False)
    items = fields.BoundedList(child=SyncItemInput(), min_length=1, max_length=MOST_ITEMS)


class ReasonSerializer(Serializer):
    code = fields.TextField()
    detail = fields.TextField()
    errors = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]
    meta = serializers.DictField()


class SyncResultSerializer(Serializer):
    """`is_final` is false where the same item may be taken another time: what it refers to had not come yet, the shift
    before is still open, a phone has not answered yet, its module is switched off, the subscription has to be renewed,
    or the service was busy."""

    kind = fields.TextField()
    id = fields.IdField()
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reasons = ReasonSerializer(many=True)
    is_final = fields.BooleanField()
    row = serializers.DictField(allow_null=True)


class SyncIssueSerializer(ModelSerializer):
    reasons = ReasonSerializer(many=True)

    class Meta:
        model = SyncIssue
        fields = [
            "id",
            "kind",
            "item_id",
            "verdict",
            "reasons",
            "content",
            "storefront",
            "sent_by",
            "recorded_at",
            "reviewed_by",
            "reviewed_at",
        ]
