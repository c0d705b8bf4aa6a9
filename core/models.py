from django.db import models

from core import tenancy


class IdempotencyKey(tenancy.AccountOwned):
    """A write that a client may retry: what was asked, and the answer it got. Committed together with its effect.

    The key is the account's, not the member's: a colleague who takes over a phone sends again what it had not heard of.
    """

    SECRET = frozenset({"key", "fingerprint", "body"})

    member_id = models.UUIDField()
    operation = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "idempotency_keys"
        default_related_name = "idempotency_keys"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["account", "operation", "key"],
                name="one_answer_per_key",
                violation_error_code="request_in_flight",
                violation_error_message="The same request is still being worked on. Try again in a moment.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.key}"


class RateLimit(models.Model):
    """How often somebody tried something since the window began. Nobody's business: there are only digests here."""

    key = models.CharField(max_length=128, primary_key=True)
    started_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        db_table = "rate_limits"
        default_related_name = "rate_limits"

    def __str__(self) -> str:
        return self.key
