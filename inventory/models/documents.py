"""What every paper of the stock has: a number without gaps, who opened it, and why."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from accounts.models import Membership
from core import tenancy


class DocumentCounter(tenancy.AccountOwned):
    """The last number of one kind of document. Its row is the lock under which the next is taken."""

    code = models.CharField(max_length=8)
    last_number = models.PositiveIntegerField(default=0)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "document_counters"
        default_related_name = "document_counters"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["account", "code"],
                name="one_counter_per_code",
                violation_error_code="counter_exists",
                violation_error_message="There is a counter for this already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}-{self.last_number}"


def numbered(table: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["account", "number"],
        name=f"one_number_per_{table}",
        violation_error_code="number_taken",
        violation_error_message="Another document has this number.",
    )


class Document(tenancy.AccountOwned):
    """A paper that people work on in steps. Each step is one service, and is taken once.

    `reason` is why it was opened, `closing_reason` why it was ended, given up, rejected or undone.
    """

    code: ClassVar[str]  # what its numbers begin with
    status: Any  # of its own kind

    number = models.CharField(max_length=16)
    reason = models.CharField(max_length=200, blank=True)
    closing_reason = models.CharField(max_length=200, blank=True)
    opened_by = tenancy.OwnedKey(Membership, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.number
