"""What the platform tells everybody, written by its staff."""

from typing import Any

from django.db import transaction

from accounts import services as accounts
from accounts.models import Membership
from core.tenancy import STAFF
from system.models import PlatformSettings


def read_platform_settings() -> PlatformSettings:
    """As they are; defaults until staff have said anything."""
    return PlatformSettings.objects.first() or PlatformSettings()


def lock_platform_settings() -> PlatformSettings:
    """What is told, locked in a transaction of the staff's; a row of defaults where nothing was said yet."""
    rows = PlatformSettings.objects.using(STAFF)
    rows.get_or_create()
    return rows.select_for_update().get()


def change_platform_settings(*, by: Membership, row: PlatformSettings, **changes: Any) -> PlatformSettings:
    """Change what is told, `row` being locked. Its history is the platform's own; both are written as staff."""
    with transaction.atomic(using=STAFF):
        line = accounts.set_changes(row=row, changes=changes)
        if line:
            row.save(using=STAFF, update_fields=[*line.after, "version"])
            accounts.record_all(by=by, lines=[line], using=STAFF)
    return row
