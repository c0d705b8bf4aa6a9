from django.contrib import admin

from billing.models import GatewayEvent, PaymentAttempt
from core.admin import AccountFilter, StaffAdmin


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("id", "account", "gateway", "network", "purpose", "subject_id", "payer_phone"),
        *("amount", "currency", "state", "reason", "provider_reference", "paid_amount", "paid_currency", "by"),
        *("created_at", "expires_at", "paid_at", "used_at", "due_at"),
    )
    list_display = ("created_at", "account", "gateway", "purpose", "amount", "currency", "state")
    list_filter = (AccountFilter, "state")
    list_select_related = ("account",)
    search_fields = ("=provider_reference", "=id")


@admin.register(GatewayEvent)
class GatewayEventAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "gateway", "reference", "attempt", "digest", "body", "received_at")
    list_display = ("received_at", "account", "gateway", "reference")
    list_select_related = ("account",)
    search_fields = ("=reference", "=id")
