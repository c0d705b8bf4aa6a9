"""People and businesses that have lost each other: found over all accounts, and repaired one by one.

Everything is read as staff. Each repair is a transaction of its own in the account that it is about, as the app's role;
what was found is looked at again under a lock, so that two who repair at once do it once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connections, models
from uuid_utils.compat import uuid7

from accounts import countries
from accounts.models import Account, AuditEvent, Membership, User
from accounts.roles import Role
from accounts.services.business import set_up
from accounts.services.members import seat
from accounts.services.staff import open_platform
from core import tenancy

HOME = "GH"  # where nothing tells the country of a new business; its owner can change it


class Fault(StrEnum):
    """What can be wrong, in the order in which it is repaired; that somebody only left is no fault."""

    SEAT_ELSEWHERE = "seat_elsewhere"
    USER_WITHOUT_ACCOUNT = "user_without_account"
    USER_WITHOUT_SEAT = "user_without_seat"
    ACCOUNT_WITHOUT_OWNER = "account_without_owner"
    ACCOUNT_WITHOUT_PEOPLE = "account_without_people"
    USER_LEFT = "user_left"


class Remedy(StrEnum):
    ASSIGN = "assign"
    CREATE_ACCOUNTS = "create_accounts"
    DELETE = "delete"


SENTENCES: Mapping[Fault, str] = {
    Fault.SEAT_ELSEWHERE: "user {user_id} ({name}) belongs to account {account_id}, but sits in account {seat_id}",
    Fault.USER_WITHOUT_ACCOUNT: "user {user_id} ({name}) belongs to account {account_id}, which does not exist",
    Fault.USER_WITHOUT_SEAT: "user {user_id} ({name}) has no seat in account {account_id}",
    Fault.ACCOUNT_WITHOUT_OWNER: "account {account_id} ({name}) has no active owner",
    Fault.ACCOUNT_WITHOUT_PEOPLE: "account {account_id} ({name}) has no people",
    Fault.USER_LEFT: "user {user_id} ({name}) has left account {account_id}",
}


@dataclass(frozen=True)
class Orphan:
    """A user, or an account where there is no user; `seat_id` is the account in which the user sits."""

    fault: Fault
    account_id: UUID
    user_id: UUID | None
    name: str
    seat_id: UUID | None

    @property
    def sentence(self) -> str:
        return SENTENCES[self.fault].format_map(vars(self))


_FIND = """
SELECT CASE WHEN m.account_id <> u.account_id THEN 'seat_elsewhere'
            WHEN a.id IS NULL THEN 'user_without_account'
            WHEN m.id IS NULL THEN 'user_without_seat'
            ELSE 'user_left' END AS fault, u.account_id, u.id, u.email, m.account_id
FROM users u LEFT JOIN accounts a ON a.id = u.account_id LEFT JOIN business_memberships m ON m.user_id = u.id
WHERE a.id IS NULL OR m.id IS NULL OR m.account_id <> u.account_id OR NOT m.is_active
UNION ALL
SELECT CASE WHEN EXISTS (SELECT FROM users u WHERE u.account_id = a.id)
              OR EXISTS (SELECT FROM business_memberships m WHERE m.account_id = a.id AND m.user_id IS NOT NULL)
            THEN 'account_without_owner' ELSE 'account_without_people' END, a.id, NULL, a.name, NULL
FROM accounts a
WHERE NOT a.is_platform AND NOT EXISTS (
  SELECT FROM business_memberships m
  WHERE m.account_id = a.id AND m.user_id IS NOT NULL AND m.role = 'OWNER' AND m.is_active)
ORDER BY 2, 3
"""


def find_orphans() -> list[Orphan]:
    """Who has lost whom, over all accounts, in the order of repair; at the end those who only left."""
    with connections[tenancy.STAFF].cursor() as cursor:
        cursor.execute(_FIND)
        found = [Orphan(Fault(fault), *facts) for fault, *facts in cursor.fetchall()]
    return sorted(found, key=lambda orphan: list(Fault).index(orphan.fault))


def repair_orphans(*, remedy: Remedy) -> list[Orphan]:
    """Repair what this remedy can, each once, and what that uncovers; what was repaired."""
    repaired: list[Orphan] = []
    while done := [orphan for orphan in find_orphans() if orphan not in repaired and _repair(orphan, remedy)]:
        repaired += done
    return repaired


def _repair(orphan: Orphan, remedy: Remedy) -> bool:
    act = _ACTS.get((remedy, orphan.fault))
    if act is None:
        return False
    try:
        with tenancy.scope(orphan.account_id):
            return act(orphan)
    except IntegrityError:  # somebody was quicker, or something still refers to what was to go
        return False


def _assign(orphan: Orphan) -> bool:
    """A seat in the account that the user points to; without an owner there, the owner's."""
    account, user = _lock(orphan)
    if account is None or user is None or _sits(user):
        return False
    is_led = account.is_platform or _owners(account).exists()
    member = seat(account=account, user=user, name=user.name, role=Role.STAFF if is_led else Role.OWNER)
    _note(account.pk, "membership.assigned", member, after={"role": member.role})
    return True


