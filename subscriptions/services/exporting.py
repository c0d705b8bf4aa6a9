from typing import Any

from accounts.models import Membership
from subscriptions.checker import SubscriptionChecker
from subscriptions.policy import SAMPLE_ROWS
from system import services as system
from system.models import Task

SAMPLE_ONLY = f"The first {SAMPLE_ROWS} rows only: the subscription has run out. Renew it to have all of them."


def start_export(*, by: Membership, **asked: Any) -> Task:
    """Leave a file to the background, as the system does; in the days of grace it has the first rows only, and the
    task says so."""
    is_sample = SubscriptionChecker(by.account).has_sample_only
    task = system.start_export(by=by, most=SAMPLE_ROWS if is_sample else None, **asked)
    if is_sample:
        task.message = SAMPLE_ONLY
        task.save(update_fields=["message"])
    return task
