from typing import Any

from accounts import services as accounts
from accounts.models import Membership
from core.tenancy import STAFF


def change_reference(*, by: Membership, row: Any, changes: list[str]) -> None:
    """Write a plan, a tier, a tax or a charge as staff have filled it in; the platform's history says who did."""
    row.save(using=STAFF)
    after = {name: str(getattr(row, name)) for name in changes}
    accounts.record(by=by, action=f"{row._meta.model_name}.changed", subject=row, after=after)
