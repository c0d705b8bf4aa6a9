"""Credits: what there is, what things cost, to spend, to reserve and to buy."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from billing import costs, ledger, queries, services
from billing.api import credit_serializers as serializers
from billing.models import CreditPack
from core.api.pagination import KeyedPages
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, DeclaredView, Inputs
from system import modules


class CreditView(DeclaredView):
    """Something about credits that is read as a whole."""

    read_capability = Capability.CREDIT_READ
    feature = "account"
    is_page = False  # all rows stand under `data`


class BalanceView(CreditView):
    @extend_schema(responses=serializers.CreditBalanceSerializer)
    def get(self, request: AccountRequest) -> Response:
        """How many credits there are now, and how many of them are not promised."""
        found = ledger.read_balance(request.account, now=timezone.now())
        return Response(serializers.CreditBalanceSerializer(found).data)


class CostsView(CreditView):
    @extend_schema(responses=serializers.CreditCostSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """What every operation costs today, and whether the module that it belongs to is on."""
        today, switches = request.account.today, modules.switches_of(request.account)
        rows = [
            {
                "operation": name,
                "credits": cost.credits,
                "units": cost.units,
                "counts": cost.counts,
                "module": cost.module,
                "is_enabled": switches[cost.module],
                "names": [old for old, new in costs.ALIASES.items() if new == name],
            }
            for name, cost in costs.list_costs(on=today).items()
        ]
        return Response(serializers.CreditCostSerializer(rows, many=True).data)


class CreditQuoteView(CreditView):
    asks = serializers.CreditOperationInput

    @extend_schema(responses=serializers.CreditQuoteSerializer)
    def get(self, request: AccountRequest) -> Response:
        """What so much of an operation would cost now, and whether there is enough for it."""
        asked = self.asked()
        amount = asked.get("amount")
        price = costs.price(request.account, operation=asked["operation"], amount=amount)
        available = ledger.read_balance(request.account, now=timezone.now()).available
        found = {
            "operation": price.operation,
            "amount": amount,
            "credits": price.credits,
            "available": available,
            "is_enough": price.credits <= available,
        }
        return Response(serializers.CreditQuoteSerializer(found).data)


class UsageView(CreditView):
    asks = serializers.CreditUsageInput

    @extend_schema(responses=serializers.CreditUsageSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """What was spent on each operation on each of these days of the business's calendar."""
        rows = queries.list_usage(request.account, **self.asked())
        return Response(serializers.CreditUsageSerializer(rows, many=True).data)


class PacksView(CreditView):
    @extend_schema(responses=serializers.CreditPackSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """The packs that are sold in the business's currency."""
        rows = CreditPack.objects.offered(request.account.currency)
        return Response(serializers.CreditPackSerializer(rows, many=True, context={"request": request}).data)


class CreditTransactionViewSet(AccountViewSet):
    """The ledger of credits, newest first."""

    read_capability = Capability.CREDIT_READ
    feature = "account"
    serializer_class = serializers.CreditTransactionSerializer
    pagination_class = KeyedPages

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.credit_transactions.order_by("-id")


class SpendingViewSet(AccountViewSet):
    write_capability = Capability.CREDIT_SPEND
    feature = "automation"
    exactly_once = True
    serializer_class = serializers.CreditTransactionSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.CreditSpendingInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.credit_transactions.order_by("-id")

    def create(self, request: AccountRequest) -> Response:
        """Pay for an operation at our price."""
        return self.act(services.spend_credits, account=request.account, status=http.HTTP_201_CREATED)


class ReservationViewSet(AccountViewSet):
    """Credits promised to work that can fail. One whose time has run out promises nothing."""

    read_capability = Capability.CREDIT_READ
    write_capability = Capability.CREDIT_SPEND
    feature = "automation"
    exactly_once = True
    serializer_class = serializers.CreditReservationSerializer
    input_classes: ClassVar[Inputs] = {
        "create": serializers.CreditReservationInput,
        "commit": serializers.CreditCommitInput,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.credit_reservations.select_related("account").order_by("-id")

    def create(self, request: AccountRequest) -> Response:
        """Promise what an operation costs now, for so many minutes."""
        return self.act(services.reserve_credits, account=request.account, status=http.HTTP_201_CREATED)

    @extend_schema(responses=serializers.CreditTransactionSerializer)
    @action(detail=True, methods=["post"])
    def commit(self, request: AccountRequest, pk: str) -> Response:
        """The work is done: pay for it, or for so much of it as was done."""
        return self.act(
            services.commit_reservation,
            reservation=self.get_object,  # the balance is locked before it
            shown_by=serializers.CreditTransactionSerializer,
        )

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def release(self, request: AccountRequest, pk: str) -> Response:
        """The work has failed: pay nothing."""
        return self.act(services.release_reservation, reservation=self.get_object)


class PurchaseViewSet(AccountViewSet):
    read_capability = Capability.CREDIT_READ
    write_capability = Capability.CREDIT_BUY
    feature = "account"
    exactly_once = True
    serializer_class = serializers.CreditPurchaseSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.CreditPurchaseInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.credit_purchases.select_related("attempt", "pack").order_by("-id")

    def create(self, request: AccountRequest) -> Response:
        """Order a pack. Its credits come with the money, whether or not the browser comes back."""
        return self.act(services.buy_credits, status=http.HTTP_201_CREATED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], exactly_once=False)
    def check(self, request: AccountRequest, pk: str) -> Response:
        """Have the gateway asked now whether it is paid."""
        return self.act(services.check_purchase, purchase=self.get_object)
