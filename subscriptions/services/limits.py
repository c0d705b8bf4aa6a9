"""How many of a thing a plan covers. Whoever adds one holds the subscription, so that two cannot both be the last."""

from accounts.models import Membership
from subscriptions.checker import SubscriptionChecker
from subscriptions.models import SubscriptionPlan
from subscriptions.policy import Resource
from subscriptions.queries import Room, count_used
from subscriptions.services.locking import lock_subscription


def check_limit(*, by: Membership, resource: str) -> None:
    """Have room for one more, to the end of the transaction. Raises LimitReached."""
    find_room(by=by, resource=resource).refuse(more=1)


def find_room(*, by: Membership, resource: str) -> Room:
    """What there is room for, to the end of the transaction: nobody else takes of it meanwhile.

    The subscription is locked, and counted against, only where its plan has such a limit; without one nobody counts.
    """
    counted = Resource(resource)
    if SubscriptionChecker(by.account).limit(counted) is None:
        return Room(counted, None, 0)
    lock_subscription(account=by.account)
    return Room(counted, SubscriptionChecker(by.account).limit(counted), count_used(by.account, counted))


def refuse_smaller(*, by: Membership, plan: SubscriptionPlan) -> None:
    """Raises LimitReached for a plan that covers less than there is."""
    for resource in Resource:
        limit = plan.limit_of(resource)
        if limit is not None:
            Room(resource, limit, count_used(by.account, resource)).refuse(more=0)
