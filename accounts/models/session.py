from __future__ import annotations

from datetime import datetime, timedelta
from secrets import compare_digest
from typing import NamedTuple

from django.db import models

from accounts.models.user import User
from core import tenancy, vault


class SessionKind(models.TextChoices):
    COOKIE = "COOKIE"
    TOKEN = "TOKEN"
    PIN = "PIN"


class Lifetime(NamedTuple):
    """How long a session lives unused, and at most."""

    idle: timedelta
    absolute: timedelta


LIFETIMES = {
    SessionKind.COOKIE: Lifetime(timedelta(hours=12), timedelta(days=14)),
    SessionKind.TOKEN: Lifetime(timedelta(days=14), timedelta(days=90)),
    SessionKind.PIN: Lifetime(timedelta(minutes=30), timedelta(hours=12)),
}


class Device(tenancy.AccountOwned):
    """A registered till, known by a secret that was told once. Cashiers change on it by PIN."""

    SECRET = frozenset({"token_hash"})

    name = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "devices"
        default_related_name = "devices"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["account", "token_hash"],
                name="one_device_per_token",
                violation_error_code="device_exists",
                violation_error_message="There is a device with this secret already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Session(tenancy.AccountOwned):
    """One signing-in, by cookie, token or PIN. To remove the row ends it, with every token that came of it."""

    PERSONAL = frozenset({"address", "user_agent"})
    SECRET = frozenset({"fingerprint", "refresh_id"})

    user = tenancy.OwnedKey(User, related_name="sessions")
    kind = models.CharField(max_length=8, choices=SessionKind.choices)
    device = tenancy.OwnedKey(Device, null=True, related_name="sessions")
    is_verified = models.BooleanField(default=False)  # a second factor was given
    fingerprint = models.CharField(max_length=64)  # of the password: a new one ends the session
    refresh_id = models.UUIDField(null=True)  # the one refresh token that may still be used
    address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "sessions"
        default_related_name = "sessions"
        indexes = [models.Index(fields=["account", "user"], name="sessions_by_user")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("user"),
            tenancy.SameAccount("device"),
            models.CheckConstraint(
                condition=models.Q(kind="PIN", device__isnull=False) | ~models.Q(kind="PIN"),
                name="pin_session_has_device",
                violation_error_code="pin_without_device",
                violation_error_message="A session by PIN needs a device.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} since {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_by_pin(self) -> bool:
        return self.kind == SessionKind.PIN

    @property
    def lifetime(self) -> Lifetime:
        return LIFETIMES[SessionKind(self.kind)]

    def holds(self, user: User, *, now: datetime) -> bool:
        """Whether the session still stands: neither too old nor left alone, and the password is the same."""
        is_alive = now < min(self.expires_at, self.last_seen_at + self.lifetime.idle)
        return is_alive and compare_digest(self.fingerprint, fingerprint_of(user))

    def wants_touch(self, *, now: datetime) -> bool:
        """Whether it is time to note that the session is in use: a tenth of the idle time is exact enough."""
        return now >= self.last_seen_at + self.lifetime.idle / 10


def fingerprint_of(user: User) -> str:
    """Different after every change of the password."""
    return vault.digest(user.get_session_auth_hash())
