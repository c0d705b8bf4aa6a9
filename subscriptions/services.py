from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from core import cells
from subscriptions import queries
from subscriptions.models import Subscription, SubscriptionPlan
from subscriptions.policy import SAMPLE_ROWS, Feature
from system import services as system
from system.models import Task

TRIAL = timedelta(days=14)
TRIAL_PLAN = "standard"
SAMPLE_ONLY = f"The first {SAMPLE_ROWS} rows only: the subscription has run out. Renew it to have all of them."


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


def begin_export(*, by: Membership, kind: str, params: Mapping[str, Any]) -> Task:
    """Leave a table to the background; in the days of grace it has the first rows only, and the task says so."""
    is_sample = queries.has_sample_only(by.account, Feature.EXPORTS)
    plain = {name: cells.plain(value) for name, value in params.items()}
    task = system.start_task(by=by, kind=kind, params={**plain, "most": SAMPLE_ROWS if is_sample else None})
    if is_sample:
        task.message = SAMPLE_ONLY
        task.save(update_fields=["message"])
    return task
