"""S12: passwords changed and reset; what signing in and asking for a reset give away, which is nothing."""

from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services
from accounts.errors import LinkInvalid
from accounts.models import User
from tests.accounts.people import mailed_token
from tests.accounts.tills import (
    ANOTHER,
    AUTH,
    ME,
    browser,
    client,
    credentials,
    give_pin,
    refresh,
    register,
    same_but_for_the_id,
    sign_in,
    told,
)
from tests.conftest import PASSWORD, open_shop
from tests.races import at_once, count_of, meeting_before

CHANGE = f"{AUTH}password/change/"
RESET = f"{AUTH}password/reset/"
CONFIRM = f"{AUTH}password/reset/confirm/"
INVALID = (400, "link_invalid")


def reset_token(member, mails):
    with mails():
        assert client().post(RESET, {"email": member.user.email}).status_code == 202
    return mailed_token()


def password_is(member, password):
    return told(client().post(f"{AUTH}token/", credentials(member, password=password))) == (200, None)


# --- Changed ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["token", "cookie"])
def test_s12_a_new_password_ends_all_other_sessions_and_this_one_goes_on(shop, mails, way):
    """S12."""
    give_pin(shop, shop.owner)
    mine = sign_in(shop.owner)
    here = client(mine["access"]) if way == "token" else browser(shop.owner)
    elsewhere, page, till = sign_in(shop.owner), browser(shop.owner), register(shop).signed_in(shop.owner)
    colleague = client(sign_in(shop.cashier)["access"])
    with mails() as box:
        assert here.post(CHANGE, {"old_password": PASSWORD, "password": ANOTHER}).status_code == 204
    assert [mail.to for mail in box] == [[shop.owner.user.email]]
    assert ANOTHER not in box[0].body
    for gone in (client(elsewhere["access"]), page, till):
        assert told(gone.get(ME)) == (401, "credential_invalid")
    assert told(refresh(elsewhere["refresh"])) == (401, "credential_invalid")
    assert (here.get(ME).status_code, colleague.get(ME).status_code) == (200, 200)
    if way == "token":
        assert told(refresh(mine["refresh"])) == (200, None)
    assert not password_is(shop.owner, PASSWORD)
    assert password_is(shop.owner, ANOTHER)
    with shop.inside():
        event = shop.account.audit_events.get(action="password.changed")
        assert (event.by, event.before, event.after) == (shop.owner, {}, {})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"old_password": "wrong", "password": ANOTHER}, (401, "wrong_credentials")),
        ({"old_password": "", "password": ANOTHER}, (400, "invalid_input")),
        ({"password": ANOTHER}, (400, "invalid_input")),
        ({"old_password": PASSWORD, "password": "short"}, (400, "weak_password")),
        ({"old_password": PASSWORD, "password": "123456789012"}, (400, "weak_password")),
        ({"old_password": PASSWORD, "password": "x" * 129}, (400, "invalid_input")),
    ],
)
def test_a_change_that_is_refused_changes_nothing_and_ends_nothing(shop, body, refusal):
    here, elsewhere = browser(shop.owner), client(sign_in(shop.owner)["access"])
    assert told(here.post(CHANGE, body)) == refusal
    assert (here.get(ME).status_code, elsewhere.get(ME).status_code) == (200, 200)
    assert password_is(shop.owner, PASSWORD)


