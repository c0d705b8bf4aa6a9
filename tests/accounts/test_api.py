"""Registration, signing in and out, oneself, the business: as a till meets them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import Account, User
from core import tenancy
from tests.conftest import PASSWORD, open_shop

pytestmark = pytest.mark.django_db

AUTH = "/api/v1/accounts/auth/"
ACCOUNT = "/api/v1/accounts/account/"
ORIGIN = "http://localhost:5173"


def registration(**facts):
    return {
        "business_name": "Esi Stores",
        "name": "Esi",
        "email": "esi@x.com",
        "password": PASSWORD,
        "country": "GH",
        **facts,
    }


def credentials(shop, **changes):
    return {"email": shop.owner.user.email, "password": PASSWORD, **changes}


def refusal(response):
    body = response.json()
    assert body["success"] is False
    return response.status_code, body["code"]


def fields_of(response):
    return {(error["field"], error["code"]) for error in response.json()["errors"]}


def bearer(token):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def nobody_was_stored(email="esi@x.com"):
    with tenancy.scope(uuid7()):
        tenancy.reveal("app.login", email)
        found = User.across_accounts.filter(email=email).exists()
        tenancy.reveal("app.login", "")
    return not found


# --- Registration -----------------------------------------------------------------------------------------------------


def test_a_business_registers_and_gets_a_trial_a_storefront_and_a_register(nobody):
    response = nobody.post(f"{AUTH}register-business/", registration(), HTTP_X_REQUEST_ID="till-000001")
    assert response.status_code == 201
    me = response.json()["data"]
    assert (me["account"]["name"], me["account"]["currency"], me["account"]["time_zone"]) == (
        "Esi Stores",
        "GHS",
        "Africa/Accra",
    )
    assert (me["user"]["email"], me["role"], me["membership"]["is_active"]) == ("esi@x.com", "OWNER", True)
    today = timezone.localdate()
    assert me["subscription"] == {
        "plan": "standard",
        "state": "TRIAL",
        "ends_on": str(today + timedelta(days=14)),
    }
    assert PASSWORD not in response.content.decode()
    tokens = nobody.post(f"{AUTH}token/", {"email": "esi@x.com", "password": PASSWORD}).json()["data"]
    client = bearer(tokens["access"])
    storefront = client.get("/api/v1/inventory/storefronts/").json()["results"]
    assert [row["name"] for row in storefront] == ["Main"]
    registers = client.get("/api/v1/sales/registers/").json()["results"]
    assert [row["storefront"] for row in registers] == [storefront[0]["id"]]
    events = client.get("/api/v1/system/audit-logs/").json()["results"]
    assert {event["action"] for event in events} >= {"account.opened", "subscription.trial_started"}
    opened = [event for event in events if event["action"] != "session.opened"]  # by signing in, afterwards
    assert {event["request_id"] for event in opened} == {"till-000001"}


def test_s41_a_business_in_senegal_has_a_currency_without_decimals(nobody):
    """S41."""
    me = nobody.post(f"{AUTH}register-business/", registration(country="SN")).json()["data"]
    assert (me["account"]["currency"], me["account"]["time_zone"]) == ("XOF", "Africa/Dakar")


def test_a_country_with_several_time_zones_has_to_say_which(nobody):
    refused = nobody.post(f"{AUTH}register-business/", registration(country="US"))
    assert refusal(refused) == (400, "invalid_input")
    assert fields_of(refused) == {("time_zone", "required")}
    given = registration(country="US", time_zone="America/New_York", currency="USD")
    assert nobody.post(f"{AUTH}register-business/", given).status_code == 201


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"country": "gh"}, "country", "unknown"),
        ({"country": "GHA"}, "country", "unknown"),
        ({"country": "Q1"}, "country", "unknown"),
        ({"country": ""}, "country", "blank"),
        ({"currency": "ABC"}, "currency", "unknown"),
        ({"currency": "KWD"}, "currency", "unknown"),
        ({"currency": None}, "currency", "null"),
        ({"time_zone": "Africa/Nowhere"}, "time_zone", "unknown"),
        ({"time_zone": "../etc/passwd"}, "time_zone", "unknown"),
        ({"email": "esi"}, "email", "invalid"),
        ({"email": 5}, "email", "invalid"),
        ({"business_name": " "}, "business_name", "blank"),
        ({"role": "OWNER"}, "role", "unknown_field"),
        ({"account_id": str(uuid7())}, "account_id", "unknown_field"),
    ],
)
def test_a_registration_that_makes_no_sense_is_refused_and_stores_nobody(nobody, change, field, code):
    response = nobody.post(f"{AUTH}register-business/", registration(**change))
    assert refusal(response) == (400, "invalid_input")
    assert fields_of(response) == {(field, code)}
    assert nobody_was_stored()


def test_a_weak_password_is_refused_with_reasons_and_stores_nobody(nobody):
    response = nobody.post(f"{AUTH}register-business/", registration(password="12345"))
    assert refusal(response) == (400, "weak_password")
    assert ("password", "password_too_short") in fields_of(response)
    assert nobody_was_stored()


@pytest.mark.parametrize("form", ["{}", "  {}", "owner@ｓtranger-stores.example", "OWNER@STRANGER-STORES.EXAMPLE"])
def test_s03_a_person_who_is_here_cannot_register_again_and_is_told_nothing_of_the_other_business(
    nobody, stranger, form
):
    """S03."""
    email = form.format(stranger.owner.user.email)
    response = nobody.post(f"{AUTH}register-business/", registration(email=email))
    assert refusal(response) == (409, "user_already_exists")
    said = response.content.decode()
    for secret in (stranger.account.name, str(stranger.id), stranger.owner.name, str(stranger.owner.user_id)):
        assert secret not in said
    with stranger.inside():
        assert Account.across_accounts.count() == 1
        assert User.across_accounts.count() == 2


# --- Signing in and out -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["login", "token"])
def test_s12_signing_in_does_not_tell_whether_the_address_exists(nobody, shop, way):
    """S12."""
    wrong = nobody.post(f"{AUTH}{way}/", credentials(shop, password="wrong"))
    unknown = nobody.post(f"{AUTH}{way}/", credentials(shop, email="nobody@x.com"))
    for response in (wrong, unknown):
        assert refusal(response) == (401, "wrong_credentials")
        assert response["WWW-Authenticate"]
        assert not response.cookies
    strip = [{**response.json(), "request_id": ""} for response in (wrong, unknown)]
    assert strip[0] == strip[1]


@pytest.mark.parametrize("way", ["login", "token", "token/refresh", "register-business"])
@pytest.mark.parametrize("body", [{}, [], "text", None])
def test_a_body_that_is_none_is_400(nobody, way, body):
    response = nobody.post(f"{AUTH}{way}/", body)
    assert response.status_code == 400
    assert refusal(response)[1] in ("invalid_input", "malformed_json")


def test_login_answers_with_me_and_a_csrf_token_and_sets_the_cookies(shop, nobody):
    response = nobody.post(f"{AUTH}login/", credentials(shop, email=f" {shop.owner.user.email.upper()}"))
    assert response.status_code == 200
    body = response.json()["data"]
    assert body.pop("csrf_token")
    session, csrf = response.cookies["sessionid"], response.cookies["csrftoken"]
    assert (session["httponly"], session["samesite"], session["path"]) == (True, "Lax", "/")
    assert (csrf["httponly"], csrf["samesite"]) == ("", "Lax")
    assert "Partitioned" not in session.OutputString()
    me = nobody.get(f"{AUTH}me/").json()["data"]
    assert me["user"]["id"] == str(shop.owner.user_id)
    assert me == body


def test_login_without_an_active_seat_is_no_business_and_no_session(shop, nobody):
    with shop.inside():
        shop.account.memberships.filter(pk=shop.owner.pk).update(is_active=False)
    response = nobody.post(f"{AUTH}login/", credentials(shop))
    assert refusal(response) == (403, "no_business")
    assert "sessionid" not in response.cookies


def test_logout_ends_the_session_and_nothing_happens_without_one(shop, nobody):
    assert nobody.post(f"{AUTH}logout/").status_code == 204
    nobody.post(f"{AUTH}login/", credentials(shop))
    stolen = nobody.cookies["sessionid"].value
    assert nobody.get(f"{AUTH}me/").status_code == 200
    assert nobody.post(f"{AUTH}logout/").status_code == 204
    thief = APIClient()
    thief.cookies["sessionid"] = stolen
    for client in (nobody, thief):
        assert refusal(client.get(f"{AUTH}me/")) == (401, "not_signed_in")


def test_a_session_that_somebody_planted_is_not_the_one_after_login(shop, nobody):
    nobody.post(f"{AUTH}login/", credentials(shop))
    first = nobody.cookies["sessionid"].value
    nobody.post(f"{AUTH}login/", credentials(shop, email=shop.cashier.user.email))
    assert nobody.cookies["sessionid"].value != first
    assert nobody.get(f"{AUTH}me/").json()["data"]["role"] == "CASHIER"


# --- CSRF -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def till(shop):
    """A browser, signed in by cookie, with a server that checks as in earnest."""
    client = APIClient(raise_request_exception=False, enforce_csrf_checks=True)
    client.csrf = client.post(f"{AUTH}login/", credentials(shop)).json()["data"]["csrf_token"]
    return client


def test_s16_a_write_by_cookie_needs_the_token_and_a_read_does_not(till, shop):
    """S16."""
    assert till.get(ACCOUNT).status_code == 200
    for headers in ({}, {"HTTP_X_CSRFTOKEN": "wrong"}, {"HTTP_X_CSRFTOKEN": "a" * 64}):
        response = till.patch(ACCOUNT, {"name": "Taken"}, **headers)
        assert refusal(response) == (403, "csrf_failed")
        assert response["Content-Type"] == "application/json"
    assert till.get(ACCOUNT).json()["data"]["name"] == shop.account.name
    accepted = till.patch(ACCOUNT, {"name": "Mine"}, HTTP_X_CSRFTOKEN=till.csrf)
    assert (accepted.status_code, accepted.json()["data"]["name"]) == (200, "Mine")


def test_s16_the_token_of_the_csrf_address_is_as_good_and_one_in_the_body_is_none(till):
    """S16."""
    token = till.get(f"{AUTH}csrf/").json()["data"]["csrf_token"]
    assert till.patch(ACCOUNT, {"name": "Mine"}, HTTP_X_CSRFTOKEN=token).status_code == 200
    assert refusal(till.patch(ACCOUNT, {"csrfmiddlewaretoken": token})) == (403, "csrf_failed")


def test_s16_a_page_on_another_origin_cannot_write_even_with_the_token(till):
    """S16."""
    token = {"HTTP_X_CSRFTOKEN": till.csrf}
    assert refusal(till.patch(ACCOUNT, {}, HTTP_ORIGIN="https://evil.example", **token)) == (403, "csrf_failed")
    assert till.patch(ACCOUNT, {}, HTTP_ORIGIN=ORIGIN, **token).status_code == 200


def test_s16_a_write_by_token_needs_no_csrf_also_beside_a_cookie_of_the_same_user(till, shop):
    """S16."""
    access = shop.client()._credentials
    assert till.patch(ACCOUNT, {"name": "Both"}, **access).status_code == 200
    alone = APIClient(enforce_csrf_checks=True)
    assert alone.patch(ACCOUNT, {"name": "Alone"}, **access).status_code == 200


def test_s16_logging_out_by_cookie_needs_the_token_too(till):
    """S16."""
    assert refusal(till.post(f"{AUTH}logout/")) == (403, "csrf_failed")
    assert till.get(f"{AUTH}me/").status_code == 200


# --- The business -----------------------------------------------------------------------------------------------------


def test_me_tells_a_till_all_it_needs(shop):
    me = shop.client(shop.cashier).get(f"{AUTH}me/").json()["data"]
    assert set(me) == {"user", "account", "membership", "role", "capabilities", "limits", "modules", "subscription"}
    assert me["membership"] == {
        "id": str(shop.cashier.pk),
        "name": shop.cashier.name,
        "role": "CASHIER",
        "is_active": True,
        "is_limited": False,
        "locations": [],
    }
    assert me["limits"] == {"discount": "0.0000", "refund": "0.00", "adjustment": "0.00"}
    assert me["capabilities"] == sorted(me["capabilities"])
    assert "sale:complete" in me["capabilities"]
    assert "account:change" not in me["capabilities"]


def test_me_shows_the_places_of_who_is_limited_to_some(shop):
    path = f"/api/v1/accounts/memberships/{shop.cashier.pk}/"
    for places in ([str(shop.storefront.pk)], []):
        assert shop.client().patch(path, {"locations": places}).status_code == 200
        seat = shop.client(shop.cashier).get(f"{AUTH}me/").json()["data"]["membership"]
        assert (seat["is_limited"], seat["locations"]) == (True, places)


@pytest.mark.parametrize(
    ("country", "currency", "wanted"), [("GH", "GHS", "2000.00"), ("SN", "XOF", "200000"), ("JP", "JPY", "200000")]
)
def test_roles_tell_how_far_each_goes_in_the_currency_of_the_business(db, country, currency, wanted):
    client = open_shop("Esi Stores", country=country, currency=currency, prices=()).client()
    roles = {row["role"]: row for row in client.get("/api/v1/accounts/roles/").json()["results"]}
    assert set(roles) == {"OWNER", "ADMIN", "MANAGER", "CASHIER", "WAREHOUSE", "STAFF"}
    assert roles["MANAGER"]["limits"]["refund"] == wanted
    assert roles["MANAGER"]["limits"]["discount"] == "30.0000"
    assert roles["OWNER"]["limits"] == {"discount": None, "refund": None, "adjustment": None}
    me = client.get(f"{AUTH}me/").json()["data"]
    assert (me["limits"], me["capabilities"]) == (roles["OWNER"]["limits"], roles["OWNER"]["capabilities"])


def test_an_owner_changes_the_business_under_its_version(shop):
    client = shop.client()
    read = client.get(ACCOUNT)
    assert read["ETag"] == '"1"'
    changed = client.patch(ACCOUNT, {"name": "New"}, HTTP_IF_MATCH=read["ETag"], HTTP_X_REQUEST_ID="till-000002")
    assert (changed.status_code, changed["ETag"], changed.json()["data"]["version"]) == (200, '"2"', 2)
    event = client.get("/api/v1/system/audit-logs/").json()["results"][0]
    assert (event["action"], event["before"], event["after"]) == (
        "account.changed",
        {"name": "Ama Provisions"},
        {"name": "New"},
    )
    assert (event["request_id"], event["by"]) == ("till-000002", str(shop.owner.pk))


def test_a_change_of_what_somebody_else_has_changed_is_412_with_the_present_state(shop):
    client = shop.client()
    client.patch(ACCOUNT, {"name": "First"})
    response = client.patch(ACCOUNT, {"name": "Second"}, HTTP_IF_MATCH='"1"')
    assert refusal(response) == (412, "stale_version")
    assert response.json()["meta"]["current"] == client.get(ACCOUNT).json()["data"]
    assert client.get(ACCOUNT).json()["data"]["name"] == "First"


@pytest.mark.parametrize("field", ["currency", "country", "id", "version", "nonsense"])
def test_what_a_business_may_not_change_of_itself_is_refused(shop, field):
    response = shop.client().patch(ACCOUNT, {"name": "New", field: "1"})
    assert refusal(response) == (400, "invalid_input")
    assert fields_of(response) == {(field, "unknown_field")}
    assert shop.client().get(ACCOUNT).json()["data"]["name"] == shop.account.name


def test_a_cashier_may_not_change_the_business(shop):
    assert refusal(shop.client(shop.cashier).patch(ACCOUNT, {"name": "New"})) == (403, "capability_missing")
    assert shop.client().get(ACCOUNT).json()["data"]["name"] == shop.account.name
