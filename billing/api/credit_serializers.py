from django.utils import timezone
from rest_framework import serializers

from accounts.api.fields import EmailField
from billing.models import CreditKind, CreditPack, CreditReservation, CreditTransaction, PaymentState, ReservationState
from billing.services import MOST_RESERVED_MINUTES, RESERVED_MINUTES
from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from core.api.spans import SpanInput


class CreditBalanceSerializer(Serializer):
    """What there is; of it, what is promised to work that is under way; and what is left to be spent."""

    balance = fields.IntegerField()
    reserved = fields.IntegerField()
    available = fields.IntegerField()
    is_low = fields.BooleanField()


class CreditTransactionSerializer(ModelSerializer):
    kind = serializers.ChoiceField(choices=CreditKind.choices)

    class Meta:
        model = CreditTransaction
        fields = [
            *("id", "sequence", "kind", "amount", "balance_after", "operation", "units", "source", "source_id"),
            *("refund_of", "reason", "by", "occurred_at"),
        ]


class CreditOperationInput(Serializer):
    """`amount` is of what the operation counts: words, images. What counts nothing needs none."""

    operation = fields.TextField(max_length=40)
    amount = fields.IntegerField(required=False)


class CreditSpendingInput(CreditOperationInput):
    id = fields.IdField(required=False)


class CreditReservationInput(CreditSpendingInput):
    minutes = fields.IntegerField(min_value=1, max_value=MOST_RESERVED_MINUTES, default=RESERVED_MINUTES)


class CreditCommitInput(Serializer):
    """How much was done, where it was less than was reserved."""

    amount = fields.IntegerField(required=False)


class CreditReservationSerializer(ModelSerializer):
    state = serializers.SerializerMethodField()

    class Meta:
        model = CreditReservation
        fields = ["id", "operation", "units", "credits", "state", "by", "created_at", "expires_at", "ended_at"]

    def get_state(self, reservation: CreditReservation) -> ReservationState:
        return reservation.state_at(timezone.now())


class CreditCostSerializer(Serializer):
    """So many credits for `units` of what the operation counts, or a part of them; where it counts nothing, for each
    time. `names` are what it was called before."""

    operation = fields.TextField()
    credits = fields.IntegerField()
    units = fields.IntegerField()
    counts = fields.TextField()
    module = fields.TextField()
    is_enabled = fields.BooleanField()
    names = serializers.ListField(child=fields.TextField())


class CreditQuoteSerializer(Serializer):
    operation = fields.TextField()
    amount = fields.IntegerField(allow_null=True)
    credits = fields.IntegerField()
    available = fields.IntegerField()
    is_enough = fields.BooleanField()


class CreditPackSerializer(ModelSerializer):
    class Meta:
        model = CreditPack
        fields = ["code", "name", "credits", "price", "currency"]


class CreditPurchaseInput(Serializer):
    """A phone that is asked to pay, or else where to come back to from the page on which to pay."""

    id = fields.IdField(required=False)
    pack = fields.TextField(max_length=40)
    gateway = fields.TextField(max_length=16)
    network = fields.TextField(max_length=16, required=False)
    payer_phone = fields.PhoneField(required=False)
    payer_email = EmailField(max_length=254, required=False)
    return_url = fields.TextField(max_length=500, required=False)


class CreditPurchaseSerializer(Serializer):
    """A pack that was ordered. Ask again while its state is INITIATED or PROMPTED; `page_url` is where to pay, if
    anywhere. Its credits count from `granted_at` to `taken_back_at`; `missing` had been spent when their money went
    back."""

    id = fields.IdField()
    pack = fields.TextField(source="pack.code")
    credits = fields.IntegerField()
    price = fields.MoneyField()
    currency = fields.TextField()
    gateway = fields.TextField(source="attempt.gateway")
    state = serializers.ChoiceField(choices=PaymentState.choices, source="attempt.state")
    reason = fields.TextField(source="attempt.reason")
    page_url = fields.TextField(source="attempt.page_url")
    granted_at = fields.MomentField(allow_null=True)
    taken_back_at = fields.MomentField(allow_null=True)
    taken_back = fields.IntegerField()
    missing = fields.IntegerField()
    created_at = fields.MomentField()


class CreditUsageInput(SpanInput):
    """Days of the business's calendar."""


class CreditUsageSerializer(Serializer):
    """One operation on one day: how often, how much of what it counts, and the credits spent and given back that day.
    What was paid without a price list has no operation."""

    day = fields.DateField()
    operation = fields.TextField()
    count = fields.IntegerField()
    units = fields.IntegerField()
    spent = fields.IntegerField()
    refunded = fields.IntegerField()
