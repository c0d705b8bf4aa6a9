"""What a worker does for the till, round by round."""

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from sales import services


@app.periodic(cron=settings.FISCAL_ROUND, periodic_id="fiscal")
@app.task(name="certify_due", queueing_lock="certify_due")
def certify_due(timestamp: int) -> None:  # noqa: ARG001 - when it was due
    """Tell the tax authority of what it has not certified. What fails is due again, after a longer pause each time."""
    services.certify_due(now=timezone.now())
