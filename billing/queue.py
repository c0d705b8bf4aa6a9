"""What billing leaves to the background: jobs that name the business and the row that they are about."""

from contextlib import suppress
from typing import Any

from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

PURSUE_PAYMENT = "pursue_payment"
TRACE_NOTICE = "trace_notice"


def defer(name: str, row: Any) -> None:
    """There if, and only if, this transaction is committed. Jobs about the same row wait for one another."""
    _configure(name, row).defer(account_id=str(row.account_id), row_id=str(row.pk))


def defer_once(name: str, row: Any) -> None:
    """The same outside of a transaction; nothing, where one that was deferred so still waits for a worker."""
    with suppress(AlreadyEnqueued):
        _configure(name, row, queueing_lock=f"{name} {row.pk}").defer(
            account_id=str(row.account_id), row_id=str(row.pk)
        )


def _configure(name: str, row: Any, **options: Any) -> Any:
    return app.configure_task(name, lock=f"{name} {row.pk}", allow_unknown=True, **options)
