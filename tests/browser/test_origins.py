"""S02: the till's page on one origin, the API on another, and what a real browser makes of it."""

import urllib.error
import urllib.request

import pytest

from tests.browser.conftest import Till

pytestmark = pytest.mark.browser

STOCK = "/inventory/api/stock-products/?page=1&page_size=25"
ME = "/api/v1/accounts/auth/me/"
CUSTOMERS = "/api/v1/sales/customers/"


def add_customer(till, name, csrf_token):
    return till.call(CUSTOMERS, method="POST", body={"name": name}, headers={"X-CSRFToken": csrf_token})


def names_of_customers(till):
    return [row["name"] for row in till.call(CUSTOMERS)["body"]["results"]]


def test_s02_a_till_on_the_same_site_signs_in_reads_and_writes_with_lax_cookies(stage, context):
    """S02."""
    till = Till(context, stage.listed, stage.api("localhost"))
    login = till.log_in(stage.credentials)
    assert login["status"] == 200, login

    stock = till.call(STOCK)
    assert (stock["type"], stock["status"], stock["body"]["count"]) == ("cors", 200, stage.product_count)
    written = add_customer(till, "Esi", login["body"]["data"]["csrf_token"])
    assert (written["status"], written["body"]["data"]["name"]) == (201, "Esi")
    assert "Esi" in names_of_customers(till)

    session = till.cookies()["sessionid"]
    assert (session["sameSite"], session["secure"], session["httpOnly"]) == ("Lax", False, True)
    assert "partitionKey" not in session


def test_s02_a_till_on_another_site_signs_in_reads_and_writes_with_partitioned_cookies(stage, context):
    """S02."""
    till = Till(context, stage.listed, stage.api("127.0.0.1", cross_site_cookies=True))
    login = till.log_in(stage.credentials)
    assert login["status"] == 200, login

    stock = till.call(STOCK)
    assert (stock["type"], stock["status"], stock["body"]["count"]) == ("cors", 200, stage.product_count)
    written = add_customer(till, "Kwame", login["body"]["data"]["csrf_token"])
    assert (written["status"], written["body"]["data"]["name"]) == (201, "Kwame")
    assert "Kwame" in names_of_customers(till)

    cookies = till.cookies()
    for name in ("sessionid", "csrftoken"):
        assert (cookies[name]["sameSite"], cookies[name]["secure"]) == ("None", True), name
        assert cookies[name]["partitionKey"] == "http://localhost", name


def test_s02_a_till_on_another_site_signs_out_and_its_partitioned_cookie_is_gone(stage, context):
    """S02."""
    till = Till(context, stage.listed, stage.api("127.0.0.1", cross_site_cookies=True))
    token = till.log_in(stage.credentials)["body"]["data"]["csrf_token"]
    assert "sessionid" in till.cookies()
    left = till.call("/api/v1/accounts/auth/logout/", method="POST", headers={"X-CSRFToken": token})
    assert left["status"] == 204, left
    assert "sessionid" not in till.cookies()
    assert till.call(ME)["status"] == 401


def test_s02_the_control_without_cross_site_cookies_a_till_on_another_site_does_not_stay_signed_in(stage, context):
    """S02."""
    till = Till(context, stage.listed, stage.api("127.0.0.1"))
    assert till.log_in(stage.credentials)["status"] == 200
    me = till.call(ME)
    assert (me["status"], me["body"]["code"]) == (401, "not_signed_in")
    assert "sessionid" not in till.cookies()


