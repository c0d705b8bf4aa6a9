"""S03: however many businesses take one person in at the same instant, one of them has them."""

from contextlib import contextmanager
from functools import partial
from threading import Barrier

import pytest
from django.db import connections
from django.db.models import QuerySet

from tests.accounts.people import accept, invite, leave, now, seat_of
from tests.accounts.tills import told
from tests.conftest import open_shop
from tests.races import at_once, meeting_before, one_behind_another, without

pytestmark = pytest.mark.usefixtures("committed")

EMAIL = "esi@x.example"
COME, TAKEN, UNKNOWN = (201, None), (409, "user_already_exists"), (404, "invitation_unknown")
SAME_ACCOUNT = "accounts_membership_user_same_account"


@pytest.fixture
def shops():
    """A business that somebody has left, and two that want them."""
    return [open_shop(name) for name in ("Ama Provisions", "Kofi Stores", "Yaa Trade")]


@pytest.fixture
def leaver(shops):
    leave(shops[0], shops[0].cashier)
    return shops[0].cashier


def take(token):
    return told(accept(token))


def take_meeting(token, *, before, barrier):
    """Take the seat; just before the first such statement wait for the other."""
    with meeting_before(before, barrier):
        return take(token)


def both_take(tokens, *, before):
    barrier = Barrier(len(tokens))
    return at_once([partial(take_meeting, token, before=before, barrier=barrier) for token in tokens])


def count(question, email):
    with connections["owner"].cursor() as cursor:
        cursor.execute(question, [email])
        return cursor.fetchone()[0]


def seats_of(email):
    return count(
        "SELECT count(*) FROM business_memberships m JOIN users u ON u.id = m.user_id WHERE u.email = %s", email
    )


def users_of(email):
    return count("SELECT count(*) FROM users WHERE email = %s", email)


@pytest.fixture
def unlocked(monkeypatch):
    """No row is locked when it is read."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)


# --- A stranger -------------------------------------------------------------------------------------------------------


def test_s03_a_stranger_who_accepts_two_invitations_at_once_has_one_seat(shops):
    """S03."""
    tokens = [invite(shop, EMAIL) for shop in shops[1:]]
    assert sorted(both_take(tokens, before='INSERT INTO "users"'), key=str) == [COME, TAKEN]
    assert (users_of(EMAIL), seats_of(EMAIL)) == (1, 1)


def test_s03_control_without_the_constraint_the_stranger_is_there_twice(shops):
    """S03."""
    tokens = [invite(shop, EMAIL) for shop in shops[1:]]
    with without("one_user_per_email"):
        assert both_take(tokens, before='INSERT INTO "users"') == [COME, COME]
        assert (users_of(EMAIL), seats_of(EMAIL)) == (2, 2)


def test_s15_one_invitation_that_is_accepted_many_times_at_once_gives_one_seat(shops):
    """S15."""
    token = invite(shops[1], EMAIL)
    assert sorted(at_once([partial(take, token)] * 4), key=str) == [COME] + [UNKNOWN] * 3
    assert (users_of(EMAIL), seats_of(EMAIL)) == (1, 1)


def test_s15_control_without_lock_and_constraint_an_invitation_is_accepted_by_both(shops, unlocked):
    """S15."""
    tokens = [invite(shops[1], EMAIL)] * 2
    assert sorted(both_take(tokens, before='INSERT INTO "users"'), key=str) == [COME, TAKEN]
    with without("one_user_per_email"):
        tokens = [invite(shops[2], "yaa@x.example")] * 2
        assert both_take(tokens, before='INSERT INTO "users"') == [COME, COME]


# --- A person who has left --------------------------------------------------------------------------------------------


def test_s03_a_person_without_a_seat_who_accepts_two_invitations_at_once_has_one(shops, leaver):
    """S03."""
    tokens = [invite(shop, leaver.user.email) for shop in shops[1:]]
    results = at_once([partial(take, token) for token in tokens])
    assert sorted(results, key=str) == [COME, TAKEN]
    assert seats_of(leaver.user.email) == 1
    assert now(shops[0], leaver).user_id is None


def test_s03_without_the_lock_on_the_person_the_database_still_leaves_one_seat(shops, leaver, unlocked):
    """S03."""
    tokens = [invite(shop, leaver.user.email) for shop in shops[1:]]
    results = both_take(tokens, before='UPDATE "business_memberships"')
    assert [result for result in results if result == COME] == [COME]
    assert seats_of(leaver.user.email) == 1


def test_s03_control_without_lock_and_constraints_the_person_sits_in_both(shops, leaver, unlocked):
    """S03."""
    tokens = [invite(shop, leaver.user.email) for shop in shops[1:]]
    with without(SAME_ACCOUNT, "one_user_one_business"):
        assert both_take(tokens, before='UPDATE "business_memberships"') == [COME, COME]
        assert seats_of(leaver.user.email) == 2


# --- Taken back and gone at once --------------------------------------------------------------------------------------


@contextmanager
def held(shop, member):
    """The seat is locked meanwhile."""
    with shop.inside():
        shop.account.memberships.locked().get(pk=member.pk)
        yield


def reopen(shop, member):
    return told(shop.client().post(f"{seat_of(member)}reactivate/"))


@pytest.mark.parametrize(
    ("is_first", "wanted"),
    [
        ("taking back", [(200, None), TAKEN]),
        ("going", [COME, (409, "seat_empty")]),
    ],
)
def test_s03_who_is_taken_back_and_accepts_elsewhere_at_once_has_one_seat(shops, leaver, is_first, wanted):
    """S03."""
    calls = [partial(reopen, shops[0], leaver), partial(take, invite(shops[1], leaver.user.email))]
    if is_first == "going":
        calls.reverse()
    assert one_behind_another(calls, held=held(shops[0], leaver)) == wanted
    assert seats_of(leaver.user.email) == 1
    assert now(shops[0], leaver).is_active == (is_first == "taking back")


def test_s03_control_without_lock_and_constraint_the_old_seat_is_open_and_empty(shops, leaver, unlocked):
    """S03."""
    token, barrier = invite(shops[1], leaver.user.email), Barrier(2)
    shops[0].tokens()

    def meet(call):
        with meeting_before('UPDATE "business_memberships"', barrier):
            return call()

    with without("active_seat_has_user"):
        calls = [partial(reopen, shops[0], leaver), partial(take, token)]
        assert at_once([partial(meet, call) for call in calls]) == [(200, None), COME]
        seat = now(shops[0], leaver)
        assert (seat.is_active, seat.user_id) == (True, None)
