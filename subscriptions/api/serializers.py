from typing import Any

from rest_framework import serializers

from billing.models import PageGateway, PaymentState
from core.amounts import currency_exponent, show_money
from core.api import fields
from core.api.serializers import Serializer
from subscriptions.models import Cycle, InvoiceKind, PaymentKind
from subscriptions.policy import Access, Feature, Resource, State

STATES = [(state.value, state.value) for state in State]
ACCESS = [(access.value, access.value) for access in Access]


class PriceField(fields.DecimalField):
    """An amount in the currency that the row itself names, which need not be the account's."""

    def __init__(self) -> None:
        super().__init__(max_digits=14, decimal_places=2, source="*", read_only=True)

    def to_representation(self, value: Any) -> str:
        return show_money(getattr(value, str(self.field_name)), currency_exponent(value.currency))


class SubscriptionSerializer(Serializer):
    """What is held. `next_plan` begins on `next_from`, where that is still to come."""

    plan = fields.TextField(source="plan_today.code")
    state = serializers.ChoiceField(choices=STATES)
    cycle = serializers.ChoiceField(choices=Cycle.choices)
    is_trial = fields.BooleanField()
    starts_on = fields.DateField()
    ends_on = fields.DateField()
    next_plan = fields.TextField(source="plan_to_come.code", default=None, allow_null=True)
    next_from = fields.DateField(source="comes_on", allow_null=True)
    cancelled_at = fields.MomentField(allow_null=True)
    suspended_at = fields.MomentField(allow_null=True)


class PlanUsageSerializer(Serializer):
    """How many there are of what the plan counts. No limit is null."""

    resource = serializers.ChoiceField(choices=[(each.value, each.value) for each in Resource])
    limit = fields.IntegerField(allow_null=True)
    used = fields.IntegerField()


class FeaturesSerializer(Serializer):
    """What of each part of the product may be used now."""

    def get_fields(self) -> dict[str, Any]:
        return {feature.value: serializers.ChoiceField(choices=ACCESS) for feature in Feature}


class SubscriptionStatusSerializer(Serializer):
    """How it stands today, on the account's own calendar. Without a subscription the state is NONE."""

    plan = fields.TextField(source="plan.code", default=None, allow_null=True)
    state = serializers.ChoiceField(choices=STATES)
    is_active = fields.BooleanField()
    is_in_grace = fields.BooleanField()
    is_trial = fields.BooleanField(source="held.is_trial", default=None, allow_null=True)
    cycle = serializers.ChoiceField(choices=Cycle.choices, source="held.cycle", default=None, allow_null=True)
    starts_on = fields.DateField(source="held.starts_on", default=None, allow_null=True)
    ends_on = fields.DateField(source="held.ends_on", default=None, allow_null=True)
    days_left = fields.IntegerField(allow_null=True)
    grace_ends_on = fields.DateField(allow_null=True)
    next_plan = fields.TextField(source="held.plan_to_come.code", default=None, allow_null=True)
    next_from = fields.DateField(source="held.comes_on", default=None, allow_null=True)
    cancelled_at = fields.MomentField(source="held.cancelled_at", default=None, allow_null=True)
    suspended_at = fields.MomentField(source="held.suspended_at", default=None, allow_null=True)
    limits = PlanUsageSerializer(source="usage", many=True)
    features = FeaturesSerializer(source="access")


class PlanTierSerializer(Serializer):
    cycle = serializers.ChoiceField(choices=Cycle.choices)
    min_storefronts = fields.IntegerField()
    max_storefronts = fields.IntegerField(allow_null=True)
    base = PriceField()
    per_extra = PriceField()


class PlanSerializer(Serializer):
    """What is offered. A limit that is null is none."""

    code = fields.TextField()
    name = fields.TextField()
    currency = fields.TextField()
    features = serializers.ListField(child=fields.TextField(), source="feature_lines")
    max_users = fields.IntegerField(allow_null=True)
    max_storefronts = fields.IntegerField(allow_null=True)
    max_products = fields.IntegerField(allow_null=True)
    monthly_credits = fields.IntegerField()
    tiers = PlanTierSerializer(many=True, source="sold_tiers")


class PriceTaxSerializer(Serializer):
    code = fields.TextField()
    name = fields.TextField()
    rate = fields.TextField()
    amount = fields.TextField()


class PriceSerializer(Serializer):
    """A price in its parts, which sum to the total. `credit` is what was paid for the same days before."""

    plan = fields.TextField(source="plan.code")
    cycle = serializers.ChoiceField(choices=Cycle.choices)
    storefronts = fields.IntegerField()
    currency = fields.TextField()
    base = PriceField()
    extra = PriceField()
    credit = PriceField()
    taxes = PriceTaxSerializer(many=True, source="shown_taxes")
    tax_total = PriceField()
    fee = PriceField()
    total = PriceField()


class SubscriptionOfferSerializer(Serializer):
    """What would be paid now. An UPGRADE is for the days that are paid for already."""

    kind = serializers.ChoiceField(choices=PaymentKind.choices)
    price = PriceSerializer(source="quote")


class PricingInput(Serializer):
    plan = fields.TextField(required=False, max_length=40)
    cycle = serializers.ChoiceField(choices=Cycle.choices, required=False)
    gateway = serializers.ChoiceField(choices=PageGateway.choices, required=False)


class SubscriptionPaymentInput(Serializer):
    id = fields.IdField(required=False)
    gateway = serializers.ChoiceField(choices=PageGateway.choices)
    plan = fields.TextField(required=False, max_length=40)
    cycle = serializers.ChoiceField(choices=Cycle.choices, required=False)
    return_url = fields.TextField(required=False, max_length=500)


class SubscriptionPaymentSerializer(PriceSerializer):
    """A price that somebody was asked for. Ask again until there is a `page_url`: that is where it is paid."""

    id = fields.IdField()
    kind = serializers.ChoiceField(choices=PaymentKind.choices)
    taxes = PriceTaxSerializer(many=True)
    gateway = fields.TextField(source="attempt.gateway")
    state = serializers.ChoiceField(choices=PaymentState.choices, source="attempt.state")
    reason = fields.TextField(source="attempt.reason")
    page_url = fields.TextField(source="attempt.page_url")
    created_at = fields.MomentField()
    expires_at = fields.MomentField(source="attempt.expires_at")
    paid_at = fields.MomentField(source="attempt.paid_at", allow_null=True)
    starts_on = fields.DateField(allow_null=True)
    ends_on = fields.DateField(allow_null=True)
    granted_at = fields.MomentField(allow_null=True)
    taken_back_at = fields.MomentField(allow_null=True)


class NextPlanInput(Serializer):
    plan = fields.TextField(max_length=40, allow_null=True)


class InvoiceSerializer(Serializer):
    id = fields.IdField()
    number = fields.TextField()
    kind = serializers.ChoiceField(choices=InvoiceKind.choices)
    payment = fields.IdField(source="payment_id")
    issued_on = fields.DateField()
    currency = fields.TextField()
    total = PriceField()
    content = serializers.DictField()
