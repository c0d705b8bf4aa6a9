from django.contrib import admin

from core.admin import AccountFilter, StaffAdmin
from system.models import Task


@admin.register(Task)
class TaskAdmin(StaffAdmin):
    fields = (
        *("id", "account", "kind", "state", "done", "total", "error_count", "message", "by", "request_id"),
        *("created_at", "started_at", "ended_at"),
    )
    list_display = ("created_at", "account", "kind", "state", "done", "total", "error_count", "by")
    list_filter = (AccountFilter, "state", "kind")
    list_select_related = ("account", "by")
    search_fields = ("=id", "=request_id")
