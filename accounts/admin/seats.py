"""Seats, taken and offered."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import roles, services
from accounts.admin.acting import ActingAdmin, acting
from accounts.models import Account, Invitation, Membership, User, canonical_email
from accounts.roles import Role
from core import tenancy
from core.admin import AccountFilter

BUSINESS_ROLES = [choice for choice in Role.choices if choice[0] not in roles.PLATFORM]


class AccountField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A business, by id or by looking it up. The platform's own is none."""

    def __init__(self) -> None:
        businesses = Account.across_accounts.using(tenancy.STAFF).filter(is_platform=False)
        link: Any = Membership._meta.get_field("account").remote_field
        widget = ForeignKeyRawIdWidget(link, admin.site, using=tenancy.STAFF)
        super().__init__(businesses, widget=widget)


class SeatForm(forms.ModelForm):  # type: ignore[type-arg]
    """A seat for a person of the business who has none. Who belongs to another has to be invited, and to accept."""

    business = AccountField()
    email = forms.CharField(max_length=254, label="E-mail")

    def clean(self) -> dict[str, Any]:
        wanted: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return wanted
        users = User.across_accounts.using(tenancy.STAFF)
        user = users.filter(email=canonical_email(wanted["email"])).first()
        if user is None:
            raise ValidationError({"email": "Nobody has this address. Send an invitation."})
        if user.account_id != wanted["business"].pk and not user.memberships.using(tenancy.STAFF).exists():
            raise ValidationError({"email": "This person is not in this business. Send an invitation."})
        # Who has a seat, here or elsewhere, is refused by the model's own clean().
        self.instance._state.db = tenancy.STAFF
        self.instance.account, self.instance.user = wanted["business"], user
        return wanted


@admin.register(Membership)
class MembershipAdmin(ActingAdmin):
    fields = ("name", "id", "role", "account", "user", "staff", "is_active", "is_limited", "created_at")
    writable = ("role",)
    list_display = ("name", "user", "account", "role", "is_active", "is_limited", "created_at")
    list_filter = (AccountFilter, "role", "is_active")
    list_select_related = ("account", "user")
    search_fields = ("name", "user__email", "=id")
    actions = ("deactivate", "reactivate")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_act_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_act_permission(request) and not (obj and (obj.staff_id or obj.account.is_platform))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else ("business", "email", "role")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return super().get_readonly_fields(request, obj) if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else {**kwargs, "form": SeatForm}))

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return super().formfield_for_choice_field(db_field, request, **{**kwargs, "choices": BUSINESS_ROLES})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        role = form.cleaned_data["role"]
        with acting(request, obj.account_id) as by:
            if change:
                services.change_member(by=by, member=_locked(by, obj), role=role)
            else:
                user = by.account.users.get(pk=obj.user.pk)
                obj.pk = services.seat_orphan(by=by, user=user, role=role).pk

    @admin.action(description="Close the seat, end all sessions", permissions=["act"])
    def deactivate(self, request: HttpRequest, seats: QuerySet[Membership]) -> None:
        self.act(request, seats, lambda by, seat: services.deactivate_member(by=by, member=_locked(by, seat)))

    @admin.action(description="Open the seat again", permissions=["act"])
    def reactivate(self, request: HttpRequest, seats: QuerySet[Membership]) -> None:
        self.act(request, seats, lambda by, seat: services.reactivate_member(by=by, member=_locked(by, seat)))


def _locked(by: Membership, shown: Membership) -> Membership:
    services.lock_account(by.account)
    member: Membership = by.account.memberships.locked().get(pk=shown.pk)
    return member


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Staff may be told what the business itself is not: that the person belongs to another."""

    business = AccountField()

    def clean(self) -> dict[str, Any]:
        wanted: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return wanted
        wanted["email"] = canonical_email(wanted["email"])
        seats = Membership.across_accounts.using(tenancy.STAFF).filter(user__email=wanted["email"], is_active=True)
        if seats.exclude(account=wanted["business"]).exists():
            raise ValidationError("This person already belongs to a business.", code="user_already_exists")
        self.instance.account = wanted["business"]
        return wanted


@admin.register(Invitation)
class InvitationAdmin(ActingAdmin):
    fields = (
        "email",
        "id",
        "name",
        "role",
        "account",
        "is_limited",
        "invited_by",
        "member",
        "state",
        "created_at",
        "expires_at",
        "accepted_at",
        "revoked_at",
    )
    list_display = ("email", "account", "role", "state", "created_at", "expires_at")
    list_filter = (
        AccountFilter,
        "role",
        ("accepted_at", admin.EmptyFieldListFilter),
        ("revoked_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("account",)
    search_fields = ("email", "name", "=id")
    actions = ("resend", "revoke")

    @admin.display
    def state(self, invitation: Invitation) -> str:
        return invitation.state_at(timezone.now())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_act_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else ("business", "email", "name", "role")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return super().get_readonly_fields(request, obj) if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else {**kwargs, "form": InvitationForm}))

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return super().formfield_for_choice_field(db_field, request, **{**kwargs, "choices": BUSINESS_ROLES})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        wanted = {name: form.cleaned_data[name] for name in ("email", "name", "role")}
        with acting(request, obj.account_id) as by:
            obj.pk = services.invite(by=by, **wanted).pk

    @admin.action(description="Send again", permissions=["act"])
    def resend(self, request: HttpRequest, offers: QuerySet[Invitation]) -> None:
        self.act(request, offers, lambda by, offer: services.resend_invitation(by=by, invitation=_offer(by, offer)))

    @admin.action(description="Revoke", permissions=["act"])
    def revoke(self, request: HttpRequest, offers: QuerySet[Invitation]) -> None:
        self.act(request, offers, lambda by, offer: services.revoke_invitation(by=by, invitation=_offer(by, offer)))


def _offer(by: Membership, shown: Invitation) -> Invitation:
    invitation: Invitation = by.account.invitations.locked().get(pk=shown.pk)
    return invitation
