from datetime import date, timedelta

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from subscriptions.models import Subscription, SubscriptionPlan

TRIAL = timedelta(days=14)
TRIAL_PLAN = "standard"


def start_trial(*, by: Membership) -> Subscription:
    """The rest of today, in the account's calendar, and fourteen days of everything."""
    subscription = Subscription(
        account=by.account,
        plan=SubscriptionPlan.objects.get(code=TRIAL_PLAN),
        is_trial=True,
        ends_on=timezone.localdate(timezone=by.account.zone) + TRIAL,
    )
    subscription.save(force_insert=True)
    accounts.record(by=by, action="subscription.trial_started", subject=subscription)
    return subscription


def renew_subscription(*, by: Membership, subscription: Subscription, ends_on: date) -> Subscription:
    """Paid for, to the end of this day."""
    subscription.is_trial, subscription.ends_on = False, ends_on
    subscription.save(update_fields=["is_trial", "ends_on"])
    accounts.record(by=by, action="subscription.renewed", subject=subscription, after={"ends_on": ends_on.isoformat()})
    return subscription
