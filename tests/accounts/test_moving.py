"""Who has left one business comes into another: user and seat together, and the history stays where it was made."""

from contextlib import contextmanager

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction

from accounts.models import User
from core import tenancy
from tests.accounts.people import MEMBERSHIPS, accept, invite, leave, now, roles_of, seat_of
from tests.accounts.tills import ME, PRODUCTS, browser, client, give_pin, refresh, register, sign_in, told
from tests.conftest import open_shop

pytestmark = pytest.mark.django_db

GONE = (401, "credential_invalid")


def account_of(user):
    with transaction.atomic():
        tenancy.reveal("app.user_id", str(user.pk))
        return User.across_accounts.get(pk=user.pk).account_id


def let_go(shop, member):
    """The seat is closed behind the services' back: sessions are not ended, as they would be."""
    with shop.inside():
        shop.account.memberships.filter(pk=member.pk).update(is_active=False)


def move(old, new, member, **offer):
    leave(old, member)
    return accept(invite(new, member.user.email, **offer))


# --- What moves, and what stays ---------------------------------------------------------------------------------------


def test_user_and_seat_move_together_and_the_old_seat_keeps_name_and_history(shop, stranger):
    till = sign_in(shop.cashier)["access"]
    sold = client(till).post("/api/v1/sales/sales/", shop.basket())
    assert sold.status_code == 201, sold.content
    with shop.inside():
        history = list(shop.account.audit_events.filter(by=shop.cashier).values_list("pk", flat=True))
    moved = move(shop, stranger, shop.cashier, role="MANAGER")
    assert moved.status_code == 201, moved.content
    assert account_of(shop.cashier.user) == stranger.id
    left = now(shop, shop.cashier)
    assert (left.user_id, left.is_active, left.name, left.role) == (None, False, shop.cashier.name, "CASHIER")
    with shop.inside():
        sale = shop.account.sales.get(pk=sold.json()["data"]["id"])
        assert sale.sold_by_id == shop.cashier.pk
        kept = shop.account.audit_events.filter(by=shop.cashier)
        assert set(history) <= set(kept.values_list("pk", flat=True))
        assert kept.filter(action="membership.left_empty").count() == 1
    with stranger.inside():
        seat = stranger.account.memberships.get(user=shop.cashier.user)
        assert (seat.role, seat.is_active, seat.name) == ("MANAGER", True, shop.cashier.user.name)


def test_who_has_moved_signs_in_to_the_new_business_only_and_the_rows_of_the_old_one_are_404(shop, stranger):
    assert move(shop, stranger, shop.cashier).status_code == 201
    token = sign_in(shop.cashier)["access"]
    for here in (client(token), browser(shop.cashier)):
        assert here.get(ME).json()["data"]["account"]["id"] == str(stranger.id)
        listed = {row["id"] for row in here.get(PRODUCTS).json()["results"]}
        assert listed == {str(product.pk) for product in stranger.products}
        assert told(here.get(f"{PRODUCTS}{shop.products[0].pk}/")) == (404, "not_found")
    back = client(token, HTTP_X_ACCOUNT_ID=str(shop.id))
    assert told(back.get(PRODUCTS)) == (404, "not_found")


def test_s10_a_session_that_stood_until_the_move_ends_with_it_by_cookie_access_and_refresh(shop, stranger):
    """S10."""
    page, issued = browser(shop.cashier), sign_in(shop.cashier)
    token = client(issued["access"])
    let_go(shop, shop.cashier)
    assert told(page.get(PRODUCTS)) == told(token.get(PRODUCTS)) == (403, "no_business")
    assert accept(invite(stranger, shop.cashier.user.email)).status_code == 201
    assert told(page.get(PRODUCTS)) == told(token.get(PRODUCTS)) == GONE
    assert told(refresh(issued["refresh"])) == GONE


def test_the_pin_of_the_old_seat_is_worth_nothing_after_the_move(shop, stranger):
    give_pin(shop, shop.cashier)
    till = register(shop)
    by_pin = till.signed_in(shop.cashier)
    let_go(shop, shop.cashier)
    assert accept(invite(stranger, shop.cashier.user.email)).status_code == 201
    assert told(by_pin.get(PRODUCTS)) == GONE
    assert told(till.change_to(shop.cashier)) == (403, "wrong_pin")


