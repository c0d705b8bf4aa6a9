"""What is the same for every business, written by the platform's staff; its history is the platform's own."""

from collections.abc import Sequence
from typing import Any

from django.db import models, transaction

from accounts.models import Membership
from accounts.services.history import record
from core.tenancy import STAFF


def add_reference(*, by: Membership, row: Any) -> None:
    """Write a new row as staff have filled it in."""
    with transaction.atomic(using=STAFF):
        row.save(using=STAFF, force_insert=True)
        after = _facts(row, [field.name for field in row._meta.fields if field.editable])
        record(by=by, action=f"{row._meta.model_name}.added", subject=row, after=after, using=STAFF)


def change_reference(*, by: Membership, row: Any, changes: Sequence[str]) -> None:
    """Write these fields of a row as staff have filled them in; what else changed meanwhile stays."""
    with transaction.atomic(using=STAFF):
        was = type(row)._default_manager.using(STAFF).select_for_update().get(pk=row.pk)
        before, after = _facts(was, changes), _facts(row, changes)
        if before == after:
            return
        row.save(using=STAFF, update_fields=list(after))
        record(by=by, action=f"{row._meta.model_name}.changed", subject=row, before=before, after=after, using=STAFF)


def _facts(row: Any, names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return {name: value.pk if isinstance(value, models.Model) else value for name, value in values.items()}
