"""What a member chooses for themselves."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from accounts import services as accounts
from accounts.models import Membership
from system.models import MemberSettings


def open_settings(*, by: Membership) -> MemberSettings:
    """The member's own settings, locked; who has chosen nothing gets a row of defaults."""
    by.account.member_settings.get_or_create(member=by)
    row: MemberSettings = by.account.member_settings.locked().get(member=by)
    return row


def change_settings(
    *,
    by: Membership,
    row: MemberSettings,
    notifications: Mapping[str, Mapping[str, bool]] | None = None,
    **changes: Any,
) -> MemberSettings:
    """Change one's own settings, `row` being locked; a kind of notices that is not named stays as it was.

    Raises InvalidInput for a place where the member does not work.
    """
    place = changes.get("location_id")
    if place:
        import_string(settings.FIND_PLACE)(by=by, location_id=place)
    if notifications:
        kinds = {kind: {**row.notifications.get(kind, {}), **ways} for kind, ways in notifications.items()}
        changes["notifications"] = {**row.notifications, **kinds}
    accounts.change(by=by, row=row, changes=changes)
    return row