@pytest.mark.django_db
def test_whoever_has_stolen_a_session_cannot_guess_the_password_in_it(shop, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login": (3, 900)}
    here = client(sign_in(shop.owner)["access"])
    guess = {"old_password": "wrong", "password": ANOTHER}
    answers = [told(here.post(CHANGE, guess)) for _ in range(5)]
    assert answers == [(401, "wrong_credentials")] * 3 + [(429, "too_many_tries")] * 2
    right = here.post(CHANGE, {"old_password": PASSWORD, "password": ANOTHER})
    assert (told(right), int(right["Retry-After"]) > 800) == ((429, "too_many_tries"), True)
    pin = here.post(f"{AUTH}pin/change/", {"password": PASSWORD, "pin": "4702"})
    assert told(pin) == (429, "too_many_tries")
    assert password_is(shop.owner, PASSWORD)


# --- Reset ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_s12_a_mailed_link_sets_a_new_password_once_and_ends_every_session(shop, mails):
    """S12."""
    page, token = browser(shop.owner), sign_in(shop.owner)
    link = reset_token(shop.owner, mails)
    with mails() as box:
        assert page.post(CONFIRM, {"token": link, "password": ANOTHER}).status_code == 204
    assert [mail.subject for mail in box] == ["Your password was changed"]
    for gone in (page, client(token["access"])):
        assert told(gone.get(ME)) == (401, "credential_invalid")
    assert told(client().post(CONFIRM, {"token": link, "password": "a-third-horse-battery"})) == INVALID
    assert password_is(shop.owner, ANOTHER)
    with shop.inside():
        assert User.across_accounts.get(pk=shop.owner.user_id).email_verified_at


@pytest.mark.django_db
def test_a_link_lasts_an_hour(shop, mails):
    link, start = reset_token(shop.owner, mails), timezone.now()
    with time_machine.travel(start + timedelta(minutes=61), tick=False):
        assert told(client().post(CONFIRM, {"token": link, "password": ANOTHER})) == INVALID
    with time_machine.travel(start + timedelta(minutes=59), tick=False):
        assert client().post(CONFIRM, {"token": link, "password": ANOTHER}).status_code == 204


@pytest.mark.django_db
def test_a_weak_password_does_not_use_up_the_link(shop, mails):
    link = reset_token(shop.owner, mails)
    assert told(client().post(CONFIRM, {"token": link, "password": "short"})) == (400, "weak_password")
    assert client().post(CONFIRM, {"token": link, "password": ANOTHER}).status_code == 204


def deactivated(shop):
    with shop.inside():
        User.across_accounts.filter(pk=shop.owner.user_id).update(is_active=False)


def without_password(shop):
    with shop.inside():
        User.across_accounts.filter(pk=shop.cashier.user_id).update(password=make_password(None))


def readdressed(shop):
    with shop.inside():
        User.across_accounts.filter(pk=shop.owner.user_id).update(email="new@ama.example")


def password_changed(shop):
    body = {"old_password": PASSWORD, "password": "a-third-horse-battery"}
    assert browser(shop.owner).post(CHANGE, body).status_code == 204


@pytest.mark.django_db
@pytest.mark.parametrize("change", [deactivated, readdressed, password_changed], ids=lambda change: change.__name__)
def test_s12_a_link_is_dead_once_the_person_is_another_than_to_whom_it_was_mailed(shop, mails, change):
    """S12."""
    link = reset_token(shop.owner, mails)
    change(shop)
    with shop.inside():
        before = User.across_accounts.get(pk=shop.owner.user_id).password
    assert told(client().post(CONFIRM, {"token": link, "password": ANOTHER})) == INVALID
    with shop.inside():
        assert User.across_accounts.get(pk=shop.owner.user_id).password == before


@pytest.mark.django_db
def test_a_link_of_another_kind_of_another_person_or_of_nobody_is_invalid(shop, mails):
    link = reset_token(shop.owner, mails)
    proof = link.partition("-")[2]
    with mails():
        assert client().post(f"{AUTH}verify-email/again/", {"email": shop.owner.user.email}).status_code == 202
    wrong = [
        mailed_token(),
        f"{shop.cashier.user_id.hex}-{proof}",
        f"{uuid7().hex}-{proof}",
        f"nonsense-{proof}",
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        proof,
        "x",
    ]
    answers = [client().post(CONFIRM, {"token": token, "password": ANOTHER}) for token in wrong]
    assert {told(answer) for answer in answers} == {INVALID}
    assert same_but_for_the_id(*answers)
    assert told(client().post(f"{AUTH}verify-email/", {"token": link, "password": PASSWORD})) == INVALID
    assert password_is(shop.owner, PASSWORD)


@pytest.mark.django_db
def test_who_has_reset_the_password_gets_in_from_there_however_often_others_try(shop, settings, mails):
    """S17."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login_account": (0, 3600)}
    locked = client().post(f"{AUTH}token/", credentials(shop.cashier))
    assert told(locked) == (429, "too_many_tries")
    body = {"token": reset_token(shop.cashier, mails), "password": ANOTHER}
    assert client().post(CONFIRM, body, REMOTE_ADDR="7.7.7.7").status_code == 204
    again = credentials(shop.cashier, password=ANOTHER)
    assert told(client().post(f"{AUTH}token/", again, REMOTE_ADDR="7.7.7.7")) == (200, None)
    assert told(client().post(f"{AUTH}token/", again, REMOTE_ADDR="7.7.7.8")) == (429, "too_many_tries")


def confirm(link, password):
    services.confirm_reset(token=link, password=password)
    return "set"


@pytest.fixture
def race(committed, mailoutbox):
    """Two who use the same link with a password each."""
    shop = open_shop("Ama Provisions")
    assert client().post(RESET, {"email": shop.owner.user.email}).status_code == 202
    calls = [partial(confirm, mailed_token(), password) for password in (ANOTHER, "a-third-horse-battery")]
    return shop, calls


def changes(shop):
    with shop.inside():
        return shop.account.audit_events.filter(action="password.changed").count()


def test_s12_a_link_that_is_used_twice_at_once_works_once(race):
    """S12."""
    shop, calls = race
    results = at_once(calls * 2)
    assert (count_of(results, "set"), count_of(results, LinkInvalid), changes(shop)) == (1, 3, 1)


def test_s12_control_without_the_lock_a_link_that_is_used_twice_at_once_works_twice(race, monkeypatch):
    """S12."""
    shop, calls = race
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows.all())
    both_have_read = Barrier(2)

    def use(call):
        with meeting_before('UPDATE "users"', both_have_read):
            return call()

    assert at_once([partial(use, call) for call in calls]) == ["set"] * 2
    assert changes(shop) == 2


# --- What is given away -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["login", "token"])
def test_s12_an_unknown_address_a_wrong_password_and_a_deactivated_person_are_answered_alike_after_the_same_work(
    shop, stranger, work, way
):
    """S12."""
    deactivated(stranger)
    without_password(stranger)
    give_pin(shop, shop.cashier)
    tries = [
        {"email": "nobody@x.example", "password": PASSWORD},
        credentials(shop.owner, password="wrong"),
        credentials(shop.cashier, password="4702"),
        credentials(stranger.owner),
        credentials(stranger.cashier),
    ]
    answers = [work(lambda body=body: client().post(f"{AUTH}{way}/", body)) for body in tries]
    assert {told(response) for response, _, _ in answers} == {(401, "wrong_credentials")}
    assert same_but_for_the_id(*(response for response, _, _ in answers))
    assert [sql for _, sql, _ in answers] == [answers[0][1]] * len(tries)
    assert {hashes for _, _, hashes in answers} == {1}


@pytest.mark.django_db
@pytest.mark.parametrize("path", [RESET, f"{AUTH}verify-email/again/"])
def test_s12_asking_for_a_link_tells_nobody_whether_the_address_is_known(shop, stranger, work, mails, path):
    """S12."""
    deactivated(stranger)
    addresses = ["nobody@x.example", shop.owner.user.email, stranger.owner.user.email]
    with mails() as box:
        answers = [work(lambda email=email: client().post(path, {"email": email})) for email in addresses]
    assert {told(response) for response, _, _ in answers} == {(202, None)}
    assert [response.json()["data"] for response, _, _ in answers] == [{"email": email} for email in addresses]
    assert [sql for _, sql, _ in answers] == [answers[0][1]] * 3
    assert {hashes for _, _, hashes in answers} == {0}
    assert shop.owner.user.email in [mail.to[0] for mail in box]
    assert "nobody@x.example" not in [mail.to[0] for mail in box]


@pytest.mark.django_db
def test_no_mail_is_sent_more_often_than_the_limit_and_known_and_unknown_are_refused_alike(shop, settings, mails):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "mail": (2, 3600)}
    with mails() as box:
        for email in (shop.owner.user.email, "nobody@x.example"):
            answers = [told(client().post(RESET, {"email": email})) for _ in range(3)]
            assert answers == [(202, None)] * 2 + [(429, "too_many_tries")]
    assert len(box) == 2
