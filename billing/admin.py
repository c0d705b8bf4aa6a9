from django.contrib import admin

from billing.models import (
    CreditAccount,
    CreditCost,
    CreditPack,
    CreditPurchase,
    CreditReservation,
    CreditTransaction,
    GatewayEvent,
    PaymentAttempt,
)
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


@admin.register(CreditAccount)
class CreditAccountAdmin(StaffAdmin):
    fields = ("id", "account", "balance", "entry_count")
    list_display = ("account", "balance", "entry_count")
    list_select_related = ("account",)
    search_fields = ("account__name", "=id")


@admin.register(CreditTransaction)
class CreditTransactionAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("id", "account", "sequence", "kind", "amount", "balance_after", "operation", "units", "source"),
        *("source_id", "refund_of", "key", "reason", "by", "occurred_at"),
    )
    list_display = ("occurred_at", "account", "kind", "amount", "balance_after", "operation", "units")
    list_filter = (AccountFilter, "kind")
    list_select_related = ("account",)
    search_fields = ("=key", "=id")


@admin.register(CreditReservation)
class CreditReservationAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "operation", "units", "credits", "state", "by", "created_at", "expires_at", "ended_at")
    list_display = ("created_at", "account", "operation", "credits", "state", "expires_at")
    list_filter = (AccountFilter, "state")
    list_select_related = ("account",)
    search_fields = ("=id",)


@admin.register(CreditPurchase)
class CreditPurchaseAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("id", "account", "pack", "credits", "price", "currency", "attempt", "granted_at", "taken_back_at"),
        *("taken_back", "missing", "by", "created_at"),
    )
    list_display = ("created_at", "account", "pack", "credits", "price", "currency", "granted_at", "missing")
    list_select_related = ("account", "pack")
    search_fields = ("=id",)


@admin.register(CreditPack)
class CreditPackAdmin(StaffAdmin):
    fields = ("code", "id", "name", "credits", "price", "currency", "is_offered")
    list_display = ("code", "name", "credits", "price", "currency", "is_offered")
    list_filter = ()
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(CreditCost)
class CreditCostAdmin(StaffAdmin):
    fields = ("operation", "id", "credits", "units", "starts_on", "ends_on")
    list_display = ("operation", "credits", "units", "starts_on", "ends_on")
    list_filter = ()
    search_fields = ("operation",)
    ordering = ("operation", "starts_on")
