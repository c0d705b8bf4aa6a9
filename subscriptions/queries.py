from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist

from accounts.models import Account
from subscriptions import policy
from subscriptions.policy import POLICY, Access, Feature, State


def state_of(account: Account) -> State:
    """The state today, NONE for who never had a subscription."""
    try:
        subscription = account.subscription
    except ObjectDoesNotExist:
        return State.NONE
    return subscription.state if subscription else State.NONE


def is_paid(account: Account, feature: Feature) -> bool:
    """Whether all of the feature works today."""
    return policy.allows(feature, state_of(account), writes=True)


def was_covered(account: Account, feature: Feature, *, at: datetime, began_at: datetime | None = None) -> bool:
    """Whether what was done at a moment was paid for then, or was the end of what was when it began."""
    if state_of(account) is State.NONE:
        return False
    subscription = account.subscription
    finishes = began_at is not None and policy.allows(feature, subscription.state_at(began_at), writes=True)
    return policy.allows(feature, subscription.state_at(at), writes=True, finishes=finishes)


def has_sample_only(account: Account, feature: Feature) -> bool:
    """Whether the account gets no more than the first rows of what the feature makes."""
    return POLICY[feature][state_of(account)] is Access.SAMPLE