def test_s02_a_page_on_an_unlisted_origin_can_neither_sign_in_nor_read_nor_write(stage, context):
    """S02."""
    api = stage.api("localhost")
    owner = Till(context, stage.listed, api)
    token = owner.log_in(stage.credentials)["body"]["data"]["csrf_token"]
    assert owner.call(ME)["status"] == 200

    # Another port is the same site, so the owner's cookies go along; only CORS and CSRF stand in the way.
    intruder = Till(context, stage.unlisted, api)
    for path in (ME, STOCK, "/api/v1/accounts/auth/csrf/", "/api/v1/nothing/"):
        assert intruder.call(path) == {"unreadable": "TypeError: Failed to fetch"}, path
    assert intruder.log_in(stage.credentials) == {"unreadable": "TypeError: Failed to fetch"}
    assert add_customer(intruder, "Intruder", token) == {"unreadable": "TypeError: Failed to fetch"}
    plain = {"method": "POST", "mode": "no-cors", "body": '{"name": "Intruder"}'}
    sent = intruder.call(CUSTOMERS, headers={"Content-Type": "text/plain"}, **plain)
    assert (sent["type"], sent["status"], sent["body"]) == ("opaque", 0, None)
    assert "Intruder" not in names_of_customers(owner)


def test_s02_a_signed_out_profile_on_an_unlisted_origin_gets_no_session(stage, context):
    """S02."""
    intruder = Till(context, stage.unlisted, stage.api("localhost"))
    assert intruder.log_in(stage.credentials) == {"unreadable": "TypeError: Failed to fetch"}
    assert intruder.cookies() == {}


@pytest.mark.parametrize("cross_site_cookies", [False, True])
def test_s02_the_page_can_read_every_kind_of_refusal(stage, context, cross_site_cookies):
    """S02."""
    host = "127.0.0.1" if cross_site_cookies else "localhost"
    till = Till(context, stage.listed, stage.api(host, cross_site_cookies=cross_site_cookies))
    refusals = {"not_signed_in": till.call(ME)}
    wrong = {**stage.credentials, "password": "not-the-password"}
    refusals["wrong_credentials"] = till.log_in(wrong)
    token = till.log_in(stage.credentials)["body"]["data"]["csrf_token"]
    signed = {"X-CSRFToken": token}
    refusals["csrf_failed"] = till.call(CUSTOMERS, method="POST", body={"name": "Yaw"})
    refusals["not_found"] = till.call("/api/v1/nothing/")
    refusals["unknown_parameter"] = till.call(f"{CUSTOMERS}?colour=red")
    refusals["malformed_json"] = till.call(CUSTOMERS, method="POST", body="{", headers=signed)
    refusals["body_too_large"] = till.call(CUSTOMERS, method="POST", body={"name": "a" * 3_000_000}, headers=signed)

    statuses = {code: answer.get("status") for code, answer in refusals.items()}
    assert statuses == {
        "not_signed_in": 401,
        "wrong_credentials": 401,
        "csrf_failed": 403,
        "not_found": 404,
        "unknown_parameter": 400,
        "malformed_json": 400,
        "body_too_large": 413,
    }
    for code, answer in refusals.items():
        assert (answer["body"]["success"], answer["body"]["code"]) == (False, code)
        assert answer["requestId"] == answer["body"]["request_id"]
    assert "Yaw" not in names_of_customers(till)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", [ME, "/api/v1/nothing/", "/api/v1/accounts/auth/login/"])
def test_s02_only_the_listed_origin_is_named_in_the_headers_and_never_a_wildcard(stage, method, path):
    """S02."""
    listed, unlisted = (allowed(stage, path, method, origin) for origin in (stage.listed, stage.unlisted))
    assert listed["access-control-allow-origin"] == stage.listed
    assert listed["access-control-allow-credentials"] == "true"
    assert unlisted == {}


def allowed(stage, path, method, origin):
    headers = {"Origin": origin, "Content-Type": "application/json"}
    if method == "OPTIONS":
        headers |= {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-csrftoken"}
    body = b"{}" if method == "POST" else None
    request = urllib.request.Request(stage.api("127.0.0.1") + path, body, headers, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        names = {name.lower(): value for name, value in answer.headers.items()}
    return {name: value for name, value in names.items() if name.startswith("access-control-allow-")}
