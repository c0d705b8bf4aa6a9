from typing import Any, ClassVar

from django.db.models import F, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core.api.pagination import KeyedPages, NumberedPages
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, DeclaredView, Inputs
from sales import receivables, services
from sales.api import customer_serializers as serializers
from sales.api import filters


class CustomerGroupViewSet(AccountViewSet):
    read_capability = Capability.CUSTOMER_READ
    write_capability = Capability.DEBT_ALLOW
    module = "customers"
    feature = "sales"
    serializer_class = serializers.CustomerGroupSerializer
    input_classes: ClassVar[Inputs] = {
        "create": serializers.CustomerGroupInput,
        "partial_update": serializers.CustomerGroupInput,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.customer_groups.order_by("name", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_customer_group, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_customer_group, group=self.get_locked_object)

    def destroy(self, request: AccountRequest, pk: str) -> Response:
        """Remove a group that no customer is in."""
        return self.act(services.remove_customer_group, group=self.get_locked_object)


class CustomerViewSet(AccountViewSet):
    read_capability = Capability.CUSTOMER_READ
    write_capability = Capability.CUSTOMER_CHANGE
    module = "customers"
    feature = "sales"
    finishing = ("pay",)
    filterset_class = filters.CustomerFilter
    paged = ("list", "debts", "entries")
    input_classes: ClassVar[Inputs] = {
        "create": serializers.CustomerInput,
        "partial_update": serializers.CustomerChange,
        "pay": serializers.CollectionInput,
        "top_up": serializers.TopUpInput,
        "pay_out": serializers.PayOutInput,
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_list = self.action == "list"
        return serializers.CustomerSummarySerializer if is_list else serializers.CustomerSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.customers.order_by("name", "id")

    def create(self, request: AccountRequest) -> Response:
        """Who may allow debts sets a group, a limit and terms, too."""
        return self.act(services.add_customer, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        """Who may allow debts changes the group, the limit, the terms and the block; everybody else name and phone."""
        return self.act(services.change_customer, customer=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], write_capability=Capability.CUSTOMER_ERASE, feature="account")
    def erase(self, request: AccountRequest, pk: str) -> Response:
        """Forget who this is: name, phone. What they bought stays, without a name."""
        return self.act(services.erase_customer, customer=self.get_locked_object)

    @extend_schema(responses={201: serializers.BookingSerializer})
    @action(
        detail=True,
        methods=["post"],
        url_path="payments",
        write_capability=Capability.DEBT_COLLECT,
        exactly_once=True,
    )
    def pay(self, request: AccountRequest, pk: str) -> Response:
        """Take money for what they owe: the chosen debts, then the one that is due first; more than that is kept."""
        return self._book(services.collect_debt)

    @extend_schema(responses={201: serializers.BookingSerializer})
    @action(
        detail=True, methods=["post"], url_path="top-up", write_capability=Capability.DEBT_COLLECT, exactly_once=True
    )
    def top_up(self, request: AccountRequest, pk: str) -> Response:
        """Keep money for them, to spend later."""
        return self._book(services.top_up_wallet)

    @extend_schema(responses={201: serializers.BookingSerializer})
    @action(detail=True, methods=["post"], url_path="pay-out", write_capability=Capability.CASH_MOVE, exactly_once=True)
    def pay_out(self, request: AccountRequest, pk: str) -> Response:
        """Give back what is kept for them."""
        return self._book(services.pay_out_wallet)

    def _book(self, service: Any) -> Response:
        # The register is locked before the customer, as a sale does it.
        status, shown_by = http.HTTP_201_CREATED, serializers.BookingSerializer
        return self.act(service, customer=self.get_object, status=status, shown_by=shown_by)

    @extend_schema(responses=serializers.DebtSerializer(many=True), filters=False)
    @action(detail=True, filterset_class=None)
    def debts(self, request: AccountRequest, pk: str) -> Response:
        """What they owe, the debt that is due first, first."""
        rows = self.get_object().debts.filter(settled__lt=F("amount")).order_by("due_on", "id")
        return self._page(rows, serializers.DebtSerializer)

    @extend_schema(responses=serializers.CustomerEntrySerializer(many=True), filters=False)
    @action(detail=True, filterset_class=None, read_capability=Capability.DEBT_READ, pagination_class=KeyedPages)
    def entries(self, request: AccountRequest, pk: str) -> Response:
        """The ledger of what they owe and have, newest first."""
        return self._page(self.get_object().entries.order_by("-id"), serializers.CustomerEntrySerializer)

    def _page(self, rows: QuerySet[Any], shown_by: type[BaseSerializer[Any]]) -> Response:
        page = self.paginate_queryset(rows)
        return self.get_paginated_response([self.shown(row, shown_by) for row in page or ()])

    @extend_schema(responses=serializers.StatementSerializer, filters=False)
    @action(
        detail=True,
        filterset_class=None,
        read_capability=Capability.DEBT_READ,
        asks=serializers.StatementInput,
    )
    def statement(self, request: AccountRequest, pk: str) -> Response:
        """What they owed and had before the first day, what changed it, and what they owe and have after the last; the
        last 31 days unless told."""
        customer = self.get_object()
        found = receivables.state_account(customer, request.account, **self.asked())
        return self.show(found, shown_by=serializers.StatementSerializer)


class DebtViewSet(AccountViewSet):
    """What customers owe, for one thing each."""

    read_capability = Capability.DEBT_READ
    write_capability = Capability.DEBT_WRITE_OFF
    module = "customers"
    feature = "sales"
    exactly_once = True
    serializer_class = serializers.DebtSerializer
    filterset_class = filters.DebtFilter
    input_classes: ClassVar[Inputs] = {"write_off": serializers.DebtWriteOffInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.debts.order_by("due_on", "id")

    @action(detail=True, methods=["post"], url_path="write-off", url_name="write-off")
    def write_off(self, request: AccountRequest, pk: str) -> Response:
        """Give up what is open of it, or so much."""
        return self.act(services.write_off_debt, debt=self.get_object)


class AgeingView(DeclaredView):
    """Who owes what for how long."""

    read_capability = Capability.DEBT_READ
    module = "customers"
    feature = "sales"
    query_parameters = NumberedPages.parameters
    asks = serializers.AgeingInput

    @extend_schema(
        parameters=[
            OpenApiParameter("page", int, description="From 1."),
            OpenApiParameter("page_size", int, description="Of customers, 1 to 200."),
        ],
        responses=serializers.AgeingSerializer,
    )
    def get(self, request: AccountRequest) -> Response:
        """What customers owed at the end of a day, today unless told, by how long it had been due."""
        on = self.asked().get("on", request.account.today)
        rows, pages = receivables.age_debts(request.account, on=on), NumberedPages()
        customers = pages.paginate_queryset(rows, request, self)
        found = {"on": on, "total": receivables.sum_ages(rows), "count": pages.count, "customers": customers}
        return Response(serializers.AgeingSerializer(found, context={"request": request}).data)

    def read(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows
