from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts import roles
from accounts.models.membership import Membership, not_limited
from core import tenancy


class InvitationQuerySet(tenancy.OwnedQuerySet):
    def open(self) -> Self:
        """Neither accepted nor revoked; it may have expired, and can then be sent again."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(tenancy.AccountOwned):
    """A seat offered to whoever reads the mail of one address. Its token is told once, by mail."""

    PERSONAL = frozenset({"email", "name"})
    SECRET = frozenset({"token_hash"})

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=16, choices=roles.Role.choices)
    is_limited = models.BooleanField(default=False)
    location_ids = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    token_hash = models.CharField(max_length=64)
    invited_by = tenancy.OwnedKey(Membership, related_name="invitations")
    member = tenancy.OwnedKey(Membership, null=True, related_name="accepted_invitations")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    across_accounts: ClassVar[models.Manager[Invitation]] = InvitationQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "invitations"
        default_related_name = "invitations"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("invited_by"),
            tenancy.SameAccount("member"),
            not_limited("who_is_to_govern_is_not_limited"),
            models.UniqueConstraint(
                fields=["account", "token_hash"],
                name="one_invitation_per_token",
                violation_error_code="invitation_exists",
                violation_error_message="There is an invitation with this token already.",
            ),
            models.UniqueConstraint(
                fields=["account", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation",
                violation_error_code="invitation_exists",
                violation_error_message="This person has been invited already: send it again, or revoke it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} for {self.email}"

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided about it; its time may be over."""
        return not (self.accepted_at or self.revoked_at)

    def state_at(self, now: datetime) -> str:
        if self.accepted_at:
            return "ACCEPTED"
        if self.revoked_at:
            return "REVOKED"
        return "OPEN" if now < self.expires_at else "EXPIRED"
