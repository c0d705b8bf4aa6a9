"""The businesses, and what they own."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from accounts.models import Account, User
from core import tenancy
from core.admin import StaffAdmin


@admin.register(Account)
class AccountAdmin(StaffAdmin):
    fields = (
        "name",
        "id",
        "country",
        "currency",
        "time_zone",
        "is_tax_registered",
        "prices_include_tax",
        "is_platform",
        "created_at",
        "state",
        "rows",
        "offer",
    )
    list_display = ("name", "country", "currency", "state", "plan", "ends_on", "created_at")
    list_filter = ("subscription__plan__code", "subscription__is_trial", "country")
    list_select_related = ("subscription__plan",)
    search_fields = ("name", "=id")
    ordering = ("-id",)

    @admin.display(description="Subscription")
    def state(self, account: Any) -> str | None:
        return str(account.subscription.state) if hasattr(account, "subscription") else None

    @admin.display
    def plan(self, account: Any) -> str | None:
        return str(account.subscription.plan) if hasattr(account, "subscription") else None

    @admin.display(ordering="subscription__ends_on")
    def ends_on(self, account: Any) -> Any:
        return account.subscription.ends_on if hasattr(account, "subscription") else None

    @admin.display
    def rows(self, account: Account) -> str:
        """Links to what the business owns."""
        owned = [model for model in self.admin_site._registry if issubclass(model, tenancy.AccountOwned | User)]
        links = ((_list_of(model), account.pk, model._meta.verbose_name_plural) for model in owned)
        return format_html_join(" · ", '<a href="{}?account={}">{}</a>', links)

    @admin.display(description="Offer")
    def offer(self, account: Account) -> str:
        seat, invitation = (reverse(f"admin:accounts_{name}_add") for name in ("membership", "invitation"))
        links = '<a href="{1}?business={0}">an invitation</a> · <a href="{2}?business={0}">a seat for an orphan</a>'
        return format_html(links, account.pk, invitation, seat)


def _list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
