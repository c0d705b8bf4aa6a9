"""The worker's side of an attempt: to ask the payer, to ask the gateway, and to settle what it says.

The gateway is asked between two transactions, so that none is open while it takes its time.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.utils import timezone

from billing import gateways, queue
from billing.errors import GatewayNotConfigured
from billing.gateways import Finding, GatewayAway, Outcome, PaymentRequest
from billing.models import PaymentAttempt, PaymentState
from billing.services.settling import settle_payment
from core import tenancy
from core.amounts import currency_exponent
from core.tenancy import STAFF

logger = structlog.get_logger("payment")

MOST_AT_ONCE = 1_000


def poll_payments(*, now: datetime) -> int:
    """Have somebody look after every attempt, of any account, whose time it is. How many they are."""
    due = PaymentAttempt.across_accounts.using(STAFF).filter(due_at__lte=now).order_by("due_at")
    found = list(due.only("account_id", "id")[:MOST_AT_ONCE])
    for attempt in found:
        queue.defer_once(queue.PURSUE_PAYMENT, attempt)
    return len(found)


def pursue_payment(*, account_id: UUID, attempt_id: UUID) -> None:
    """Do for an attempt what is to be done now. Harmless to repeat, and to do twice at once."""
    with tenancy.scope(account_id):
        attempt = _lock(account_id, attempt_id)
        if attempt is None:
            return
        # First: whatever goes wrong from here on is tried again, and not at once.
        attempt.due_at = attempt.next_look(timezone.now(), is_silent=True)
        attempt.save(update_fields=["due_at"])
        keys = _own_keys(attempt)
    finding = _ask(attempt, keys)
    with tenancy.scope(account_id):
        attempt = _lock(account_id, attempt_id)
        if attempt is not None:
            settle_payment(attempt=attempt, finding=finding, now=timezone.now())


def _own_keys(attempt: PaymentAttempt) -> Mapping[str, str] | None:
    try:
        return gateways.own_keys(attempt.account, attempt.gateway) if attempt.is_own else None
    except GatewayNotConfigured:
        return None


def _lock(account_id: UUID, attempt_id: UUID) -> PaymentAttempt | None:
    rows = PaymentAttempt.across_accounts.filter(account_id=account_id, pk=attempt_id).locked()
    found: PaymentAttempt | None = rows.select_related("account", "by").first()
    if found is not None:
        found.by.account = found.account
    return found


def _ask(attempt: PaymentAttempt, keys: Mapping[str, str] | None) -> Finding | None:
    """What the gateway says; None where it says nothing, or the keys with which it was asked are gone."""
    try:
        if attempt.is_own and keys is None:
            raise GatewayNotConfigured(gateway=attempt.gateway)
        gateway = gateways.open_gateway(attempt.gateway, keys)
        if attempt.state == PaymentState.INITIATED and timezone.now() < attempt.expires_at:
            return _request(gateway, attempt)
        return gateway.fetch(attempt.reference, attempt.provider_reference)
    except (GatewayAway, GatewayNotConfigured) as problem:
        logger.warning("gateway_away", gateway=attempt.gateway, attempt_id=str(attempt.pk), problem=str(problem))
        return None


def _request(gateway: gateways.Gateway, attempt: PaymentAttempt) -> Finding:
    """Ask the payer. What may have been asked before may be answered by now."""
    account = attempt.account
    finding = gateway.request_payment(
        PaymentRequest(
            reference=attempt.reference,
            amount=attempt.amount,
            currency=attempt.currency,
            exponent=currency_exponent(attempt.currency),
            country=account.country,
            payer_phone=attempt.payer_phone,
            payer_email=attempt.payer_email,
            network=attempt.network,
            payee=account.name,
            notify_url=notify_url(attempt),
            return_url=attempt.return_url or settings.TILL_URL,
        )
    )
    return finding if finding.outcome is Outcome.FAILED else replace(finding, outcome=Outcome.PENDING)


def notify_url(attempt: PaymentAttempt) -> str:
    """Where the gateway is to send its notices; nowhere, where it could not reach us."""
    if not settings.PUBLIC_URL:
        return ""
    return f"{settings.PUBLIC_URL}/api/v1/billing/webhooks/{attempt.gateway.lower()}/{attempt.account_id}/"
