from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core import errors
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, DeclaredView, Inputs
from reports import services
from reports.api import serializers
from reports.catalogue import REPORTS
from reports.models import ReportSchedule
from reports.report import Report
from sales.summaries import Span
from system.api.serializers import TaskSerializer


def find_report(request: AccountRequest, name: str) -> Report:
    """Raises NotFound, and what a report raises for who may not read it."""
    report = REPORTS.get(name)
    if report is None:
        raise errors.NotFound
    report.refuse(request.membership)
    return report


class ReportsView(DeclaredView):
    is_page = False  # all of them stand under `data`
    read_capability = Capability.REPORT_READ
    module = "reports"
    feature = "reports"

    @extend_schema(responses=serializers.ReportSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """Every report that the member may read, with its columns; none of a module that is off."""
        mine = [report for report in REPORTS.values() if report.is_open_to(request.membership)]
        return Response([serializers.describe(report) for report in mine])


class ReportView(DeclaredView):
    read_capability = Capability.REPORT_READ
    module = "reports"
    feature = "reports"
    asks = serializers.ReportInput

    @extend_schema(responses=serializers.AnswerSerializer)
    def get(self, request: AccountRequest, name: str) -> Response:
        """The answer of the business days from the first to the last, both included, by the account's clocks."""
        report = find_report(request, name)
        asked = self.asked()
        span = Span(asked["first_on"], asked["last_on"], asked.get("location"))
        return Response(serializers.show_answer(report.ask(request.membership, span), most=asked["most"]))


class ReportExportViewSet(AccountViewSet):
    write_capability = Capability.REPORT_EXPORT
    module = "reports"
    feature = "exports"
    serializer_class = TaskSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.ReportExportInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.tasks.all()

    @extend_schema(responses={202: TaskSerializer})
    def create(self, request: AccountRequest, name: str) -> Response:
        """Have the report made as a file: see `system/tasks/`. In the days of grace it has its first 100 rows, and the
        task says so."""
        return self.act(services.start_report, report=find_report(request, name), status=http.HTTP_202_ACCEPTED)


class ScheduleViewSet(AccountViewSet):
    """What is mailed to the member, as often as they want."""

    read_capability = Capability.REPORT_EXPORT
    write_capability = Capability.REPORT_EXPORT
    module = "reports"
    feature = "automation"
    serializer_class = serializers.ScheduleSerializer
    input_classes: ClassVar[Inputs] = {
        "create": serializers.ScheduleInput,
        "partial_update": serializers.ScheduleChangeInput,
    }

    def rows(self, account: Account) -> QuerySet[ReportSchedule]:
        return account.report_schedules.filter(member=self.request.membership).order_by("id")

    def create(self, request: AccountRequest) -> Response:
        """Have a report mailed when each day, week or month is over; the first is the one that goes on now."""
        return self.act(services.add_schedule, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_schedule, schedule=self.get_locked_object)

    def destroy(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.remove_schedule, schedule=self.get_locked_object, status=http.HTTP_204_NO_CONTENT)
