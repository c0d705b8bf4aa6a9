"""The history of an account: what was done is written with what was done."""

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models

from accounts.models import AuditEvent, Membership

UNSAID = "***"  # stands for what is about a person, and for a secret


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
    event = AuditEvent(
        account_id=by.account_id,
        by=by,
        approved_by=by.approver,
        device_id=by.session.device_id if by.session else None,
        action=action,
        subject=str(subject._meta.model_name),
        subject_id=subject.pk,
        before=before or {},
        after=after or {},
        request_id=by.request_id,
    )
    AuditEvent.across_accounts.using(using).bulk_create([event])


def change(*, by: Membership, row: Any, changes: Mapping[str, Any]) -> None:
    """Write changed fields and the next version of a locked row, and leave what was and what is in the history."""
    before = {name: getattr(row, name) for name in changes}
    changed = {name: value for name, value in changes.items() if value != before[name]}
    if not changed:
        return
    for name, value in changed.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*changed, "version"])
    record(
        by=by,
        action=f"{row._meta.model_name}.changed",
        subject=row,
        before={name: _quoted(row, name, before[name]) for name in changed},
        after={name: _quoted(row, name, value) for name, value in changed.items()},
    )


def _quoted(row: Any, name: str, value: Any) -> Any:
    if name in row.PERSONAL | row.SECRET:
        return UNSAID
    return value.pk if isinstance(value, models.Model) else value
