"""What one business holds. Its state is not stored: it follows from the dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import models

from core import tenancy
from subscriptions.models.plans import Cycle, SubscriptionPlan
from subscriptions.policy import State

GRACE = timedelta(days=7)
_DAY = timedelta(days=1)


class Subscription(tenancy.AccountOwned):
    """The plan that is paid for from `starts_on` to `ends_on`, both included.

    From `next_from` on the plan is `next_plan`, though nobody writes on that day. All of it is reckoned from what is
    granted upon what was given: the trial, or what staff gave.
    """

    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="subscription", editable=False)
    plan = models.ForeignKey(SubscriptionPlan, models.PROTECT, db_index=False, related_name="+")
    cycle = models.CharField(max_length=16, choices=Cycle.choices, default=Cycle.MONTHLY)
    is_trial = models.BooleanField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    next_plan = models.ForeignKey(SubscriptionPlan, models.PROTECT, db_index=False, null=True, related_name="+")
    next_from = models.DateField(null=True)
    given_plan = models.ForeignKey(SubscriptionPlan, models.PROTECT, db_index=False, related_name="+")
    given_from = models.DateField()
    given_until = models.DateField()
    is_trial_given = models.BooleanField()
    cancelled_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "subscriptions"
        default_related_name = "subscriptions"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(next_plan__isnull=True, next_from__isnull=True)
                | models.Q(next_plan__isnull=False, next_from__isnull=False),
                name="next_plan_has_its_day",
                violation_error_code="plan_without_day",
                violation_error_message="A plan that is to come has its first day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} to {self.ends_on}"

    @property
    def today(self) -> date:
        """The day that it is in the account's time zone."""
        return self.account.today

    def day_of(self, moment: datetime) -> date:
        """The day that it was then in the account's time zone."""
        return moment.astimezone(self.account.zone).date()

    def state_on(self, day: date) -> State:
        """The state on a day of the account's calendar; the last day belongs to the period."""
        return State.SUSPENDED if self.suspended_at else self._state_by_dates(day)

    def state_at(self, moment: datetime) -> State:
        """The state at a moment, as far as is known now: before it was suspended, that of the day."""
        if self.suspended_at and moment >= self.suspended_at:
            return State.SUSPENDED
        return self._state_by_dates(self.day_of(moment))

    def _state_by_dates(self, day: date) -> State:
        if day <= self.ends_on:
            return State.TRIAL if self.is_trial else State.ACTIVE
        if self.cancelled_at:
            return State.CANCELLED
        return State.GRACE if day <= self.grace_ends_on else State.EXPIRED

    @property
    def state(self) -> State:
        return self.state_on(self.today)

    @property
    def grace_ends_on(self) -> date:
        """The last day on which one may look, had it not been cancelled."""
        return self.ends_on + GRACE

    @property
    def follows_on(self) -> date:
        """The first day that is not paid for yet."""
        return self.ends_on + _DAY

    def plan_on(self, day: date) -> SubscriptionPlan:
        if self.next_plan is not None and self.next_from is not None and day >= self.next_from:
            return self.next_plan
        return self.plan

    @property
    def plan_today(self) -> SubscriptionPlan:
        return self.plan_on(self.today)

    @property
    def last_plan(self) -> SubscriptionPlan:
        """The plan with which it goes on, when what is paid for has ended."""
        return self.plan_on(self.follows_on)

    @property
    def plan_to_come(self) -> SubscriptionPlan | None:
        """The plan that begins on `next_from`, while that is still to come."""
        return self.next_plan if self.plan_today != self.last_plan else None

    @property
    def comes_on(self) -> date | None:
        """The day on which the plan that is to come begins."""
        return self.next_from if self.plan_to_come else None

    @property
    def is_next_paid(self) -> bool:
        """Whether the plan that is to come is paid for, or given, and so no longer to be chosen."""
        return self.next_from is not None and self.today < self.next_from < self.follows_on
