from __future__ import annotations

import unicodedata
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Lower, Trim

from accounts import roles
from core import amounts, tenancy


class Account(tenancy.Identified):
    """One business: the tenant."""

    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    is_tax_registered = models.BooleanField(default=True)
    prices_include_tax = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    across_accounts: ClassVar[models.Manager[Account]] = tenancy.OwnedQuerySet.as_manager()

    class Meta:
        db_table = "accounts"
        constraints = [tenancy.RowLevelSecurity(column="id", name="accounts_tenant")]

    def __str__(self) -> str:
        return self.name

    @property
    def currency_exponent(self) -> int:
        return amounts.currency_exponent(self.currency)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def canonical_email(email: str) -> str:
    """The one form of an address, whatever its case, its Unicode form or the space around it."""
    return unicodedata.normalize("NFKC", email).strip().lower()


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=canonical_email(username or ""))


class User(AbstractBaseUser, tenancy.Identified):
    """A person who can sign in. Each has exactly one account, the current one."""

    last_login = None  # a write at every sign-in, which nobody reads

    account = models.ForeignKey(Account, models.PROTECT, db_index=False)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    across_accounts: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        db_table = "users"
        default_related_name = "users"
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="one_user_per_email",
                violation_error_code="user_already_exists",
                violation_error_message="There is a user with this e-mail address already.",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    email=Lower(
                        models.Func(
                            Trim("email"),
                            function="normalize",
                            template="%(function)s(%(expressions)s, NFKC)",
                        )
                    )
                )
                & ~models.Q(email__regex=r"\s"),
                name="email_is_canonical",
                violation_error_code="email_not_canonical",
                violation_error_message="The e-mail address is not in its canonical form.",
            ),
            models.UniqueConstraint(
                fields=["account", "id"],
                name="users_account_id",
                violation_error_code="id_taken",
                violation_error_message="This id is taken.",
            ),
            tenancy.RowLevelSecurity(name="users_tenant"),
            tenancy.Reveal(column="id", setting="app.user_id", name="users_by_id"),
            tenancy.Reveal(column="email", setting="app.login", name="users_by_login"),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = canonical_email(self.email)


class Membership(tenancy.AccountOwned):
    """A user's seat in an account: the actor, `by`, of every write.

    A person who moved to another business leaves the seat, its name and its history behind, without a user.
    """

    user = tenancy.OwnedKey(User, null=True, related_name="memberships")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=16, choices=roles.Role.choices)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    request_id = ""  # the request in which the member acts; the middleware sets it

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "business_memberships"
        default_related_name = "memberships"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("user"),
            models.UniqueConstraint(
                fields=["user"],
                name="one_user_one_business",
                violation_error_code="user_already_exists",
                violation_error_message="This person already belongs to a business.",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | models.Q(is_active=False),
                name="active_seat_has_user",
                violation_error_code="seat_without_user",
                violation_error_message="An active seat needs a user.",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=roles.Role.values),
                name="membership_role_known",
                violation_error_code="unknown_role",
                violation_error_message="There is no such role.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def capabilities(self) -> frozenset[roles.Capability]:
        return roles.CAPABILITIES[roles.Role(self.role)] if self.is_active else frozenset()

    def may(self, capability: roles.Capability | str) -> bool:
        return capability in self.capabilities


class AuditEvent(tenancy.AccountOwned):
    """What was done, by whom, in which request. Nothing here is ever changed."""

    by = tenancy.OwnedKey(Membership, null=True, related_name="audit_events")
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    before = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    after = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "audit_events"
        default_related_name = "audit_events"
        indexes = [models.Index(fields=["account", "subject", "subject_id"], name="audit_events_subject")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("by"),
            tenancy.AppendOnly(name="audit_events_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_id}"
