from core.api import fields
from core.api.serializers import ModelSerializer
from subscriptions.models import Subscription


class SubscriptionSerializer(ModelSerializer):
    plan = fields.TextField(source="plan.code")
    state = fields.TextField(read_only=True)

    class Meta:
        model = Subscription
        fields = ["plan", "state", "is_trial", "ends_on", "cancelled_at", "suspended_at"]
