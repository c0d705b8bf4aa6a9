"""What a worker does for billing: it asks the gateways, when there is something to ask and again until it is known."""

from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from billing import services
from billing.gateways import GatewayAway
from billing.queue import NAME_NOTICE, PURSUE_PAYMENT, TRACE_NOTICE
from core.errors import TooManyTries

AWAY = RetryStrategy(exponential_wait=2, retry_exceptions={OperationalError, InterfaceError})
FAR_AWAY = RetryStrategy(
    max_attempts=15,
    exponential_wait=2,
    retry_exceptions={GatewayAway, TooManyTries, OperationalError, InterfaceError},
)


@app.task(name=PURSUE_PAYMENT, retry=AWAY)
def pursue_payment(account_id: str, row_id: str) -> None:
    services.pursue_payment(account_id=UUID(account_id), attempt_id=UUID(row_id))


@app.task(name=TRACE_NOTICE, retry=FAR_AWAY)
def trace_notice(account_id: str, row_id: str) -> None:
    services.trace_notice(account_id=UUID(account_id), notice_id=UUID(row_id))


@app.task(name=NAME_NOTICE, retry=FAR_AWAY)
def name_notice(gateway: str, provider_reference: str, digest: str) -> None:
    services.name_notice(gateway=gateway, provider_reference=provider_reference, digest=digest)


@app.periodic(cron=settings.PAYMENT_POLLING, periodic_id="payments")
@app.task(name="poll_payments", queueing_lock="poll_payments")
def poll_payments(timestamp: int) -> None:  # noqa: ARG001 - when it was due
    """No gateway can be relied on to call back."""
    services.poll_payments(now=timezone.now())
