"""What a worker does: the tasks of all businesses, each in its own account, and what other workers have left behind."""

from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from system import services
from system.queue import CHECK_INTEGRATION, TAKE_TURN

AWAY = RetryStrategy(exponential_wait=2, retry_exceptions={OperationalError, InterfaceError})


@app.task(name=TAKE_TURN, retry=AWAY)
def take_turn(account_id: str) -> None:
    services.take_turn(account_id=UUID(account_id))


@app.task(name=CHECK_INTEGRATION, retry=AWAY)
def check_integration(account_id: str, integration_id: str) -> None:
    services.run_check(account_id=UUID(account_id), integration_id=UUID(integration_id))


@app.periodic(cron=settings.WORKER_RECOVERY, periodic_id="recovery")
@app.task(name="retry_stalled", queueing_lock="retry_stalled")
async def retry_stalled(timestamp: int) -> None:  # noqa: ARG001 - when it was due
    """A worker that was killed leaves its jobs as they were: give them to those that live."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=settings.WORKER_SILENCE):
        await app.job_manager.retry_job(job)
