"""What people leave behind: sessions, devices, history. Nothing is done here."""

from django.contrib import admin

from accounts.models import AuditEvent, Device, Session
from core.admin import AccountFilter, StaffAdmin


@admin.register(Session)
class SessionAdmin(StaffAdmin):
    fields = (
        "id",
        "account",
        "user",
        "kind",
        "device",
        "is_verified",
        "address",
        "user_agent",
        "created_at",
        "last_seen_at",
        "expires_at",
    )
    list_display = ("user", "account", "kind", "is_verified", "device", "address", "last_seen_at", "expires_at")
    list_filter = (AccountFilter, "kind")
    list_select_related = ("account", "user", "device")
    search_fields = ("user__email", "=id")


@admin.register(Device)
class DeviceAdmin(StaffAdmin):
    fields = ("name", "id", "account", "is_active", "created_at")
    list_display = ("name", "account", "is_active", "created_at")
    list_filter = (AccountFilter, "is_active")
    list_select_related = ("account",)
    search_fields = ("name", "=id")


@admin.register(AuditEvent)
class AuditEventAdmin(StaffAdmin):
    needs_account = True
    fields = (
        "id",
        "recorded_at",
        "account",
        "by",
        "approved_by",
        "device",
        "action",
        "subject",
        "subject_id",
        "before",
        "after",
        "request_id",
    )
    list_display = ("recorded_at", "account", "by", "action", "subject", "approved_by", "device", "request_id")

    list_select_related = ("account", "by", "approved_by", "device")
    search_fields = ("action", "=request_id", "=subject_id")
    linked = ("subject_id",)
