from django.contrib import admin

from core.admin import AccountFilter, StaffAdmin
from subscriptions.models import Subscription, SubscriptionPlan


@admin.register(SubscriptionPlan)
class SubscriptionPlanAdmin(StaffAdmin):
    fields = ("code", "id", "name", "price", "currency", "is_offered")
    list_display = ("code", "name", "price", "currency", "is_offered")
    list_filter = ()
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(Subscription)
class SubscriptionAdmin(StaffAdmin):
    fields = ("id", "account", "plan", "state", "is_trial", "ends_on", "cancelled_at", "suspended_at")
    list_display = ("account", "plan", "state", "is_trial", "ends_on", "cancelled_at", "suspended_at")
    list_filter = (AccountFilter, "is_trial", "ends_on")
    list_select_related = ("account", "plan")
    search_fields = ("account__name", "=id")
