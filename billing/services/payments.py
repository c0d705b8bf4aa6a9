"""An attempt to be paid, from our side: it is started, cancelled, and its money used."""

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from billing import gateways, queue
from billing.errors import PaymentNotUsable, PaymentOver
from billing.gateways import phones
from billing.models import PaymentAttempt, PaymentState
from core import errors, limits
from core.amounts import currency_exponent, show_money

_NO_PHONE = errors.FieldError("payer_phone", "required", "This gateway asks a phone: say which.")
_ELSEWHERE = errors.FieldError("return_url", "unknown_origin", "Must be an address of the till.")


def start_payment(
    *,
    by: Membership,
    id: UUID,  # noqa: A002 - the client's own id
    gateway: str,
    purpose: str,
    subject_id: UUID,
    amount: Decimal,
    currency: str | None = None,
    payer_phone: str = "",
    payer_email: str = "",
    return_url: str = "",
    network: str = "",
) -> PaymentAttempt:
    """Have the payer asked, in the background, once this transaction is committed. `subject_id` is what is to be paid.
    A business is paid by its own keys where it has them, the platform by its own.

    Who has no phone is given a page to pay on, `page_url`, which leads to `return_url`, or else to the till. The
    currency is the account's unless told. Raises GatewayNotConfigured, InvalidInput where the gateway needs a phone and
    for a `return_url` that is none of the till's, and TooManyTries for more prompts than a phone, or all that a
    business asks, can be meant to get.
    """
    if purpose not in settings.PAYMENT_PURPOSES:
        raise ValueError(purpose)
    keys = gateways.own_keys(by.account, gateway) if purpose in settings.PAID_TO_BUSINESS else None
    has_page = gateways.open_gateway(gateway, keys).has_page
    if not payer_phone and not has_page:
        raise errors.InvalidInput(errors=[_NO_PHONE])
    if return_url and _origin_of(return_url) not in settings.TILL_ORIGINS:
        raise errors.InvalidInput(errors=[_ELSEWHERE])
    if payer_phone:
        limits.hit("prompt_phone", by.account_id, phones.international(payer_phone, by.account.country))
        limits.hit("prompt", by.account_id)
    now = timezone.now()
    currency = currency or by.account.currency
    patience = settings.PAYMENT_PATIENCE if payer_phone else settings.PAYMENT_PAGE_PATIENCE
    attempt = PaymentAttempt(
        id=id,
        account_id=by.account_id,
        gateway=gateway,
        is_own=keys is not None,
        network=network,
        purpose=purpose,
        subject_id=subject_id,
        payer_phone=payer_phone,
        payer_email=payer_email,
        return_url=return_url,
        amount=amount,
        currency=currency,
        by=by,
        created_at=now,
        expires_at=now + timedelta(seconds=patience),
    )
    attempt.due_at = attempt.next_look(now)
    attempt.save(force_insert=True)
    told = show_money(amount, currency_exponent(currency))
    accounts.record(by=by, action="payment.started", subject=attempt, after={"gateway": gateway, "amount": told})
    queue.defer(queue.PURSUE_PAYMENT, attempt)
    return attempt


def _origin_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def check_payment(*, by: Membership, attempt: PaymentAttempt) -> PaymentAttempt:  # noqa: ARG001 - whoever it is
    """Have the gateway asked as soon as a worker is free, whatever it had said before; once, while that waits."""
    queue.defer_once(queue.PURSUE_PAYMENT, attempt)
    return attempt


def cancel_payment(*, by: Membership, attempt: PaymentAttempt) -> PaymentAttempt:
    """Wait no longer for a locked attempt; what the payer pays all the same comes late. Raises PaymentOver."""
    if not attempt.is_open:
        raise PaymentOver(state=attempt.state)
    attempt.state, attempt.due_at = PaymentState.CANCELLED, timezone.now()
    attempt.save(update_fields=["state", "due_at"])
    accounts.record(by=by, action="payment.cancelled", subject=attempt)
    return attempt


def use_payments(*, by: Membership, purpose: str, attempts: Collection[UUID]) -> dict[UUID, PaymentAttempt]:
    """Take the money of these attempts for what they pay, each once; they stay locked.

    Raises PaymentNotUsable where the money of one has not come, came too late, or has been used.
    """
    rows = by.account.payment_attempts.locked().filter(pk__in=attempts, purpose=purpose)
    found: dict[UUID, PaymentAttempt] = {row.pk: row for row in rows}
    if len(found) < len(set(attempts)) or not all(row.is_waiting for row in found.values()):
        raise PaymentNotUsable
    by.account.payment_attempts.filter(pk__in=found).update(used_at=timezone.now(), due_at=None)
    return found


def forget_payers(*, by: Membership, attempts: Any, phone: str) -> None:
    """Forget the phone of these attempts and of those that asked this phone, what the gateways told about them, and
    the answers that are kept for a retry and show it."""
    rows = by.account.payment_attempts.filter(Q(pk__in=attempts) | Q(payer_phone=phone)).exclude(payer_phone="")
    found = {row.pk: row.payer_phone for row in rows}
    by.account.gateway_notices.filter(attempt__in=found).update(body="")
    by.account.payment_attempts.filter(pk__in=found).update(payer_phone="", payer_email="")
    told = Q(pk=None)
    for asked in set(found.values()):
        told |= Q(body__contains=f'"phone":"{asked}"')
    by.account.idempotency_keys.filter(told).delete()
