from datetime import datetime, time, timedelta

from django.core.exceptions import ObjectDoesNotExist

from accounts.models import Account
from subscriptions.policy import POLICY, Access, Feature, State


def state_of(account: Account) -> State:
    """The state today, NONE for who never had a subscription."""
    try:
        subscription = account.subscription
    except ObjectDoesNotExist:
        return State.NONE
    return subscription.state if subscription else State.NONE


def grace_began_at(account: Account) -> datetime | None:
    """The moment when the days of grace began, on the account's calendar; None where they have not, or are over."""
    if state_of(account) is not State.GRACE:
        return None
    return datetime.combine(account.subscription.ends_on + timedelta(days=1), time.min, account.zone)


def has_sample_only(account: Account, feature: Feature) -> bool:
    """Whether the account gets no more than the first rows of what the feature makes."""
    return POLICY[feature][state_of(account)] is Access.SAMPLE
