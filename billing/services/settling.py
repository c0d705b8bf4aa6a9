"""The one place where what a gateway says changes an attempt. Nothing here is exported: `pursue_payment` calls it."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.module_loading import import_string

from accounts import services as accounts
from billing.gateways import Finding, Outcome
from billing.models import PaymentAttempt, PaymentState
from core.amounts import SMALLEST_MONEY, round_money

WRONG_AMOUNT, WRONG_CURRENCY = "wrong_amount", "wrong_currency"


def settle_payment(*, attempt: PaymentAttempt, finding: Finding | None, now: datetime) -> None:
    """Bring a locked attempt to where it belongs, given what the gateway said, or None when it said nothing.

    Findings may come twice and in any order: money counts once, and no failure takes it back. What came too late, or
    has waited in vain for whom it pays, is PAID_LATE; another amount or currency than was asked for pays nothing.
    """
    before = attempt.state
    if attempt.paid_at is None:
        has_come = _apply(attempt, finding, now)
    else:
        has_come = _is_given_up(attempt, now)
        if has_come:
            attempt.state = PaymentState.PAID_LATE
    attempt.due_at = attempt.next_look(now)
    attempt.save(update_fields=_CHANGED)
    if attempt.state != before or has_come:
        _record(attempt, before)
    if has_come:
        import_string(settings.PAYMENT_PURPOSES[attempt.purpose])(by=attempt.by, attempt=attempt)


_CHANGED = ["state", "reason", "provider_reference", "paid_amount", "paid_currency", "paid_at", "due_at"]


def _apply(attempt: PaymentAttempt, finding: Finding | None, now: datetime) -> bool:
    """Whether the money has come."""
    if finding is not None and finding.outcome is Outcome.PAID:
        _take(attempt, finding, now)
        return True
    if attempt.is_open and finding is not None and finding.outcome is Outcome.FAILED:
        attempt.state, attempt.reason = PaymentState.FAILED, finding.reason
    elif attempt.is_open and now >= attempt.expires_at:
        attempt.state = PaymentState.EXPIRED
    elif attempt.state == PaymentState.INITIATED and finding is not None and finding.outcome is Outcome.PENDING:
        attempt.state = PaymentState.PROMPTED
    return False


def _take(attempt: PaymentAttempt, finding: Finding, now: datetime) -> None:
    """A payment that failed may yet come right, and is in time while its attempt would be."""
    attempt.paid_at = now
    attempt.paid_amount = None if finding.amount is None else finding.amount.quantize(SMALLEST_MONEY)
    attempt.paid_currency = finding.currency
    attempt.provider_reference = finding.provider_reference
    wrong = _wrong(attempt, finding.amount)
    if wrong:
        attempt.state, attempt.reason = PaymentState.FAILED, wrong
        return
    in_time = now < attempt.expires_at and attempt.state != PaymentState.CANCELLED
    attempt.state, attempt.reason = PaymentState.PAID if in_time else PaymentState.PAID_LATE, ""


def _wrong(attempt: PaymentAttempt, told: Decimal | None) -> str:
    if attempt.paid_currency != attempt.currency:
        return WRONG_CURRENCY
    return "" if told == attempt.amount else WRONG_AMOUNT


def _is_given_up(attempt: PaymentAttempt, now: datetime) -> bool:
    until = attempt.waits_until
    return attempt.is_waiting and until is not None and now >= until


def _record(attempt: PaymentAttempt, before: str) -> None:
    after = {"state": attempt.state, "reason": attempt.reason}
    if attempt.paid_amount is not None:
        exponent = attempt.by.account.currency_exponent
        after["paid"] = f"{round_money(attempt.paid_amount, exponent):f} {attempt.paid_currency}"
    accounts.record(by=attempt.by, action="payment.settled", subject=attempt, before={"state": before}, after=after)
