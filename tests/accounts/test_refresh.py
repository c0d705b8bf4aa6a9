"""S11: each refresh token works once; a second use, also at the same instant, ends the session for both."""

import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connections

from accounts import services, tokens
from accounts.models import SessionKind, User
from core import tenancy
from tests.accounts.tills import ANOTHER, AUTH, ME, browser, client, refresh, sign_in, told
from tests.conftest import PASSWORD, open_shop
from tests.races import at_once, count_of, one_behind_another

pytestmark = pytest.mark.usefixtures("committed")

DEAD = (401, "credential_invalid")
REUSED = (401, "refresh_reused")


def over_http(server, token):
    body = json.dumps({"refresh": token}).encode()
    request = urllib.request.Request(
        f"{server}{AUTH}token/refresh/", body, {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)["data"]
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)["code"]


def events(shop, action="session.reused"):
    with shop.inside():
        return list(shop.account.audit_events.filter(action=action))


def sessions(shop):
    with shop.inside():
        return shop.account.sessions.count()


def test_s11_one_token_used_eight_times_at_once_succeeds_once_and_then_the_family_is_revoked(server):
    """S11."""
    shop = open_shop("Ama Provisions")
    issued, elsewhere = sign_in(shop.owner), sign_in(shop.owner)
    results = at_once([partial(over_http, server, issued["refresh"])] * 8)
    won = [data for status, data in results if status == 200]
    lost = [(status, code) for status, code in results if status != 200]
    assert (len(won), len(lost)) == (1, 7)
    assert set(lost) <= {DEAD, REUSED}
    assert REUSED in lost
    for access in (issued["access"], won[0]["access"]):
        assert told(client(access).get(ME)) == DEAD
    assert over_http(server, won[0]["refresh"]) == DEAD
    assert told(client(elsewhere["access"]).get(ME)) == (200, None)
    assert over_http(server, elsewhere["refresh"])[0] == 200
    assert len(events(shop)) == 1


def refresh_once(token):
    return services.refresh_session(credential=tokens.read_refresh(token))


def test_s11_control_without_the_condition_several_succeed(monkeypatch):
    """S11."""
    shop = open_shop("Ama Provisions")
    token = sign_in(shop.owner)["refresh"]
    guarded = tenancy.OwnedQuerySet.filter

    def unguarded(rows, *args, **wanted):
        wanted.pop("refresh_id", None)
        return guarded(rows, *args, **wanted)

    monkeypatch.setattr(tenancy.OwnedQuerySet, "filter", unguarded)
    results = at_once([partial(refresh_once, token)] * 8)
    assert count_of(results, shop.account.sessions.model) == 8
    assert sessions(shop) == 1


@pytest.mark.parametrize("bears", ["nothing", "its own token", "a token of somebody else", "a cookie of somebody else"])
def test_s11_an_old_token_ends_the_session_for_good_whatever_else_the_request_bears(bears):
    """S11."""
    shop, stranger = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    first = sign_in(shop.owner)
    second = refresh(first["refresh"]).json()["data"]
    asking = {
        "nothing": client,
        "its own token": lambda: client(second["access"]),
        "a token of somebody else": lambda: client(sign_in(stranger.owner)["access"]),
        "a cookie of somebody else": lambda: browser(shop.cashier),
    }[bears]()
    reused = asking.post(f"{AUTH}token/refresh/", {"refresh": first["refresh"]}, HTTP_X_REQUEST_ID="till-000011")
    assert told(reused) == REUSED
    assert reused["WWW-Authenticate"]
    assert told(client(second["access"]).get(ME)) == DEAD
    assert told(refresh(second["refresh"])) == DEAD
    assert told(refresh(first["refresh"])) == DEAD
    (event,) = events(shop)
    assert (event.by_id, event.subject) == (shop.owner.pk, "session")
    assert events(stranger) == []


@contextmanager
def holding_the_row(shop):
    with shop.inside():
        shop.account.sessions.locked().get()
        yield


def test_s11_whoever_waited_for_the_same_token_with_a_credential_in_hand_still_ends_the_session():
    """S11."""
    shop = open_shop("Ama Provisions")
    issued = sign_in(shop.owner)
    body = {"refresh": issued["refresh"]}

    def use():
        return told(client(issued["access"]).post(f"{AUTH}token/refresh/", body))

    results = one_behind_another([use] * 3, held=holding_the_row(shop))
    assert results == [(200, None), REUSED, REUSED]
    assert (sessions(shop), len(events(shop))) == (0, 1)


def test_s11_each_token_in_turn_works_and_the_session_stays_one():
    """S11."""
    shop = open_shop("Ama Provisions")
    issued = sign_in(shop.owner)
    for _ in range(3):
        response = refresh(issued["refresh"])
        assert told(response) == (200, None)
        assert response.json()["data"]["refresh"] != issued["refresh"]
        issued = response.json()["data"]
    assert told(client(issued["access"]).get(ME)) == (200, None)
    assert (sessions(shop), events(shop)) == (1, [])


def deactivate_in_sql(shop, issued):
    with shop.inside():
        User.across_accounts.filter(pk=shop.cashier.user_id).update(is_active=False)


def delete_in_sql(shop, issued):
    user = [shop.cashier.user_id]
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM sessions WHERE user_id = %s", user)
        cursor.execute("UPDATE business_memberships SET user_id = NULL, is_active = false WHERE user_id = %s", user)
        cursor.execute("DELETE FROM users WHERE id = %s", user)


def close_seat(shop, issued):
    closed = shop.client().post(f"/api/v1/accounts/memberships/{shop.cashier.pk}/deactivate/")
    assert closed.status_code == 200


def change_password(shop, issued):
    body = {"old_password": PASSWORD, "password": ANOTHER}
    assert browser(shop.cashier).post(f"{AUTH}password/change/", body).status_code == 204


def log_out(shop, issued):
    assert client(issued["access"]).post(f"{AUTH}logout/").status_code == 204


def revoke(shop, issued):
    assert client().post(f"{AUTH}token/revoke/", {"refresh": issued["refresh"]}).status_code == 204


@pytest.mark.parametrize(
    "end",
    [deactivate_in_sql, delete_in_sql, close_seat, change_password, log_out, revoke],
    ids=lambda end: end.__name__,
)
def test_s10_s11_the_refresh_token_of_whoever_has_gone_is_401(end):
    """S10, S11."""
    shop = open_shop("Ama Provisions")
    issued = sign_in(shop.cashier)
    end(shop, issued)
    response = refresh(issued["refresh"])
    assert told(response) == DEAD
    assert response["WWW-Authenticate"]
    assert told(client(issued["access"]).get(ME)) == DEAD


def test_revoking_ends_that_session_alone_and_a_token_that_is_none_is_nothing_to_end():
    shop = open_shop("Ama Provisions")
    issued, other = sign_in(shop.owner), sign_in(shop.owner)
    for token in (issued["refresh"], issued["refresh"], "nonsense", other["access"]):
        assert client().post(f"{AUTH}token/revoke/", {"refresh": token}).status_code == 204
    assert told(client(issued["access"]).get(ME)) == DEAD
    assert told(client(other["access"]).get(ME)) == (200, None)


def test_a_cookie_s_session_has_no_refresh_token_to_guess():
    shop = open_shop("Ama Provisions")
    browser(shop.owner)
    with shop.inside():
        session = shop.account.sessions.get()
        assert (session.kind, session.refresh_id) == (SessionKind.COOKIE, None)
    assert told(refresh(tokens.issue(session)["refresh"])) == DEAD
    assert sessions(shop) == 1
