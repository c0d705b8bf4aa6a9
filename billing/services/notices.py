"""Notices: kept as they came, each once, and followed up. None is believed."""

import hashlib
from collections.abc import Mapping
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Account
from billing import gateways, queue
from billing.gateways import Outcome
from billing.models import GatewayEvent, PaymentAttempt
from billing.references import read_reference
from core import tenancy

logger = structlog.get_logger("payment")


def receive_notice(*, gateway: str, account_id: UUID | None, body: bytes, headers: Mapping[str, str]) -> None:
    """Keep a notice for the business that its reference names, or else its address, and have the gateway asked.

    One that names nobody is told to the log. Raises GatewayNotConfigured, NoticeInvalid.
    """
    notice = gateways.open_gateway(gateway).read_notice(body, headers)
    named = read_reference(notice.reference)
    account_id = named.account_id if named else account_id
    if account_id is None:
        logger.warning("notice_of_nobody", gateway=gateway)
        return
    with tenancy.scope(account_id):
        account = Account.across_accounts.filter(pk=account_id).first()
        if account is None:
            logger.warning("notice_of_nobody", gateway=gateway)
            return
        attempt = account.payment_attempts.filter(pk=named.attempt_id, gateway=gateway).first() if named else None
        _keep(account, gateway, notice.reference, attempt, body)


def _keep(account: Account, gateway: str, reference: str, attempt: PaymentAttempt | None, body: bytes) -> None:
    event, is_new = account.gateway_events.get_or_create(
        gateway=gateway,
        digest=hashlib.sha256(body).hexdigest(),
        defaults={"reference": reference, "attempt": attempt, "body": body.decode(errors="replace")},
    )
    if not is_new or not reference:
        return
    if attempt:
        queue.defer(queue.PURSUE_PAYMENT, attempt)
    else:
        queue.defer(queue.TRACE_NOTICE, event)


def trace_notice(*, account_id: UUID, event_id: UUID) -> None:
    """Ask the gateway about what we never asked for; money that came is told to whoever keeps such. Raises GatewayAway.

    Harmless to repeat.
    """
    with tenancy.scope(account_id):
        event = GatewayEvent.across_accounts.filter(account_id=account_id, pk=event_id).first()
    if event is None:
        return
    finding = gateways.open_gateway(event.gateway).fetch(event.reference)
    if finding.outcome is not Outcome.PAID or finding.amount is None:
        return
    with tenancy.scope(account_id):
        account = Account.across_accounts.get(pk=account_id)
        keep = import_string(settings.UNKNOWN_PAYMENTS)
        keep(account=account, gateway=event.gateway, reference=event.reference, finding=finding)
