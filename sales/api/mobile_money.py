from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from sales import services, suggestions
from sales.api import filters
from sales.api import mobile_money_serializers as serializers


class MobilePaymentViewSet(AccountViewSet):
    """Requests to pay, sent to customers' phones. A sale names the one that pays it: `payments[].attempt`."""

    read_capability = Capability.SALE_READ
    write_capability = Capability.SALE_COMPLETE
    module = "sales"
    feature = "sales"
    exactly_once = True
    finishing = ("create", "cancel")
    serializer_class = serializers.MobilePaymentSerializer
    filterset_class = filters.MobilePaymentFilter
    input_classes: ClassVar[Inputs] = {"create": serializers.MobilePaymentInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.mobile_payments.select_related("attempt").order_by("-id")

    def create(self, request: AccountRequest) -> Response:
        """Ask a phone for money. The answer comes at once, and the customer decides later."""
        return self.act(services.start_mobile_payment, status=http.HTTP_201_CREATED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], exactly_once=False)
    def cancel(self, request: AccountRequest, pk: str) -> Response:
        """Wait no longer, as when the customer pays in cash. What they pay all the same is a transfer."""
        return self.act(services.cancel_mobile_payment, payment=self.get_locked_object)


class TransferViewSet(AccountViewSet):
    """The inbox: money that came late, wrong or unasked. What is not seen yet is news, matched or not."""

    read_capability = Capability.SALE_READ
    write_capability = Capability.DEBT_ALLOW
    module = "sales"
    feature = "sales"
    serializer_class = serializers.IncomingTransferSerializer
    filterset_class = filters.TransferFilter
    input_classes: ClassVar[Inputs] = {
        "match": serializers.TransferMatchInput,
        "dismiss": serializers.TransferDismissInput,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.incoming_transfers.order_by("-id")

    @extend_schema(responses=serializers.TransferSuggestionSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def suggestions(self, request: AccountRequest, pk: str) -> Response:
        """Whose it might be: the likeliest first."""
        found = suggestions.suggest(request.membership, self.get_object())
        context = self.get_serializer_context()
        return Response(serializers.TransferSuggestionSerializer(found, many=True, context=context).data)

    @action(detail=True, methods=["post"])
    def match(self, request: AccountRequest, pk: str) -> Response:
        """It is this customer's: to their wallet or, with `pays_debt`, to what they owe, oldest first."""
        return self.act(services.match_transfer, transfer=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def dismiss(self, request: AccountRequest, pk: str) -> Response:
        """It is nobody's, such as one that was sent back."""
        return self.act(services.dismiss_transfer, transfer=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], write_capability=Capability.SALE_COMPLETE)
    def see(self, request: AccountRequest, pk: str) -> Response:
        """It is no news any more."""
        return self.act(services.see_transfer, transfer=self.get_locked_object)
