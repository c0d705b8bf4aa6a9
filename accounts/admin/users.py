"""The people who can sign in, and help for those who cannot."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from accounts import services
from accounts.admin.acting import ActingAdmin
from accounts.errors import SeatEmpty
from accounts.models import Membership, User
from core.admin import AccountFilter
from core.api.requests import address_of


class SeatFilter(admin.SimpleListFilter):
    """Orphans: people who can sign in nowhere, because they have no active seat."""

    title = "seat"
    parameter_name = "seat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "with an active seat"), ("none", "without an active seat")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        seated = Exists(Membership.across_accounts.filter(user=OuterRef("pk"), is_active=True))
        if self.value() is None:
            return queryset
        return queryset.filter(seated if self.value() == "active" else ~seated)


@admin.register(User)
class UserAdmin(ActingAdmin):
    fields = ("email", "id", "name", "account", "is_active", "email_verified_at", "totp_confirmed_at", "created_at")
    list_display = ("email", "name", "account", "is_active", "is_verified", "has_second_factor", "created_at")
    list_filter = (
        AccountFilter,
        SeatFilter,
        ("email_verified_at", admin.EmptyFieldListFilter),
        ("totp_confirmed_at", admin.EmptyFieldListFilter),
        "is_active",
    )
    list_select_related = ("account",)
    search_fields = ("email", "name", "=id")
    ordering = ("-id",)
    actions = ("offer_reset", "end_sessions", "take_mfa")

    @admin.display(boolean=True, description="E-mail verified")
    def is_verified(self, user: User) -> bool:
        return user.email_verified_at is not None

    @admin.display(boolean=True, description="Second factor")
    def has_second_factor(self, user: User) -> bool:
        return user.has_mfa

    @admin.action(description="Mail a link to a new password", permissions=["act"])
    def offer_reset(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self.for_seated(
            request, users, lambda by, user: services.offer_reset(by=by, user=user, address=address_of(request))
        )

    @admin.action(description="End all sessions", permissions=["act"])
    def end_sessions(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self.for_seated(request, users, lambda by, user: services.end_sessions(by=by, user_id=user.pk))

    @admin.action(description="Remove the second factor, end all sessions", permissions=["act"])
    def take_mfa(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self.for_seated(request, users, lambda by, user: services.take_mfa(by=by, user=user))

    def for_seated(self, request: HttpRequest, users: QuerySet[User], deed: Callable[[Membership, User], Any]) -> None:
        """Do it to those who have a seat: an orphan has nothing to sign in to."""

        def checked(by: Membership, shown: User) -> None:
            seat = by.account.memberships.select_related("user").filter(user_id=shown.pk).first()
            if seat is None:
                raise SeatEmpty
            deed(by, seat.user)

        self.act(request, users, checked)
