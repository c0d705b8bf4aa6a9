"""Registration where the address has to be verified first: what it gives away, which is nothing; and the link."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.core import mail
from django.db import connections
from django.utils import timezone

from accounts.models import User
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


def link(mails, email=ESI["email"], **facts):
    """The token that is mailed to who registers."""
    with mails():
        assert told(register(email, **facts)) == (202, None)
    return mailed_token()


def verify(token, password=PASSWORD):
    return told(client().post(VERIFY, {"token": token, "password": password}))


def log_in(**body):
    return told(client().post(f"{AUTH}login/", {**ESI, **body}))


def count():
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM accounts)")
        return cursor.fetchone()


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
    assert known_sql == new_sql
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
def test_that_the_address_is_not_verified_is_told_to_who_has_the_password_only(shop):
    """Who registered while that was optional."""
    email = shop.owner.user.email
    assert log_in(email=email) == UNVERIFIED
    assert told(client().post(f"{AUTH}token/", {"email": email, "password": PASSWORD})) == UNVERIFIED
    assert log_in(email=email, password=ANOTHER) == log_in() == (401, "wrong_credentials")


# --- The link ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_mailed_link_opens_the_business_once_and_gives_no_session(mails):
    token = link(mails, country="SN")
    assert f"/verify-email?token={token}" in mail.outbox[-1].body
    assert log_in() == (401, "wrong_credentials")
    answer = client().post(VERIFY, {"token": token, "password": PASSWORD})
    assert (answer.status_code, answer.content, dict(answer.cookies)) == (204, b"", {})
    me = client().post(f"{AUTH}login/", ESI).json()["data"]
    assert (me["account"]["name"], me["account"]["currency"], me["role"]) == ("Esi Stores", "XOF", "OWNER")
    assert verify(token) == INVALID
    assert log_in() == (200, None)


@pytest.mark.django_db
def test_who_registers_somebody_elses_address_gets_nothing_of_their_click(mails):
    thief, victim = link(mails, password=ANOTHER, business_name="Scam"), link(mails)
    assert verify(thief) == (401, "wrong_credentials")
    assert log_in(password=ANOTHER) == log_in() == (401, "wrong_credentials")
    assert verify(victim) == (204, None)
    assert client().post(f"{AUTH}login/", ESI).json()["data"]["account"]["name"] == "Esi Stores"
    assert verify(thief, ANOTHER) == INVALID
    assert log_in(password=ANOTHER) == (401, "wrong_credentials")


@pytest.mark.django_db
def test_the_password_of_a_registration_is_not_guessed(mails, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login": (3, 900)}
    token = link(mails)
    answers = [verify(token, ANOTHER) for _ in range(3)] + [verify(token)]
    assert answers == [(401, "wrong_credentials")] * 3 + [(429, "too_many_tries")]


@pytest.mark.django_db
def test_a_login_that_is_not_verified_is_sent_a_link_and_verified_by_its_password(shop, mails):
    email = shop.owner.user.email
    with mails() as box:
        assert told(client().post(AGAIN, {"email": email})) == (202, None)
    assert [each.to for each in box] == [[email]]
    token = mailed_token()
    assert verify(token, ANOTHER) == (401, "wrong_credentials")
    assert log_in(email=email) == UNVERIFIED
    assert verify(token) == (204, None)
    assert log_in(email=email) == (200, None)
    assert verify(token) == INVALID
    with mails() as box:
        assert told(client().post(AGAIN, {"email": email})) == (202, None)
    assert box == []


@pytest.mark.django_db
def test_a_link_lasts_an_hour(mails):
    token = link(mails)
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=True):
        assert verify(token) == INVALID
    with time_machine.travel(timezone.now() + timedelta(minutes=59), tick=True):
        assert verify(token) == (204, None)


@pytest.mark.django_db
def test_an_altered_link_and_one_of_another_person_or_kind_verify_nobody(shop, stranger, mails):
    opening = link(mails)
    tokens = []
    for path, email in ((AGAIN, shop.owner), (AGAIN, stranger.owner), (RESET, shop.owner)):
        with mails():
            client().post(path, {"email": email.user.email})
        tokens.append(mailed_token())
    mine, theirs, reset = tokens
    name, proof = mine.split("-", 1)
    wrong = [
        f"{name}-{theirs.split('-', 1)[1]}",
        f"{name}-{reset.split('-', 1)[1]}",
        f"{shop.cashier.user_id.hex}-{proof}",
        mine[:-1] + ("0" if mine[-1] != "0" else "1"),
        opening[:40] + ("A" if opening[40] != "A" else "B") + opening[41:],
        opening[:-8],
        proof,
        name,
        "-",
        "gAAAAA",
    ]
    assert [verify(each) for each in wrong] == [INVALID] * len(wrong)
    assert log_in(email=shop.owner.user.email) == UNVERIFIED
    for token in (mine, opening):
        assert told(client().post(f"{RESET}confirm/", {"token": token, "password": ANOTHER})) == INVALID
        assert verify(token) == (204, None)


@pytest.mark.django_db
def test_a_link_is_dead_once_the_address_is_another_than_to_which_it_was_mailed(shop, mails):
    with mails():
        client().post(AGAIN, {"email": shop.owner.user.email})
    token = mailed_token()
    with shop.inside():
        User.across_accounts.filter(pk=shop.owner.user_id).update(email="yaa@x.example")
    assert verify(token) == INVALID


# --- At once ----------------------------------------------------------------------------------------------------------


def test_s03_links_that_are_used_at_the_same_instant_open_one_business(committed, mailoutbox):
    """S03."""
    tokens = []
    for form in ("esi@x.example", "ESI@x.example", "esi@ｘ.example", "Esi@X.example"):
        assert told(register(form)) == (202, None)
        tokens.append(mailed_token())
    assert count() == (0, 0)
    answers = at_once([partial(verify, token) for token in tokens])
    assert sorted(answers)[0] == (204, None)
    assert set(answers) <= {(204, None), INVALID, (409, "user_already_exists")}
    assert answers.count((204, None)) == 1
    assert count() == (1, 1)