def test_the_old_business_neither_sees_who_the_person_is_now_nor_gets_them_back_by_itself(shop, stranger):
    assert move(shop, stranger, shop.cashier).status_code == 201
    asked = shop.client()
    listed = asked.get(MEMBERSHIPS)
    assert shop.cashier.user.email not in listed.content.decode()
    assert shop.cashier.name in [row["name"] for row in listed.json()["results"]]
    for word in ("reactivate", "hand-over"):
        assert told(asked.post(f"{seat_of(shop.cashier)}{word}/")) == (409, "seat_empty")
    assert account_of(shop.cashier.user) == stranger.id


def test_who_comes_back_gets_a_new_seat_and_the_old_one_stays_empty(shop, stranger):
    assert move(shop, stranger, shop.cashier).status_code == 201
    with stranger.inside():
        meanwhile = stranger.account.memberships.get(user=shop.cashier.user)
    assert move(stranger, shop, meanwhile, role="STAFF").status_code == 201
    assert now(shop, shop.cashier).user_id is None
    assert now(stranger, meanwhile).user_id is None
    with shop.inside():
        seat = shop.account.memberships.get(user=shop.cashier.user)
    assert (seat.pk != shop.cashier.pk, seat.role, seat.is_active) == (True, "STAFF", True)


def test_who_has_no_seat_at_all_comes_over_too(shop, stranger):
    with shop.inside():
        shop.account.memberships.filter(pk=shop.cashier.pk).update(user=None, is_active=False)
    assert accept(invite(stranger, shop.cashier.user.email)).status_code == 201
    assert account_of(shop.cashier.user) == stranger.id


# --- What does not move -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["cashier", "owner"])
def test_s03_who_has_a_seat_elsewhere_stays_there_and_the_other_business_is_never_named(shop, stranger, role):
    """S03."""
    person = getattr(shop, role)
    here, seats = client(sign_in(person)["access"]), (roles_of(shop), roles_of(stranger))
    refused = accept(invite(stranger, person.user.email))
    assert told(refused) == (409, "user_already_exists")
    assert shop.account.name not in refused.content.decode()
    assert str(shop.id) not in refused.content.decode()
    assert (roles_of(shop), roles_of(stranger)) == seats
    assert account_of(person.user) == shop.id
    assert here.get(ME).status_code == 200
    with stranger.inside():
        assert stranger.account.invitations.get().accepted_at is None


def test_a_wrong_password_moves_nobody_and_ends_nothing(shop, stranger):
    leave(shop, shop.cashier)
    token = invite(stranger, shop.cashier.user.email)
    assert told(accept(token, password="not-the-password")) == (401, "wrong_credentials")
    assert account_of(shop.cashier.user) == shop.id
    assert now(shop, shop.cashier).user_id == shop.cashier.user_id
    assert accept(token).status_code == 201


@contextmanager
def breaking_before(statement):
    """The database goes away just before the first statement that begins so."""

    def fail(execute, sql, params, many, context):
        if sql.startswith(statement):
            raise OperationalError("the connection is lost")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.parametrize(
    "statement",
    ['UPDATE "business_memberships"', 'UPDATE "users"', 'INSERT INTO "business_memberships"', 'UPDATE "invitations"'],
)
def test_a_move_that_breaks_off_in_the_middle_has_not_begun(shop, stranger, statement):
    leave(shop, shop.cashier)
    token, seats = invite(stranger, shop.cashier.user.email), roles_of(stranger)
    with breaking_before(statement):
        assert accept(token).status_code == 503
    assert account_of(shop.cashier.user) == shop.id
    assert now(shop, shop.cashier).user_id == shop.cashier.user_id
    assert roles_of(stranger) == seats
    assert accept(token).status_code == 201


# --- The database has the last word -----------------------------------------------------------------------------------


