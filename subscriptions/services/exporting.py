from collections.abc import Mapping
from typing import Any

from accounts.models import Membership
from core import cells
from subscriptions.checker import SubscriptionChecker
from subscriptions.policy import SAMPLE_ROWS
from system import services as system
from system.models import Task

SAMPLE_ONLY = f"The first {SAMPLE_ROWS} rows only: the subscription has run out. Renew it to have all of them."


def begin_export(*, by: Membership, kind: str, params: Mapping[str, Any], module: str = "") -> Task:
    """Leave a table to the background; in the days of grace it has the first rows only, and the task says so."""
    is_sample = SubscriptionChecker(by.account).has_sample_only
    plain = {name: cells.plain(value) for name, value in params.items()}
    plain["most"] = SAMPLE_ROWS if is_sample else None
    task = system.start_task(by=by, kind=kind, params=plain, module=module)
    if is_sample:
        task.message = SAMPLE_ONLY
        task.save(update_fields=["message"])
    return task
