from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.acting import ActingAdmin, ReferenceAdmin
from core.admin import AccountFilter, StaffAdmin
from subscriptions import services
from subscriptions.models import (
    Invoice,
    ServiceCharge,
    Subscription,
    SubscriptionPayment,
    SubscriptionPlan,
    SubscriptionPricingTier,
    TaxConfiguration,
)


@admin.register(SubscriptionPlan)
class SubscriptionPlanAdmin(ReferenceAdmin):
    fixed = ("code",)
    fields = (
        *("code", "id", "name", "currency", "features"),
        *("max_users", "max_storefronts", "max_products", "monthly_credits", "is_offered"),
    )
    list_display = ("code", "name", "currency", "max_users", "max_storefronts", "max_products", "is_offered")
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(SubscriptionPricingTier)
class SubscriptionPricingTierAdmin(ReferenceAdmin):
    fixed = ("plan", "cycle")
    fields = ("plan", "id", "cycle", "min_storefronts", "max_storefronts", "base", "per_extra")
    list_display = ("plan", "cycle", "min_storefronts", "max_storefronts", "base", "per_extra")
    list_filter = ("plan", "cycle")
    list_select_related = ("plan",)
    search_fields = ("plan__code",)
    ordering = ("plan__code", "cycle", "min_storefronts")


@admin.register(TaxConfiguration)
class TaxConfigurationAdmin(ReferenceAdmin):
    fixed = ("country", "code")
    fields = ("country", "id", "code", "name", "rate", "position", "compounds", "starts_on", "ends_on")
    list_display = ("country", "code", "name", "rate", "position", "compounds", "starts_on", "ends_on")
    list_filter = ("country",)
    search_fields = ("code", "name")
    ordering = ("country", "position", "code", "starts_on")


@admin.register(ServiceCharge)
class ServiceChargeAdmin(ReferenceAdmin):
    fixed = ("gateway", "currency")
    fields = ("gateway", "id", "currency", "rate", "fixed", "starts_on", "ends_on")
    list_display = ("gateway", "currency", "rate", "fixed", "starts_on", "ends_on")
    list_filter = ("gateway", "currency")
    search_fields = ("gateway",)
    ordering = ("gateway", "currency", "starts_on")


@admin.register(Subscription)
class SubscriptionAdmin(ActingAdmin):
    fields = (
        *("id", "account", "plan", "cycle", "state", "is_trial", "starts_on", "ends_on"),
        *("next_plan", "next_from", "cancelled_at", "suspended_at"),
        *("given_plan", "given_from", "given_until", "is_trial_given"),
    )
    list_display = ("account", "plan", "state", "is_trial", "ends_on", "cancelled_at", "suspended_at")
    list_filter = (AccountFilter, "is_trial", "ends_on")
    list_select_related = ("account", "plan")
    search_fields = ("account__name", "=id")
    actions = ("suspend", "unsuspend")

    @admin.action(description="Suspend: no more than to look, whatever is paid for", permissions=["act"])
    def suspend(self, request: HttpRequest, rows: QuerySet[Subscription]) -> None:
        self.act(request, rows, lambda by, _: services.suspend_subscription(by=by))

    @admin.action(description="Let it go on as its dates say", permissions=["act"])
    def unsuspend(self, request: HttpRequest, rows: QuerySet[Subscription]) -> None:
        self.act(request, rows, lambda by, _: services.unsuspend_subscription(by=by))


@admin.register(SubscriptionPayment)
class SubscriptionPaymentAdmin(StaffAdmin):
    fields = (
        *("id", "account", "attempt", "kind", "plan", "replaces", "cycle", "storefronts", "currency", "base", "extra"),
        *("credit", "taxes", "tax_total", "fee", "total", "created_at", "starts_on", "ends_on"),
        *("granted_at", "taken_back_at"),
    )
    list_display = ("created_at", "account", "kind", "plan", "total", "currency", "paid", "granted_at", "taken_back_at")
    list_filter = (
        AccountFilter,
        "kind",
        "attempt__state",
        ("granted_at", admin.EmptyFieldListFilter),
        ("taken_back_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("account", "plan", "attempt")
    search_fields = ("=id",)

    @admin.display(description="State of the money")
    def paid(self, payment: SubscriptionPayment) -> str:
        return str(payment.attempt.state)


@admin.register(Invoice)
class InvoiceAdmin(StaffAdmin):
    fields = ("number", "id", "account", "payment", "kind", "issued_on", "currency", "total", "content", "created_at")
    list_display = ("number", "account", "kind", "issued_on", "total", "currency")
    list_filter = (AccountFilter, "kind", "issued_on")
    list_select_related = ("account",)
    search_fields = ("=number", "=id")
