"""Addresses that lead nowhere: queries, paths, methods, hosts. The answer is ours."""

from urllib.parse import quote

import pytest

from tests.hostile import (
    ARABIC,
    CUSTOMERS,
    LOGIN,
    ME,
    MOVEMENTS,
    NOBODYS_ID,
    PRODUCTS,
    SALES,
    STOCK_PRODUCTS,
    SUMMARY,
    each,
    refused,
)

pytestmark = pytest.mark.django_db


@each(
    ("path", "query", "field"),
    [
        (CUSTOMERS, "colour=red", "colour"),
        (CUSTOMERS, "Page=1", "Page"),
        (CUSTOMERS, "page[]=1", "page[]"),
        (CUSTOMERS, "account=1", "account"),
        (CUSTOMERS, "format=xml", "format"),
        (CUSTOMERS, "name__startswith=E", "name__startswith"),
        (CUSTOMERS, "=1", ""),
        (CUSTOMERS, "%00=1", "\x00"),
        (MOVEMENTS, "page=1", "page"),
        (ME, "x=1", "x"),
        ("/api/v1/accounts/auth/csrf/", "x=1", "x"),
        (SUMMARY, "first_on=2026-01-01&last_on=2026-01-02&page=1", "page"),
        (f"{SALES}{NOBODYS_ID}/", "page=1", "page"),
    ],
)
def test_an_unknown_query_parameter_is_400(till, path, query, field):
    refused(till.get(f"{path}?{query}"), 400, "unknown_parameter", {field: "unknown_parameter"})


@each(
    ("path", "query"),
    [
        (CUSTOMERS, "search=%00"),
        (CUSTOMERS, "search=a%00b"),
        (CUSTOMERS, "phone=%00"),
        (CUSTOMERS, f"search={'a' * 101}"),
        (CUSTOMERS, "page=0"),
        (CUSTOMERS, "page=-1"),
        (CUSTOMERS, "page=1.0"),
        (CUSTOMERS, "page=1_0"),
        (CUSTOMERS, "page=%D9%A1"),
        (CUSTOMERS, "page=%C2%B2"),
        (CUSTOMERS, "page=+1"),
        (CUSTOMERS, "page="),
        (CUSTOMERS, f"page={'9' * 5000}"),
        (CUSTOMERS, "page_size=0"),
        (CUSTOMERS, "page_size=201"),
        (CUSTOMERS, "page_size=all"),
        (CUSTOMERS, "is_active=banana"),
        (CUSTOMERS, "is_active=2"),
        (CUSTOMERS, "is_active=%00"),
        (STOCK_PRODUCTS, "in_stock=maybe"),
        (STOCK_PRODUCTS, "product=1"),
        (STOCK_PRODUCTS, "product=urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057"),
        (STOCK_PRODUCTS, f"product={quote('٣' * 32)}"),
        (STOCK_PRODUCTS, "expires_before=01/02/2026"),
        (STOCK_PRODUCTS, "expires_before=2026-02-30"),
        (STOCK_PRODUCTS, f"expires_before={quote('2026-01-01'.translate(ARABIC))}"),
        (SALES, "status=NOPE"),
        (SALES, "sold_from=yesterday"),
        (SALES, "sold_from=2026-01-01T25:00:00Z"),
        (SALES, "sold_from=0001-01-01T00:00:00%2B14:00"),
        (SALES, "sold_before=9999-12-31T23:59:59-14:00"),
        (SALES, f"sold_from={quote('2026-01-01T00:00:00Z'.translate(ARABIC))}"),
        (MOVEMENTS, "cursor="),
        (MOVEMENTS, "cursor=x"),
        (MOVEMENTS, "cursor=%7B01890a5d-ac96-774b-bcce-b302099a8057%7D"),
        (SUMMARY, ""),
        (SUMMARY, "first_on=x&last_on=2026-01-01"),
        (SUMMARY, f"first_on={quote('2026-01-01'.translate(ARABIC))}&last_on=2026-01-01"),
    ],
)
def test_a_query_parameter_that_makes_no_sense_is_400_and_never_ignored(till, path, query):
    refusal = refused(till.get(f"{path}?{query}"), 400, "invalid_input")
    names = {error["field"] for error in refusal["errors"]}
    assert names
    assert names <= {part.split("=")[0] for part in query.split("&")} | {"first_on", "last_on"}


