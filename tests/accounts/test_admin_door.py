"""How staff come to the console, how its pages are sent, and who does not get in."""

import pytest
from django.test import Client

from accounts import services
from accounts.models import Session, SessionKind
from accounts.roles import Role
from core import tenancy
from tests.conftest import PASSWORD, open_shop
from tests.console import LOGIN, hire, rows_of, told
from tests.sales.requests import sell

pytestmark = pytest.mark.usefixtures("committed")

STAFF_ONLY = ["This is for the platform's staff, who sign in with a second factor."]
WRONG = ["The code is wrong, too old, or was used already."]


# --- The door ---------------------------------------------------------------------------------------------------------


def test_staff_sign_in_with_a_second_factor_and_their_session_is_a_row_as_everybodys():
    staff = hire(Role.SUPPORT)
    client = staff.client(headers={"User-Agent": "Firefox"})
    page = client.get("/admin/")
    assert page.status_code == 200
    assert "Akua" in page.content.decode()
    with tenancy.scope(staff.member.account_id):
        session = staff.member.account.sessions.get()
        assert (session.kind, session.is_verified, session.user_agent) == ("COOKIE", True, "Firefox")
        assert staff.member.account.audit_events.filter(action="session.opened", subject_id=session.pk).exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": ""}, ["This field is required."]),
        ({"code": "000000"}, WRONG),
        ({"password": "not-the-password"}, ["The e-mail address or the password is wrong."]),
        ({"email": "nobody@makola.example"}, ["The e-mail address or the password is wrong."]),
    ],
)
def test_without_the_right_code_and_password_nobody_gets_in(changes, said):
    staff = hire(Role.OPERATOR)
    client = Client()
    response = client.post(LOGIN, {**staff.credentials, **changes})
    assert (response.status_code, told(response)) == (200, said)
    assert client.get("/admin/").status_code == 302
    assert rows_of(Session) == []


def test_a_code_gets_in_once():
    staff = hire(Role.SUPPORT)
    credentials = staff.credentials
    assert Client().post(LOGIN, credentials).status_code == 302
    again = Client().post(LOGIN, credentials)
    assert (again.status_code, told(again)) == (200, WRONG)


@pytest.mark.parametrize("has_mfa", [False, True])
def test_the_owner_of_a_business_is_refused_and_no_session_is_left(has_mfa):
    shop, staff = open_shop("Ama Provisions"), hire(Role.SUPPORT)
    code = "none"
    if has_mfa:
        with shop.inside():
            staff.address = services.begin_totp(by=shop.owner, password=PASSWORD)
            codes = services.confirm_totp(by=shop.owner, code=staff.code())
        code = codes[0]
    client = Client()
    credentials = {"email": shop.owner.user.email, "password": PASSWORD, "code": code}
    response = client.post(LOGIN, credentials)
    assert (response.status_code, told(response)) == (200, STAFF_ONLY)
    assert client.get("/admin/").status_code == 302
    assert rows_of(Session) == []


def test_staff_without_a_second_factor_are_refused():
    staff = hire(Role.OPERATOR)
    with tenancy.scope(staff.member.account_id):
        services.remove_mfa(by=staff.member, code=staff.code())
    response = Client().post(LOGIN, {**staff.credentials, "code": "123456"})
    assert (response.status_code, told(response)) == (200, STAFF_ONLY)
    assert rows_of(Session) == []


def test_wrong_tries_are_counted_and_then_the_right_one_is_refused_too(settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login": (2, 900)}
    staff = hire(Role.SUPPORT)
    for _ in range(2):
        Client().post(LOGIN, {**staff.credentials, "password": "not-the-password"})
    response = Client().post(LOGIN, staff.credentials)
    assert response.status_code == 200
    assert told(response)[0].startswith("Too many tries.")


def test_a_session_that_is_ended_or_a_seat_that_is_closed_ends_the_console():
    staff, other = hire(Role.SUPPORT), hire(Role.OPERATOR)
    client, others = staff.client(), other.client()
    assert (client.get("/admin/").status_code, others.get("/admin/").status_code) == (200, 200)
    with tenancy.scope(staff.member.account_id):
        services.end_sessions(by=staff.member, user_id=staff.member.user_id)
        other.member.account.memberships.filter(pk=other.member.pk).update(is_active=False)
    assert (client.get("/admin/").status_code, others.get("/admin/").status_code) == (302, 302)


def test_signing_out_ends_the_session():
    staff = hire(Role.SUPPORT)
    client = staff.client()
    assert len(rows_of(Session)) == 1
    assert client.post("/admin/logout/")["Location"] == LOGIN
    assert rows_of(Session) == []
    assert client.get("/admin/").status_code == 302


def test_the_way_back_after_signing_in_leads_to_no_other_site():
    staff = hire(Role.SUPPORT)
    response = Client().post(f"{LOGIN}?next=https://evil.example/", staff.credentials)
    assert response["Location"] == "/admin/"


def test_a_form_without_its_csrf_token_is_refused():
    staff = hire(Role.OPERATOR)
    client = Client(enforce_csrf_checks=True)
    assert client.post(LOGIN, staff.credentials).json()["code"] == "csrf_failed"
    assert rows_of(Session) == []
    client = staff.client()
    client.handler.enforce_csrf_checks = True
    response = client.post("/admin/logout/")
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert len(rows_of(Session)) == 1


# --- Content-Security-Policy ------------------------------------------------------------------------------------------


def test_every_page_bears_a_policy_without_anything_inline():
    shop = open_shop("Ama Provisions")
    sale = sell(shop)
    receipt = f"/api/v1/sales/sales/{sale['id']}/receipt/html/"
    answers = {
        "admin": hire(Role.SUPPORT).client().get("/admin/"),
        "docs": Client().get("/api/docs/"),
        "receipt": shop.client().get(receipt),
        "api": Client().get("/api/v1/accounts/auth/csrf/"),
    }
    for name, answer in answers.items():
        assert answer.status_code == 200, name
        directives = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
        assert "unsafe" not in answer["Content-Security-Policy"], name
        assert (directives["default-src"], directives["script-src"]) == ("'none'", "'self'"), name
        assert (directives["frame-ancestors"], directives["base-uri"]) == ("'none'", "'none'"), name
        assert directives["form-action"] == "'self'", name
    nonce = answers["receipt"]["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
    assert nonce
    assert f'<style nonce="{nonce}">' in answers["receipt"].content.decode()
    assert "nonce-" not in answers["admin"]["Content-Security-Policy"]


def test_a_session_by_token_is_not_taken_for_one_by_cookie():
    staff = hire(Role.OPERATOR)
    with tenancy.scope(staff.member.account_id):
        for kind, expected in ((SessionKind.TOKEN, False), (SessionKind.COOKIE, True)):
            services.open_session(by=staff.member, kind=kind, is_verified=True)
            assert services.is_on_duty(by=staff.member) is expected
