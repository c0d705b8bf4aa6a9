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
from sales import services, shift_report
from sales.api import shift_serializers as serializers
from sales.api.filters import ShiftFilter
from sales.errors import ShiftClosed, ShiftOpen


class ShiftViewSet(AccountViewSet):
    read_capability = Capability.SALE_READ
    write_capability = Capability.SHIFT_WORK
    module = "sales"
    feature = "sales"
    finishing = ("move_cash", "hand_over", "close")
    paged = ("list", "cash_events")
    serializer_class = serializers.ShiftSerializer
    filterset_class = ShiftFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.ShiftInput,
        "move_cash": serializers.CashEventInput,
        "hand_over": serializers.HandOverInput,
        "close": serializers.CloseInput,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        shifts = account.shifts.order_by("-opened_at", "-id").select_related("register")
        if self.action == "list":
            shifts = shifts.prefetch_related("hand_overs")
        return shifts if self.action == "z_report" else shifts.defer("z_report")

    def create(self, request: AccountRequest) -> Response:
        """Open a shift at a register, with what lies in its drawer."""
        return self.act(services.open_shift, status=http.HTTP_201_CREATED)

    @extend_schema(responses=serializers.CashEventSerializer(many=True), filters=False)
    @action(detail=True, url_path="cash-events", write_capability=Capability.CASH_MOVE, exactly_once=True)
    def cash_events(self, request: AccountRequest, pk: str) -> Response:
        """What was paid in, paid out and dropped into the safe, in the order in which it was recorded."""
        page = self.paginate_queryset(self.get_object().cash_events.order_by("recorded_at", "id"))
        context = self.get_serializer_context()
        return self.get_paginated_response(serializers.CashEventSerializer(page, many=True, context=context).data)

    @extend_schema(responses={201: serializers.CashEventSerializer})
    @cash_events.mapping.post
    def move_cash(self, request: AccountRequest, pk: str) -> Response:
        """Pay in, pay out, or drop into the safe: never more than the drawer ought to hold."""
        return self.act(
            services.move_cash,
            shift=self.get_locked_object,
            status=http.HTTP_201_CREATED,
            shown_by=serializers.CashEventSerializer,
        )

    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: AccountRequest, pk: str) -> Response:
        """Let another cashier go on in the same shift, with what is counted now."""
        return self.act(services.hand_over_shift, shift=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def close(self, request: AccountRequest, pk: str) -> Response:
        """Count the drawer, without being told before what ought to be in it, and seal the shift with its Z report."""
        return self.act(services.close_shift, shift=self.get_locked_object)

    @extend_schema(responses=serializers.XReportSerializer)
    @action(detail=True, url_path="x-report", read_capability=Capability.SHIFT_REVIEW)
    def x_report(self, request: AccountRequest, pk: str) -> Response:
        """What an open shift adds up to so far."""
        shift = self.get_object()
        if shift.closed_at:
            raise ShiftClosed
        return Response(shift_report.draw_up(shift, exponent=request.account.currency_exponent))

    @extend_schema(responses=serializers.ZReportSerializer)
    @action(detail=True, url_path="z-report", read_capability=Capability.SHIFT_WORK)
    def z_report(self, request: AccountRequest, pk: str) -> Response:
        """What a closed shift added up to, as it was drawn up then; `addenda` are what was recorded for it later."""
        shift = self.get_object()
        if shift.closed_at is None:
            raise ShiftOpen
        addenda = shift_report.find_addenda(shift, exponent=request.account.currency_exponent)
        return Response({**shift.z_report, "addenda": addenda})
