"""fix_orphaned_users: what it finds, that it changes nothing unasked, and what each remedy repairs."""

from contextlib import contextmanager
from functools import partial
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connections
from uuid_utils.compat import uuid7

from accounts import services
from accounts.models import Account, AuditEvent, Membership, User
from accounts.roles import Role
from accounts.services import orphans
from accounts.services.orphans import Fault, Remedy
from core import tenancy
from tests.accounts.orphans import (
    INSERT_USER,
    a_user,
    an_account,
    corrupt,
    demote_the_owner,
    events,
    everything,
    faults,
    report,
    run,
    staff,
)
from tests.conftest import PASSWORD, open_shop
from tests.races import at_once, meeting_before, one_behind_another, without

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions")


# --- What cannot be stored --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alias", ["default", "owner", "staff"])
@pytest.mark.parametrize("account_id", [None, uuid7()], ids=["no account", "one that does not exist"])
def test_s05_a_user_without_an_account_cannot_be_stored_by_any_role(shop, alias, account_id):
    """S05."""
    why = "row-level security" if alias == "default" and account_id is None else "account_id"
    with (
        pytest.raises(DatabaseError, match=why),
        tenancy.scope(account_id or shop.id, using=alias),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(INSERT_USER, [uuid7(), account_id, "ada@x.com"])
    assert not staff(User).filter(email="ada@x.com").exists()


def test_s05_an_account_with_people_cannot_be_removed_from_under_them(shop):
    """S05."""
    with pytest.raises(IntegrityError), connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM accounts WHERE id = %s", [shop.id])
    assert staff(User).filter(account_id=shop.id).count() == 2


# --- What is found ----------------------------------------------------------------------------------------------------


def test_s05_where_nothing_is_wrong_the_exit_is_zero(shop):
    """S05."""
    assert run() == (0, "Everybody has a business, and every business its people and an owner.\n")
    assert report() == (0, {"faults": [], "repaired": [], "left": []})


def test_s05_who_only_left_is_listed_and_is_no_fault(shop):
    """S05."""
    with shop.inside():
        services.deactivate_member(by=shop.owner, member=shop.account.memberships.locked().get(pk=shop.cashier.pk))
    code, found = report()
    assert (code, found["faults"]) == (0, [])
    assert [(each["fault"], each["user"]) for each in found["left"]] == [("user_left", str(shop.cashier.user_id))]
    assert f"No fault: user {shop.cashier.user_id} (cashier@ama-provisions.example) has left" in run()[1]


def every_fault(shop):
    """One of each, and what is to be said of it."""
    other, leaderless = open_shop("Stranger Stores"), open_shop("Kofi Electricals")
    seatless, nowhere, empty = a_user(shop.id), a_user(uuid7(), "efua@x.com"), an_account()
    corrupt("UPDATE users SET account_id = %s WHERE id = %s", other.id, shop.cashier.user_id)
    demote_the_owner(leaderless)
    gone = staff(User).get(pk=nowhere).account_id
    return [
        (Fault.SEAT_ELSEWHERE, other.id, shop.cashier.user_id),
        (Fault.USER_WITHOUT_ACCOUNT, gone, nowhere),
        (Fault.USER_WITHOUT_SEAT, shop.id, seatless),
        (Fault.ACCOUNT_WITHOUT_OWNER, leaderless.id, None),
        (Fault.ACCOUNT_WITHOUT_PEOPLE, empty, None),
    ]


def test_s05_every_kind_of_fault_is_found_and_named_and_the_exit_is_one(shop):
    """S05."""
    wrong = every_fault(shop)
    assert faults() == [(str(fault), str(account), str(user) if user else None) for fault, account, user in wrong]
    code, text = run()
    assert code == 1
    for fault, account, user in wrong:
        assert any(str(account) in line and str(user or "") in line for line in text.splitlines()), fault
    assert text.count("Wrong: ") == len(wrong)


def test_s05_without_a_flag_nothing_changes(shop):
    """S05."""
    every_fault(shop)
    before = everything()
    assert run()[0] == report()[0] == 1
    assert everything() == before


@pytest.mark.parametrize("options", [("--assign", "--delete"), ("--assign", "--create-accounts")])
def test_s05_two_remedies_at_once_are_refused_and_nothing_changes(shop, options):
    """S05."""
    every_fault(shop)
    before = everything()
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("fix_orphaned_users", *options, stdout=StringIO())
    assert everything() == before


def test_s05_the_platforms_own_account_needs_no_owner(shop):
    """S05."""
    services.add_staff(email="yaw@makola.example", name="Yaw", password=PASSWORD, role=Role.SUPPORT)
    assert report()[0] == 0


# --- Again, and at once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("remedy", ["--assign", "--create-accounts", "--delete"])
def test_s05_a_second_run_repairs_nothing_more(shop, remedy):
    """S05."""
    every_fault(shop)
    assert report(remedy)[1]["repaired"]
    before, again = everything(), report(remedy)
    assert again[1]["repaired"] == []
    assert everything() == before


def test_s05_one_remedy_after_another_leaves_nothing_wrong(shop):
    """S05."""
    every_fault(shop)
    assert [report(remedy)[0] for remedy in ("--assign", "--create-accounts", "--delete")] == [1, 1, 0]


@pytest.mark.parametrize("remedy", list(Remedy))
def test_s05_two_who_repair_at_once_repair_everything_once(shop, remedy):
    """S05."""
    account_id = an_account("Leaderless")
    users = [a_user(account_id, f"ada{number}@x.com") for number in range(3)]
    if remedy != Remedy.ASSIGN:
        users.append(a_user(uuid7(), "efua@x.com"))  # no account to lock
    met = Barrier(2)

    def repair():
        with meeting_before("SELECT", met):
            return services.repair_orphans(remedy=remedy)

    results = at_once([repair] * 2)
    repaired = [orphan.user_id for result in results for orphan in result if orphan.user_id]
    assert sorted(repaired) == users
    seats = staff(Membership).filter(user_id__in=users)
    if remedy == Remedy.ASSIGN:
        assert sorted(seats.values_list("role", flat=True)) == [Role.OWNER, Role.STAFF, Role.STAFF]
        assert len(events(account_id, "membership.assigned")) == 3
    elif remedy == Remedy.CREATE_ACCOUNTS:
        assert seats.values("account_id").distinct().count() == 4
        assert len(events(account_id, "user.moved")) == 3
        assert staff(Account).count() == 2 + 4
    else:
        assert not staff(User).filter(pk__in=users).exists()
        assert staff(AuditEvent).filter(action="user.removed").count() == 4
        assert staff(AuditEvent).filter(action="account.removed").count() == 1


@contextmanager
def seating(shop, user_id):
    """Somebody else gives the user a seat, and has not committed it yet."""
    with shop.inside():
        shop.account.memberships.create(user_id=user_id, name="Ada", role=Role.CASHIER)
        yield


@pytest.mark.parametrize("remedy", list(Remedy))
def test_s05_a_repair_waits_for_who_is_just_seating_the_user_and_then_leaves_them_alone(shop, remedy):
    """S05."""
    user_id = a_user(shop.id)
    assert one_behind_another([partial(services.repair_orphans, remedy=remedy)], held=seating(shop, user_id)) == [[]]
    member = staff(Membership).get(user_id=user_id)
    assert (member.account_id, member.role) == (shop.id, Role.CASHIER)
    assert report()[0] == 0


def read_without_lock(orphan):
    account = Account.across_accounts.get(pk=orphan.account_id)
    return account, User.across_accounts.filter(pk=orphan.user_id).first()


@pytest.mark.parametrize(
    ("remedy", "statement", "action"),
    [
        (Remedy.ASSIGN, 'INSERT INTO "business_memberships"', "membership.assigned"),
        (Remedy.DELETE, 'DELETE FROM "users"', "user.removed"),
    ],
)
def test_s05_control_without_lock_and_constraint_a_repair_is_done_twice(shop, monkeypatch, remedy, statement, action):
    """S05."""
    services.add_staff(email="yaw@makola.example", name="Yaw", password=PASSWORD, role=Role.SUPPORT)
    user_id, met = a_user(shop.id), Barrier(2)
    monkeypatch.setattr(orphans, "_lock", read_without_lock)

    def repair():
        with meeting_before(statement, met):
            return services.repair_orphans(remedy=remedy)

    with without("one_user_one_business"):
        results = at_once([repair] * 2)
        assert [orphan.user_id for result in results for orphan in result] == [user_id] * 2
        assert staff(AuditEvent).filter(action=action).count() == 2
