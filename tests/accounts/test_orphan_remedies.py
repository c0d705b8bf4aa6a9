"""fix_orphaned_users with each remedy: what it repairs, and what it leaves alone."""

import pytest
from django.db import connections
from uuid_utils.compat import uuid7

from accounts import services
from accounts.models import Account, AuditEvent, Membership, User
from accounts.roles import Role
from tests.accounts.orphans import (
    a_user,
    an_account,
    corrupt,
    demote_the_owner,
    events,
    everything,
    faults,
    report,
    staff,
)
from tests.conftest import PASSWORD, open_shop

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions")


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
