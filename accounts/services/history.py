"""The history of an account: what was done is written with what was done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models

from accounts.models import AuditEvent, Membership

UNSAID = "***"  # stands for what is about a person, and for a secret


@dataclass(frozen=True)
class Line:
    """A line for the history: what was done to what, and what was before and after."""

    action: str
    subject: models.Model
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def record(
    *,
    by: Membership,
    action: str,
    subject: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> None:
    """Add a line to the account's history."""
    record_all(by=by, lines=[Line(action, subject, before or {}, after or {})], using=using)


def record_all(*, by: Membership, lines: Iterable[Line], using: str = DEFAULT_DB_ALIAS) -> None:
    """Add these lines, in one statement."""
    events = [
        AuditEvent(
            account_id=by.account_id,
            by=by,
            approved_by=by.approver,
            device_id=by.session.device_id if by.session else None,
            action=line.action,
            subject=str(line.subject._meta.model_name),
            subject_id=line.subject.pk,
            before=line.before,
            after=line.after,
            request_id=by.request_id,
        )
        for line in lines
    ]
    AuditEvent.across_accounts.using(using).bulk_create(events)


def change(*, by: Membership, row: Any, changes: Mapping[str, Any]) -> None:
    """Write changed fields and the next version of a locked row, and leave what was and what is in the history."""
    line = set_changes(row=row, changes=changes)
    if line:
        row.save(update_fields=[*line.after, "version"])
        record_all(by=by, lines=[line])


def set_changes(*, row: Any, changes: Mapping[str, Any]) -> Line | None:
    """The same in memory: the fields that the line names are still to be written, and `version`. None for no change."""
    before = {name: getattr(row, name) for name in changes}
    changed = {name: value for name, value in changes.items() if value != before[name]}
    if not changed:
        return None
    for name, value in changed.items():
        setattr(row, name, value)
    row.version += 1
    return Line(
        action=f"{row._meta.model_name}.changed",
        subject=row,
        before={name: _quoted(row, name, before[name]) for name in changed},
        after={name: _quoted(row, name, value) for name, value in changed.items()},
    )


def _quoted(row: Any, name: str, value: Any) -> Any:
    if name in row.PERSONAL | row.SECRET:
        return UNSAID
    return value.pk if isinstance(value, models.Model) else value
