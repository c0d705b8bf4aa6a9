from datetime import timedelta

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from subscriptions.models import Subscription, SubscriptionPlan

TRIAL = timedelta(days=14)
TRIAL_PLAN = "standard"


def start_trial(*, by: Membership) -> Subscription:
    """Fourteen days of everything, from today in the account's calendar."""
    subscription = Subscription(
        account=by.account,
        plan=SubscriptionPlan.objects.get(code=TRIAL_PLAN),
        is_trial=True,
        ends_on=timezone.localdate(timezone=by.account.zone) + TRIAL,
    )
    subscription.save(force_insert=True)
    accounts.record(by=by, action="subscription.trial_started", subject=subscription)
    return subscription
