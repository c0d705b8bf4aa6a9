from django.contrib import admin

from core.admin import AccountFilter, StaffAdmin
from reports.models import ReportSchedule


@admin.register(ReportSchedule)
class ReportScheduleAdmin(StaffAdmin):
    fields = ("id", "account", "member", "report", "period", "format", "hour", "location", "sent_on", "version")
    list_display = ("account", "member", "report", "period", "format", "sent_on")
    list_filter = (AccountFilter, "period")
    list_select_related = ("account", "member")
