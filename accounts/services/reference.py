from typing import Any

from accounts.models import Membership
from accounts.services.history import record
from core.tenancy import STAFF


def change_reference(*, by: Membership, row: Any, changes: list[str]) -> None:
    """Write a row that is the same for every business as staff have filled it in; the platform's history says who
    did."""
    row.save(using=STAFF)
    after = {name: str(getattr(row, name)) for name in changes}
    record(by=by, action=f"{row._meta.model_name}.changed", subject=row, after=after)
