"""What a business was asked for, as it was reckoned then, and the period that its money granted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from billing.models import PaymentAttempt
from core import amounts, tenancy
from subscriptions.models.plans import Cycle, SubscriptionPlan


class PaymentKind(models.TextChoices):
    RENEWAL = "RENEWAL"  # for one cycle more
    UPGRADE = "UPGRADE"  # for a larger plan in the days that are paid for already


class PaymentQuerySet(tenancy.OwnedQuerySet):
    def granted(self) -> PaymentQuerySet:
        """Those whose money has come and is here."""
        return self.filter(granted_at__isnull=False, taken_back_at=None)


class SubscriptionPayment(tenancy.AccountOwned):
    """A price as it was on the day, and what became of it. Its money is the attempt's.

    `granted_at` is empty while nothing has come, or nothing could be granted; `taken_back_at` is filled while the money
    has gone back.
    """

    attempt = tenancy.OwnedKey(PaymentAttempt, related_name="subscription_payments")
    kind = models.CharField(max_length=16, choices=PaymentKind.choices)
    plan = models.ForeignKey(SubscriptionPlan, models.PROTECT, db_index=False, related_name="+")
    replaces = models.ForeignKey(SubscriptionPlan, models.PROTECT, db_index=False, null=True, related_name="+")
    cycle = models.CharField(max_length=16, choices=Cycle.choices)
    storefronts = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    base = amounts.MoneyField()
    extra = amounts.MoneyField()
    credit = amounts.MoneyField(default=amounts.ZERO)  # what was paid for the same days of the plan before
    taxes = models.JSONField(encoder=DjangoJSONEncoder)
    tax_total = amounts.MoneyField()
    fee = amounts.MoneyField()
    total = amounts.MoneyField()
    created_at = models.DateTimeField(auto_now_add=True)
    starts_on = models.DateField(null=True)  # the period that it granted
    ends_on = models.DateField(null=True)
    granted_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)

    across_accounts: ClassVar[models.Manager[Any]] = PaymentQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "subscription_payments"
        default_related_name = "subscription_payments"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("attempt"),
            models.UniqueConstraint(
                fields=["account", "attempt"],
                name="one_subscription_payment_per_attempt",
                violation_error_code="payment_known",
                violation_error_message="This attempt pays for something already.",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    total=models.F("base")
                    + models.F("extra")
                    - models.F("credit")
                    + models.F("tax_total")
                    + models.F("fee")
                ),
                name="subscription_payment_sums",
                violation_error_code="sum_wrong",
                violation_error_message="The parts of a payment sum to its total.",
            ),
            models.CheckConstraint(
                condition=models.Q(granted_at__isnull=True) | models.Q(starts_on__isnull=False, ends_on__isnull=False),
                name="granted_payment_has_its_period",
                violation_error_code="period_missing",
                violation_error_message="What was granted has its days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.total} {self.currency}"

    @property
    def net(self) -> Decimal:
        """Without taxes and the gateway's fee."""
        net: Decimal = self.base + self.extra - self.credit
        return net

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of what was granted, or of what an upgrade was asked for."""
        assert self.starts_on is not None
        assert self.ends_on is not None
        return self.starts_on, self.ends_on

    def is_for(self, day: date) -> bool:
        first, last = self.days
        return first <= day <= last

    @property
    def is_granted(self) -> bool:
        return self.granted_at is not None and self.taken_back_at is None
