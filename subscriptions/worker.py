"""What a worker does for subscriptions: the round that reminds, and gives the month's credits."""

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from subscriptions import services


@app.periodic(cron=settings.SUBSCRIPTION_ROUND, periodic_id="subscriptions")
@app.task(name="remind_and_grant", queueing_lock="remind_and_grant")
def remind_and_grant(timestamp: int) -> None:  # noqa: ARG001 - when it was due
    """Several times a day, for midnight comes to every time zone at another hour."""
    services.remind_and_grant(now=timezone.now())
