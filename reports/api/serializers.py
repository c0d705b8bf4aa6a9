from typing import Any

from rest_framework import serializers

from core.api import fields
from core.api.serializers import ModelSerializer, Serializer
from core.api.spans import SpanInput
from reports.catalogue import REPORTS
from reports.models import Period, ReportFormat, ReportSchedule
from reports.report import Answer, Kind, Report, show

MOST_ROWS = 1_000


class ColumnSerializer(Serializer):
    name = fields.TextField()
    title = fields.TextField()
    kind = serializers.ChoiceField(choices=[str(kind) for kind in Kind])
    is_summed = serializers.BooleanField()


class ReportSerializer(Serializer):
    """What can be asked, and how its answer is drawn: `chart` names what stands along the bars, and their height."""

    name = fields.TextField()
    title = fields.TextField()
    columns = ColumnSerializer(many=True)
    chart = serializers.ListField(child=fields.TextField(), allow_null=True)


class ReportInput(SpanInput):
    """`location` is one place alone; `most` is how many rows are wanted, the sums are of all."""

    location = fields.IdField(required=False)
    most = fields.IntegerField(min_value=1, max_value=MOST_ROWS, default=100)


class ReportExportInput(SpanInput):
    location = fields.IdField(required=False, allow_null=True)
    format = serializers.ChoiceField(choices=ReportFormat.choices)


class AnswerSerializer(ReportSerializer):
    """Rows by the names of the columns: money, quantities and rates are texts, counts numbers."""

    first_on = fields.DateField()
    last_on = fields.DateField()
    location = fields.IdField(allow_null=True)
    rows = serializers.ListField(child=serializers.DictField(child=serializers.JSONField(allow_null=True)))
    row_count = fields.IntegerField()
    totals = serializers.DictField(child=serializers.JSONField())


def show_answer(answer: Answer, *, most: int) -> dict[str, Any]:
    """The answer as JSON has it, with its first rows."""
    report, totals = answer.report, answer.totals
    return {
        **describe(report),
        "first_on": answer.span.first.isoformat(),
        "last_on": answer.span.last.isoformat(),
        "location": str(answer.span.location) if answer.span.location else None,
        "rows": [
            {column.name: show(column.kind, row[column.name], answer.account) for column in report.columns}
            for row in answer.rows[:most]
        ],
        "row_count": answer.count(),
        "totals": {
            column.name: show(column.kind, totals[column.name], answer.account)
            for column in report.columns
            if column.is_summed
        },
    }


def describe(report: Report) -> dict[str, Any]:
    shown: dict[str, Any] = dict(ReportSerializer(report).data)
    return shown


class ScheduleSerializer(ModelSerializer):
    class Meta:
        model = ReportSchedule
        fields = ["id", "report", "period", "format", "hour", "location", "sent_on", "created_at", "version"]


class ScheduleInput(Serializer):
    id = fields.IdField(required=False)
    report = serializers.ChoiceField(choices=list(REPORTS))
    period = serializers.ChoiceField(choices=Period.choices)
    format = serializers.ChoiceField(choices=ReportFormat.choices)
    hour = fields.IntegerField(min_value=0, max_value=23, required=False)
    location = fields.IdField(required=False, allow_null=True)


class ScheduleChangeInput(Serializer):
    format = serializers.ChoiceField(choices=ReportFormat.choices, required=False)
    hour = fields.IntegerField(min_value=0, max_value=23, required=False)
