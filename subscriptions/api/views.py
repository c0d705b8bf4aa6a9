from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import DeclaredView
from subscriptions.api.serializers import SubscriptionSerializer
from subscriptions.policy import State


class StatusView(DeclaredView):
    read_capability = Capability.ACCOUNT_READ
    feature = "account"

    @extend_schema(responses=SubscriptionSerializer)
    def get(self, request: AccountRequest) -> Response:
        """The plan, the state that follows from its dates, and the last day that is paid for."""
        held = getattr(request.account, "subscription", None)
        nothing = {**dict.fromkeys(SubscriptionSerializer.Meta.fields), "state": State.NONE}
        return Response(SubscriptionSerializer(held).data if held else nothing)
