"""Registration where the address has to be verified first: what it gives away, which is nothing; and the link."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.core import mail
from django.db import connections, transaction
from django.utils import timezone

from accounts import queries
from accounts.models import User
from core import tenancy
from tests.accounts.people import mailed_token
from tests.accounts.tills import ANOTHER, AUTH, client, same_but_for_the_id, told
from tests.conftest import PASSWORD
from tests.races import at_once

REGISTER = f"{AUTH}register-business/"
VERIFY = f"{AUTH}verify-email/"
AGAIN = f"{AUTH}verify-email/again/"
RESET = f"{AUTH}password/reset/"
ESI = {"email": "esi@x.example", "password": PASSWORD}
INVALID = (400, "link_invalid")
UNVERIFIED = (403, "email_not_verified")


@pytest.fixture(autouse=True)
def required(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "required"


def register(email=ESI["email"], **facts):
    body = {"business_name": "Esi Stores", "name": "Esi", "password": PASSWORD, "country": "GH", **facts}
    return client().post(REGISTER, {"email": email, **body})


def link(mails, email=ESI["email"]):
    """The token that is mailed to who registers."""
    with mails():
        assert told(register(email)) == (202, None)
    return mailed_token()


def verify(token):
    return told(client().post(VERIFY, {"token": token}))


def log_in(**body):
    return told(client().post(f"{AUTH}login/", {**ESI, **body}))


def but_for_the_end(sent):
    """The statements but for how transactions end: what is pretended is rolled back."""
    return [sql for sql in sent if not sql.startswith(("ROLLBACK", "RELEASE"))]


# --- What is given away -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["{}", "OWNER@STRANGER-STORES.EXAMPLE"])
def test_s03_a_known_address_is_answered_as_an_unknown_one_after_the_same_work_and_only_the_mail_differs(
    stranger, work, mails, form
):
    """S03."""
    taken = form.format(stranger.owner.user.email)
    with mails() as box:
        (new, new_sql, new_hashes), (known, known_sql, known_hashes) = [
            work(partial(register, email)) for email in (ESI["email"], taken)
        ]
    assert told(new) == told(known) == (202, None)
    assert [response.json()["data"] for response in (new, known)] == [
        {"email": ESI["email"]},
        {"email": stranger.owner.user.email},
    ]
    assert new.headers.keys() == known.headers.keys()
    assert new_hashes == known_hashes == 1
    assert but_for_the_end(known_sql) == but_for_the_end(new_sql)
    assert [(each.to, each.subject) for each in box] == [
        ([ESI["email"]], "Confirm your e-mail address"),
        ([stranger.owner.user.email], "You have an account already"),
    ]
    assert "token=" not in box[1].body


@pytest.mark.django_db
def test_s03_registering_a_known_address_stores_nothing_and_changes_nobody(stranger):
    """S03."""
    with stranger.inside():
        before = User.across_accounts.filter(pk=stranger.owner.user_id).values().get()
    assert told(register(stranger.owner.user.email, password=ANOTHER, name="Mine")) == (202, None)
    with stranger.inside():
        assert User.across_accounts.filter(pk=stranger.owner.user_id).values().get() == before
        assert stranger.account.memberships.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["esi@x.example", "owner@stranger-stores.example"])
def test_what_is_refused_is_refused_alike_for_known_and_unknown(stranger, email):
    weak = register(email, password="12345678")
    assert told(weak) == (400, "weak_password")
    assert same_but_for_the_id(weak, register("third@x.example", password="12345678"))
    several_zones = register(email, country="CD")
    assert told(several_zones)[0] == 400
    assert same_but_for_the_id(several_zones, register("third@x.example", country="CD"))


@pytest.mark.django_db
def test_that_the_address_is_not_verified_is_told_to_who_has_the_password_only(mails):
    link(mails)
    assert log_in() == UNVERIFIED
    assert told(client().post(f"{AUTH}token/", ESI)) == UNVERIFIED
    assert log_in(password=ANOTHER) == log_in(email="nobody@x.example") == (401, "wrong_credentials")


# --- The link ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_mailed_link_opens_the_business_once_and_gives_no_session(mails):
    token = link(mails)
    assert f"/verify-email?token={token}" in mail.outbox[-1].body
    answer = client().post(VERIFY, {"token": token})
    assert (answer.status_code, answer.content, dict(answer.cookies)) == (204, b"", {})
    assert log_in() == (200, None)
    assert verify(token) == INVALID
    assert log_in() == (200, None)


@pytest.mark.django_db
def test_a_link_that_is_sent_again_works_and_so_does_the_first_until_one_is_used(mails):
    first = link(mails)
    with mails() as box:
        assert told(client().post(AGAIN, {"email": ESI["email"]})) == (202, None)
    assert [each.to for each in box] == [[ESI["email"]]]
    assert verify(mailed_token()) == (204, None)
    assert verify(first) == INVALID


@pytest.mark.django_db
def test_who_is_verified_is_sent_no_link(mails):
    assert verify(link(mails)) == (204, None)
    with mails() as box:
        assert told(client().post(AGAIN, {"email": ESI["email"]})) == (202, None)
    assert box == []


@pytest.mark.django_db
def test_a_link_lasts_an_hour(mails):
    token = link(mails)
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=True):
        assert verify(token) == INVALID
        assert log_in() == UNVERIFIED
    with time_machine.travel(timezone.now() + timedelta(minutes=59), tick=True):
        assert verify(token) == (204, None)


@pytest.mark.django_db
def test_an_altered_link_and_one_of_another_person_or_kind_verify_nobody(shop, mails):
    token, other = link(mails), link(mails, "yaa@x.example")
    name, proof = token.split("-", 1)
    with mails():
        client().post(RESET, {"email": ESI["email"]})
    reset = mailed_token()
    wrong = [
        f"{name}-{other.split('-', 1)[1]}",
        f"{name}-{reset.split('-', 1)[1]}",
        f"{shop.owner.user_id.hex}-{proof}",
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        proof,
        name,
        "-",
    ]
    assert [verify(each) for each in wrong] == [INVALID] * len(wrong)
    assert log_in() == UNVERIFIED
    assert told(client().post(f"{RESET}confirm/", {"token": token, "password": ANOTHER})) == INVALID
    assert verify(token) == (204, None)


@pytest.mark.django_db
def test_a_link_is_dead_once_the_address_is_another_than_to_which_it_was_mailed(mails):
    token = link(mails)
    with transaction.atomic():
        user = queries.find_login(ESI["email"])
    with tenancy.scope(user.account_id):
        User.across_accounts.update(email="yaa@x.example")
    assert verify(token) == INVALID


# --- At once ----------------------------------------------------------------------------------------------------------


def test_s03_who_registers_many_times_at_once_is_there_once_and_never_told(committed):
    """S03."""
    forms = ["esi@x.example", "ESI@x.example", "esi@ｘ.example", "Esi@X.example"]
    assert at_once([lambda form=form: told(register(form)) for form in forms]) == [(202, None)] * 4
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM accounts)")
        assert cursor.fetchone() == (1, 1)
