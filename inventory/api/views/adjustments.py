from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import Inputs
from inventory import services
from inventory.api import filters
from inventory.api.serializers import adjustments as serializers
from inventory.api.serializers.documents import ReasonInput
from inventory.api.views.attachments import OpenDocumentViewSet


class AdjustmentViewSet(OpenDocumentViewSet):
    """What is gone, or was found, and why; applied at once by whoever may decide on so much."""

    write_capability = Capability.STOCK_ADJUST
    filterset_class = filters.AdjustmentFilter
    input_classes: ClassVar[Inputs] = {
        **OpenDocumentViewSet.input_classes,
        "create": serializers.AdjustmentInput,
        "write_off_expired": serializers.WriteOffInput,
        "reject": ReasonInput,
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_list = self.action == "list"
        return serializers.AdjustmentSummarySerializer if is_list else serializers.AdjustmentSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.adjustments.order_by("-opened_at", "-id")

    def create(self, request: AccountRequest) -> Response:
        """Say what is gone, or was found. Beyond the limit of whoever says so, and of whoever approves by PIN, it is
        PENDING and moves nothing."""
        return self.act(services.adjust_stock, status=http.HTTP_201_CREATED)

    @extend_schema(responses={201: serializers.AdjustmentSerializer})
    @action(detail=False, methods=["post"], url_path="write-off-expired", url_name="write-off-expired")
    def write_off_expired(self, request: AccountRequest) -> Response:
        """Write off all that has expired at a place, under the same rule."""
        return self.act(services.write_off_expired, status=http.HTTP_201_CREATED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], write_capability=Capability.STOCK_APPROVE)
    def approve(self, request: AccountRequest, pk: str) -> Response:
        """Apply it, at the value of the batches as they are now."""
        return self.act(services.approve_adjustment, adjustment=self.get_locked_object)

    @action(detail=True, methods=["post"], write_capability=Capability.STOCK_APPROVE)
    def reject(self, request: AccountRequest, pk: str) -> Response:
        """Let nothing come of it."""
        return self.act(services.reject_adjustment, adjustment=self.get_locked_object)
