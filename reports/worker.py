"""What a worker does for reports: it sends what members want to be sent."""

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from reports import services


@app.periodic(cron=settings.REPORT_ROUND, periodic_id="reports")
@app.task(name="start_due_reports", queueing_lock="start_due_reports")
def start_due_reports(timestamp: int) -> None:  # noqa: ARG001 - when it was due
    services.start_due_reports(now=timezone.now())
