from django.contrib import admin

from core.admin import AccountFilter, StaffAdmin
from system.models import AccountModuleSettings, Integration, MemberSettings, Notification, Task
from system.modules import Module


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


@admin.register(Notification)
class NotificationAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "member", "kind", "key", "title", "text", "is_shown", "by", "created_at", "read_at")
    list_display = ("created_at", "account", "member", "kind", "title", "read_at")
    list_filter = (AccountFilter, "kind")
    list_select_related = ("account", "member")
    search_fields = ("=key", "=id")


@admin.register(MemberSettings)
class MemberSettingsAdmin(StaffAdmin):
    fields = ("id", "account", "member", "location_id", "notifications", "version")
    list_display = ("account", "member", "version")
    list_select_related = ("account", "member")


@admin.register(Integration)
class IntegrationAdmin(StaffAdmin):
    fields = ("id", "account", "provider", "hint", "check_state", "checked_at", "changed_at", "version")
    list_display = ("account", "provider", "check_state", "checked_at", "changed_at")
    list_filter = (AccountFilter, "provider", "check_state")
    list_select_related = ("account",)


@admin.register(AccountModuleSettings)
class AccountModuleSettingsAdmin(StaffAdmin):
    fields = ("id", "account", *(f"{module}_enabled" for module in Module))
    list_display = ("account", *(f"{module}_enabled" for module in Module))
    list_select_related = ("account",)
    search_fields = ("account__name", "=id")
