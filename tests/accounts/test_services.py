import pytest
from django.db import IntegrityError, transaction
from uuid_utils.compat import uuid7

from accounts import queries, services
from accounts.errors import WeakPassword, WrongCredentials
from accounts.models import Account, AuditEvent, SessionKind, User
from accounts.roles import Role
from core import tenancy
from tests.conftest import PASSWORD, open_shop

pytestmark = pytest.mark.django_db


FORMS = ["owner@{}.example", " OWNER@{}.EXAMPLE", "ｏwner@{}.example"]


def open_account(account_id, **facts):
    return services.open_account(
        account_id=account_id,
        **{
            "business_name": "Esi Stores",
            "name": "Esi",
            "email": "esi@x.com",
            "password": PASSWORD,
            "country": "GH",
            "currency": "GHS",
            "time_zone": "Africa/Accra",
            **facts,
        },
    )


def test_a_new_business_has_an_owner_a_trial_a_storefront_and_a_register():
    account_id = uuid7()
    with tenancy.scope(account_id):
        owner = open_account(account_id, email=" ESI@x.com ")
        account = Account.across_accounts.get()
        assert (account.pk, account.name, account.currency) == (account_id, "Esi Stores", "GHS")
        assert (owner.role, owner.user.email, owner.user.account_id) == (Role.OWNER, "esi@x.com", account_id)
        assert owner.user.check_password(PASSWORD)
        assert account.subscription.is_trial
        places = [(place.name, place.kind) for place in account.locations.order_by("id")]
        assert places == [("Main", "STOREFRONT"), ("In transit", "TRANSIT")]
        assert [register.code for register in account.registers.all()] == ["R1"]
        assert set(account.audit_events.values_list("action", flat=True)) >= {
            "account.opened",
            "subscription.trial_started",
            "location.added",
            "register.added",
        }


@pytest.mark.parametrize("password", ["short", "password123", "123456789012"])
def test_a_weak_password_opens_nothing(password):
    account_id = uuid7()
    with tenancy.scope(account_id):
        with pytest.raises(WeakPassword) as refusal, transaction.atomic():
            open_account(account_id, password=password)
        assert {error.field for error in refusal.value.errors} == {"password"}
        assert not Account.across_accounts.exists()
        assert not User.across_accounts.exists()


@pytest.mark.parametrize("form", FORMS)
def test_s03_a_person_who_is_here_cannot_be_added_to_another_business(shop, stranger, form):
    """S03."""
    form = form.format("stranger-stores")
    with shop.inside():
        with pytest.raises(IntegrityError, match="one_user_per_email"), transaction.atomic():
            services.add_member(account=shop.account, name="Ada", email=form, password=PASSWORD, role=Role.CASHIER)
        assert shop.account.memberships.count() == 2
        assert User.across_accounts.count() == 2


def sign_in(*, email, password=PASSWORD):
    return services.sign_in(kind=SessionKind.TOKEN, email=email, password=password)


@pytest.mark.parametrize("form", FORMS)
def test_s13_one_signs_in_with_every_form_of_the_address(shop, form):
    """S13."""
    member, session = sign_in(email=form.format("ama-provisions"))
    assert (member, member.user, session.user) == (shop.owner, shop.owner.user, shop.owner.user)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("owner@ama-provisions.example", "wrong"),
        ("owner@ama-provisions.example", ""),
        ("nobody@ama-provisions.example", PASSWORD),
        ("", PASSWORD),
    ],
)
def test_wrong_credentials_are_refused_alike(shop, email, password):
    with pytest.raises(WrongCredentials) as refusal:
        sign_in(email=email, password=password)
    assert (refusal.value.code, refusal.value.meta) == ("wrong_credentials", {})


def test_a_deactivated_user_cannot_sign_in(shop):
    with shop.inside():
        User.across_accounts.filter(pk=shop.owner.user_id).update(is_active=False)
    with pytest.raises(WrongCredentials):
        sign_in(email=shop.owner.user.email)
    with shop.inside():
        assert not shop.account.sessions.exists()


def test_looking_for_who_signs_in_turns_on_no_account_and_shows_nobody_else(shop, stranger):
    with transaction.atomic():
        assert queries.find_login(shop.owner.user.email) == shop.owner.user
        assert [user.pk for user in User.across_accounts.all()] == [shop.owner.user_id]
        assert not Account.across_accounts.exists()


def test_signing_in_opens_a_session_in_that_business_and_shows_nobody_elses_rows(shop, stranger):
    with transaction.atomic():
        _, session = sign_in(email=shop.owner.user.email)
        assert {user.account_id for user in User.across_accounts.all()} == {shop.id}
        assert [account.pk for account in Account.across_accounts.all()] == [shop.id]
    with stranger.inside():
        assert not stranger.account.sessions.exists()
    with shop.inside():
        assert [row.pk for row in shop.account.sessions.all()] == [session.pk]


def test_a_change_is_written_once_with_what_was_and_what_is(shop):
    shop.owner.request_id = "till-0001"
    with shop.inside():
        account = Account.across_accounts.get()
        services.change_account(by=shop.owner, account=account, name="New", time_zone=account.time_zone)
        event = shop.account.audit_events.get(action="account.changed")
        assert (event.before, event.after) == ({"name": "Ama Provisions"}, {"name": "New"})
        assert (event.by, event.subject_id, event.request_id) == (shop.owner, shop.id, "till-0001")
        assert Account.across_accounts.values_list("name", "version").get() == ("New", 2)


def test_a_change_of_nothing_leaves_no_trace(shop):
    with shop.inside():
        before = AuditEvent.across_accounts.count()
        services.change_account(by=shop.owner, account=Account.across_accounts.get(), name="Ama Provisions")
        assert AuditEvent.across_accounts.count() == before
        assert Account.across_accounts.get().version == 1


def test_what_a_business_starts_with_is_undone_when_a_step_fails(settings):
    settings.ACCOUNT_SETUP = [*settings.ACCOUNT_SETUP, "tests.accounts.test_services.refuse"]
    with pytest.raises(RuntimeError):
        open_shop("Half Open")
    settings.ACCOUNT_SETUP = settings.ACCOUNT_SETUP[:-1]
    assert open_shop("Half Open").owner.user.email == "owner@half-open.example"


def refuse(*, by):
    raise RuntimeError(by)
