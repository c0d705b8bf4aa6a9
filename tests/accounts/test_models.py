"""What the database itself refuses of people, seats and businesses."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services
from accounts.models import Account, Invitation, Membership, SessionKind, User, canonical_email
from accounts.roles import Role
from core import tenancy

pytestmark = pytest.mark.django_db

FORMS = [
    "ADA@x.com",
    "Ada@X.com",
    " ada@x.com",
    "ada@x.com ",
    "ａｄａ@x.com",
    "ada@ｘ.com",
    "ada＠x.com",
    "ada@x.com\u3000",
]
ELSEWHERE = [*FORMS, "\tada@x.com", "ada@x.com\n", "a da@x.com", "ada@É.com"]


def insert_user(email, account_id, alias="default"):
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "INSERT INTO users (id, account_id, email, name, password, is_active, totp_key, totp_step, recovery_codes,"
            " created_at) VALUES (%s, %s, %s, 'Ada', '', true, '', 0, '', now())",
            [uuid7(), account_id, email],
        )


def insert_seat(user_id, account_id):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO business_memberships (id, account_id, user_id, name, role, is_active, is_limited, pin,"
            " version, created_at) VALUES (%s, %s, %s, 'Ada', 'OWNER', true, false, '', 1, now())",
            [uuid7(), account_id, user_id],
        )


@pytest.mark.parametrize("form", FORMS)
def test_s13_every_form_of_an_address_is_one_address(form):
    """S13."""
    assert canonical_email(form) == "ada@x.com"


def test_s13_the_canonical_form_is_its_own_canonical_form_for_every_character():
    """S13."""
    for number in range(0x110000):
        once = canonical_email(f"a{chr(number)}@x.com")
        assert canonical_email(once) == once, hex(number)


@pytest.mark.parametrize("form", ELSEWHERE)
def test_s13_the_database_refuses_an_address_that_is_not_canonical(shop, form):
    """S13."""
    with (
        shop.inside(),
        pytest.raises(IntegrityError, match="email_is_canonical"),
        transaction.atomic(),
    ):
        insert_user(form, shop.id)


def test_s13_the_database_takes_the_canonical_form_and_only_once(shop, stranger):
    """S13."""
    with shop.inside():
        insert_user("ada@x.com", shop.id)
    with (
        stranger.inside(),
        pytest.raises(IntegrityError, match="one_user_per_email"),
        transaction.atomic(),
    ):
        insert_user("ada@x.com", stranger.id)


@pytest.mark.django_db(databases=["default", "owner"])
def test_s05_a_user_without_an_account_cannot_be_stored_by_anyone():
    """S05."""
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        insert_user("ada@x.com", None)
    with (
        pytest.raises(IntegrityError, match='null value in column "account_id"'),
        transaction.atomic(using="owner"),
    ):
        insert_user("ada@x.com", None, "owner")


def test_s05_a_user_of_an_account_that_is_not_there_cannot_be_stored():
    """S05."""
    nowhere = uuid7()
    with pytest.raises(IntegrityError, match="account"), tenancy.scope(nowhere):
        store_without_account(nowhere)


def store_without_account(nowhere):
    insert_user("ada@x.com", nowhere)
    connection.check_constraints()  # at the latest when the transaction ends


@pytest.mark.parametrize("by_bulk", [True, False])
def test_s03_a_second_seat_is_refused_by_the_database(shop, by_bulk):
    """S03."""
    seat = Membership(account=shop.account, user=shop.cashier.user, name="Again", role=Role.OWNER)

    def take():
        if by_bulk:
            Membership.across_accounts.bulk_create([seat])
        else:
            insert_seat(shop.cashier.user_id, shop.id)

    with (
        shop.inside(),
        pytest.raises(IntegrityError, match="one_user_one_business"),
        transaction.atomic(),
    ):
        take()
    with shop.inside():
        assert shop.account.memberships.count() == 2


def test_s03_a_seat_in_another_business_than_the_users_is_refused_by_the_database(shop, stranger):
    """S03."""
    with stranger.inside():
        run = "UPDATE business_memberships SET user_id = NULL, is_active = false WHERE id = %s"
        connection.cursor().execute(run, [stranger.cashier.pk])
    with (
        shop.inside(),
        pytest.raises(IntegrityError, match="accounts_membership_user_same_account"),
        transaction.atomic(),
    ):
        insert_seat(stranger.cashier.user_id, shop.id)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"user": None}, "active_seat_has_user"),
        ({"user": None, "is_limited": True}, "active_seat_has_user"),
        ({"role": "KING"}, "membership_role_known"),
    ],
)
def test_a_seat_that_makes_no_sense_is_refused(shop, change, rule):
    with shop.inside():
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            shop.account.memberships.filter(pk=shop.cashier.pk).update(**change)
        seat = shop.account.memberships.get(pk=shop.cashier.pk)
    assert (seat.user_id, seat.role) == (shop.cashier.user_id, "CASHIER")


def test_a_person_who_left_leaves_the_seat_and_its_name_behind(shop):
    with shop.inside():
        shop.account.memberships.filter(pk=shop.cashier.pk).update(user=None, is_active=False)
        seat = shop.account.memberships.get(pk=shop.cashier.pk)
    assert (str(seat), seat.capabilities) == (shop.cashier.name, frozenset())


def test_a_session_by_pin_that_has_no_till_is_refused(shop):
    with shop.inside(), pytest.raises(IntegrityError, match="pin_session_has_device"), transaction.atomic():
        services.open_session(by=shop.cashier, kind=SessionKind.PIN)


def test_a_second_open_invitation_of_one_address_is_refused_by_the_database_and_a_third_after_it_is_not(shop):
    offer = {"account": shop.account, "email": "ada@x.com", "invited_by": shop.owner, "role": Role.STAFF}
    offer["expires_at"] = timezone.now()
    with shop.inside():
        first = Invitation.across_accounts.create(**offer, token_hash="1")
        with pytest.raises(IntegrityError, match="one_open_invitation"), transaction.atomic():
            Invitation.across_accounts.create(**offer, token_hash="2")
        with pytest.raises(IntegrityError, match="one_invitation_per_token"), transaction.atomic():
            Invitation.across_accounts.create(**{**offer, "email": "bee@x.com"}, token_hash="1")
        shop.account.invitations.filter(pk=first.pk).update(revoked_at=timezone.now())
        Invitation.across_accounts.create(**offer, token_hash="2")
        assert shop.account.invitations.filter(email="ada@x.com").count() == 2


@pytest.mark.django_db(databases=["default", "owner"])
def test_there_is_one_platform_and_no_more():
    facts = {"country": "GH", "currency": "GHS", "time_zone": "UTC", "is_platform": True}
    accounts = Account.across_accounts.using("owner")
    accounts.create(name="One", **facts)
    with pytest.raises(IntegrityError, match="one_platform"), transaction.atomic(using="owner"):
        accounts.create(name="Two", **facts)
    assert [account.name for account in accounts.filter(is_platform=True)] == ["One"]


def test_clean_makes_the_address_canonical():
    user = User(email=" ＡDA@x.com")
    user.clean()
    assert user.email == "ada@x.com"
    assert not hasattr(User, "objects")
