from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from sales import services
from sales.api import filters
from sales.api import layaway_serializers as serializers
from sales.api.serializers import SaleSerializer


class LayawayViewSet(AccountViewSet):
    """Goods that are laid aside for a customer who pays them in parts."""

    read_capability = Capability.SALE_READ
    write_capability = Capability.SALE_COMPLETE
    module = "sales"
    feature = "sales"
    exactly_once = True
    filterset_class = filters.LayawayFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.LayawayInput,
        "partial_update": serializers.LayawayChangeInput,
        "payments": serializers.LayawayPaymentInput,
        "complete": serializers.LayawayCompletionInput,
        "cancel": serializers.LayawayCancellationInput,
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_list = self.action == "list"
        return serializers.LayawaySummarySerializer if is_list else serializers.LayawaySerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        layaways = account.layaways.order_by("-opened_at", "-id")
        lines = account.layaway_lines.order_by("position")
        return layaways if self.action == "list" else layaways.prefetch_related(Prefetch("lines", lines))

    def create(self, request: AccountRequest) -> Response:
        """Lay goods aside at today's prices, for a deposit; they are held until the end of `due_on`."""
        return self.act(services.open_layaway, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        """Let it be paid until another day: it is held until the end of that, where its goods are there still."""
        return self.act(services.change_layaway, layaway=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def payments(self, request: AccountRequest, pk: str) -> Response:
        """Take an instalment."""
        return self.act(services.pay_layaway, layaway=self.get_locked_object)

    @extend_schema(responses={201: SaleSerializer})
    @action(detail=True, methods=["post"])
    def complete(self, request: AccountRequest, pk: str) -> Response:
        """Hand over what is paid: a sale, whose payment is the deposit."""
        return self.act(
            services.complete_layaway,
            layaway=self.get_locked_object,
            status=http.HTTP_201_CREATED,
            shown_by=SaleSerializer,
        )

    @action(detail=True, methods=["post"], write_capability=Capability.SALE_REFUND)
    def cancel(self, request: AccountRequest, pk: str) -> Response:
        """Give it up: the goods are free again, and the money goes back, less a fee."""
        return self.act(services.cancel_layaway, layaway=self.get_locked_object)
