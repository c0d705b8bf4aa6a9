"""S01, S02: what browsers are told, so that a page on the till's origin can ask, and no other."""

import pytest

from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

AUTH = "/api/v1/accounts/auth/"
ORIGIN = "http://localhost:5173"

ANSWERS = [
    ("get", "/inventory/api/stock-products/?page=1&page_size=25", 200),
    ("get", "/api/v1/inventory/products/01a1fc56-0000-7000-8000-000000000404/", 404),
    ("get", "/api/v1/nothing/", 404),
    ("get", "/api/v1/inventory/products/?nonsense=1", 400),
    ("post", "/api/v1/inventory/products/", 400),
    ("delete", "/api/v1/inventory/products/", 405),
    ("get", "/healthz", 200),
]


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
    nobody.post(f"{AUTH}login/", {"email": shop.owner.user.email, "password": PASSWORD})
    response = nobody.get(path, HTTP_ORIGIN=ORIGIN)
    assert (response.status_code, response.json()["count"]) == (200, len(shop.products))
    assert len(response.json()["results"]) == len(shop.products)


def test_s01_nobody_from_the_tills_origin_is_told_to_sign_in_readably(settings, nobody):
    """S01."""
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    response = nobody.get("/inventory/api/stock-products/?page=1&page_size=25", HTTP_ORIGIN=ORIGIN)
    assert (response.status_code, response.json()["code"]) == (401, "not_signed_in")
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert "must be associated with a business" not in response.content.decode()


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
