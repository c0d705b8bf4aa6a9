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
from inventory.api.serializers import transfers as serializers
from inventory.api.serializers.documents import ReasonInput
from inventory.api.views.attachments import OpenDocumentViewSet


class TransferViewSet(OpenDocumentViewSet):
    """Goods that go from one place to another; both ends see them."""

    write_capability = Capability.STOCK_TRANSFER
    filterset_class = filters.TransferFilter
    input_classes: ClassVar[Inputs] = {
        **OpenDocumentViewSet.input_classes,
        "create": serializers.TransferInput,
        "partial_update": serializers.TransferChange,
        "dispatch_goods": serializers.DispatchInput,
        "receive": serializers.ReceiveInput,
        "cancel": ReasonInput,
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_list = self.action == "list"
        return serializers.TransferSummarySerializer if is_list else serializers.TransferSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.transfers.select_related("source", "destination").order_by("-opened_at", "-id")

    def create(self, request: AccountRequest) -> Response:
        """Offer goods to another place, or ask it for some."""
        return self.act(services.open_transfer, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        """Change what has not left yet; `lines` replace all that it has."""
        return self.act(services.change_transfer, transfer=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def accept(self, request: AccountRequest, pk: str) -> Response:
        """The source will send what was asked for."""
        return self.act(services.accept_transfer, transfer=self.get_locked_object)

    @action(detail=True, methods=["post"], url_path="dispatch")
    def dispatch_goods(self, request: AccountRequest, pk: str) -> Response:
        """Send it, all or nothing: from now on it is on the road."""
        return self.act(services.dispatch_transfer, transfer=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def receive(self, request: AccountRequest, pk: str) -> Response:
        """Book what came, in which state; as often as something comes."""
        return self.act(services.receive_transfer, transfer=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def cancel(self, request: AccountRequest, pk: str) -> Response:
        """Give it up: what is on the road goes back to where it left."""
        return self.act(services.cancel_transfer, transfer=self.get_locked_object)