def run(sql, *params):
    """How many rows a statement of the web's own role has touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


@contextmanager
def naming(shop, user):
    """A transaction of this business that names a user of another as the one who moves."""
    with shop.inside():
        tenancy.reveal("app.user_id", str(user.pk))
        tenancy.reveal("app.moving_user", str(user.pk))
        try:
            yield
        finally:
            for setting in ("app.user_id", "app.moving_user"):
                tenancy.reveal(setting, "")


COME = "UPDATE users SET account_id = %s WHERE id = %s"
BY_MEMBERSHIP = "accounts_membership_user_same_account"
BY_SESSION = "accounts_session_user_same_account"
BY_POLICY = "row-level security"


@pytest.mark.parametrize("is_active", [True, False])
def test_s03_nobody_is_moved_in_sql_who_still_has_a_seat(shop, stranger, is_active):
    """S03."""
    if not is_active:
        leave(shop, shop.cashier)
    with naming(stranger, shop.cashier.user), pytest.raises(IntegrityError, match=BY_MEMBERSHIP):
        run(COME, stranger.id, shop.cashier.user_id)
    assert account_of(shop.cashier.user) == shop.id


def test_s10_nobody_is_moved_in_sql_who_is_signed_in(shop, stranger):
    """S10."""
    sign_in(shop.cashier)
    with shop.inside():
        shop.account.memberships.filter(pk=shop.cashier.pk).update(user=None, is_active=False)
    with naming(stranger, shop.cashier.user), pytest.raises(IntegrityError, match=BY_SESSION):
        run(COME, stranger.id, shop.cashier.user_id)
    assert account_of(shop.cashier.user) == shop.id


@pytest.mark.parametrize(
    "change",
    [
        "email = 'thief@x.example'",
        "password = 'known'",
        "totp_confirmed_at = NULL",
        "email_verified_at = now()",
        "is_active = false",
    ],
)
def test_who_is_named_as_moving_cannot_be_rewritten_where_they_are(shop, stranger, change):
    with naming(stranger, shop.cashier.user), pytest.raises(ProgrammingError, match=BY_POLICY):
        run(f"UPDATE users SET {change} WHERE id = %s", shop.cashier.user_id)
    sign_in(shop.cashier)


def test_who_is_named_as_moving_cannot_be_sent_to_a_third_business_nor_removed(shop, stranger):
    third = open_shop("Third Trade")
    with naming(stranger, shop.cashier.user):
        with pytest.raises(ProgrammingError, match=BY_POLICY):
            run(COME, third.id, shop.cashier.user_id)
        assert run("DELETE FROM users WHERE id = %s", shop.cashier.user_id) == 0
    assert account_of(shop.cashier.user) == shop.id


def test_ones_own_people_cannot_be_sent_away(shop, stranger):
    with naming(shop, shop.cashier.user), pytest.raises(ProgrammingError, match=BY_POLICY):
        run(COME, stranger.id, shop.cashier.user_id)
    assert account_of(shop.cashier.user) == shop.id


def test_to_be_shown_somebody_is_not_to_be_allowed_to_change_them(shop, stranger):
    with stranger.inside():
        tenancy.reveal("app.user_id", str(shop.cashier.user_id))
        tenancy.reveal("app.login", shop.cashier.user.email)
        assert run("SELECT 1 FROM users WHERE id = %s", shop.cashier.user_id) == 1
        assert run(COME, stranger.id, shop.cashier.user_id) == 0
        assert run("UPDATE users SET password = 'known' WHERE id = %s", shop.cashier.user_id) == 0
        assert run("DELETE FROM users WHERE id = %s", shop.cashier.user_id) == 0
        for setting in ("app.user_id", "app.login"):
            tenancy.reveal(setting, "")
    assert account_of(shop.cashier.user) == shop.id


def test_outside_every_business_nobody_can_be_moved(shop, stranger):
    leave(shop, shop.cashier)
    with transaction.atomic():
        for setting in ("app.user_id", "app.moving_user"):
            tenancy.reveal(setting, str(shop.cashier.user_id))
        with pytest.raises(ProgrammingError, match=BY_POLICY):
            run(COME, stranger.id, shop.cashier.user_id)
        for setting in ("app.user_id", "app.moving_user"):
            tenancy.reveal(setting, "")
    assert account_of(shop.cashier.user) == shop.id


def test_one_name_moves_one_person(shop, stranger):
    """Not even a statement that names nobody brings more than the one over who was named."""
    with shop.inside():
        shop.account.memberships.filter(pk=shop.cashier.pk).update(user=None, is_active=False)
    with naming(stranger, shop.cashier.user):
        run("UPDATE users SET account_id = %s", stranger.id)
    assert account_of(shop.cashier.user) == stranger.id
    assert account_of(shop.owner.user) == shop.id
