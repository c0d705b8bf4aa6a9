"""The door to the background: a job names a task, and is there if, and only if, the task's transaction is committed."""

from procrastinate.contrib.django import app

from system.models import Integration, Task

RUN_TASK = "run_task"
CHECK_INTEGRATION = "check_integration"


def defer(task: Task) -> None:
    """One business's jobs wait for one another, so that those of all others need not wait for it."""
    job = app.configure_task(RUN_TASK, lock=str(task.account_id), allow_unknown=True)
    job.defer(account_id=str(task.account_id), task_id=str(task.pk))


def defer_check(integration: Integration) -> None:
    job = app.configure_task(CHECK_INTEGRATION, lock=f"{CHECK_INTEGRATION} {integration.pk}", allow_unknown=True)
    job.defer(account_id=str(integration.account_id), integration_id=str(integration.pk))
