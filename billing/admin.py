from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.admin.acting import ReferenceAdmin
from billing.costs import CREDIT_COSTS
from billing.models import (
    CreditAccount,
    CreditCost,
    CreditPack,
    CreditPurchase,
    CreditReservation,
    CreditTransaction,
    GatewayNotice,
    PaymentAttempt,
    PaymentState,
)
from core.admin import AccountFilter, StaffAdmin


class WrongFilter(admin.SimpleListFilter):
    """Money that somebody should look after."""

    title = "what is wrong"
    parameter_name = "wrong"
    wrong: ClassVar = {
        "amount": Q(state=PaymentState.FAILED, paid_at__isnull=False),
        "reversed": Q(reversed_at__isnull=False),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("amount", "came in another amount or currency"), ("reversed", "went back, or is disputed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.wrong.get(self.value() or "", Q()))


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(StaffAdmin):
    needs_account = True
    fields = (
        *("id", "account", "gateway", "network", "purpose", "subject_id", "payer_phone", "payer_email", "return_url"),
        *("amount", "currency", "state", "reason", "provider_reference", "paid_amount", "paid_currency", "by"),
        *("created_at", "expires_at", "paid_at", "used_at", "reversed_at", "told", "due_at"),
    )
    list_display = (
        "created_at",
        "account",
        "gateway",
        "purpose",
        "amount",
        "currency",
        "state",
        "reason",
        "reversed_at",
    )
    list_filter = (AccountFilter, "state", WrongFilter)
    list_select_related = ("account",)
    search_fields = ("=provider_reference", "=id")


@admin.register(GatewayNotice)
class GatewayNoticeAdmin(StaffAdmin):
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
class CreditPackAdmin(ReferenceAdmin):
    fixed = ("code",)
    fields = ("code", "id", "name", "credits", "price", "currency", "is_offered")
    list_display = ("code", "name", "credits", "price", "currency", "is_offered")
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(CreditCost)
class CreditCostAdmin(ReferenceAdmin):
    fixed = ("operation",)
    fields = ("operation", "id", "credits", "units", "starts_on", "ends_on")
    list_display = ("operation", "credits", "units", "starts_on", "ends_on")
    search_fields = ("operation",)
    ordering = ("operation", "starts_on")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "operation":
            return forms.ChoiceField(choices=[(name, name) for name in CREDIT_COSTS])
        return super().formfield_for_dbfield(db_field, request, **kwargs)
