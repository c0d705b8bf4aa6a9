"""Headers that prove nothing, name nothing or cannot be kept."""

from urllib.parse import unquote

import pytest
from rest_framework.test import APIClient

from tests.conftest import PASSWORD
from tests.hostile import AUTH, CUSTOMERS, LOGIN, ME, NOBODYS_ID, PIN, PRODUCTS, SALES, each, refused

pytestmark = pytest.mark.django_db


@each(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer x y",
        "Bearer a.b.c",
        "Bearer ..",
        "bearer null",
        "Basic b3duZXI6cGFzcw==",
        "Token x",
        "x",
        ",",
        "Bearer é",
        "Bearer \x00",
        "Bearer eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoiMSJ9.",
        "Bearer " + "a" * 100_000,
        "Bearer " + "." * 100_000,
    ],
)
def test_an_authorization_header_that_proves_nothing_is_401_and_keeps_nobody_from_signing_in(shop, value):
    nobody = APIClient(raise_request_exception=False)
    response = nobody.get(CUSTOMERS, HTTP_AUTHORIZATION=value)
    refused(response, 401, "credential_invalid")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    credentials = {"email": shop.owner.user.email, "password": PASSWORD}
    assert nobody.post(LOGIN, credentials, format="json", HTTP_AUTHORIZATION=value).status_code == 200


def test_a_token_of_the_other_kind_or_with_a_broken_seal_is_401(shop, nobody):
    issued = shop.tokens()
    head, claims, seal = issued["access"].split(".")
    for broken in (issued["refresh"], f"{head}.{claims}.{seal[::-1]}", f"{head}.{claims}.", f"{head}.{claims}"):
        refused(nobody.get(ME, HTTP_AUTHORIZATION=f"Bearer {broken}"), 401, "credential_invalid")
    refused(nobody.post("/api/v1/accounts/auth/token/refresh/", {"refresh": issued["access"]}, format="json"), 401)


@each(
    "cookie",
    [
        "",
        "x",
        "a" * 32,
        "a" * 10_000,
        '"aaaaaaaa\\000aaaa"',
        '"aaaaaaaa\\377aaaa"',
        "'; DROP TABLE django_session",
        "../../etc/passwd",
        "é" * 32,
        "{}",
    ],
)
def test_a_broken_session_cookie_is_nobodys_and_signing_in_still_works(shop, cookie):
    nobody = APIClient(raise_request_exception=False)
    header = {"HTTP_COOKIE": f"sessionid={cookie}; csrftoken={cookie}"}
    refused(nobody.get(ME, **header), 401, "not_signed_in")
    refused(nobody.post(CUSTOMERS, {"name": "Esi"}, format="json", **header), 401, "not_signed_in")
    credentials = {"email": shop.owner.user.email, "password": PASSWORD}
    assert nobody.post(LOGIN, credentials, format="json", **header).status_code == 200
    assert shop.client().get(ME, **header).status_code == 200


NONSENSE = [
    "",
    " ",
    "x",
    "null",
    "\x00",
    "é",
    "a" * 10_000,
    "' OR 1=1 --",
    "../..",
    NOBODYS_ID + "x",
    "A" * 54,
    "=" * 54,
]


@each("value", NONSENSE)
def test_a_business_that_cannot_be_named_is_404(till, value):
    for method in ("get", "post"):
        refused(getattr(till, method)(CUSTOMERS, HTTP_X_ACCOUNT_ID=value), 404, "not_found")


@each("value", NONSENSE)
def test_a_device_token_that_is_none_is_401_where_one_is_asked_for_and_minded_nowhere_else(shop, value):
    nobody = APIClient(raise_request_exception=False)
    pin = {"member": str(shop.cashier.pk), "pin": "4702"}
    refused(nobody.get(PIN, HTTP_X_DEVICE_TOKEN=value), 401, "device_unknown")
    refused(nobody.post(PIN, pin, format="json", HTTP_X_DEVICE_TOKEN=value), 401, "device_unknown")
    assert shop.client().get(ME, HTTP_X_DEVICE_TOKEN=value).status_code == 200


@each("value", NONSENSE)
def test_an_approver_who_cannot_be_and_a_pin_that_is_none_are_403_and_change_nothing(shop, settings, value):
    endless = dict.fromkeys(("pin", "pin_member", "approver"), (1000, 60))
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, **endless}
    for headers in (
        {"HTTP_X_APPROVER": value, "HTTP_X_APPROVER_PIN": "4702"},
        {"HTTP_X_APPROVER": str(shop.cashier.pk), "HTTP_X_APPROVER_PIN": value},
        {"HTTP_X_APPROVER": str(shop.cashier.pk)},
    ):
        refused(shop.client().post(CUSTOMERS, {"name": "Esi"}, format="json", **headers), 403, "wrong_pin")
    with shop.inside():
        assert not shop.account.customers.exists()


