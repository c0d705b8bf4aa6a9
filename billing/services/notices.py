"""Notices: kept as they came, each once, and followed up. None is believed."""

import hashlib
from collections.abc import Mapping
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Account
from billing import gateways, queue
from billing.errors import NoticeInvalid
from billing.gateways import Outcome
from billing.models import GatewayEvent
from billing.references import read_reference
from core import tenancy
from system import integrations

logger = structlog.get_logger("payment")


def receive_notice(*, gateway: str, account_id: UUID | None, body: bytes, headers: Mapping[str, str]) -> None:
    """Keep a notice for the business that its reference names, or else its address, and have the gateway asked.

    Where the gateway has its own name for it, the worker asks for ours first. One that names nobody is told to the log.
    At the address of a business its own key may have signed; then the notice is about nobody else.
    Raises GatewayNotConfigured, NoticeInvalid.
    """
    if account_id and _is_own(gateway, account_id, body, headers):
        return
    notice = gateways.open_gateway(gateway).read_notice(body, headers)
    digest = hashlib.sha256(body).hexdigest()
    if notice.provider_reference:
        queue.defer_naming(gateway, notice.provider_reference, digest)
        return
    named = read_reference(notice.reference)
    account_id = named.account_id if named else account_id
    if account_id is None:
        logger.warning("notice_of_nobody", gateway=gateway)
        return
    _keep(account_id, gateway, notice.reference, digest, body.decode(errors="replace"))


def _is_own(gateway: str, account_id: UUID, body: bytes, headers: Mapping[str, str]) -> bool:
    """Keep a notice that the business's own key has signed; whether it has."""
    keys = _own_keys(gateway, account_id)
    if keys is None:
        return False
    try:
        notice = gateways.open_gateway(gateway, keys).read_notice(body, headers)
    except NoticeInvalid:
        return False
    named = read_reference(notice.reference)
    if notice.provider_reference or (named and named.account_id != account_id):
        logger.warning("notice_of_nobody", gateway=gateway)
    else:
        _keep(account_id, gateway, notice.reference, hashlib.sha256(body).hexdigest(), body.decode(errors="replace"))
    return True


def _own_keys(gateway: str, account_id: UUID) -> dict[str, str] | None:
    with tenancy.scope(account_id):
        account = Account.across_accounts.filter(pk=account_id).first()
        return integrations.own_keys(account, gateway) if account else None


def name_notice(*, gateway: str, provider_reference: str, digest: str) -> None:
    """Find out whose payment a notice is about; what the gateway then says of it counts. Of the notice itself, which
    told nothing else that matters, only the digest is kept. Raises GatewayAway, GatewayNotConfigured.
    """
    reference = gateways.open_gateway(gateway).name(provider_reference)
    named = read_reference(reference)
    if named is None:
        logger.warning("notice_of_nobody", gateway=gateway)
        return
    _keep(named.account_id, gateway, reference, digest, "")


def _keep(account_id: UUID, gateway: str, reference: str, digest: str, body: str) -> None:
    named = read_reference(reference)
    with tenancy.scope(account_id):
        account = Account.across_accounts.filter(pk=account_id).first()
        if account is None:
            logger.warning("notice_of_nobody", gateway=gateway)
            return
        attempt = account.payment_attempts.filter(pk=named.attempt_id, gateway=gateway).first() if named else None
        event, is_new = account.gateway_events.get_or_create(
            gateway=gateway, digest=digest, defaults={"reference": reference, "attempt": attempt, "body": body}
        )
        if is_new and attempt:
            queue.defer(queue.PURSUE_PAYMENT, attempt)
        elif is_new and reference:
            queue.defer(queue.TRACE_NOTICE, event)


def trace_notice(*, account_id: UUID, event_id: UUID) -> None:
    """Ask the gateway about what we never asked for; money that came is told to whoever keeps such. Raises GatewayAway.

    Harmless to repeat.
    """
    with tenancy.scope(account_id):
        event = GatewayEvent.across_accounts.filter(account_id=account_id, pk=event_id).first()
    if event is None:
        return
    finding = gateways.open_gateway(event.gateway, _own_keys(event.gateway, account_id)).fetch(event.reference)
    if finding.outcome is not Outcome.PAID or finding.is_reversed or finding.amount is None:
        return
    with tenancy.scope(account_id):
        account = Account.across_accounts.get(pk=account_id)
        keep = import_string(settings.UNKNOWN_PAYMENTS)
        keep(account=account, gateway=event.gateway, reference=event.reference, finding=finding)
