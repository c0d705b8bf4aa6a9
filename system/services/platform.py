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


def change_platform_settings(*, by: Membership, **changes: Any) -> PlatformSettings:
    """Change what is told. Its history is the platform's own; both are written as staff, together."""
    rows = PlatformSettings.objects.using(STAFF)
    with transaction.atomic(using=STAFF):
        if changes:
            rows.get_or_create()
        row = rows.select_for_update().first() or PlatformSettings()
        line = accounts.set_changes(row=row, changes=changes)
        if line:
            row.save(using=STAFF, update_fields=[*line.after, "version"])
            accounts.record_all(by=by, lines=[line], using=STAFF)
    return row
