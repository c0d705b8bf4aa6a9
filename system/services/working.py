"""The worker's side of a task: its steps, each committed together with the progress that it makes."""

from collections.abc import Iterator
from time import monotonic
from uuid import UUID

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import queries as accounts
from accounts.errors import NoBusiness
from accounts.models import Membership
from core import tenancy
from core.errors import DomainError, ServerFault
from system import queue
from system.models import OVER, Task, TaskState
from system.services.tasks import refuse_task

logger = structlog.get_logger("task")

PROGRESS = ["state", "done", "total", "error_count", "message", "result", "file", "started_at", "ended_at"]


def take_turn(*, account_id: UUID) -> None:
    """Go on with the oldest of the account's tasks. If it is of a kind that can be set aside and takes longer than a
    turn, the account goes to the end of the queue, so that those of others are not kept waiting by it."""
    with tenancy.scope(account_id):
        rows = Task.across_accounts.filter(account_id=account_id).exclude(state__in=OVER)
        task: Task | None = rows.order_by("id").first()
    if task is None:
        return
    seconds = settings.TASK_TURN if task.kind in settings.TASKS_IN_TURNS else None
    run_task(account_id=account_id, task_id=task.pk, seconds=seconds)


def run_task(*, account_id: UUID, task_id: UUID, seconds: float | None = None) -> None:
    """Do what is left of a task, or as many of its steps as can be begun in so many seconds, at least one; the rest is
    then left to a later turn. Nothing where it is over, or where another worker goes on with it meanwhile.

    A database that is away is the caller's affair: OperationalError and InterfaceError, and the same call again. What
    else goes wrong fails the task, with its reason.
    """
    try:
        _run(account_id, task_id, seconds)
    except (OperationalError, InterfaceError):
        raise
    except DomainError as refusal:
        _fail(account_id, task_id, refusal)
    except Exception:
        logger.exception("task", task_id=str(task_id))
        _fail(account_id, task_id, ServerFault())


def _run(account_id: UUID, task_id: UUID, seconds: float | None) -> None:
    begun = monotonic()
    with tenancy.scope(account_id):
        task = _lock(account_id, task_id)
        if task is None or task.is_over:
            return
        task.state, task.started_at = TaskState.RUNNING, task.started_at or timezone.now()
        task.save(update_fields=PROGRESS)
    steps: Iterator[None] | None = None
    actor = task.by
    while not task.is_over:
        with tenancy.scope(account_id):
            found = _lock(account_id, task_id)
            if found is None or found.is_over or found.done != task.done:
                return  # cancelled; or another worker took it for stalled, and has gone on
            actor = _actor(found, actor)
            refuse_task(by=actor, task=found)
            if steps is None:
                steps = import_string(settings.TASKS[task.kind])(by=actor, task=task)
            if _is_last(task, steps):
                task.state, task.ended_at = TaskState.DONE, timezone.now()
            task.save(update_fields=PROGRESS)
            if seconds is not None and not task.is_over and monotonic() - begun >= seconds:
                queue.defer(task)
                return


def _lock(account_id: UUID, task_id: UUID) -> Task | None:
    rows = Task.across_accounts.filter(account_id=account_id, pk=task_id).locked()
    found: Task | None = rows.select_related("account__module_settings", "by").first()
    return found


def _actor(found: Task, actor: Membership) -> Membership:
    """Who asked for the work, with the role and the places that they have at this step.

    Raises NoBusiness for who has left meanwhile.
    """
    now: Membership = found.by
    if not now.is_active:
        raise NoBusiness
    actor.account, actor.request_id = found.account, found.request_id
    actor.role, actor.is_limited, actor.location_ids = now.role, now.is_limited, accounts.places_of(now)
    return actor


def _is_last(task: Task, steps: Iterator[None]) -> bool:
    before = task.done
    for _ in steps:
        if task.done == before:
            raise RuntimeError(f"A step of {task.kind} made no progress.")
        return False
    return True


def _fail(account_id: UUID, task_id: UUID, refusal: DomainError) -> None:
    with tenancy.scope(account_id):
        task = _lock(account_id, task_id)
        if task is None or task.is_over:
            return
        task.state, task.ended_at, task.message = TaskState.FAILED, timezone.now(), refusal.sentence[:500]
        task.result = {**task.result, "code": refusal.code}
        task.save(update_fields=PROGRESS)
