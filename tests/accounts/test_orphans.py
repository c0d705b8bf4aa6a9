"""fix_orphaned_users: what it finds, that it changes nothing unasked, and what each remedy repairs."""

import json
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
from tests.conftest import PASSWORD, open_shop
from tests.races import administrator, at_once, meeting_before, one_behind_another, without

pytestmark = pytest.mark.usefixtures("committed")


def run(*options):
    """The exit code of the command and what it printed."""
    out = StringIO()
    try:
        call_command("fix_orphaned_users", *options, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def report(*options):
    code, text = run("--json", *options)
    return code, json.loads(text)


def faults(*options):
    return [(fault["fault"], fault["account"], fault["user"]) for fault in report(*options)[1]["faults"]]


def corrupt(statement, *parameters):
    """What no constraint of ours would let pass."""
    with administrator() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement, parameters).rowcount == 1


def staff(model):
    return model.across_accounts.using("staff")


def events(account_id, action):
    return list(staff(AuditEvent).filter(account_id=account_id, action=action))


INSERT_USER = (
    "INSERT INTO users (id, account_id, email, name, password, is_active, created_at, totp_key, totp_step,"
    " recovery_codes) VALUES (%s, %s, %s, 'Ada', '', true, now(), '', 0, '')"
)


def a_user(account_id, email="ada@x.com"):
    """A user row and nothing else, as a data migration of old might have left it."""
    user_id = uuid7()
    corrupt(INSERT_USER, user_id, account_id, email)
    return user_id


def an_account(name="Empty"):
    facts = {"name": name, "country": "GH", "currency": "GHS", "time_zone": "Africa/Accra"}
    return Account.across_accounts.using("owner").create(**facts).pk


def demote_the_owner(shop):
    corrupt("UPDATE business_memberships SET is_active = false WHERE id = %s", shop.owner.pk)


def everything():
    """Every row that a repair could touch."""
    found = {}
    with connections["staff"].cursor() as cursor:
        for table in ("users", "accounts", "business_memberships", "sessions", "audit_events", "locations"):
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = cursor.fetchall()
    assert any(found.values())
    return found


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


# --- --assign ---------------------------------------------------------------------------------------------------------


def test_s05_assign_seats_a_user_as_one_who_only_looks_where_there_is_an_owner(shop):
    """S05."""
    user_id = a_user(shop.id)
    code, done = report("--assign")
    assert (code, done["faults"]) == (0, [])
    assert [(each["fault"], each["user"]) for each in done["repaired"]] == [("user_without_seat", str(user_id))]
    member = staff(Membership).get(user_id=user_id)
    assert (member.account_id, member.role, member.is_active, member.name) == (shop.id, Role.STAFF, True, "Ada")
    (event,) = events(shop.id, "membership.assigned")
    assert (event.by_id, event.subject_id, event.after) == (None, member.pk, {"role": "STAFF"})


def test_s05_assign_seats_the_first_user_as_owner_where_there_is_none_and_the_second_not(committed):
    """S05."""
    account_id = an_account()
    first, second = a_user(account_id), a_user(account_id, "efua@x.com")
    assert report("--assign")[0] == 0
    assert {member.user_id: member.role for member in staff(Membership)} == {first: Role.OWNER, second: Role.STAFF}


def test_s05_assign_never_makes_an_owner_or_staff_of_the_platform(committed):
    """S05."""
    member, _ = services.add_staff(email="yaw@makola.example", name="Yaw", password=PASSWORD, role=Role.SUPPORT)
    user_id = a_user(member.account_id)
    assert report("--assign")[0] == 0
    assert staff(Membership).get(user_id=user_id).role == Role.STAFF


def test_s05_assign_brings_a_user_to_their_seat_and_ends_the_sessions_elsewhere(shop):
    """S05."""
    other = open_shop("Stranger Stores")
    corrupt("UPDATE users SET account_id = %s WHERE id = %s", other.id, shop.cashier.user_id)
    assert other.tokens()
    corrupt("UPDATE sessions SET user_id = %s WHERE account_id = %s", shop.cashier.user_id, other.id)
    assert report("--assign")[0] == 0
    user = staff(User).get(pk=shop.cashier.user_id)
    assert user.account_id == shop.id
    assert not user.sessions.using("staff").filter(account_id=other.id).exists()
    assert staff(Membership).get(user_id=user.pk).pk == shop.cashier.pk
    assert shop.client(shop.cashier).get("/api/v1/accounts/auth/me/").status_code == 200
    assert [event.subject_id for event in events(shop.id, "user.moved")] == [user.pk]


def test_s05_assign_makes_the_longest_standing_of_the_highest_role_the_owner(shop):
    """S05."""
    people = {}
    with shop.inside():
        for name, role in (("late", Role.CASHIER), ("first", Role.MANAGER), ("second", Role.MANAGER)):
            people[name] = services.add_member(
                account=shop.account, name=name, email=f"{name}@x.com", password=PASSWORD, role=role
            )
        admin = services.add_member(
            account=shop.account, name="gone", email="gone@x.com", password=PASSWORD, role=Role.ADMIN
        )
        services.deactivate_member(by=shop.owner, member=shop.account.memberships.locked().get(pk=admin.pk))
        shop.account.memberships.filter(pk=people["first"].pk).update(is_limited=True)
    demote_the_owner(shop)
    assert faults() == [("account_without_owner", str(shop.id), None)]
    assert report("--assign")[0] == 0
    owners = staff(Membership).filter(account_id=shop.id, role=Role.OWNER, is_active=True)
    assert [(owner.pk, owner.is_limited, owner.version) for owner in owners] == [(people["first"].pk, False, 2)]
    (event,) = events(shop.id, "membership.promoted")
    assert (event.by_id, event.subject_id) == (None, people["first"].pk)
    assert (event.before, event.after) == ({"role": "MANAGER"}, {"role": "OWNER"})


