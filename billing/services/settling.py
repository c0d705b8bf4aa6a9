"""The one place where what a gateway says changes an attempt. Nothing here is exported: `pursue_payment` calls it."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.module_loading import import_string

from accounts import services as accounts
from billing.gateways import Finding, Outcome
from billing.models import PaymentAttempt, PaymentState
from core.amounts import SMALLEST_MONEY, currency_exponent, show_money

WRONG_AMOUNT, WRONG_CURRENCY = "wrong_amount", "wrong_currency"
TAKEN_BACK = "TAKEN_BACK"
_GOOD = {PaymentState.PAID, PaymentState.PAID_LATE}


def settle_payment(*, attempt: PaymentAttempt, finding: Finding | None, now: datetime) -> None:
    """Bring a locked attempt to where it belongs, given what the gateway said, or None when it said nothing.

    Findings may come twice and in any order: money counts once, and no failure takes it back. What came too late, or
    has waited in vain for whom it pays, is PAID_LATE; another amount or currency than was asked for pays nothing. Money
    goes back, and returns, when the gateway says that it has.
    """
    before = attempt.state, attempt.reversed_at
    if attempt.paid_at is None:
        _apply(attempt, finding, now)
    elif _is_given_up(attempt, now):
        attempt.state = PaymentState.PAID_LATE
    if attempt.paid_at is not None and finding is not None and finding.outcome is Outcome.PAID:
        attempt.reversed_at = (attempt.reversed_at or now) if finding.is_reversed else None
    heard = _news(attempt)
    attempt.told = heard or attempt.told
    if heard and attempt.is_granted_for:
        attempt.used_at = now if heard == PaymentState.PAID else None  # it does not wait
    attempt.due_at = attempt.next_look(now, is_silent=finding is None)
    attempt.save(update_fields=_CHANGED)
    if heard or before != (attempt.state, attempt.reversed_at):
        _record(attempt, *before)
    if heard:
        purpose = settings.PAYMENT_PURPOSES[attempt.purpose]
        import_string(purpose["taken_back" if heard == TAKEN_BACK else "paid"])(by=attempt.by, attempt=attempt)


_CHANGED = [
    *("state", "reason", "provider_reference", "page_url", "paid_amount", "paid_currency", "paid_at"),
    *("used_at", "reversed_at", "told", "due_at"),
]


def _apply(attempt: PaymentAttempt, finding: Finding | None, now: datetime) -> None:
    if finding is not None and finding.outcome is Outcome.PAID:
        _take(attempt, finding, now)
    elif attempt.is_open and finding is not None and finding.outcome is Outcome.FAILED:
        attempt.state, attempt.reason = PaymentState.FAILED, finding.reason
    elif attempt.is_open and now >= attempt.expires_at:
        attempt.state = PaymentState.EXPIRED
    elif attempt.state == PaymentState.INITIATED and finding is not None and finding.outcome is Outcome.PENDING:
        attempt.state, attempt.page_url = PaymentState.PROMPTED, finding.page_url
        attempt.provider_reference = finding.provider_reference


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


def _news(attempt: PaymentAttempt) -> str:
    """What its purpose has yet to hear of the money: a state, or TAKEN_BACK of what it had counted on."""
    if attempt.paid_at is None:
        return ""
    if attempt.reversed_at is not None:
        return TAKEN_BACK if attempt.told in _GOOD and attempt.is_granted_for else ""
    return "" if attempt.told == attempt.state else attempt.state


def _record(attempt: PaymentAttempt, state: str, reversed_at: datetime | None) -> None:
    was = {"state": state, "is_reversed": reversed_at is not None}
    after = {"state": attempt.state, "is_reversed": attempt.reversed_at is not None, "reason": attempt.reason}
    if attempt.paid_amount is not None:
        paid = show_money(attempt.paid_amount, currency_exponent(attempt.paid_currency))
        after["paid"] = f"{paid} {attempt.paid_currency}"
    accounts.record(by=attempt.by, action="payment.settled", subject=attempt, before=was, after=after)
