"""Notices: kept as they came, each once, and followed up. None is believed.

What nobody has signed a stranger may have sent: of such there is one row per reference, and a limit to how often a
business's notices make us ask. What is refused the polling finds, and a gateway that signs brings it again.
"""

import hashlib
from collections.abc import Mapping
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Account
from billing import gateways, queue
from billing.errors import NoticeInvalid
from billing.gateways import Notice, Outcome
from billing.models import GatewayNotice
from billing.references import read_reference
from core import limits, tenancy

logger = structlog.get_logger("payment")

MOST_KEPT = 2048  # letters of a notice


def receive_notice(*, gateway: str, account_id: UUID | None, body: bytes, headers: Mapping[str, str]) -> None:
    """Keep a notice for the business that its reference names, or else its address, and have the gateway asked.

    Where the gateway has its own name for it, the worker asks for ours first. One that names nobody is told to the log.
    At the address of a business its own key may have signed; then the notice is about nobody else.
    Raises GatewayNotConfigured, NoticeInvalid, TooManyTries.
    """
    if account_id and _is_own(gateway, account_id, body, headers):
        return
    notice = gateways.open_gateway(gateway).read_notice(body, headers)
    if notice.provider_reference:
        queue.defer_naming(gateway, notice.provider_reference, _digest(notice, body))
        return
    named = read_reference(notice.reference)
    account_id = named.account_id if named else account_id
    if account_id is None:
        logger.warning("notice_of_nobody", gateway=gateway)
        return
    _keep(account_id, gateway, notice.reference, _digest(notice, body), body)


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
        _keep(account_id, gateway, notice.reference, _digest(notice, body), body)
    return True


def _digest(notice: Notice, body: bytes) -> str:
    """The same for what is the same notice: whoever signs nothing can be made to say anything about a reference."""
    return hashlib.sha256(body if notice.is_signed else notice.reference.encode()).hexdigest()


def _own_keys(gateway: str, account_id: UUID) -> dict[str, str] | None:
    with tenancy.scope(account_id):
        account = Account.across_accounts.filter(pk=account_id).first()
        return gateways.own_keys(account, gateway) if account else None


def name_notice(*, gateway: str, provider_reference: str, digest: str) -> None:
    """Find out whose payment a notice is about; what the gateway then says of it counts. Of the notice itself, which
    told nothing else that matters, only the digest is kept. Raises GatewayAway, GatewayNotConfigured, TooManyTries.
    """
    reference = gateways.open_gateway(gateway).name(provider_reference)
    named = read_reference(reference)
    if named is None:
        logger.warning("notice_of_nobody", gateway=gateway)
        return
    _keep(named.account_id, gateway, reference, digest, b"")


def _keep(account_id: UUID, gateway: str, reference: str, digest: str, body: bytes) -> None:
    named = read_reference(reference)
    with tenancy.scope(account_id):
        account = Account.across_accounts.filter(pk=account_id).first()
        if account is None:
            logger.warning("notice_of_nobody", gateway=gateway)
            return
        attempt = account.payment_attempts.filter(pk=named.attempt_id, gateway=gateway).first() if named else None
        limits.hit("notice" if attempt else "notice_unknown", account_id, gateway)
        kept = body.decode(errors="replace")[:MOST_KEPT]
        notice, _ = account.gateway_notices.get_or_create(
            gateway=gateway, digest=digest, defaults={"reference": reference, "attempt": attempt, "body": kept}
        )
        if attempt:
            queue.defer_once(queue.PURSUE_PAYMENT, attempt)
        elif reference:
            queue.defer_once(queue.TRACE_NOTICE, notice, about=f"{account_id} {gateway} {reference}")


def trace_notice(*, account_id: UUID, notice_id: UUID) -> None:
    """Ask the gateway about what we never asked for; money that came is told to whoever keeps such. Harmless to repeat.

    Raises GatewayAway, GatewayNotConfigured.
    """
    with tenancy.scope(account_id):
        notice = GatewayNotice.across_accounts.filter(account_id=account_id, pk=notice_id).first()
    if notice is None:
        return
    finding = gateways.open_gateway(notice.gateway, _own_keys(notice.gateway, account_id)).fetch(notice.reference)
    if finding.outcome is not Outcome.PAID or finding.is_reversed or finding.amount is None:
        return
    with tenancy.scope(account_id):
        account = Account.across_accounts.get(pk=account_id)
        keep = import_string(settings.UNKNOWN_PAYMENTS)
        keep(account=account, gateway=notice.gateway, reference=notice.reference, finding=finding)
