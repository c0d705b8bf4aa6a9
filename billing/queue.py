"""What billing leaves to the background: jobs that name the business and the row that they are about."""

from typing import Any

from procrastinate.contrib.django import app

PURSUE_PAYMENT = "pursue_payment"
TRACE_NOTICE = "trace_notice"


def defer(name: str, row: Any) -> None:
    """There if, and only if, this transaction is committed. Jobs about the same row wait for one another."""
    job = app.configure_task(name, lock=f"{name} {row.pk}", allow_unknown=True)
    job.defer(account_id=str(row.account_id), row_id=str(row.pk))