def _follow(orphan: Orphan) -> bool:
    """The user comes to where the seat and its history are."""
    _, user = _lock(orphan)
    if user is None or orphan.seat_id is None:
        return False
    _move(user, to=orphan.seat_id)
    _note(orphan.seat_id, "user.moved", user)
    return True


def _promote(orphan: Orphan) -> bool:
    """The longest-standing active member of the highest role leads the business."""
    account, _ = _lock(orphan)
    if account is None or _owners(account).exists():
        return False
    ranks = list(Role)
    present = account.memberships.locked().filter(is_active=True, user__account=account)
    heirs = sorted(present, key=lambda each: (ranks.index(Role(each.role)), each.created_at, each.pk))
    if not heirs:
        return False
    heir, before = heirs[0], heirs[0].role
    heir.role, heir.is_limited, heir.version = Role.OWNER, False, heir.version + 1
    heir.save(update_fields=["role", "is_limited", "version"])
    _note(account.pk, "membership.promoted", heir, before={"role": before}, after={"role": Role.OWNER})
    return True


def _open(orphan: Orphan) -> bool:
    """A business of the user's own, in the country they come from, with all that a registration gives."""
    old, user = _lock(orphan)
    if user is None or (old and _sits(user)):
        return False
    if old:
        _note(old.pk, "user.moved", user)
    account = Account(
        id=uuid7(),
        name=user.name,
        country=old.country if old else HOME,
        currency=old.currency if old else countries.usual_currency(HOME),
        time_zone=old.time_zone if old else countries.only_time_zone(HOME),
    )
    _move(user, to=account.pk, opening=account)
    owner = seat(account=account, user=user, name=user.name, role=Role.OWNER)
    set_up(by=owner)
    return True


def _remove_user(orphan: Orphan) -> bool:
    """The user goes, whom no line of any history is about; a row that refers to them stops it."""
    _, user = _lock(orphan)
    if user is None or _sits(user):
        return False
    if AuditEvent.across_accounts.using(tenancy.STAFF).filter(subject_id=user.pk).exists():
        return False
    user.sessions.all().delete()
    user_id = user.pk
    user.delete()
    _note_on_platform("user.removed", User(id=user_id))
    return True


def _remove_account(orphan: Orphan) -> bool:
    """The account goes; any row that it owns stops it."""
    account, _ = _lock(orphan)
    if account is None:
        return False
    account.delete()
    _note_on_platform("account.removed", Account(id=orphan.account_id))
    return True


_ACTS: Mapping[tuple[Remedy, Fault], Callable[[Orphan], bool]] = {
    (Remedy.ASSIGN, Fault.SEAT_ELSEWHERE): _follow,
    (Remedy.ASSIGN, Fault.USER_WITHOUT_SEAT): _assign,
    (Remedy.ASSIGN, Fault.ACCOUNT_WITHOUT_OWNER): _promote,
    (Remedy.CREATE_ACCOUNTS, Fault.USER_WITHOUT_ACCOUNT): _open,
    (Remedy.CREATE_ACCOUNTS, Fault.USER_WITHOUT_SEAT): _open,
    (Remedy.DELETE, Fault.USER_WITHOUT_ACCOUNT): _remove_user,
    (Remedy.DELETE, Fault.USER_WITHOUT_SEAT): _remove_user,
    (Remedy.DELETE, Fault.ACCOUNT_WITHOUT_PEOPLE): _remove_account,
}


def _lock(orphan: Orphan) -> tuple[Account | None, User | None]:
    """The account and the user as they are now, locked; the user against everybody who would give them a seat."""
    # Who has just given one refers to the account, too, and must not be waited for in a circle.
    account = Account.across_accounts.locked().filter(pk=orphan.account_id).first()
    people = User.across_accounts.select_for_update().filter(account_id=orphan.account_id)
    return account, people.filter(pk=orphan.user_id).first() if orphan.user_id else None


def _sits(user: User) -> bool:
    return user.memberships.exists()


def _owners(account: Account) -> "models.QuerySet[Membership]":
    return account.memberships.filter(role=Role.OWNER, is_active=True, user__isnull=False)


def _move(user: User, *, to: UUID, opening: Account | None = None) -> None:
    """Bring a locked user over, from wherever they were; the transaction is one of the new account afterwards."""
    user.sessions.all().delete()
    user.memberships.update(user=None, is_active=False)
    tenancy.reveal("app.user_id", str(user.pk))
    tenancy.reveal("app.moving_user", str(user.pk))
    tenancy.enter(to)
    if opening:
        opening.save(force_insert=True)
    user.account_id = to
    user.save(update_fields=["account"])


def _note(account_id: UUID, action: str, subject: models.Model, **facts: Any) -> None:
    """A line in the account's history; nobody of the business did it."""
    subject_name = str(subject._meta.model_name)
    event = AuditEvent(account_id=account_id, action=action, subject=subject_name, subject_id=subject.pk, **facts)
    event.save(force_insert=True)


def _note_on_platform(action: str, subject: models.Model) -> None:
    """What is gone is noted in the platform's own history, which begins with it where there was none."""
    with open_platform() as platform:
        _note(platform.pk, action, subject)