@each(
    ("path", "query"),
    [
        (CUSTOMERS, "search=%ff"),
        (CUSTOMERS, "search=%25_%5C"),
        (CUSTOMERS, "search=%27%3B--"),
        (CUSTOMERS, "search="),
        (CUSTOMERS, "page=999999999"),
        (CUSTOMERS, "phone=%ED%A0%80"),
        (SALES, "sold_from=0201-02-22T15:32:48%2B23:30"),
        (SALES, "sold_before=9999-12-31T23:59:59-00:00"),
        (SUMMARY, "first_on=2000-01-01&last_on=2000-12-31"),
    ],
)
def test_an_odd_question_has_an_answer(till, path, query):
    response = till.get(f"{path}?{query}")
    assert response.status_code == 200, response.content
    assert response.json()["success"] is True


@each("debug", [False, True])
@each(
    "path",
    [
        "/nothing",
        "/api/v1/",
        "/api/v1/sales",
        "/api/v1/sales/customers",
        "/api/v2/sales/customers/",
        "/sales/api/nothing/",
        "/%00",
        "/%ff",
        "/../etc/passwd",
        "/static/../app/settings.py",
        "/static/nothing.css",
        "/wp-login.php",
        "/.env",
    ],
)
def test_an_unknown_path_is_404_in_the_envelope_whether_or_not_debug_is_on(till, nobody, settings, path, debug):
    settings.DEBUG = debug
    for client in (till, nobody):
        refused(client.get(path), 404, "not_found", {})
        refused(client.post(path, {"a": 1}, format="json"), 404, "not_found", {})


@each(
    ("method", "path"),
    [
        ("GET", LOGIN),
        ("POST", ME),
        ("DELETE", CUSTOMERS),
        ("PUT", CUSTOMERS),
        ("PATCH", CUSTOMERS),
        ("POST", STOCK_PRODUCTS),
        ("PATCH", STOCK_PRODUCTS),
        ("DELETE", f"{CUSTOMERS}{NOBODYS_ID}/"),
        ("PUT", f"{PRODUCTS}{NOBODYS_ID}/"),
        ("DELETE", "/api/v1/accounts/account/"),
        ("TRACE", STOCK_PRODUCTS),
        ("TRACE", "/api/v1/subscriptions/status/"),
        ("BREW", CUSTOMERS),
        ("ACTION", CUSTOMERS),
    ],
)
def test_a_method_that_is_not_offered_is_405_and_says_which_are(till, nobody, method, path):
    for client in (till, nobody):
        response = client.generic(method, path, "{}", content_type="application/json")
        refused(response, 405, "method_not_allowed")
        assert method not in response.headers["Allow"].split(", ")
        assert "OPTIONS" in response.headers["Allow"].split(", ")


def test_head_is_get_without_its_body_and_options_tells_nothing_but_the_methods(till, nobody):
    head = till.head(CUSTOMERS)
    assert (head.status_code, head.content) == (200, b"")
    options = till.options(CUSTOMERS)
    refused(options, 405, "method_not_allowed", {})
    assert options.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    refused(nobody.options(CUSTOMERS), 401, "not_signed_in")
    assert nobody.head(CUSTOMERS).status_code == 401


@each("accept", ["text/html", "application/xml", "image/*;q=0.1", "nonsense", "", "a/b;;;q=é"])
def test_whatever_is_asked_for_the_answer_is_json(till, nobody, accept):
    found = till.get(CUSTOMERS, HTTP_ACCEPT=accept)
    assert (found.status_code, found.headers["Content-Type"]) == (200, "application/json")
    refused(nobody.get(CUSTOMERS, HTTP_ACCEPT=accept), 401, "not_signed_in")
    refused(till.get("/nothing", HTTP_ACCEPT=accept), 404, "not_found")
    refused(till.get(f"{CUSTOMERS}{NOBODYS_ID}/", HTTP_ACCEPT=accept), 404, "not_found")


@each("host", ["evil.example", "localhost@evil.example", "", "a b", "localhost:port", "é"])
def test_a_host_that_is_not_ours_is_400(till, nobody, host):
    for client in (till, nobody):
        refused(client.get(CUSTOMERS, HTTP_HOST=host), 400, "invalid_input")
        refused(client.post(LOGIN, {"email": "a@b.c", "password": "x"}, format="json", HTTP_HOST=host), 400)


@each("query", ["first_on=0001-01-01&last_on=0001-01-02", "first_on=9999-12-30&last_on=9999-12-31",
                "first_on=2026-01-02&last_on=2026-01-01", "first_on=2020-01-01&last_on=2026-01-01"])  # fmt: skip
def test_a_span_that_no_shop_has_is_400(till, query):
    refused(till.get(f"{SUMMARY}?{query}"), 400, "invalid_input", {"last_on": "invalid_span"})
