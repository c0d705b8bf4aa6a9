"""S04: who is asking, by session and by token, at the moment of asking; and what browsers are told about it."""

from contextlib import contextmanager
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings as configured
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts import tokens
from accounts.models import User
from tests.conftest import PASSWORD, open_shop

AUTH = "/api/v1/accounts/auth/"
ME = f"{AUTH}me/"
ORIGIN = "http://localhost:5173"


def client_with(token=None):
    client = APIClient(raise_request_exception=False)
    if token:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def signed_in(member):
    client = client_with()
    assert client.post(f"{AUTH}login/", {"email": member.user.email, "password": PASSWORD}).status_code == 200
    return client


def forged(member, *, kind="access", key=None, without=(), **claims):
    """A token of our own making, right but for what is said here."""
    issued = jwt.decode(tokens.issue(member.user)[kind], options={"verify_signature": False})
    payload = {**issued, **claims}
    for claim in without:
        del payload[claim]
    return jwt.encode(payload, key or configured.SECRET_KEY, algorithm="HS256")


def answer(client, path=ME):
    response = client.get(path)
    body = response.json()
    return response.status_code, body.get("code") or body["data"]["account"]["id"]


@contextmanager
def access_lost(member):
    """Session, access and refresh token work before, and none of them after."""
    issued = tokens.issue(member.user)
    session, token = signed_in(member), client_with(issued["access"])
    assert answer(session)[0] == answer(token)[0] == 200
    yield
    assert answer(session) == (401, "credential_invalid")
    assert answer(token) == (401, "credential_invalid")
    assert refresh(issued["refresh"]) == (401, "credential_invalid")


def refresh(token):
    response = client_with().post(f"{AUTH}token/refresh/", {"refresh": token})
    return response.status_code, response.json().get("code")


# --- Which account ----------------------------------------------------------------------------------------------------