def test_s05_assign_leaves_a_business_that_everybody_left_and_still_says_so(shop):
    """S05."""
    corrupt("UPDATE business_memberships SET is_active = false WHERE id = %s", shop.cashier.pk)
    demote_the_owner(shop)
    before = everything()
    code, done = report("--assign")
    assert (code, done["repaired"]) == (1, [])
    assert [fault["fault"] for fault in done["faults"]] == ["account_without_owner"]
    assert everything() == before


# --- --create-accounts ------------------------------------------------------------------------------------------------


def test_s05_create_accounts_opens_a_business_as_a_registration_would_and_the_user_moves_there(shop):
    """S05."""
    corrupt("UPDATE accounts SET country = 'SN', currency = 'XOF', time_zone = 'Africa/Dakar' WHERE id = %s", shop.id)
    user_id = a_user(shop.id)
    assert report("--create-accounts")[0] == 0
    user = staff(User).select_related("account").get(pk=user_id)
    account = user.account
    assert account.pk != shop.id
    assert (account.name, account.country, account.currency, account.time_zone) == ("Ada", "SN", "XOF", "Africa/Dakar")
    member = staff(Membership).get(user_id=user_id)
    assert (member.account_id, member.role) == (account.pk, Role.OWNER)
    registered = {event.action for event in staff(AuditEvent).filter(account_id=shop.id)}
    assert {event.action for event in staff(AuditEvent).filter(account_id=account.pk)} == registered & {
        "account.opened",
        "subscription.trial_started",
        "location.added",
        "register.added",
    }
    assert account.subscription.is_trial
    assert account.locations.storefronts().using("staff").get().name == "Main"
    assert account.registers.using("staff").get().code == "R1"
    assert [event.subject_id for event in events(shop.id, "user.moved")] == [user_id]


def test_s05_create_accounts_takes_in_who_points_to_an_account_that_is_gone_and_empties_their_seat(shop):
    """S05."""
    gone = uuid7()
    corrupt("UPDATE users SET account_id = %s WHERE id = %s", gone, shop.cashier.user_id)
    corrupt("UPDATE business_memberships SET account_id = %s WHERE id = %s", gone, shop.cashier.pk)
    assert faults() == [("user_without_account", str(gone), str(shop.cashier.user_id))]
    assert report("--create-accounts")[0] == 0
    user = staff(User).select_related("account").get(pk=shop.cashier.user_id)
    assert (user.account.country, user.account.currency) == ("GH", "GHS")
    assert staff(Membership).get(user_id=user.pk).role == Role.OWNER
    seat = staff(Membership).get(pk=shop.cashier.pk)
    assert (seat.user_id, seat.is_active) == (None, False)


# --- --delete ---------------------------------------------------------------------------------------------------------


def test_s05_delete_removes_a_user_without_history_and_the_account_that_held_nothing_else(committed):
    """S05."""
    account_id = an_account()
    user_id = a_user(account_id)
    code, done = report("--delete")
    assert code == 0
    assert [each["fault"] for each in done["repaired"]] == ["user_without_seat", "account_without_people"]
    assert not staff(User).exists()
    platform = staff(Account).get()
    assert platform.is_platform
    gone = {(event.action, event.subject_id, event.by_id) for event in staff(AuditEvent).filter(account=platform)}
    assert gone == {("user.removed", user_id, None), ("account.removed", account_id, None)}


def test_s05_what_delete_removes_is_noted_in_the_platforms_account_where_there_is_one(shop):
    """S05."""
    member, _ = services.add_staff(email="yaw@makola.example", name="Yaw", password=PASSWORD, role=Role.SUPPORT)
    user_id = a_user(shop.id)
    assert report("--delete")[0] == 0
    assert [event.subject_id for event in events(member.account_id, "user.removed")] == [user_id]
    assert not staff(User).filter(pk=user_id).exists()


def test_s05_delete_spares_a_user_of_whom_the_history_tells(shop):
    """S05."""
    user_id = a_user(shop.id)
    with shop.inside():
        services.record(by=shop.owner, action="password.reset_offered", subject=User(id=user_id))
    before = everything()
    assert (report("--delete")[0], everything()) == (1, before)


def test_s05_delete_spares_a_user_who_sat_for_the_platform_in_a_business(shop):
    """S05."""
    user_id = a_user(shop.id)
    with shop.inside():
        shop.account.memberships.create(staff_id=user_id, name="Ada (Makola)", role=Role.SUPPORT)
    before = everything()
    assert (report("--delete")[0], everything()) == (1, before)


def test_s05_delete_spares_an_account_that_holds_anything(shop):
    """S05."""
    corrupt("UPDATE business_memberships SET user_id = NULL, is_active = false WHERE id = %s", shop.owner.pk)
    corrupt("UPDATE business_memberships SET user_id = NULL, is_active = false WHERE id = %s", shop.cashier.pk)
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM sessions")
        cursor.execute("DELETE FROM users")
    assert faults() == [("account_without_people", str(shop.id), None)]
    before = everything()
    assert (report("--delete")[0], everything()) == (1, before)


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
