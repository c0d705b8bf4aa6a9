"""The history of the business: who did what, looked into and taken along."""

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import ChoiceField

from accounts.api.serializers.business import AuditEventSerializer
from accounts.models import Account, AuditEvent
from accounts.roles import Capability
from core.api import fields, filters
from core.api.pagination import KeyedPages
from core.api.requests import AccountRequest
from core.api.serializers import Serializer
from core.api.views import AccountViewSet, Inputs
from core.sheets import WRITERS
from system import history, services
from system.api.serializers import TaskSerializer


class AuditFilters(django_filters.FilterSet):
    by = filters.IdFilter()
    action = django_filters.CharFilter(max_length=64, help_text="How it begins, such as `sale.`")
    subject = django_filters.CharFilter(max_length=64)
    subject_id = filters.IdFilter()
    since = filters.MomentFilter(field_name="recorded_at")
    until = filters.MomentFilter(field_name="recorded_at", help_text="Without this moment itself.")

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        asked = dict(self.form.cleaned_data)
        return history.narrow(queryset, actor=asked.pop("by"), **asked)


class AuditExportInput(Serializer):
    """What is left out does not narrow it."""

    format = ChoiceField(list(WRITERS))
    by = fields.IdField(source="actor", required=False, allow_null=True)
    action = fields.TextField(max_length=64, required=False)
    subject = fields.TextField(max_length=64, required=False)
    subject_id = fields.IdField(required=False, allow_null=True)
    since = fields.MomentField(required=False, allow_null=True)
    until = fields.MomentField(required=False, allow_null=True)


class AuditLogViewSet(AccountViewSet):
    """What was done, newest first."""

    read_capability = Capability.AUDIT_READ
    write_capability = Capability.AUDIT_READ
    feature = "account"
    serializer_class = AuditEventSerializer
    pagination_class = KeyedPages
    filterset_class = AuditFilters
    input_classes: ClassVar[Inputs] = {"export": AuditExportInput}

    def rows(self, account: Account) -> QuerySet[AuditEvent]:
        return account.audit_events.select_related("by").order_by("-id")

    @extend_schema(responses={202: TaskSerializer})
    @action(detail=False, methods=["post"])
    def export(self, request: AccountRequest) -> Response:
        """Have it written as CSV or XLSX; fetch it at `tasks/<id>/file/`."""
        return self.act(services.start_audit_export, status=http.HTTP_202_ACCEPTED, shown_by=TaskSerializer)
