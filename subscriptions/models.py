from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import models
from django.utils import timezone

from core import amounts, tenancy
from subscriptions.policy import State

GRACE = timedelta(days=7)


class SubscriptionPlan(tenancy.Identified):
    """What is sold. The same for everybody; staff write it."""

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=100)
    price = amounts.MoneyField()
    currency = models.CharField(max_length=3)
    is_offered = models.BooleanField(default=True)

    class Meta:
        db_table = "subscription_plans"
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                name="one_plan_per_code",
                violation_error_code="plan_exists",
                violation_error_message="There is a plan of this code already.",
            ),
            tenancy.ReferenceData(name="subscription_plans_reference"),
        ]

    def __str__(self) -> str:
        return self.name


class Subscription(tenancy.AccountOwned):
    """What one business holds. Its state is not stored: it follows from the dates."""

    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="subscription", editable=False)
    plan = models.ForeignKey(SubscriptionPlan, models.PROTECT, db_index=False)
    is_trial = models.BooleanField()
    ends_on = models.DateField()
    cancelled_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "subscriptions"
        default_related_name = "subscriptions"

    def __str__(self) -> str:
        return f"{self.plan_id} to {self.ends_on}"

    def state_on(self, day: date) -> State:
        """The state on a day of the account's calendar; the last day belongs to the period."""
        return State.SUSPENDED if self.suspended_at else self._state_by_dates(day)

    def state_at(self, moment: datetime) -> State:
        """The state at a moment, as far as is known now: before it was suspended, that of the day."""
        if self.suspended_at and moment >= self.suspended_at:
            return State.SUSPENDED
        return self._state_by_dates(moment.astimezone(self.account.zone).date())

    def _state_by_dates(self, day: date) -> State:
        if day <= self.ends_on:
            return State.TRIAL if self.is_trial else State.ACTIVE
        if self.cancelled_at:
            return State.CANCELLED
        return State.GRACE if day <= self.ends_on + GRACE else State.EXPIRED

    @property
    def state(self) -> State:
        return self.state_on(timezone.localdate(timezone=self.account.zone))
