"""Where one is signed in: listed, ended, left alone too long; and what a cookie is worth."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session as BrowserSession
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services
from accounts.models.session import LIFETIMES
from tests.accounts.tills import (
    ACCOUNT,
    ANOTHER,
    AUTH,
    ME,
    PRODUCTS,
    SESSIONS,
    browser,
    client,
    credentials,
    give_pin,
    log_in,
    refresh,
    register,
    sign_in,
    told,
)
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def listed(asking):
    response = asking.get(SESSIONS)
    assert response.status_code == 200, response.content
    return response.json()["results"]


def kinds(shop, member):
    with shop.inside():
        return sorted(shop.account.sessions.filter(user=member.user).values_list("kind", flat=True))


# --- The list ---------------------------------------------------------------------------------------------------------


def test_one_sees_where_one_is_signed_in_and_nobody_else_does(shop, stranger):
    by_token = client(sign_in(shop.owner)["access"])
    by_cookie = browser(shop.owner)
    for other in (shop.cashier, stranger.owner):
        sign_in(other)
    rows = listed(by_cookie)
    assert sorted((row["kind"], row["is_current"]) for row in rows) == [("COOKIE", True), ("TOKEN", False)]
    assert sorted((row["kind"], row["is_current"]) for row in listed(by_token)) == [("COOKIE", False), ("TOKEN", True)]
    assert {row["address"] for row in rows} == {"127.0.0.1"}
    secrets = {"fingerprint", "refresh_id", "user", "account"}
    assert all(secrets.isdisjoint(row) for row in rows)


def test_one_session_is_ended_and_the_others_go_on(shop):
    lost, kept = sign_in(shop.owner), browser(shop.owner)
    doomed = next(row["id"] for row in listed(kept) if not row["is_current"])
    assert kept.delete(f"{SESSIONS}{doomed}/").status_code == 204
    assert told(client(lost["access"]).get(ME)) == (401, "credential_invalid")
    assert told(refresh(lost["refresh"])) == (401, "credential_invalid")
    assert kept.get(ME).status_code == 200
    assert told(kept.delete(f"{SESSIONS}{doomed}/")) == (404, "not_found")


def test_the_session_of_somebody_else_is_not_there(shop, stranger):
    asking = client(sign_in(shop.owner)["access"])
    for other in (shop.cashier, stranger.owner):
        theirs = browser(other)
        theirs_id = listed(theirs)[0]["id"]
        for response in (asking.get(f"{SESSIONS}{theirs_id}/"), asking.delete(f"{SESSIONS}{theirs_id}/")):
            assert told(response) == (404, "not_found")
        assert asking.delete(f"{SESSIONS}{uuid7()}/").json()["detail"] == response.json()["detail"]
        assert theirs.get(ME).status_code == 200


def test_signing_out_everywhere_else_leaves_the_one_that_asks_and_other_people(shop):
    others = [sign_in(shop.owner)["access"], sign_in(shop.owner)["access"]]
    cashier, kept = client(sign_in(shop.cashier)["access"]), browser(shop.owner)
    assert kept.delete(SESSIONS).status_code == 204
    assert [told(client(token).get(ME)) for token in others] == [(401, "credential_invalid")] * 2
    assert (kept.get(ME).status_code, cashier.get(ME).status_code) == (200, 200)
    assert kinds(shop, shop.owner) == ["COOKIE"]
    with shop.inside():
        event = shop.account.audit_events.get(action="sessions.ended")
        assert (event.by, event.after) == (shop.owner, {"count": 2})


@pytest.mark.parametrize("kind", LIFETIMES)
def test_a_session_that_was_left_alone_for_too_long_or_is_too_old_is_not_listed(shop, kind):
    idle, absolute = LIFETIMES[kind]
    till, start = register(shop), timezone.now()
    with shop.inside():
        device = till.device if kind == "PIN" else None
        doomed = services.open_session(by=shop.owner, kind=kind, device=device)

    def is_listed(after):
        with time_machine.travel(start + after, tick=False):
            return str(doomed.pk) in {row["id"] for row in listed(client(sign_in(shop.owner)["access"]))}

    assert [is_listed(idle * 0.99), is_listed(idle * 1.01)] == [True, False]
    with shop.inside():
        shop.account.sessions.filter(pk=doomed.pk).update(last_seen_at=start + absolute)
    assert [is_listed(absolute * 0.99), is_listed(absolute * 1.01)] == [True, False]


def test_one_may_end_the_session_that_one_is_in(shop):
    page = browser(shop.owner)
    assert page.delete(f"{SESSIONS}{listed(page)[0]['id']}/").status_code == 204
    assert told(page.get(ME)) == (401, "credential_invalid")


# --- The cookie -------------------------------------------------------------------------------------------------------


def test_logging_out_ends_the_session_its_cookie_and_a_copy_of_it(shop):
    page = browser(shop.owner)
    copy = client()
    copy.cookies["sessionid"] = page.cookies["sessionid"].value
    assert copy.get(ME).status_code == 200
    assert page.post(f"{AUTH}logout/").status_code == 204
    assert [told(each.get(ME)) for each in (page, copy)] == [(401, "not_signed_in")] * 2
    assert kinds(shop, shop.owner) == []
    assert not BrowserSession.objects.exists()


def test_logging_out_by_token_ends_access_and_refresh(shop):
    tokens = sign_in(shop.owner)
    other = browser(shop.owner)
    assert client(tokens["access"]).post(f"{AUTH}logout/").status_code == 204
    assert told(client(tokens["access"]).get(ME)) == (401, "credential_invalid")
    assert told(refresh(tokens["refresh"])) == (401, "credential_invalid")
    assert other.get(ME).status_code == 200


def test_signing_in_again_replaces_the_session_and_its_cookie(shop):
    page = browser(shop.owner)
    stolen = client()
    stolen.cookies["sessionid"] = page.cookies["sessionid"].value
    before = listed(page)[0]["id"]
    log_in(page, shop.owner)
    assert [row["id"] for row in listed(page)] != [before]
    assert kinds(shop, shop.owner) == ["COOKIE"]
    assert told(stolen.get(ME)) == (401, "not_signed_in")


@pytest.mark.parametrize("next_one", ["cashier", "stranger"])
def test_somebody_else_who_signs_in_on_the_same_page_ends_the_session_that_was_there(shop, stranger, next_one):
    page, elsewhere = browser(shop.owner), client(sign_in(shop.owner)["access"])
    follower = shop.cashier if next_one == "cashier" else stranger.owner
    refused = page.post(f"{AUTH}login/", credentials(follower, password="wrong"))
    assert (told(refused), kinds(shop, shop.owner)) == ((401, "wrong_credentials"), ["COOKIE", "TOKEN"])
    log_in(page, follower)
    assert page.get(ME).json()["data"]["user"]["id"] == str(follower.user_id)
    assert kinds(shop, shop.owner) == ["TOKEN"]
    assert elsewhere.get(ME).status_code == 200
    with shop.inside():
        assert shop.account.audit_events.get(action="session.ended").by == shop.owner


def test_a_cookie_whose_session_was_ended_is_a_clean_401_and_is_not_revived_by_signing_in_again(shop):
    page = browser(shop.owner)
    stolen = client()
    stolen.cookies["sessionid"] = page.cookies["sessionid"].value
    with shop.inside():
        shop.account.sessions.all().delete()
    assert told(page.get(ME)) == told(stolen.get(ME)) == (401, "credential_invalid")
    log_in(page, shop.owner)
    assert page.get(ME).status_code == 200
    assert told(stolen.get(ME)) == (401, "not_signed_in")


def test_a_planted_cookie_is_not_the_one_after_signing_in(shop):
    attacker = browser(shop.cashier)
    for planted in (attacker.cookies["sessionid"].value, "a" * 32, "x", "a\x00b", ""):
        page = client()
        page.cookies["sessionid"] = planted
        log_in(page, shop.owner)
        assert page.cookies["sessionid"].value not in (planted, "")
        assert page.get(ME).json()["data"]["user"]["id"] == str(shop.owner.user_id)
        follower = client()
        follower.cookies["sessionid"] = planted
        assert told(follower.get(ME)) == (401, "not_signed_in")


def test_what_the_browser_s_session_holds_is_three_ids(shop):
    browser(shop.owner)
    (row,) = BrowserSession.objects.all()
    assert set(row.get_decoded()) == {"_auth_user_id", "account_id", "session_id"}


def test_a_refused_sign_in_sets_no_cookie_and_keeps_the_one_that_was(shop):
    page = browser(shop.owner)
    refused = page.post(f"{AUTH}login/", credentials(shop.owner, password="wrong"))
    assert told(refused) == (401, "wrong_credentials")
    assert "sessionid" not in refused.cookies
    assert page.get(ME).status_code == 200


# --- Lifetimes --------------------------------------------------------------------------------------------------------


@pytest.fixture
def entered(shop):
    """Whoever signs in by each kind, and how to go on asking as that person for as long as it takes."""
    give_pin(shop, shop.owner)
    till = register(shop)

    def enter(kind):
        if kind == "COOKIE":
            page = browser(shop.owner)
            return lambda: page.get(ME)
        headers = till.header if kind == "PIN" else {}
        tokens = till.change_to(shop.owner).json()["data"] if kind == "PIN" else sign_in(shop.owner)

        def ask():
            response = refresh(tokens["refresh"], **headers)
            tokens.update(response.json().get("data", {}))
            return response

        return ask

    return enter


@pytest.mark.parametrize("kind", LIFETIMES)
def test_a_session_that_is_left_alone_ends(entered, kind):
    idle = LIFETIMES[kind].idle
    ask, start = entered(kind), timezone.now()
    with time_machine.travel(start + idle - timedelta(minutes=1), tick=False):
        assert ask().status_code == 200
    with time_machine.travel(start + 2 * idle, tick=False):
        assert told(ask()) == (401, "credential_invalid")


@pytest.mark.parametrize("kind", LIFETIMES)
def test_a_session_in_use_goes_on_up_to_its_absolute_end(entered, kind):
    idle, absolute = LIFETIMES[kind]
    ask, start = entered(kind), timezone.now()
    step, passed = idle * 0.9, timedelta(0)
    while (passed := passed + step) < absolute:
        with time_machine.travel(start + passed, tick=False):
            assert ask().status_code == 200, passed
    with time_machine.travel(start + absolute + timedelta(minutes=1), tick=False):
        assert ask().status_code == 401


def test_that_a_session_is_in_use_is_noted_every_tenth_of_its_idle_time_also_when_the_request_is_refused(shop):
    page, start = browser(shop.owner), timezone.now()
    tenth = LIFETIMES["COOKIE"].idle / 10

    def seen_after(passed, path, status):
        with time_machine.travel(start + passed, tick=False):
            assert page.get(path).status_code == status
        with shop.inside():
            return shop.account.sessions.get().last_seen_at - start

    assert seen_after(tenth * 0.9, ME, 200) < timedelta(minutes=1)
    assert seen_after(tenth * 1.1, f"{PRODUCTS}{uuid7()}/", 404) == tenth * 1.1
    assert seen_after(tenth * 2, ME, 200) == tenth * 1.1


# --- What is kept of answers ------------------------------------------------------------------------------------------


def test_no_answer_of_the_api_is_kept_by_anybody_in_between(shop, settings):
    page, tokens = browser(shop.owner), sign_in(shop.owner)
    settings.MAX_BODY = 1000
    answers = [
        page.get(ME),
        page.get(ACCOUNT),
        page.get("/inventory/api/stock-products/?page=1&page_size=25"),
        client().get(f"{AUTH}csrf/"),
        client().post(f"{AUTH}login/", credentials(shop.owner)),
        client().post(f"{AUTH}login/", credentials(shop.owner, password="wrong")),
        client().post(f"{AUTH}token/", credentials(shop.owner)),
        refresh(tokens["refresh"]),
        refresh("nonsense"),
        client().get(ME),
        client("nonsense").get(ME),
        page.get("/api/v1/nothing/"),
        page.get(f"{PRODUCTS}?nonsense=1"),
        page.post(f"{AUTH}login/", {"email": "x" * 2000}),
        page.post(f"{AUTH}password/change/", {"old_password": PASSWORD, "password": ANOTHER}),
        page.post(f"{AUTH}logout/"),
    ]
    assert {response.status_code for response in answers} >= {200, 204, 400, 401, 404, 413}
    assert {response.get("Cache-Control") for response in answers} == {"private, no-store"}


def test_to_sign_out_of_a_session_that_has_ended_already_is_nothing_special(shop):
    page = browser(shop.owner)
    with shop.inside():
        shop.account.sessions.all().delete()
    assert page.post(f"{AUTH}logout/").status_code == 204
    assert not page.cookies["sessionid"].value
