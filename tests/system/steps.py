"""Kinds of work whose every step leaves one line in the history of the business."""

from collections.abc import Iterator

from django.core.files.base import ContentFile
from django.db import connections

from accounts import services as accounts
from accounts.models import AuditEvent, Membership
from core import limits, tenancy
from core.errors import InvalidInput
from inventory.services import exporting as inventory
from system import services as system
from system.models import Task

STEPS = 5
GATE = 20_261_121  # an advisory lock: who holds it keeps the third step waiting


def count(*, by: Membership, task: Task) -> Iterator[None]:
    """Five steps, or so many. With `gate` the third waits, its line written, until the gate is open."""
    task.total = task.params.get("steps", STEPS)
    while task.done < task.total:
        step = task.done + 1
        accounts.record(by=by, action=f"step.{step}", subject=task)
        if step == 3 and task.params.get("gate"):
            wait_at_gate()
        task.done, task.result = step, {"steps": step}
        yield


def wait_at_gate() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])


def count_outside(*, by: Membership, task: Task) -> Iterator[None]:
    """The same, but that a step's line and its progress are not committed together."""
    task.total = STEPS
    while task.done < STEPS:
        step = task.done + 1
        note_outside(by, task, f"step.{step}")
        if step == 3:
            wait_at_gate()
        task.done = step
        yield


def note_outside(by: Membership, task: Task, action: str) -> None:
    event = AuditEvent(account_id=by.account_id, by=by, action=action, subject="task", subject_id=task.pk)
    with tenancy.scope(by.account_id, using=limits.OUTSIDE):
        AuditEvent.across_accounts.using(limits.OUTSIDE).bulk_create([event])


def stumble(*, by: Membership, task: Task) -> Iterator[None]:
    """One step, and then what `reason` says, with a line that is not to stay."""
    accounts.record(by=by, action="step.1", subject=task)
    task.done = 1
    yield
    accounts.record(by=by, action="step.2", subject=task)
    if task.params["reason"] == "refusal":
        raise InvalidInput
    raise ZeroDivisionError


def stand_still(*, by: Membership, task: Task) -> Iterator[None]:
    yield


def make(*, by: Membership, task: Task) -> Iterator[None]:
    """A file."""
    task.file = system.keep_file(
        by=by, file=ContentFile("Épicerie".encode()), name="Ama’s.csv", content_type="text/csv"
    )
    task.done = 1
    yield


def export_slowly(*, by: Membership, task: Task) -> Iterator[None]:
    """The export of the product, of which the third step waits at the gate."""
    for number, _ in enumerate(inventory.make_export(by=by, task=task), start=1):
        if number == 3:
            wait_at_gate()
        yield
