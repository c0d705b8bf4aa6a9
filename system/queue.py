"""The door to the background: a job names whose turn it is, and is there if, and only if, its transaction is
committed."""

from procrastinate.contrib.django import app

from system.models import Integration, Task

TAKE_TURN = "take_turn"
CHECK_INTEGRATION = "check_integration"


def defer(task: Task) -> None:
    """One more turn for the account of this task. Its turns wait for one another, so that those of all others need not
    wait for it; which task is the next, is seen when it has come."""
    job = app.configure_task(TAKE_TURN, lock=str(task.account_id), allow_unknown=True)
    job.defer(account_id=str(task.account_id))


def defer_check(integration: Integration) -> None:
    job = app.configure_task(CHECK_INTEGRATION, lock=f"{CHECK_INTEGRATION} {integration.pk}", allow_unknown=True)
    job.defer(account_id=str(integration.account_id), integration_id=str(integration.pk))
