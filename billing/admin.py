from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from billing.models import GatewayEvent, PaymentAttempt, PaymentState
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


@admin.register(GatewayEvent)
class GatewayEventAdmin(StaffAdmin):
    needs_account = True
    fields = ("id", "account", "gateway", "reference", "attempt", "digest", "body", "received_at")
    list_display = ("received_at", "account", "gateway", "reference")
    list_select_related = ("account",)
    search_fields = ("=reference", "=id")
