"""What members are told: each notice once, in the app and by mail, unless they chose otherwise."""

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts import roles
from accounts.models import Account, Membership
from core import mail
from system.models import MemberSettings, Notification
from system.services.platform import read_platform_settings


def notify(
    *,
    account: Account,
    kind: str,
    key: str,
    title: str,
    text: str,
    by: Membership | None = None,
    places: Collection[UUID] | None = None,
) -> int:
    """Tell every active member who holds the right that `NOTIFICATIONS` names for this kind; how many were told.

    Nobody is told when this key of the kind was told before. With `places`, only who works at one of them, or
    everywhere. Title and text are kept as they are, so they name no person. Stand in the account's scope.
    """
    if account.notifications.filter(kind=kind, key=key).exists():
        return 0
    members = _audience(account, kind, places)
    chosen = {row.member_id: row for row in account.member_settings.filter(member__in=members)}
    rows = [
        Notification(
            account=account,
            member=member,
            kind=kind,
            key=key,
            title=title,
            text=text,
            by=by,
            is_shown=_wants(chosen, member, kind, "app"),
        )
        for member in members
    ]
    Notification.across_accounts.bulk_create(rows, ignore_conflicts=True)
    told = set(account.notifications.filter(pk__in=[row.pk for row in rows]).values_list("member_id", flat=True))
    mailed = [each.user for each in members if each.pk in told and _wants(chosen, each, kind, "mail")]
    body = _body(account, text) if mailed else ""
    for user in filter(None, mailed):
        mail.send_after_commit(to=user.email, subject=title, body=body)
    return len(told)


def _audience(account: Account, kind: str, places: Collection[UUID] | None) -> list[Membership]:
    right = settings.NOTIFICATIONS[kind]
    entitled = [role for role in roles.Role if right in roles.CAPABILITIES[role]]
    members = account.memberships.filter(is_active=True, user__is_active=True, role__in=entitled)
    if places is not None:
        members = members.filter(Q(is_limited=False) | Q(location_members__location_id__in=places))
    return list(members.select_related("user").order_by("pk").distinct())


def _wants(chosen: dict[UUID, MemberSettings], member: Membership, kind: str, way: str) -> bool:
    return member.pk not in chosen or chosen[member.pk].wants(kind, way)


def _body(account: Account, text: str) -> str:
    parts = (account.name, text, settings.TILL_URL, read_platform_settings().mail_footer)
    return "\n\n".join(filter(None, parts)) + "\n"


def mark_read(*, by: Membership, notification: Notification) -> Notification:
    """Note that the member has read it; the first time counts."""
    if notification.read_at is None and notification.member_id == by.pk:
        notification.read_at = timezone.now()
        notification.save(update_fields=["read_at"])
    return notification


def mark_all_read(*, by: Membership) -> None:
    """Note that the member has read all of theirs."""
    by.account.notifications.filter(member=by, read_at=None).update(read_at=timezone.now())
