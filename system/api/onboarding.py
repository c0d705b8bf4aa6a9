from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.serializers import Serializer
from core.api.views import DeclaredView
from system import onboarding


class OnboardingStepSerializer(Serializer):
    step = serializers.CharField()
    is_done = serializers.BooleanField()
    is_required = serializers.BooleanField()


class OnboardingSerializer(Serializer):
    steps = OnboardingStepSerializer(many=True)
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    is_finished = serializers.BooleanField(help_text="Whether all is done that has to be.")


class OnboardingView(DeclaredView):
    """What a new business does first, and how far it has come."""

    read_capability = Capability.ACCOUNT_READ
    feature = "account"

    @extend_schema(responses=OnboardingSerializer)
    def get(self, request: AccountRequest) -> Response:
        """The steps in their order, each done as soon as the business has what it is about."""
        found = [(step, step.is_done(request.account)) for step in onboarding.STEPS]
        told = {
            "steps": [
                {"step": step.name, "is_done": is_done, "is_required": step.is_required} for step, is_done in found
            ],
            "done": sum(is_done for _, is_done in found),
            "total": len(found),
            "is_finished": all(is_done for step, is_done in found if step.is_required),
        }
        return Response(told)
