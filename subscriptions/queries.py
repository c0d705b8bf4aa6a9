"""What a business is told of its subscription: the dates, and what follows from them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import Account
from subscriptions.checker import SubscriptionChecker
from subscriptions.errors import LimitReached
from subscriptions.models import Subscription, SubscriptionPlan
from subscriptions.policy import Feature, Resource, State


@dataclass(frozen=True)
class Room:
    """What the plan covers of a thing, and how many there are."""

    resource: Resource
    limit: int | None
    used: int

    def refuse(self, more: int) -> None:
        """Raises LimitReached where so many more are too many."""
        if self.limit is not None and self.used + more > self.limit:
            raise LimitReached(resource=self.resource, limit=self.limit, used=self.used)


@dataclass(frozen=True)
class Standing:
    """How it stands today. Without a subscription everything but the state, the limits and the features is None."""

    held: Subscription | None
    plan: SubscriptionPlan | None
    state: State
    days_left: int | None
    grace_ends_on: date | None
    usage: tuple[Room, ...]
    access: dict[str, str]

    @property
    def is_active(self) -> bool:
        return self.state in (State.TRIAL, State.ACTIVE)

    @property
    def is_in_grace(self) -> bool:
        return self.state is State.GRACE


def read_standing(account: Account) -> Standing:
    """How it stands today, in a statement for each thing that a plan counts."""
    checker = SubscriptionChecker(account)
    return Standing(
        held=checker.held,
        plan=checker.plan,
        state=checker.state,
        days_left=checker.days_left,
        grace_ends_on=checker.grace_ends_on,
        usage=tuple(Room(each, checker.limit(each), count_used(account, each)) for each in Resource),
        access={feature.value: checker.access(feature).value for feature in Feature},
    )


def count_used(account: Account, resource: Resource) -> int:
    """How many there are that count: neither switched off nor staff of the platform."""
    owner: Any = account
    if resource is Resource.USERS:
        rows = owner.memberships.filter(is_active=True, staff=None)
    elif resource is Resource.STOREFRONTS:
        rows = owner.locations.storefronts().filter(is_active=True)
    else:
        rows = owner.products.filter(is_active=True)
    found: int = rows.count()
    return found
