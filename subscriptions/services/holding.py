"""What a business holds: how it begins, with which plan it goes on, and how it is ended, or stopped."""

from datetime import date, timedelta

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from subscriptions.errors import NoSubscription, PlanTaken
from subscriptions.models import Subscription, SubscriptionPlan
from subscriptions.policy import State
from subscriptions.services import limits, plans
from subscriptions.services.locking import lock_subscription
from subscriptions.services.reckoning import GIVEN, HELD, Granted, read_granted, reckon

TRIAL = timedelta(days=14)
TRIAL_PLAN = "standard"


def start_trial(*, by: Membership) -> Subscription:
    """The rest of today, in the account's calendar, and fourteen days of everything."""
    today, plan = by.account.today, SubscriptionPlan.objects.get(code=TRIAL_PLAN)
    subscription = Subscription(
        account=by.account,
        plan=plan,
        is_trial=True,
        starts_on=today,
        ends_on=today + TRIAL,
        given_plan=plan,
        given_from=today,
        given_until=today + TRIAL,
        is_trial_given=True,
    )
    subscription.save(force_insert=True)
    accounts.record(by=by, action="subscription.trial_started", subject=subscription)
    return subscription


def renew_subscription(*, by: Membership, subscription: Subscription, ends_on: date) -> Subscription:
    """Given, to the end of this day, with the plan that there is; what is paid for beyond it stays."""
    subscription.given_plan, subscription.is_trial_given = subscription.plan_on(subscription.ends_on), False
    subscription.given_from, subscription.given_until = subscription.starts_on, ends_on
    reckon(subscription, Granted(subscription, read_granted(by.account)))
    subscription.save(update_fields=[*HELD, *GIVEN])
    accounts.record(by=by, action="subscription.renewed", subject=subscription, after={"ends_on": ends_on.isoformat()})
    return subscription


def choose_next_plan(*, by: Membership, plan: str | None) -> Subscription:
    """The plan that follows when what is paid for has ended; None to go on as now.

    Raises InvalidInput for one that is not offered, LimitReached for one that covers less than there is, PlanTaken
    where another is paid for already, NoSubscription.
    """
    held = _running(by)
    if held.is_next_paid:
        raise PlanTaken(plan=held.last_plan.code, next_from=str(held.next_from))
    before, today = held.last_plan, held.today
    held.plan, held.next_plan, held.next_from = held.plan_on(today), None, None
    if plan is not None and plan != held.plan.code:
        wanted = plans.find_plan(code=plan)
        limits.refuse_smaller(by=by, plan=wanted)
        held.next_plan, held.next_from = wanted, held.follows_on
    if held.last_plan != before:
        held.save(update_fields=["plan", "next_plan", "next_from"])
        was, is_now = {"plan": before.code}, {"plan": held.last_plan.code}
        accounts.record(by=by, action="subscription.next_plan_chosen", subject=held, before=was, after=is_now)
    return held


def cancel_subscription(*, by: Membership) -> Subscription:
    """Let it end with what is paid for, without grace; again is harmless. Raises NoSubscription."""
    held = _running(by)
    if held.cancelled_at is None:
        held.cancelled_at = timezone.now()
        held.save(update_fields=["cancelled_at"])
        accounts.record(by=by, action="subscription.cancelled", subject=held)
    return held


def resume_subscription(*, by: Membership) -> Subscription:
    """Take the cancelling back while it runs; again is harmless. Raises NoSubscription once it has ended."""
    held = _running(by)
    if held.cancelled_at is not None:
        held.cancelled_at = None
        held.save(update_fields=["cancelled_at"])
        accounts.record(by=by, action="subscription.resumed", subject=held)
    return held


def suspend_subscription(*, by: Membership) -> Subscription:
    """Stop it at once, whatever is paid for; only staff do. Raises NoSubscription."""
    return _suspend(by, is_suspended=True)


def unsuspend_subscription(*, by: Membership) -> Subscription:
    """Let it go on as its dates say. Raises NoSubscription."""
    return _suspend(by, is_suspended=False)


def _suspend(by: Membership, *, is_suspended: bool) -> Subscription:
    held = lock_subscription(account=by.account)
    if held is None:
        raise NoSubscription
    if (held.suspended_at is not None) != is_suspended:
        held.suspended_at = timezone.now() if is_suspended else None
        held.save(update_fields=["suspended_at"])
        said = "suspended" if is_suspended else "unsuspended"
        accounts.record(by=by, action=f"subscription.{said}", subject=held)
    return held


def _running(by: Membership) -> Subscription:
    """Raises NoSubscription for what has ended, or is not there."""
    held = lock_subscription(account=by.account)
    if held is None or held.state in (State.EXPIRED, State.CANCELLED):
        raise NoSubscription
    return held
