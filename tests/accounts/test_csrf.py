"""S16: what a page of somebody else's could make a browser do, and cannot."""

import pytest

from tests.accounts.tills import ACCOUNT, AUTH, ME, browser, client, credentials, log_in, sign_in, told
from tests.answers import refused

FAILED = (403, "csrf_failed")


@pytest.fixture
def page(shop):
    """A browser that is signed in by cookie, and its token in `csrf`."""
    made = browser(shop.owner)
    made.csrf = made._credentials.pop("HTTP_X_CSRFTOKEN")
    return made


WRITES = [
    ("patch", ACCOUNT, {"name": "Taken"}),
    ("post", "/api/v1/inventory/categories/", {"name": "Taken"}),
    ("post", "/inventory/api/categories/", {"name": "Taken"}),
    ("post", f"{AUTH}logout/", None),
    ("post", f"{AUTH}leave/", None),
    ("post", f"{AUTH}password/change/", {"old_password": "x", "password": "y"}),
    ("post", f"{AUTH}mfa/", {"password": "x"}),
    ("delete", f"{AUTH}sessions/", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_s16_a_write_by_cookie_without_the_token_is_403_in_json_and_changes_nothing(shop, page, method, path, body):
    """S16."""
    answer = refused(shop, lambda: getattr(page, method)(path, body), *FAILED)
    assert "X-CSRFToken" in answer["detail"]
    assert page.get(ME).status_code == 200


def test_s16_the_token_of_another_session_is_as_wrong_as_none(shop, page):
    """S16."""
    other = browser(shop.cashier)._credentials["HTTP_X_CSRFTOKEN"]
    older = page.csrf
    for token in (other, "", "x", "a" * 32, "a" * 64, "é" * 32):
        assert told(page.patch(ACCOUNT, {"name": "Taken"}, HTTP_X_CSRFTOKEN=token)) == FAILED
    log_in(page, shop.owner)
    newer = page._credentials.pop("HTTP_X_CSRFTOKEN")
    assert told(page.patch(ACCOUNT, {"name": "Taken"}, HTTP_X_CSRFTOKEN=older)) == FAILED
    assert page.patch(ACCOUNT, {"name": "Mine"}, HTTP_X_CSRFTOKEN=newer).status_code == 200


def test_s16_a_write_by_token_needs_none_alone_or_beside_a_cookie_of_the_same_person(shop, page):
    """S16."""
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {sign_in(shop.owner)['access']}"}
    assert page.patch(ACCOUNT, {"name": "Both"}, **bearer).status_code == 200
    page.cookies.clear()
    assert page.patch(ACCOUNT, {"name": "Alone"}, **bearer).status_code == 200


@pytest.mark.parametrize("scheme", ["Basic", "bearer", "Token", ""])
def test_s16_a_header_that_is_no_token_does_not_get_a_cookie_round_the_check(page, scheme):
    """S16."""
    response = page.patch(ACCOUNT, {"name": "Taken"}, HTTP_AUTHORIZATION=f"{scheme} x".strip())
    assert told(response) == (401, "credential_invalid")


@pytest.mark.parametrize("broken", ["Bearer x", "Basic x"])
def test_s16_a_broken_token_beside_a_cookie_does_not_sign_the_browser_out(page, broken):
    """S16."""
    assert told(page.post(f"{AUTH}logout/", HTTP_AUTHORIZATION=broken)) == FAILED
    assert page.get(ME).status_code == 200
    assert told(page.post(f"{AUTH}logout/", HTTP_AUTHORIZATION=broken, HTTP_X_CSRFTOKEN=page.csrf)) == (204, None)


FORMS = [
    ("application/x-www-form-urlencoded", "email={email}&password={password}"),
    ("text/plain", '{{"email": "{email}", "password": "{password}", "x": "="}}'),
    ("multipart/form-data; boundary=x", '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n{email}\r\n--x--'),
]


@pytest.mark.parametrize(("kind", "body"), FORMS)
@pytest.mark.parametrize("way", ["login", "token"])
def test_s16_no_form_of_another_site_signs_a_browser_in_as_somebody_else(shop, page, way, kind, body):
    """S16."""
    form = body.format(**credentials(shop.cashier))
    response = page.generic("POST", f"{AUTH}{way}/", form, kind, HTTP_ORIGIN="https://evil.example")
    assert response.status_code == 415
    assert not response.cookies
    assert page.get(ME).json()["data"]["user"]["id"] == str(shop.owner.user_id)


def test_s16_json_from_another_origin_is_stopped_by_the_preflight(shop, settings):
    """S16."""
    settings.CORS_ALLOWED_ORIGINS = ["http://localhost:5173"]
    asked = {
        "HTTP_ORIGIN": "https://evil.example",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type",
    }
    answer = client().options(f"{AUTH}login/", **asked)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    allowed = client().options(f"{AUTH}login/", **{**asked, "HTTP_ORIGIN": "http://localhost:5173"})
    assert allowed["Access-Control-Allow-Origin"] == "http://localhost:5173"
