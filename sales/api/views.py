from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core import errors
from core.api import fields
from core.api.pagination import KeyedPages
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from sales import services, summaries
from sales.api import filters, leases, receipts, serializers
from sales.models import NumberLease
from sales.summaries import Span


class RegisterViewSet(AccountViewSet):
    read_capability = Capability.SALE_READ
    write_capability = Capability.REGISTER_CHANGE
    module = "sales"
    feature = "sales"
    serializer_class = serializers.RegisterSerializer
    filterset_class = filters.RegisterFilter
    paged = ("list", "list_leases")
    input_classes: ClassVar[Inputs] = {
        "create": serializers.RegisterInput,
        "partial_update": serializers.RegisterChange,
        "lease": leases.LeaseInput,
        "return_lease": leases.LeaseReturnInput,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.registers.order_by("code", "id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_register, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_register, register=self.get_locked_object)

    @extend_schema(responses=leases.LeaseSerializer(many=True), filters=False)
    @action(
        detail=True,
        url_path="leases",
        url_name="leases",
        write_capability=Capability.SALE_COMPLETE,
        exactly_once=True,
    )
    def list_leases(self, request: AccountRequest, pk: str) -> Response:
        """Which numbers were taken along, by whom and on which device, the last first; of what is out still,
        `next_number` is null."""
        page = self.paginate_queryset(self.get_object().leases.order_by("-leased_at", "-id"))
        context = self.get_serializer_context()
        return self.get_paginated_response(leases.LeaseSerializer(page, many=True, context=context).data)

    @extend_schema(responses={201: leases.LeaseSerializer})
    @list_leases.mapping.post
    def lease(self, request: AccountRequest, pk: str) -> Response:
        """Take the next receipt numbers along, to sell offline. Meanwhile only sales with such a number are taken."""
        return self.act(
            services.lease_numbers,
            register=self.get_locked_object,
            status=http.HTTP_201_CREATED,
            shown_by=leases.LeaseSerializer,
        )

    @extend_schema(
        parameters=[OpenApiParameter("lease", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        responses=leases.LeaseSerializer,
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="leases/(?P<lease>[^/]+)/return",
        url_name="lease-return",
        write_capability=Capability.SALE_COMPLETE,
    )
    def return_lease(self, request: AccountRequest, pk: str, lease: str) -> Response:
        """Give back the numbers that were not used. What was sold with the others may still come."""
        return self.act(
            services.return_numbers,
            register=self.get_locked_object,
            lease=self.find_lease,
            shown_by=leases.LeaseSerializer,
        )

    def find_lease(self) -> NumberLease:
        try:
            named = fields.read_id(self.kwargs["lease"])
        except ValueError:
            raise errors.NotFound from None
        found: NumberLease | None = self.get_object().leases.filter(account=self.request.account, pk=named).first()
        if found is None:
            raise errors.NotFound
        return found


@extend_schema_view(
    receipt=extend_schema(responses=receipts.SaleReceiptSerializer),
    prints=extend_schema(responses={201: receipts.SalePrintSerializer}),
)
class SaleViewSet(receipts.ReceiptViewSet):
    read_capability = Capability.SALE_READ
    write_capability = Capability.SALE_COMPLETE
    finishing = ("create", "refunds", "exchanges", "void", "prints")
    filterset_class = filters.SaleFilter
    receipt_class = receipts.SaleReceiptSerializer
    print_class = receipts.SalePrintSerializer
    input_classes: ClassVar[Inputs] = {
        "create": serializers.SaleInput,
        "refunds": serializers.RefundInput,
        "prints": receipts.PrintInput,
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
        return sales.with_receipt() if self.is_about_receipt else sales.with_lines()

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

    @extend_schema(
        responses=serializers.DaySerializer(many=True),
        filters=False,
    )
    @action(
        detail=False,
        asks=serializers.SummaryInput,
        pagination_class=None,
        filterset_class=None,
    )
    def summary(self, request: AccountRequest) -> Response:
        """What was sold and refunded on each business day, the first and the last included."""
        asked = self.asked()
        days = summaries.summarise_days(request.membership, Span(asked["first_on"], asked["last_on"]))
        context = self.get_serializer_context()
        return Response(serializers.DaySerializer(days, many=True, context=context).data)


@extend_schema_view(
    receipt=extend_schema(responses=receipts.RefundReceiptSerializer),
    prints=extend_schema(responses={201: receipts.RefundPrintSerializer}),
)
class RefundViewSet(receipts.ReceiptViewSet):
    read_capability = Capability.SALE_READ
    serializer_class = serializers.RefundSerializer
    filterset_class = filters.RefundFilter
    receipt_class = receipts.RefundReceiptSerializer
    print_class = receipts.RefundPrintSerializer
    finishing = ("prints",)
    input_classes: ClassVar[Inputs] = {"prints": receipts.PrintInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        refunds = account.refunds.order_by("-refunded_at", "-id")
        return refunds.with_receipt() if self.is_about_receipt else refunds.prefetch_related("lines", "payments")


class PaymentViewSet(AccountViewSet):
    """All money that came and went, newest first."""

    read_capability = Capability.SALE_READ
    module = "sales"
    feature = "sales"
    serializer_class = serializers.PaymentDetailSerializer
    filterset_class = filters.PaymentFilter
    pagination_class = KeyedPages

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.payments.order_by("-id")