def move(member, account):
    """As the service will: the seat stays behind without its user, the user goes, a seat is there."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE business_memberships SET user_id = NULL, is_active = false WHERE user_id = %s", [member.user_id]
        )
        cursor.execute("UPDATE users SET account_id = %s WHERE id = %s", [account.pk, member.user_id])
        cursor.execute(
            "INSERT INTO business_memberships (id, account_id, user_id, name, role, is_active, created_at)"
            " VALUES (%s, %s, %s, 'Moved', 'CASHIER', true, now())",
            [uuid7(), account.pk, member.user_id],
        )


@pytest.mark.django_db
def test_s04a_a_token_of_the_current_account_works(shop):
    """S04."""
    assert answer(client_with(tokens.issue(shop.owner.user)["access"])) == (200, str(shop.id))


def test_s04b_a_user_who_was_moved_is_in_the_new_business_at_once_by_session_and_by_token(committed):
    """S04."""
    old, new = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    session, issued = signed_in(old.cashier), tokens.issue(old.cashier.user)
    token = client_with(issued["access"])
    assert answer(session) == answer(token) == (200, str(old.id))
    move(old.cashier, new.account)
    assert answer(session) == answer(token) == (200, str(new.id))
    for client in (session, token):
        rows = client.get("/api/v1/inventory/products/").json()["results"]
        assert {row["id"] for row in rows} == {str(product.pk) for product in new.products}
        assert client.get(f"/api/v1/inventory/products/{old.products[0].pk}/").status_code == 404
    assert refresh(issued["refresh"])[0] == 200


@pytest.mark.django_db
def test_s04c_a_token_without_an_account_is_of_the_current_one(shop):
    """S04."""
    for token in (forged(shop.owner, without=["account_id"]), forged(shop.owner, account_id=None)):
        assert answer(client_with(token)) == (200, str(shop.id))


@pytest.mark.django_db
def test_s04e_session_and_token_give_the_same_answer(shop):
    """S04."""
    by_session = signed_in(shop.owner).get(ME).json()["data"]
    by_token = shop.client().get(ME).json()["data"]
    both = signed_in(shop.owner)
    by_both = both.get(ME, **shop.client()._credentials).json()["data"]
    assert by_session == by_token == by_both


@pytest.mark.django_db
def test_s04f_a_session_of_one_user_and_a_token_of_another_disagree(shop, stranger):
    """S04."""
    for other in (shop.cashier, stranger.owner):
        client = signed_in(shop.owner)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(other.user)['access']}")
        response = client.get(ME)
        assert (response.status_code, response.json()["code"]) == (401, "credentials_disagree")
        assert response["WWW-Authenticate"]
        # Views for everybody do not mind.
        assert client.get(f"{AUTH}csrf/").status_code == 200


@pytest.mark.django_db
def test_s04g_an_account_in_the_token_that_is_gone_or_a_strangers_never_beats_the_current_one(shop, stranger):
    """S04."""
    for claim in (str(uuid7()), str(stranger.id)):
        client = client_with(forged(shop.owner, account_id=claim))
        assert answer(client) == (200, str(shop.id))
        rows = client.get("/api/v1/inventory/products/").json()["results"]
        assert {row["id"] for row in rows} == {str(product.pk) for product in shop.products}


# --- Which credentials ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer é.é.é", "Bearer null", "Basic b3duZXI6eA==", "x", " "],
)
def test_a_header_that_is_no_token_is_401(shop, header):
    client = client_with()
    client.credentials(HTTP_AUTHORIZATION=header)
    assert answer(client)[0] == 401
    assert client.get(ME)["WWW-Authenticate"]
    assert client.post(f"{AUTH}token/", {"email": shop.owner.user.email, "password": PASSWORD}).status_code == 200


@pytest.mark.django_db
def test_a_token_that_is_forged_incomplete_or_of_the_other_kind_is_401(shop):
    refused = [
        forged(shop.owner, key="k" * 50),
        forged(shop.owner, kind="refresh"),
        forged(shop.owner, user_id=str(uuid7())),
        forged(shop.owner, user_id="nonsense"),
        forged(shop.owner, account_id="nonsense"),
        forged(shop.owner, fingerprint="nonsense"),
        forged(shop.owner, without=["user_id"]),
        forged(shop.owner, without=["fingerprint"]),
        forged(shop.owner, without=["exp"]),
        jwt.encode({"user_id": str(shop.owner.user_id), "token_type": "access"}, None, algorithm="none"),
    ]
    for token in refused:
        assert answer(client_with(token)) == (401, "credential_invalid")
    assert answer(client_with(forged(shop.owner)))[0] == 200


@pytest.mark.django_db
def test_an_access_token_lasts_a_quarter_of_an_hour_and_a_refresh_token_a_fortnight(shop):
    issued, start = tokens.issue(shop.owner.user), timezone.now()
    for later, access, renewed in (
        (timedelta(minutes=14), 200, 200),
        (timedelta(minutes=16), 401, 200),
        (timedelta(days=13), 401, 200),
        (timedelta(days=15), 401, 401),
    ):
        with time_machine.travel(start + later, tick=False):
            assert answer(client_with(issued["access"]))[0] == access, later
            assert refresh(issued["refresh"])[0] == renewed, later


@pytest.mark.django_db
def test_new_tokens_work_and_an_access_token_is_not_one_to_renew_by(shop):
    issued = tokens.issue(shop.owner.user)
    renewed = client_with().post(f"{AUTH}token/refresh/", {"refresh": issued["refresh"]}).json()["data"]
    assert set(renewed) == {"access", "refresh"}
    assert answer(client_with(renewed["access"]))[0] == 200
    for token in (issued["access"], "x", issued["refresh"][:-2]):
        assert refresh(token) == (401, "credential_invalid")


# --- Losing access ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_s10_a_deactivated_user_loses_access_on_the_next_request(shop):
    """S10."""
    with access_lost(shop.cashier), shop.inside():
        User.across_accounts.filter(pk=shop.cashier.user_id).update(is_active=False)


@pytest.mark.django_db
def test_s12_a_new_password_ends_old_sessions_and_tokens(shop):
    """S12."""
    with access_lost(shop.cashier), shop.inside():
        user = User.across_accounts.get(pk=shop.cashier.user_id)
        user.set_password("another-horse-battery")
        user.save(update_fields=["password"])
    user_now = client_with().post(
        f"{AUTH}token/", {"email": shop.cashier.user.email, "password": "another-horse-battery"}
    )
    assert answer(client_with(user_now.json()["data"]["access"]))[0] == 200


def test_s11_a_deleted_users_session_and_tokens_are_401_and_not_500(committed):
    """S11."""
    shop = open_shop("Ama Provisions")
    with access_lost(shop.cashier), connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM business_memberships WHERE user_id = %s", [shop.cashier.user_id])
        cursor.execute("DELETE FROM users WHERE id = %s", [shop.cashier.user_id])


@pytest.mark.django_db
def test_s10_who_has_lost_the_seat_has_no_business_on_the_next_request_and_the_right_back_with_it(shop):
    """S10."""
    session, token = signed_in(shop.cashier), shop.client(shop.cashier)
    for is_active, wanted in ((False, (403, "no_business")), (True, (200, str(shop.id)))):
        with shop.inside():
            shop.account.memberships.filter(pk=shop.cashier.pk).update(is_active=is_active)
        assert answer(session) == answer(token) == wanted


@pytest.mark.django_db
def test_a_role_that_was_taken_away_is_gone_on_the_next_request(shop):
    client = shop.client()
    body = {"name": "Shelf"}
    assert client.post("/api/v1/inventory/categories/", body).status_code == 201
    with shop.inside():
        shop.account.memberships.filter(pk=shop.owner.pk).update(role="STAFF")
    response = client.post("/api/v1/inventory/categories/", {"name": "Another"})
    assert (response.status_code, response.json()["code"]) == (403, "capability_missing")


# --- What browsers are told -------------------------------------------------------------------------------------------

ANSWERS = [
    ("get", "/inventory/api/stock-products/?page=1&page_size=25", 200),
    ("get", "/api/v1/inventory/products/01a1fc56-0000-7000-8000-000000000404/", 404),
    ("get", "/api/v1/nothing/", 404),
    ("get", "/api/v1/inventory/products/?nonsense=1", 400),
    ("post", "/api/v1/inventory/products/", 400),
    ("delete", "/api/v1/inventory/products/", 405),
    ("get", "/healthz", 200),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_s02_every_answer_bears_cors_headers_for_the_listed_origin_and_none_for_others(
    shop, settings, method, path, status
):
    """S02."""
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    call = getattr(shop.client(), method)
    response = call(path, HTTP_ORIGIN=ORIGIN)
    assert response.status_code == status
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert "origin" in response["Vary"].lower()
    assert {"X-Request-ID", "ETag", "Retry-After"} <= set(response["Access-Control-Expose-Headers"].split(", "))
    for origin in ("https://evil.example", "http://localhost:5174", "null", f"{ORIGIN}.evil.example"):
        answered = call(path, HTTP_ORIGIN=origin)
        assert not [name for name in answered.headers if name.lower().startswith("access-control")], origin


@pytest.mark.django_db
def test_s01_after_a_preflight_a_member_reads_by_session_from_the_tills_origin(shop, settings, nobody):
    """S01."""
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    path = "/inventory/api/stock-products/?page=1&page_size=25"
    asked = {
        "HTTP_ORIGIN": ORIGIN,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-csrftoken,idempotency-key",
    }
    preflight = nobody.options(path, **asked)
    assert (preflight.status_code, preflight["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    allowed = preflight["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "x-csrftoken", "idempotency-key", "if-match", "content-type"} <= set(allowed)
    assert {"GET", "POST", "PATCH"} <= set(preflight["Access-Control-Allow-Methods"].split(", "))
    unlisted = nobody.options(path, **{**asked, "HTTP_ORIGIN": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in unlisted
    response = signed_in(shop.owner).get(path, HTTP_ORIGIN=ORIGIN)
    assert (response.status_code, response.json()["count"]) == (200, len(shop.products))
    assert len(response.json()["results"]) == len(shop.products)


@pytest.mark.django_db
def test_s01_nobody_from_the_tills_origin_is_told_to_sign_in_readably(settings, nobody):
    """S01."""
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    response = nobody.get("/inventory/api/stock-products/?page=1&page_size=25", HTTP_ORIGIN=ORIGIN)
    assert (response.status_code, response.json()["code"]) == (401, "not_signed_in")
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert "must be associated with a business" not in response.content.decode()


@pytest.mark.django_db
def test_s02_cross_site_cookies_are_none_secure_and_partitioned(shop, settings, nobody):
    """S02."""
    settings.CROSS_SITE_COOKIES = True
    settings.SESSION_COOKIE_SAMESITE = settings.CSRF_COOKIE_SAMESITE = "None"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    body = {"email": shop.owner.user.email, "password": PASSWORD}
    response = nobody.post(f"{AUTH}login/", body, secure=True)
    lines = {name: cookie.output(header="") for name, cookie in response.cookies.items()}
    assert set(lines) == {"sessionid", "csrftoken"}
    for name, line in lines.items():
        assert response.cookies[name].value in line
        for flag in ("SameSite=None", "Secure", "Partitioned", "Path=/"):
            assert flag in line.split("; "), (name, flag)
    assert "HttpOnly" in lines["sessionid"]
    assert "HttpOnly" not in lines["csrftoken"]


@pytest.mark.django_db
def test_a_request_keeps_its_id_in_header_body_and_audit_and_nonsense_gets_a_new_one(shop):
    client = shop.client()
    kept = client.get(ME, HTTP_X_REQUEST_ID="till-000009")
    assert kept["X-Request-ID"] == kept.json()["request_id"] == "till-000009"
    for nonsense in ("x", "a" * 65, "till 0001 0001", "tïll-00001"):
        fresh = client.get(ME, HTTP_X_REQUEST_ID=nonsense)
        assert fresh["X-Request-ID"] == fresh.json()["request_id"] != nonsense
        assert len(fresh["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_what_a_refused_request_had_written_is_undone(shop):
    client = shop.client()
    key = {"HTTP_IDEMPOTENCY_KEY": "one-key-for-both"}
    refused = client.post("/api/v1/inventory/products/", {"sku": "SKU-0", "name": "x", "retail_price": "1"}, **key)
    assert (refused.status_code, refused.json()["code"]) == (409, "sku_taken")
    with shop.inside():
        assert not shop.account.idempotency_keys.exists()
        assert shop.account.products.count() == len(shop.products)
    accepted = client.post("/api/v1/inventory/products/", {"sku": "SKU-9", "name": "x", "retail_price": "1"}, **key)
    assert accepted.status_code == 201
