"""What a till that was offline sent, and somebody has to look at."""

from __future__ import annotations

from django.db import models

from accounts.models import Membership
from core import tenancy
from inventory.models import Location


class Verdict(models.TextChoices):
    """What became of one thing that had happened at a till that was offline."""

    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    ACCEPTED_WITH_EXCEPTION = "ACCEPTED_WITH_EXCEPTION"
    REJECTED = "REJECTED"


class SyncIssue(tenancy.AccountOwned):
    """What was accepted with exceptions or rejected, until a person has looked at it.

    `content` is what the till sent, kept where it was rejected, so that what happened is not lost.
    """

    PERSONAL = frozenset({"content"})
    place = "storefront"

    kind = models.CharField(max_length=16)
    item_id = models.UUIDField()
    verdict = models.CharField(max_length=32, choices=Verdict.choices)
    reasons = models.JSONField(default=list)
    content = models.JSONField(null=True)
    storefront = tenancy.OwnedKey(Location, null=True, related_name="sync_issues")
    sent_by = tenancy.OwnedKey(Membership, related_name="sync_issues")
    recorded_at = models.DateTimeField()
    reviewed_by = tenancy.OwnedKey(Membership, null=True, related_name="reviewed_sync_issues")
    reviewed_at = models.DateTimeField(null=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "sync_issues"
        default_related_name = "sync_issues"
        indexes = [models.Index(fields=["account", "recorded_at", "id"], name="sync_issues_by_time")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("storefront"),
            tenancy.SameAccount("sent_by"),
            tenancy.SameAccount("reviewed_by"),
            models.UniqueConstraint(
                fields=["account", "item_id"],
                name="one_issue_per_item",
                violation_error_code="issue_exists",
                violation_error_message="This is noted already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.verdict}"
