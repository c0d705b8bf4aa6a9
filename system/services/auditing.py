"""The history of an account as a file, written in the background."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Membership
from core import errors
from system import history
from system.models import Task
from system.services.tasks import start_export
from system.services.writing import write_listing

KIND = "system.audit"
_OF_THE_FILE = {"what", "format", "most"}


def start_audit_export(
    *,
    by: Membership,
    format: str,  # noqa: A002 - as it is called in what is sent
    actor: UUID | None = None,
    **asked: Any,
) -> Task:
    """Leave the history, or what is asked for of it, to the background. Raises InvalidInput for an unknown actor."""
    if actor and not by.account.memberships.filter(pk=actor).exists():
        raise errors.InvalidInput(errors=[errors.unknown_reference("by")])
    return start_export(by=by, kind=KIND, what="AUDIT", format=format, actor=actor, **asked)


def make_audit_export(*, by: Membership, task: Task) -> Iterator[None]:
    """The steps of such an export, a portion of lines each. Raises SheetFull for more lines than a sheet has."""
    asked = {name: value for name, value in task.params.items() if value and name not in _OF_THE_FILE}
    for name in ("since", "until"):
        if name in asked:
            asked[name] = datetime.fromisoformat(asked[name])
    yield from write_listing(by=by, task=task, listing=history.list_events(by, **asked))
