from rest_framework import serializers

from billing.models import PaymentState, PhoneGateway
from core.amounts import SMALLEST_MONEY
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from sales.api.serializers import PhoneField
from sales.models import IncomingTransfer
from sales.suggestions import SuggestionKind

NETWORKS = [(name, name) for name in ("MTN", "TELECEL", "AIRTELTIGO", "ORANGE", "WAVE")]


class MobilePaymentInput(Serializer):
    id = fields.IdField(required=False)
    register = fields.IdField()
    customer = fields.IdField(required=False, allow_null=True)
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)
    phone = PhoneField()
    gateway = serializers.ChoiceField(choices=PhoneGateway.choices)
    network = serializers.ChoiceField(choices=NETWORKS, required=False)


class MobilePaymentSerializer(Serializer):
    """A request to a phone. Ask again every few seconds while it is INITIATED or PROMPTED; PAID pays one sale."""

    id = fields.IdField()
    register = fields.IdField(source="register_id")
    customer = fields.IdField(source="customer_id", allow_null=True)
    gateway = serializers.ChoiceField(choices=PhoneGateway.choices, source="attempt.gateway")
    network = fields.TextField(source="attempt.network")
    phone = fields.TextField(source="attempt.payer_phone")
    amount = fields.MoneyField(source="attempt.amount")
    currency = fields.TextField(source="attempt.currency")
    state = serializers.ChoiceField(choices=PaymentState.choices, source="attempt.state")
    reason = fields.TextField(source="attempt.reason")
    provider_reference = fields.TextField(source="attempt.provider_reference")
    created_at = fields.MomentField(source="attempt.created_at")
    expires_at = fields.MomentField(source="attempt.expires_at")
    paid_at = fields.MomentField(source="attempt.paid_at", allow_null=True)
    waits_until = fields.MomentField(source="attempt.waits_until", allow_null=True)
    used_at = fields.MomentField(source="attempt.used_at", allow_null=True)


class IncomingTransferSerializer(ModelSerializer):
    class Meta:
        model = IncomingTransfer
        fields = [
            *("id", "register", "mobile_payment", "gateway", "reference", "provider_reference", "payer_phone"),
            *("amount", "currency", "cause", "state", "is_seen", "customer", "reason", "decided_by", "decided_at"),
            "received_at",
        ]


class TransferMatchInput(Serializer):
    customer = fields.IdField()
    register = fields.IdField(required=False)
    pays_debt = fields.BooleanField(required=False)


class TransferDismissInput(Serializer):
    reason = fields.TextField(max_length=200)


class TransferSuggestionSerializer(Serializer):
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in SuggestionKind])
    id = fields.IdField()
    customer = fields.IdField(allow_null=True)
    amount = fields.MoneyField(allow_null=True)
    at = fields.MomentField()
