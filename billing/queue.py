"""What billing leaves to the background: jobs that name the business and the row that they are about."""

from contextlib import suppress
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

PURSUE_PAYMENT = "pursue_payment"
TRACE_NOTICE = "trace_notice"
NAME_NOTICE = "name_notice"
_PRIORITIES = {TRACE_NOTICE: -1}  # after all other work: strangers can make some of it


def defer(name: str, row: Any) -> None:
    """There if, and only if, this transaction is committed. Jobs about the same row wait for one another."""
    _configure(name, row).defer(account_id=str(row.account_id), row_id=str(row.pk))


def defer_once(name: str, row: Any, *, about: str = "") -> None:
    """The same; nothing, where one that was deferred so, of this row or else `about` the same, still waits for a
    worker."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        _configure(name, row, queueing_lock=f"{name} {about or row.pk}").defer(
            account_id=str(row.account_id), row_id=str(row.pk)
        )


def defer_naming(gateway: str, provider_reference: str, digest: str) -> None:
    """A notice that names no business: the worker asks whose it is, once while it waits for that."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(NAME_NOTICE, queueing_lock=f"{NAME_NOTICE} {digest}", allow_unknown=True).defer(
            gateway=gateway, provider_reference=provider_reference, digest=digest
        )


def _configure(name: str, row: Any, **options: Any) -> Any:
    priority = _PRIORITIES.get(name, 0)
    return app.configure_task(name, lock=f"{name} {row.pk}", priority=priority, allow_unknown=True, **options)
