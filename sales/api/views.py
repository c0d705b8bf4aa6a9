from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core.amounts import ZERO
from core.api.fields import show_money
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet
from sales import queries, services
from sales.api import filters, serializers

Inputs = dict[str, type[BaseSerializer[Any]]]


class RegisterViewSet(AccountViewSet):
    read_capability = Capability.SALE_READ
    write_capability = Capability.REGISTER_CHANGE
    feature = "sales"
    serializer_class = serializers.RegisterSerializer
    filterset_class = filters.RegisterFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.RegisterInput,
        "partial_update": serializers.RegisterChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.registers.order_by("code", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_register, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_register, register=self.get_locked_object)


class CustomerViewSet(AccountViewSet):
    read_capability = Capability.CUSTOMER_READ
    write_capability = Capability.CUSTOMER_CHANGE
    feature = "sales"
    serializer_class = serializers.CustomerSerializer
    filterset_class = filters.CustomerFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.CustomerInput,
        "partial_update": serializers.CustomerChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.customers.order_by("name", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_customer, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_customer, customer=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], write_capability=Capability.CUSTOMER_ERASE, feature="account")
    def erase(self, request: AccountRequest, pk: str) -> Response:
        """Forget who this is: name, phone. What they bought stays, without a name."""
        return self.act(services.erase_customer, customer=self.get_locked_object)


class SaleViewSet(AccountViewSet):
    read_capability = Capability.SALE_READ
    write_capability = Capability.SALE_COMPLETE
    feature = "sales"
    exactly_once = True
    filterset_class = filters.SaleFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.SaleInput,
        "refunds": serializers.RefundInput,
        "exchanges": serializers.ExchangeInput,
        "void": serializers.VoidInput,
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_list = self.action == "list"
        return serializers.SaleSummarySerializer if is_list else serializers.SaleSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        sales = account.sales.order_by("-sold_at", "-id")
        if self.action in ("list", "refunds", "exchanges", "void"):
            return sales  # a service looks for itself: what is shown of a sale is without what came back of it
        return sales.with_receipt() if self.action.startswith("receipt") else sales.with_lines()

    def create(self, request: AccountRequest) -> Response:
        """Sell: prices, taxes, stock and the receipt number in one call, exactly once."""
        return self.act(services.complete_sale, status=http.HTTP_201_CREATED)

    @extend_schema(responses={201: serializers.RefundSerializer})
    @action(detail=True, methods=["post"], write_capability=Capability.SALE_REFUND)
    def refunds(self, request: AccountRequest, pk: str) -> Response:
        """Take lines back, and give back what was paid for them."""
        return self.act(
            services.refund_sale,
            sale=self.get_locked_object,
            status=http.HTTP_201_CREATED,
            shown_by=serializers.RefundSerializer,
        )

    @extend_schema(responses={201: serializers.ExchangeSerializer})
    @action(detail=True, methods=["post"], write_capability=Capability.SALE_REFUND)
    def exchanges(self, request: AccountRequest, pk: str) -> Response:
        """Take lines back, and sell others for what was paid for them: one document, all of it or nothing."""
        return self.act(
            services.exchange_goods,
            sale=self.get_locked_object,
            status=http.HTTP_201_CREATED,
            shown_by=serializers.ExchangeSerializer,
        )

    @extend_schema(responses={201: serializers.RefundSerializer})
    @action(detail=True, methods=["post"], write_capability=Capability.SALE_VOID)
    def void(self, request: AccountRequest, pk: str) -> Response:
        """Take a whole sale back as if it had not been, while the shift that made it is open. It keeps its number."""
        return self.act(
            services.void_sale,
            sale=self.get_locked_object,
            status=http.HTTP_201_CREATED,
            shown_by=serializers.RefundSerializer,
        )

    @extend_schema(responses=serializers.ReceiptSerializer)
    @action(detail=True)
    def receipt(self, request: AccountRequest, pk: str) -> Response:
        """The receipt as data, for a till that prints it itself."""
        return self.show(self.get_object(), shown_by=serializers.ReceiptSerializer)

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR})
    @action(detail=True, url_path="receipt/html", url_name="receipt-page")
    def receipt_page(self, request: AccountRequest, pk: str) -> HttpResponse:
        """The receipt as a page, 80 mm wide."""
        receipt = self.shown(self.get_object(), serializers.ReceiptSerializer)
        nothing = show_money(ZERO, request.account.currency_exponent)
        return render(request._request, "sales/receipt.html", {**receipt, "nothing": nothing})

    @extend_schema(
        parameters=[serializers.SummaryInput],
        responses=serializers.DaySerializer(many=True),
        filters=False,
    )
    @action(
        detail=False,
        query_parameters=("first_on", "last_on"),
        pagination_class=None,
        filterset_class=None,
    )
    def summary(self, request: AccountRequest) -> Response:
        """What was sold and refunded on each business day, the first and the last included."""
        span = serializers.SummaryInput(data=request.query_params.dict())
        span.is_valid(raise_exception=True)
        first, last = span.validated_data["first_on"], span.validated_data["last_on"]
        days = queries.summarise_days(request.membership, first=first, last=last)
        context = self.get_serializer_context()
        return Response(serializers.DaySerializer(days, many=True, context=context).data)


class RefundViewSet(AccountViewSet):
    read_capability = Capability.SALE_READ
    feature = "sales"
    serializer_class = serializers.RefundSerializer
    filterset_class = filters.RefundFilter

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.refunds.order_by("-refunded_at", "-id").prefetch_related("lines", "payments")
