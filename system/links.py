"""Links to what a task made: they need no session, and hold for minutes, while who asked for it still may."""

import json
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import Membership
from core import errors, tenancy, vault
from core.errors import DomainError
from system.models import PrivateFile, Task
from system.services import refuse_task

PURPOSE = "task"


class Link(NamedTuple):
    token: str
    expires_at: datetime


def link_to(task: Task) -> Link:
    """A token for what the task made; whoever has it is who asked for the task."""
    token = vault.seal(json.dumps([PURPOSE, str(task.account_id), str(task.pk)])).rstrip("=")
    return Link(token, timezone.now() + timedelta(seconds=settings.LINK_SECONDS))


def follow(token: str) -> PrivateFile:
    """The file of a token that has not expired. Raises NotFound for any other, and where the member may no more."""
    account_id, task_id = _read(token)
    with tenancy.scope(account_id):
        rows = Task.across_accounts.filter(account_id=account_id, pk=task_id)
        task = rows.select_related("file", "by", "account").first()
        if task is None or task.file is None or not _may(task.by, task):
            raise errors.NotFound
        file: PrivateFile = task.file
        return file


def _read(token: str) -> tuple[UUID, UUID]:
    try:
        sealed = token + "=" * (-len(token) % 4)
        purpose, account_id, task_id = json.loads(vault.unseal(sealed, seconds=settings.LINK_SECONDS))
        if purpose != PURPOSE:
            raise ValueError(purpose)
        return UUID(account_id), UUID(task_id)
    except (ValueError, TypeError, AttributeError):
        raise errors.NotFound from None


def _may(member: Membership, task: Task) -> bool:
    try:
        refuse_task(by=member, task=task)
    except DomainError:
        return False
    return member.is_active
