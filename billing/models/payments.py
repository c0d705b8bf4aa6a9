"""Attempts to be paid by somebody who is far away, and what the gateways told about them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from accounts.models import Membership
from billing.references import reference_of
from core import amounts, tenancy


class PaymentState(models.TextChoices):
    INITIATED = "INITIATED"  # we have not asked the gateway yet
    PROMPTED = "PROMPTED"  # the payer has been asked
    PAID = "PAID"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"  # by us; the payer may pay all the same
    PAID_LATE = "PAID_LATE"  # the money came, and nothing waited for it any more


class PhoneGateway(models.TextChoices):
    """Who asks a payer by phone."""

    MOMO = "MOMO"
    PAYSTACK = "PAYSTACK"


class PageGateway(models.TextChoices):
    """Who has a page to pay on."""

    PAYSTACK = "PAYSTACK"
    STRIPE = "STRIPE"


OPEN = frozenset({PaymentState.INITIATED, PaymentState.PROMPTED})

_ASK_EVERY = timedelta(seconds=10)  # at most; the older an attempt is, the more seldom
_ASK_FOR = timedelta(days=2)
_ASK_SILENT = timedelta(hours=1)  # at least, while the gateway says nothing: what it has may be news
_LOOK_BACK_EVERY = timedelta(hours=6)  # at most, for money that may go back
_LOOK_BACK_FOR = timedelta(days=180)


class PaymentAttempt(tenancy.AccountOwned):
    """Money that we asked somebody for. `purpose` and `subject_id` say what it is to pay.

    The money of an attempt comes once: `paid_at` is when we learnt of it. It waits for a while for whom it pays, who
    uses it once (`used_at`); what comes to an attempt that is over, or is not used in time, is PAID_LATE. Whatever the
    state, `reversed_at` is since when the money is back with the payer, or disputed; a dispute that is won ends it.
    """

    PERSONAL = frozenset({"payer_phone", "payer_email"})

    gateway = models.CharField(max_length=16)
    is_own = models.BooleanField(default=False)  # asked with the business's own keys, and so paid to it
    network = models.CharField(max_length=16, blank=True)  # of the payer's phone
    purpose = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    payer_phone = models.CharField(max_length=32, blank=True)
    payer_email = models.CharField(max_length=254, blank=True)
    amount = amounts.MoneyField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16, choices=PaymentState.choices, default=PaymentState.INITIATED)
    reason = models.CharField(max_length=200, blank=True)  # why it failed
    provider_reference = models.CharField(max_length=100, blank=True)
    page_url = models.TextField(blank=True)  # where the payer pays, once the gateway has told
    return_url = models.TextField(blank=True)  # where the page leads afterwards
    paid_amount = amounts.MoneyField(null=True)
    paid_currency = models.CharField(max_length=3, blank=True)
    by = tenancy.OwnedKey(Membership, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    reversed_at = models.DateTimeField(null=True)
    told = models.CharField(max_length=16, blank=True)  # the state in which its purpose knows the money; or TAKEN_BACK
    due_at = models.DateTimeField(null=True)  # when the worker looks after it next

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "payment_attempts"
        default_related_name = "payment_attempts"
        indexes = [
            models.Index(fields=["account", "subject_id"], name="payment_attempts_by_subject"),
            models.Index(
                fields=["account", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="payment_attempts_due",
            ),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("by"),
            models.CheckConstraint(
                condition=models.Q(state__in=PaymentState.values),
                name="payment_state_known",
                violation_error_code="unknown_state",
                violation_error_message="There is no such state.",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0),
                name="payment_of_something",
                violation_error_code="nothing_to_pay",
                violation_error_message="There is nothing to pay.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[PaymentState.PAID, PaymentState.PAID_LATE])
                | models.Q(paid_at__isnull=False),
                name="paid_attempt_has_its_money",
                violation_error_code="payment_not_usable",
                violation_error_message="The money of this attempt has not come.",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(state=PaymentState.PAID),
                name="only_paid_attempts_are_used",
                violation_error_code="payment_not_usable",
                violation_error_message="The money of this attempt has not come.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.state}"

    @property
    def reference(self) -> str:
        """Ours, by which the gateway knows it."""
        return reference_of(self.account_id, self.pk)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_waiting(self) -> bool:
        """Whether its money has come, and waits for whom it pays."""
        return self.state == PaymentState.PAID and self.used_at is None and self.reversed_at is None

    @property
    def is_granted_for(self) -> bool:
        """Whether its purpose grants something for the money as soon as it comes, and takes it back when it goes."""
        return "taken_back" in settings.PAYMENT_PURPOSES[self.purpose]

    @property
    def waits_until(self) -> datetime | None:
        """Until when money that has come is kept for whom it pays."""
        return self.paid_at + timedelta(seconds=settings.PAYMENT_KEPT) if self.paid_at else None

    def next_look(self, now: datetime, *, is_silent: bool = False) -> datetime | None:
        """When somebody should look after it again; the older it is, the more seldom. None for never.

        `is_silent` is a gateway that was asked and has not answered.
        """
        age, at = now - self.created_at, self._next_look(now)
        if not is_silent or age > _LOOK_BACK_FOR:
            return at
        soon = now + max(_ASK_EVERY, min(age / 2, _ASK_SILENT))
        return min(at or soon, soon)

    def _next_look(self, now: datetime) -> datetime | None:
        age = now - self.created_at
        if self.is_waiting:
            return self.waits_until
        if self.paid_at:
            may_go_back = self.is_granted_for and age < _LOOK_BACK_FOR
            return now + max(_LOOK_BACK_EVERY, age / 2) if may_go_back else None
        if age > _ASK_FOR and not self.is_open:
            return None
        at = now + max(_ASK_EVERY, age / 2)
        return min(at, self.expires_at) if self.is_open and now < self.expires_at else at


class GatewayNotice(tenancy.AccountOwned):
    """A notice as a gateway sent it, once, whatever came of it. None is believed: it only makes us ask."""

    PERSONAL = SECRET = frozenset({"body"})

    gateway = models.CharField(max_length=16)
    reference = models.CharField(max_length=100, blank=True)
    attempt = tenancy.OwnedKey(PaymentAttempt, null=True, related_name="notices")
    digest = models.CharField(max_length=64)
    body = models.TextField(blank=True)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "gateway_notices"
        default_related_name = "gateway_notices"
        indexes = [models.Index(fields=["account", "attempt"], name="gateway_notices_by_attempt")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("attempt"),
            models.UniqueConstraint(
                fields=["account", "gateway", "digest"],
                name="each_notice_once",
                violation_error_code="notice_known",
                violation_error_message="This notice is known already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.reference}"
