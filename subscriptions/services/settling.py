"""What money does: it grants a period once, and takes it along when it goes back."""

from datetime import date, timedelta

import structlog
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from billing.models import PaymentAttempt, PaymentState
from subscriptions.calendar import add_months
from subscriptions.models import Cycle, PaymentKind, Subscription, SubscriptionPayment
from subscriptions.policy import State
from subscriptions.services import invoices, notifications
from subscriptions.services.credits import grant_credits
from subscriptions.services.locking import lock_subscription

logger = structlog.get_logger("subscription")

_DAY = timedelta(days=1)
_HELD = ["plan", "cycle", "is_trial", "starts_on", "ends_on", "next_plan", "next_from", "cancelled_at"]


def receive_subscription_payment(*, by: Membership, attempt: PaymentAttempt) -> None:
    """The money of a locked attempt has come, in time or late: it grants what it was for, once.

    Another amount or currency than was asked for grants nothing. Harmless to repeat.
    """
    payment = _lock_payment(by, attempt)
    if attempt.state not in (PaymentState.PAID, PaymentState.PAID_LATE):
        logger.warning("subscription_payment_wrong", payment_id=str(payment.pk), reason=attempt.reason)
    elif not payment.is_granted:
        _grant(by, payment)


def take_back_subscription_payment(*, by: Membership, attempt: PaymentAttempt) -> None:
    """The money of a locked attempt went back: what it granted goes with it, once. Harmless to repeat."""
    payment = _lock_payment(by, attempt)
    held = lock_subscription(account=by.account)
    if not payment.is_granted or held is None:
        return
    before = _told(held)
    if payment.kind == PaymentKind.UPGRADE:
        _shrink(held, payment)
    else:
        _shorten(by, held, payment)
    held.save(update_fields=_HELD)
    payment.withdrawn_at = timezone.now()
    payment.save(update_fields=["withdrawn_at"])
    accounts.record(by=by, action="subscription.withdrawn", subject=held, before=before, after=_told(held))
    paper = invoices.take_back_invoice(by=by, payment=payment)
    logger.warning("subscription_payment_taken_back", payment_id=str(payment.pk), total=str(payment.total))
    notifications.tell_of_withdrawal(by=by, payment=payment, held=held, paper=paper)


def _lock_payment(by: Membership, attempt: PaymentAttempt) -> SubscriptionPayment:
    rows = by.account.subscription_payments.select_related("plan", "replaces")
    payment: SubscriptionPayment = rows.locked().get(attempt=attempt)
    return payment


def _grant(by: Membership, payment: SubscriptionPayment) -> None:
    held = lock_subscription(account=by.account) or _first(by, payment)
    before = _told(held)
    grant_credits(held=held)  # of months that no round has come by in
    if payment.kind == PaymentKind.RENEWAL:
        _extend(held, payment)
    elif not _enlarge(held, payment):
        # What it was to replace has ended, or been replaced already: staff send the money back.
        logger.warning("subscription_payment_not_usable", payment_id=str(payment.pk))
        accounts.record(by=by, action="subscription.payment_not_usable", subject=payment)
        return
    held.save(update_fields=_HELD)
    payment.granted_at, payment.withdrawn_at = timezone.now(), None
    payment.save(update_fields=["granted_at", "withdrawn_at", "starts_on", "ends_on"])
    accounts.record(by=by, action="subscription.renewed", subject=held, before=before, after=_told(held))
    grant_credits(held=held)
    paper = invoices.issue_invoice(by=by, payment=payment)
    notifications.tell_of_payment(by=by, payment=payment, held=held, paper=paper)


def _first(by: Membership, payment: SubscriptionPayment) -> Subscription:
    """What a business begins with that never had a subscription: it ended yesterday."""
    today = timezone.localdate(timezone=by.account.zone)
    held = Subscription(account=by.account, plan=payment.plan, is_trial=False, starts_on=today, ends_on=today - _DAY)
    held.save(force_insert=True)
    return held


def _extend(held: Subscription, payment: SubscriptionPayment) -> None:
    """One cycle more, from the later of today and the day after what is paid for already."""
    today = held.today
    starts_on = max(today, held.follows_on)
    payment.starts_on = starts_on
    payment.ends_on = add_months(starts_on, Cycle(payment.cycle).months) - _DAY
    if held.is_trial or starts_on == today:
        held.plan, held.next_plan, held.next_from = payment.plan, None, None
        held.starts_on = starts_on
    elif payment.plan != held.last_plan:
        held.plan, held.next_plan, held.next_from = held.plan_on(today), payment.plan, starts_on
    held.ends_on, held.cycle, held.is_trial, held.cancelled_at = payment.ends_on, payment.cycle, False, None


def _enlarge(held: Subscription, payment: SubscriptionPayment) -> bool:
    """The larger plan for the days that were paid for when it was asked for; whether there was something to enlarge."""
    today, last = held.today, payment.ends_on
    assert last is not None
    if held.state_on(today) not in (State.ACTIVE, State.SUSPENDED) or today > last:
        return False
    if held.plan_on(today) != payment.replaces:
        return False
    goes_on_smaller = held.ends_on > last
    held.plan = payment.plan
    held.next_plan = payment.replaces if goes_on_smaller else None
    held.next_from = last + _DAY if goes_on_smaller else None
    return True


def _shorten(by: Membership, held: Subscription, payment: SubscriptionPayment) -> None:
    """Take the payment's days away; those that were paid for after them move up."""
    first, last = payment.starts_on, payment.ends_on
    assert first is not None
    assert last is not None
    days = last - first + _DAY
    later = by.account.subscription_payments.filter(granted_at__isnull=False, withdrawn_at=None, starts_on__gt=last)
    for row in later.locked():
        row.starts_on, row.ends_on = row.starts_on - days, row.ends_on - days
        row.save(update_fields=["starts_on", "ends_on"])
    held.ends_on -= days
    held.starts_on = min(held.starts_on, held.ends_on)
    if held.next_from is not None and held.next_from > first:
        held.next_from -= days
    if held.next_from == first and held.next_plan == payment.plan:
        held.next_plan = held.next_from = None


def _shrink(held: Subscription, payment: SubscriptionPayment) -> None:
    if payment.replaces is not None and held.plan == payment.plan:
        held.plan = payment.replaces


def _told(held: Subscription) -> dict[str, str | date]:
    return {"plan": held.plan_today.code, "ends_on": held.ends_on}
