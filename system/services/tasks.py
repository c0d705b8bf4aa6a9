from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts import services as accounts
from accounts.errors import CapabilityMissing
from accounts.models import Membership
from core import cells, errors
from core.tenancy import STAFF
from system import modules, queue
from system.errors import TaskOver, TooManyTasks
from system.models import OVER, PrivateFile, Task, TaskError, TaskState


def start_task(
    *,
    by: Membership,
    kind: str,
    params: Mapping[str, Any] | None = None,
    source: PrivateFile | None = None,
    module: str = "",
) -> Task:
    """Leave work to the background: it begins when this transaction is committed, and never if it is not. `module` is
    one that it tells of, beside the one that its kind belongs to.

    Raises TooManyTasks where so many of the account's wait already.
    """
    if kind not in settings.TASKS:
        raise ValueError(kind)
    _refuse_too_many(by)
    task = Task(account_id=by.account_id, kind=kind, params=dict(params or {}), source=source, module=module, by=by)
    task.request_id = by.request_id
    task.save(force_insert=True)
    accounts.record(by=by, action="task.started", subject=task, after={"kind": kind})
    queue.defer(task)
    return task


def start_export(
    *,
    by: Membership,
    kind: str,
    what: str,
    format: str,  # noqa: A002 - as it is called in what is sent
    most: int | None = None,
    module: str = "",
    **asked: Any,
) -> Task:
    """Leave a file of what is asked for to the background: at `most` so many rows, or None for all of them.

    Raises TooManyTasks.
    """
    params = {"what": what, "format": format, "most": most, **asked}
    plain = {name: cells.plain(value) for name, value in params.items()}
    return start_task(by=by, kind=kind, params=plain, module=module)


def _refuse_too_many(by: Membership) -> None:
    _wait_for_others(by)
    if by.account.tasks.exclude(state__in=OVER).count() >= settings.MOST_TASKS:
        raise TooManyTasks(most=settings.MOST_TASKS)


def _wait_for_others(by: Membership) -> None:
    """Who starts a task of the account at the same time is counted. Nothing else is locked after this."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"tasks {by.account_id}"])


def drop_old_results(*, now: datetime) -> int:
    """Let go, in every account, of what tasks made long ago, so that its files can be removed; how many there were."""
    before = now - timedelta(days=settings.RESULTS_KEPT)
    old = Task.across_accounts.using(STAFF).filter(ended_at__lte=before, file__isnull=False)
    return old.update(file=None)


def refuse_task(*, by: Membership, task: Task) -> None:
    """Raises CapabilityMissing for who may not ask for such work, or may no more, or not in this session, and
    ModuleDisabled where what it belongs to, or tells of, is switched off."""
    right = settings.TASK_RIGHTS.get(task.kind)
    if right and not by.may(right):
        raise CapabilityMissing(capability=right)
    for name in (task.kind.partition(".")[0], task.module):
        if name in set(modules.Module):
            modules.require_module(by.account, name)


def share_task(*, by: Membership, task: Task) -> Task:
    """Have a link to what the task made. Raises CapabilityMissing for who may not see it any more."""
    refuse_task(by=by, task=task)
    accounts.record(by=by, action="task.shared", subject=task)
    return task


def cancel_task(*, by: Membership, task: Task) -> Task:
    """End a locked task after the step that it is at; what it has done stays. Raises TaskOver."""
    if task.is_over:
        raise TaskOver
    task.state, task.ended_at = TaskState.CANCELLED, timezone.now()
    task.save(update_fields=["state", "ended_at"])
    accounts.record(by=by, action="task.cancelled", subject=task)
    return task


def note_errors(*, by: Membership, task: Task, found: Iterable[tuple[int, errors.FieldError]]) -> None:
    """Keep what was wrong with which row, for whoever reads the task."""
    rows = [
        TaskError(
            account_id=by.account_id,
            task=task,
            row=row,
            field=error.field[:100],
            code=error.code,
            detail=error.detail[:500],
        )
        for row, error in found
    ]
    TaskError.across_accounts.bulk_create(rows)
    task.error_count += len(rows)
