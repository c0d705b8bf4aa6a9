from __future__ import annotations

import unicodedata
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Trim

from accounts.models.account import Account
from core import tenancy


def canonical_email(email: str) -> str:
    """The one form of an address, whatever its case, its Unicode form or the space around it."""
    return unicodedata.normalize("NFKC", email).strip().lower()


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=canonical_email(username or ""))


class User(AbstractBaseUser, tenancy.Identified):
    """A person who can sign in. Each has exactly one account, the current one."""

    PERSONAL = frozenset({"email", "name"})
    SECRET = frozenset({"password", "totp_key", "totp_confirmed_at", "totp_step", "recovery_codes"})

    last_login = None  # a write at every sign-in, which nobody reads

    account = models.ForeignKey(Account, models.PROTECT, db_index=False)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    email_verified_at = models.DateTimeField(null=True)
    totp_key = models.CharField(max_length=255, blank=True)  # sealed; in force once it is confirmed
    totp_confirmed_at = models.DateTimeField(null=True)
    totp_step = models.BigIntegerField(default=0)  # the last one whose code was used: each code works once
    recovery_codes = models.TextField(blank=True)  # hashes, one per line
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
            tenancy.ComeOver(column="id", setting="app.moving_user", name="users_come_over"),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = canonical_email(self.email)

    @property
    def has_mfa(self) -> bool:
        return self.totp_confirmed_at is not None
