"""What money does: it grants a period once, and takes it along when it goes back."""

from datetime import date

import structlog
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from billing.models import PaymentAttempt, PaymentState
from subscriptions.models import GRACE, PaymentKind, Subscription, SubscriptionPayment
from subscriptions.services import invoices, notifications
from subscriptions.services.credits import grant_credits, take_back_credits
from subscriptions.services.locking import lock_subscription
from subscriptions.services.reckoning import DAY, HELD, Granted, lay, move_up, read_granted, reckon

logger = structlog.get_logger("subscription")


def receive_subscription_payment(*, by: Membership, attempt: PaymentAttempt) -> None:
    """The money of a locked attempt has come, in time or late: it grants what it was for, once.

    Another amount or currency than was asked for grants nothing. Harmless to repeat.
    """
    held, payment = _lock(by, attempt)
    if attempt.state not in (PaymentState.PAID, PaymentState.PAID_LATE):
        logger.warning("subscription_payment_wrong", payment_id=str(payment.pk), reason=attempt.reason)
    elif not payment.is_granted:
        _grant(by, held or _first(by, payment), payment)


def take_back_subscription_payment(*, by: Membership, attempt: PaymentAttempt) -> None:
    """The money of a locked attempt went back: what it granted goes with it, once. Harmless to repeat."""
    held, payment = _lock(by, attempt)
    if not payment.is_granted or held is None:
        return
    before = _told(held)
    left = [row for row in read_granted(by.account) if row != payment]
    if payment.kind == PaymentKind.RENEWAL:
        move_up(held, left, gone=payment)
    granted = Granted(held, left)
    reckon(held, granted)
    held.save(update_fields=HELD)
    payment.taken_back_at = timezone.now()
    payment.save(update_fields=["taken_back_at"])
    taken = take_back_credits(held=held, granted=granted, since=payment.starts_on)
    grant_credits(held=held, granted=granted)  # of months that begin on other days now
    after = {**_told(held), "credits": taken}
    accounts.record(by=by, action="subscription.taken_back", subject=held, before=before, after=after)
    paper = invoices.take_back_invoice(by=by, payment=payment)
    logger.warning("subscription_payment_taken_back", payment_id=str(payment.pk), total=str(payment.total))
    notifications.tell_of_taking_back(by=by, payment=payment, held=held, paper=paper)


def _lock(by: Membership, attempt: PaymentAttempt) -> tuple[Subscription | None, SubscriptionPayment]:
    """The subscription before its payments, of which others may move with this one."""
    held = lock_subscription(account=by.account)
    rows = by.account.subscription_payments.select_related("plan", "replaces")
    return held, rows.locked().get(attempt=attempt)


def _grant(by: Membership, held: Subscription, payment: SubscriptionPayment) -> None:
    before, rows = _told(held), read_granted(by.account)
    granted = Granted(held, rows)
    grant_credits(held=held, granted=granted)  # of months that no round has come by in
    payment.granted_at, payment.taken_back_at = timezone.now(), None
    if payment.kind == PaymentKind.RENEWAL:
        lay(payment, upon=granted)
    was, granted = granted, Granted(held, [*rows, payment])
    if not _is_usable(payment, was, granted):
        _refuse(by, payment)
        return
    held.cancelled_at = held.next_plan = held.next_from = None
    reckon(held, granted)
    held.save(update_fields=HELD)
    payment.save(update_fields=["granted_at", "taken_back_at", "starts_on", "ends_on"])
    accounts.record(by=by, action="subscription.renewed", subject=held, before=before, after=_told(held))
    grant_credits(held=held, granted=granted)
    paper = invoices.issue_invoice(by=by, payment=payment)
    notifications.tell_of_payment(by=by, payment=payment, held=held, paper=paper)


def _is_usable(payment: SubscriptionPayment, was: Granted, granted: Granted) -> bool:
    """Not where what it was to replace has ended or been replaced already, or a second plan would be to come."""
    today = granted.held.today
    counts = payment.kind == PaymentKind.RENEWAL or payment in granted.upgrades
    return counts and len(granted.changes_after(today)) <= max(1, len(was.changes_after(today)))


def _refuse(by: Membership, payment: SubscriptionPayment) -> None:
    """Leave the money for staff to send back."""
    logger.warning("subscription_payment_not_usable", payment_id=str(payment.pk))
    accounts.record(by=by, action="subscription.payment_not_usable", subject=payment)
    notifications.tell_of_refusal(by=by, payment=payment)


def _first(by: Membership, payment: SubscriptionPayment) -> Subscription:
    """What a business begins with that never had a subscription: one of which the grace is over, too."""
    today = by.account.today
    ended_on = today - GRACE - DAY
    held = Subscription(
        account=by.account,
        plan=payment.plan,
        is_trial=False,
        starts_on=today,
        ends_on=ended_on,
        given_plan=payment.plan,
        given_from=today,
        given_until=ended_on,
        is_trial_given=False,
    )
    held.save(force_insert=True)
    return held


def _told(held: Subscription) -> dict[str, str | date]:
    return {"plan": held.plan_today.code, "ends_on": held.ends_on}
