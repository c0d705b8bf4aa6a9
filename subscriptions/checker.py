"""What a business may do now, by what it pays for: the one place that everybody asks."""

from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from accounts.models import Account
from subscriptions import policy
from subscriptions.policy import POLICY, Access, Feature, Resource, State

if TYPE_CHECKING:
    from subscriptions.models import Subscription, SubscriptionPlan


class SubscriptionChecker:
    """The subscription of one account as it stands today, on the account's own calendar. It writes nothing."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.held: Subscription | None = getattr(account, "subscription", None)

    @cached_property
    def today(self) -> date:
        return self.account.today

    @property
    def state(self) -> State:
        """NONE for who never had a subscription."""
        return self.held.state_on(self.today) if self.held else State.NONE

    @property
    def plan(self) -> "SubscriptionPlan | None":
        return self.held.plan_on(self.today) if self.held else None

    def access(self, feature: Feature) -> Access:
        return POLICY[feature][self.state]

    def allows(self, feature: Feature, *, writes: bool, finishes: bool = False) -> bool:
        """Whether the policy lets one read, or write. `finishes` is for what brings to its end what was begun."""
        return policy.allows(feature, self.state, writes=writes, finishes=finishes)

    def limit(self, resource: Resource) -> int | None:
        """How many of it the plan covers; None for any number, and where there is no plan."""
        return self.plan.limit_of(resource) if self.plan else None

    @property
    def days_left(self) -> int | None:
        """How many days after today are paid for; negative in grace, and None without a subscription."""
        return (self.held.ends_on - self.today).days if self.held else None

    @property
    def grace_ends_on(self) -> date | None:
        """The last day of grace, also while it is still to come; None where there will be none."""
        return self.held.grace_ends_on if self.held and not self.held.cancelled_at else None

    def is_paid(self, feature: Feature) -> bool:
        """Whether all of the feature works today."""
        return self.allows(feature, writes=True)

    def was_covered(self, feature: Feature, *, at: datetime, began_at: datetime | None = None) -> bool:
        """Whether what was done at a moment was paid for then, or was the end of what was when it began."""
        if self.held is None:
            return False
        finishes = began_at is not None and policy.allows(feature, self.held.state_at(began_at), writes=True)
        return policy.allows(feature, self.held.state_at(at), writes=True, finishes=finishes)

    @property
    def has_sample_only(self) -> bool:
        """Whether the account gets no more than the first rows of an export."""
        return self.access(Feature.EXPORTS) is Access.SAMPLE