@each("token", ["x", "%00", "%ED%A0%80", "%C3%A9", "a" * 5_000, "A" * 54, "%2e%2e", "'", NOBODYS_ID])
def test_a_mailed_token_that_is_none_is_404_or_400(token, db):
    nobody = APIClient(raise_request_exception=False)
    accept = {"name": "Yaa", "password": PASSWORD}
    refused(nobody.get(f"{AUTH}invitations/{token}/"), 404, "invitation_unknown")
    refused(nobody.post(f"{AUTH}invitations/{token}/accept/", accept, format="json"), 404, "invitation_unknown")
    told = {"token": unquote(token)[:200].replace("\x00", "?"), "password": PASSWORD}
    refused(nobody.post(f"{AUTH}verify-email/", told, format="json"), 400, "link_invalid")
    refused(nobody.post(f"{AUTH}password/reset/confirm/", told, format="json"), 400, "link_invalid")


def test_a_request_id_that_is_well_formed_comes_back_and_any_other_is_replaced(till):
    for good in ("a" * 8, "till-7_2026-01-01", "A" * 64):
        assert till.get("/nothing", HTTP_X_REQUEST_ID=good).json()["request_id"] == good
    for bad in (
        "",
        "short",
        "a" * 65,
        "a b c d e f",
        "a" * 10_000,
        "é" * 8,
        "<script>",
        "x\r\nSet-Cookie: a=b",
        "١" * 8,
    ):
        body = refused(till.get("/nothing", HTTP_X_REQUEST_ID=bad), 404)
        assert body["request_id"] != bad
        assert len(body["request_id"]) == 32


@each("key", ["a" * 201, "a" * 100_000, "clé", "a\tb", "a\x00b", "a\x7fb"])
def test_an_idempotency_key_that_cannot_be_kept_is_400(shop, key):
    till = shop.client()
    for path, body in ((CUSTOMERS, {"name": "Esi"}), (SALES, shop.basket())):
        response = till.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY=key)
        refused(response, 400, "invalid_input", {"Idempotency-Key": "invalid"})
    with shop.inside():
        assert (shop.account.customers.count(), shop.account.sales.count()) == (0, 0)


def test_an_empty_idempotency_key_is_none(shop):
    body = shop.basket()
    del body["id"]
    for key in ("", None):
        header = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
        refused(shop.client().post(SALES, body, format="json", **header), 400, "idempotency_key_required")


def test_a_key_used_with_another_body_is_422_and_a_refused_body_leaves_the_key_free(shop):
    till = shop.client()
    key = {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    refused(till.post(CUSTOMERS, {"name": ""}, format="json", **key), 400)
    first = till.post(CUSTOMERS, {"name": "Esi"}, format="json", **key)
    again = till.post(CUSTOMERS, {"name": "Esi"}, format="json", **key)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    refused(till.post(CUSTOMERS, {"name": "Ama"}, format="json", **key), 422, "idempotency_key_reused")
    refused(till.post(CUSTOMERS, b"{", content_type="application/json", **key), 400, "malformed_json")


@each("tag", ["", "1", '"0"', '"2"', '"1', '"1"x', "é", "a" * 10_000, "\x00", '"١"'])
def test_an_if_match_that_names_no_present_version_is_412_and_changes_nothing(shop, tag):
    product = shop.products[0]
    response = shop.client().patch(f"{PRODUCTS}{product.pk}/", {"name": "Changed"}, format="json", HTTP_IF_MATCH=tag)
    body = refused(response, 412, "stale_version")
    assert (body["meta"]["current"]["name"], body["meta"]["current"]["version"]) == (product.name, 1)
    with shop.inside():
        assert shop.account.products.get(pk=product.pk).name == product.name


def test_an_if_match_that_a_proxy_weakened_or_that_lists_several_is_understood(shop):
    product = shop.products[0]
    for version, tag in enumerate(['W/"1"', '"7", "2"', "*"], start=1):
        body = {"name": f"Name {version}"}
        response = shop.client().patch(f"{PRODUCTS}{product.pk}/", body, format="json", HTTP_IF_MATCH=tag)
        assert (response.status_code, response.headers["ETag"]) == (200, f'"{version + 1}"')
