"""S49 and the contracts of all input: whatever is sent, the answer is ours, says what is wrong, and is no fault."""

import inspect
import json
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPResponse
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connections
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts import tokens
from tests.conftest import PASSWORD, open_shop
from tests.server import gunicorn

ENVELOPE = {"success", "error", "detail", "code", "errors", "request_id"}
CUSTOMERS = "/api/v1/sales/customers/"
PRODUCTS = "/api/v1/inventory/products/"
STOCK = "/api/v1/inventory/stock/"
STOCK_PRODUCTS = "/api/v1/inventory/stock-products/"
MOVEMENTS = "/api/v1/inventory/stock-movements/"
SALES = "/api/v1/sales/sales/"
SUMMARY = "/api/v1/sales/sales/summary/"
ME = "/api/v1/accounts/auth/me/"
LOGIN = "/api/v1/accounts/auth/login/"
TOKEN = "/api/v1/accounts/auth/token/"
NOBODYS_ID = "01890a5d-ac96-774b-bcce-b302099a8057"

# Digits that Python's int, Decimal, UUID and date take for 1, 2, 3.
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def each(names, cases):
    """One test of many cases, each told apart when it fails: they share a shop, for it costs more than they do."""
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else names

    def share(test):
        parameters = inspect.signature(test).parameters
        asked = [name for name in parameters if name not in {*names, "subtests"}]

        def run(subtests, **fixtures):
            more = {"subtests": subtests} if "subtests" in parameters else {}
            for case in cases:
                values = dict(zip(names, case if len(names) > 1 else [case], strict=True))
                with subtests.test(**{name: ascii(value)[:80] for name, value in values.items()}):
                    test(**fixtures, **more, **values)

        run.__name__, run.__doc__ = test.__name__, test.__doc__
        run.__signature__ = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in [*asked, "subtests"]]
        )
        return run

    return share


def refused(response, status, code=None, fields=None):
    """The body of a refusal, once it is known to have the status and the whole envelope."""
    assert response.status_code == status, response.content[:500]
    return envelope(response.headers, response.content, code=code, fields=fields)


def envelope(headers, content, *, code=None, fields=None):
    assert headers["Content-Type"] == "application/json"
    body = json.loads(content)
    assert ENVELOPE <= set(body) <= {*ENVELOPE, "meta"}
    assert body["success"] is False
    assert all(isinstance(body[name], str) and body[name] for name in ("error", "detail", "code", "request_id"))
    assert all(set(error) == {"field", "code", "detail"} for error in body["errors"])
    assert body["request_id"] == headers["X-Request-ID"]
    if code is not None:
        assert body["code"] == code, body
    if fields is not None:
        assert {error["field"]: error["code"] for error in body["errors"]} == fields
    return body


def send(client, body, path=CUSTOMERS, *, method="post", content_type="application/json", **headers):
    """Exactly these bytes."""
    raw = body if isinstance(body, bytes) else body.encode()
    return getattr(client, method)(path, data=raw, content_type=content_type, **headers)


@pytest.fixture
def till(shop):
    return shop.client()


# Bodies that are not acceptable JSON


@pytest.mark.django_db
@each("path", [CUSTOMERS, LOGIN, SALES])
def test_s49_a_body_of_three_megabytes_is_413_in_the_envelope(till, path):
    body = json.dumps({"name": "a" * 3_000_000})
    refusal = refused(send(till, body, path, HTTP_IDEMPOTENCY_KEY="k-1"), 413, "body_too_large")
    assert refusal["meta"] == {"limit": 2 * 1024 * 1024}


@pytest.mark.django_db
def test_s49_a_body_at_the_limit_is_read_and_one_byte_more_is_not(till):
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = json.dumps({"name": "Esi"})
    assert send(till, body + " " * (limit - len(body))).status_code == 201
    refused(send(till, body + " " * (limit - len(body) + 1)), 413, "body_too_large")


def nested(depth, open_="[", close="]"):
    return open_ * depth + close * depth


@pytest.mark.django_db
@each(
    "body",
    [
        nested(33),
        nested(1_000),
        nested(100_000),
        '{"a":' * 33 + "1" + "}" * 33,
        '{"a":' * 1_000 + "1" + "}" * 1_000,
        "[" * 100_000,
        '{"name": ' + nested(1_000) + "}",
    ],
)
def test_s49_json_deeper_than_32_is_400(till, body):
    refused(send(till, body), 400, "malformed_json")


@pytest.mark.django_db
def test_s49_json_32_deep_is_read_and_refused_for_what_it_says(till):
    refused(send(till, '{"name": "Esi", "x": ' + nested(31) + "}"), 400, "invalid_input", {"x": "unknown_field"})


@pytest.mark.django_db
@each(
    "body",
    [
        '{"name": "Esi", "name": "Esi"}',
        '{"name": "Esi", "n\\u0061me": "Ama"}',
        '{"name": "Esi", "x": [{"a": 1, "a": 2}]}',
        '{"name": "E\\u0000si"}',
        '{"na\\u0000me": "Esi"}',
        b'{"name": "E\x00si"}',
        '{"name": "E\\ud800si"}',
        '{"name": "E\\udc00\\ud800si"}',
        '{"\\udfff": "Esi"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "\xff"}',
        b'{"name": "\xc3"}',
        b"\xef\xbb\xbf{}",
        '{"name": "Esi"}'.encode("utf-16"),
        '{"name": NaN}',
        '{"name": Infinity}',
        '{"name": -Infinity}',
        '{"name": 1e999}',
        '{"name": 1E5}',
        '{"name": 1_000}',
        '{"name": 0x10}',
        '{"name": 01}',
        '{"name": .5}',
        '{"name": 5.}',
        '{"name": +1}',
        '{"name": ١}',
        '{"name": ' + "9" * 41 + "}",
        '{"name": ' + "9" * 5_000 + "}",
        '{"name": 0.' + "1" * 5_000 + "}",
        "{'name': 'Esi'}",
        '{"name": "Esi",}',
        '{"name": "Esi"} {}',
        '{"name": "Esi"',
        '{"name": "a\nb"}',
        "// nothing\n{}",
        "name=Esi",
        " ",
        "\x00",
    ],
)
def test_s49_what_is_not_strict_json_is_400_with_the_reason(till, body):
    refusal = refused(send(till, body), 400, "malformed_json", {})
    assert refusal["meta"]["reason"]


@pytest.mark.django_db
@each("body", ["[]", '["name"]', '[{"name": "Esi"}]', '"name"', "null", "1", "1.5", "true"])
@each("path", [CUSTOMERS, LOGIN, TOKEN, PRODUCTS, STOCK, SALES])
def test_a_body_that_is_no_object_is_400(till, path, body):
    refused(send(till, body, path, HTTP_IDEMPOTENCY_KEY="k-1"), 400, "invalid_input")


@pytest.mark.django_db
def test_an_empty_body_misses_what_is_required(till):
    refused(send(till, b""), 400, "invalid_input", {"name": "required"})
    refused(send(till, "{}", LOGIN), 400, "invalid_input", {"email": "required", "password": "required"})


@pytest.mark.django_db
@each(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/plain",
        "text/html",
        "application/xml",
        "application/octet-stream",
        "application/merge-patch+json",
        "nonsense",
        ";",
        "é",
    ],
)
@each("path", [CUSTOMERS, LOGIN])
def test_a_body_that_is_not_called_json_is_415(till, path, content_type):
    refused(send(till, '{"name": "Esi"}', path, content_type=content_type), 415, "unsupported_media_type")


# Values that are not what they should be


def basket(shop, **line):
    return shop.basket(lines=[{"product": str(shop.products[0].pk), "quantity": "1", **line}])


HOSTILE_DECIMALS = [
    "NaN",
    "sNaN",
    "Infinity",
    "-Infinity",
    "1e2",
    "1E999",
    "1_000",
    "1,000",
    "1,5",
    "1.",
    ".5",
    "+1",
    " 1",
    "1 ",
    "1\n",
    "0x10",
    "",
    "one",
    "1".translate(ARABIC),
    "１",
    "²",
    "½",
    "9" * 13,
    "9" * 40,
    "9" * 10_000,
    "-1",
    "0.0001",
    True,
    False,
    [],
    ["1"],
    {},
    {"amount": "1"},
]


@pytest.mark.django_db
@each("value", HOSTILE_DECIMALS)
def test_a_quantity_or_a_price_that_is_no_plain_decimal_is_400(shop, value):
    till = shop.client()
    for name in ("quantity", "unit_price", "discount"):
        refusal = refused(till.post(SALES, basket(shop, **{name: value}), format="json"), 400, "invalid_input")
        assert {error["field"].split(".non_field")[0] for error in refusal["errors"]} == {f"lines.0.{name}"}
    payments = [{"method": "CASH", "amount": value}]
    refusal = refused(till.post(SALES, shop.basket(payments=payments), format="json"), 400, "invalid_input")
    assert {error["field"] for error in refusal["errors"]} == {"payments.0.amount"}
    with shop.inside():
        assert shop.account.sales.count() == 0


@pytest.mark.django_db
@each("value", ["true", "false", "yes", "on", "1", 1, 0, "", [], {}, "True", None])
def test_a_yes_or_no_that_is_no_json_boolean_is_400(shop, value):
    path = f"{PRODUCTS}{shop.products[0].pk}/"
    refusal = refused(shop.client().patch(path, {"is_active": value}, format="json"), 400, "invalid_input")
    assert [error["field"] for error in refusal["errors"]] == ["is_active"]


@pytest.mark.django_db
@each("value", [1, 1.5, True, None, [], ["Esi"], {}, {"name": "Esi"}, "", " ", "a" * 10_000])
def test_a_name_that_is_no_text_of_a_fair_length_is_400(till, value):
    refusal = refused(till.post(CUSTOMERS, {"name": value}, format="json"), 400, "invalid_input")
    assert [error["field"] for error in refusal["errors"]] == ["name"]


def misspelt(value):
    """What Python's own UUID takes for the same id, or for another, and one that is none."""
    text = str(value)
    return [
        f"urn:uuid:{text}",
        f"{{{text}}}",
        text.replace("-", ""),
        text.replace("-", "") + "----",
        "0x" + text[2:],
        "1_" + text[2:],
        "+" + text[1:],
        text.translate(ARABIC),
        f" {text[1:]}",
        f"{text}\n",
        text[:-1],
        "",
        "0",
        "null",
        "a" * 36,
    ]


@pytest.mark.django_db
@each("value", [1, 1.5, True, [], {}, {"id": "1"}])
def test_an_id_that_is_no_text_is_400(shop, value):
    till = shop.client()
    refused(till.post(CUSTOMERS, {"name": "Esi", "id": value}, format="json"), 400, fields={"id": "invalid"})
    refused(till.post(SALES, basket(shop, product=value), format="json"), 400, fields={"lines.0.product": "invalid"})
    body = {"name": "Tins", "parent": value}
    refusal = refused(till.post("/api/v1/inventory/categories/", body, format="json"), 400)
    assert [error["field"] for error in refusal["errors"]] == ["parent"]


@pytest.mark.django_db
def test_an_id_in_another_spelling_is_400_in_a_body(shop):
    till = shop.client()
    for value in misspelt(shop.products[0].pk):
        refused(till.post(CUSTOMERS, {"name": "Esi", "id": value}, format="json"), 400, fields={"id": "invalid"})
        sale = till.post(SALES, basket(shop, product=value), format="json")
        refused(sale, 400, fields={"lines.0.product": "invalid"})
    with shop.inside():
        assert shop.account.customers.count() == 0


@pytest.mark.django_db
def test_an_id_in_another_spelling_is_400_where_a_row_is_named(shop):
    till = shop.client()
    path = "/api/v1/inventory/categories/"
    parent = till.post(path, {"name": "Food"}, format="json").json()["data"]["id"]
    for value in misspelt(parent):
        refusal = refused(till.post(path, {"name": "Tins", "parent": value}, format="json"), 400)
        assert [error["field"] for error in refusal["errors"]] == ["parent"], value
    assert till.post(path, {"name": "Tins", "parent": parent}, format="json").status_code == 201


@pytest.mark.django_db
def test_an_id_in_another_spelling_is_404_in_a_path(shop):
    till = shop.client()
    known = shop.products[0].pk
    assert till.get(f"{PRODUCTS}{known}/").status_code == 200
    assert till.get(f"{PRODUCTS}{str(known).upper()}/").status_code == 200
    for value in filter(None, misspelt(known)):
        refused(till.get(f"{PRODUCTS}{quote(value)}/"), 404, "not_found", {})


@pytest.mark.django_db
@each(
    "text",
    [
        "%00",
        "a%00b",
        "%ff%fe",
        "%ed%a0%80",
        "%0d%0aSet-Cookie:x=1",
        "..%2f..%2fadmin",
        "%2e%2e",
        "%20",
        "%e2%80%ae",
        "-1",
        "1;DROP TABLE sales",
        "'",
        "%25s",
        "{id}",
        "a" * 50_000,
        "é",
        "%",
        "null",
    ],
)
@each("resource", [PRODUCTS, SALES, CUSTOMERS])
def test_a_malformed_id_in_a_path_is_404_also_for_a_write(till, resource, text):
    refused(till.get(f"{resource}{text}/"), 404, "not_found", {})
    if resource != SALES:
        refused(till.patch(f"{resource}{text}/", {"name": 1}, format="json"), 404, "not_found", {})
    else:
        refusal = till.post(f"{resource}{text}/refunds/", {}, format="json", HTTP_IDEMPOTENCY_KEY="k-1")
        refused(refusal, 404, "not_found", {})


@pytest.mark.django_db
@each(
    "value",
    [
        "2026-13-01",
        "2026-02-30",
        "0000-01-01",
        "10000-01-01",
        "01/02/2026",
        "2026-01-01".translate(ARABIC),
        "today",
        " ",
        "2026-01-01T00:00:00Z",
        1767225600,
        True,
        [],
        {},
    ],
)
def test_a_date_that_is_none_is_400(shop, value):
    item = {"product": str(shop.products[0].pk), "quantity": "1", "unit_cost": "1", "expiry_date": value}
    delivery = {"id": str(uuid7()), "location": str(shop.storefront.pk), "items": [item]}
    refused(shop.client().post(STOCK, delivery, format="json"), 400, fields={"items.0.expiry_date": "invalid"})


@pytest.mark.django_db
@each(
    "value",
    [
        "2026-01-01T00:00:00",
        "2026-01-01",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:00+99:00",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00Z".translate(ARABIC),
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "now",
        "",
        1767225600,
        True,
        None,
        [],
        {},
    ],
)
def test_a_moment_that_is_none_or_has_no_offset_is_400(shop, value):
    refusal = refused(shop.client().post(SALES, shop.basket(sold_at=value), format="json"), 400, "invalid_input")
    assert [error["field"] for error in refusal["errors"]] == ["sold_at"]
    with shop.inside():
        assert shop.account.sales.count() == 0


@pytest.mark.django_db
@each("value", [None, "", "lines", 1, True, {}, {"0": {}}, [], [None], [1], ["x"], [[]], [{}]])
@each("name", ["lines", "payments"])
def test_lines_and_payments_that_are_no_list_of_objects_are_400(shop, name, value):
    if (name, value) == ("payments", []):
        refused(shop.client().post(SALES, shop.basket(payments=value), format="json"), 409)
        return
    refusal = refused(shop.client().post(SALES, shop.basket(**{name: value}), format="json"), 400, "invalid_input")
    assert {error["field"].split(".")[0] for error in refusal["errors"]} == {name}


@pytest.mark.django_db
def test_an_unknown_field_is_400_with_its_path_also_where_it_is_nested(shop):
    till = shop.client()
    body = {"name": "Esi", "colour": "red", "nmae": "Esi"}
    unknown = {"colour": "unknown_field", "nmae": "unknown_field"}
    refused(till.post(CUSTOMERS, body, format="json"), 400, "invalid_input", unknown)

    sale = basket(shop, price="1")
    refused(till.post(SALES, sale, format="json"), 400, "invalid_input", {"lines.0.price": "unknown_field"})
    sale = shop.basket()
    sale["lines"][2]["total"] = "1"
    sale["payments"][0]["currency"] = "GHS"
    unknown = {"lines.2.total": "unknown_field", "payments.0.currency": "unknown_field"}
    refused(till.post(SALES, sale, format="json"), 400, "invalid_input", unknown)

    for path, body in ((LOGIN, {"email": "a@b.c", "password": "x", "otp": 1}), (TOKEN, {"username": "x"})):
        refusal = refused(till.post(path, body, format="json"), 400, "invalid_input")
        assert "unknown_field" in {error["code"] for error in refusal["errors"]}


@pytest.mark.django_db
@each("name", ["account", "account_id", "version", "created_at", "", "__proto__", "name\u202e", "é"])
def test_a_field_that_only_the_server_writes_is_as_unknown_as_any(till, name):
    body = {"name": "Esi", name: str(uuid7())}
    refused(till.post(CUSTOMERS, body, format="json"), 400, "invalid_input", {name: "unknown_field"})


@pytest.mark.django_db
def test_a_quantity_whose_total_fits_nowhere_is_a_refusal_and_no_fault(shop):
    till = shop.client()
    huge = {"quantity": "99999999999.999", "unit_price": "999999999999.99"}
    response = till.post(SALES, basket(shop, **huge), format="json")
    assert response.status_code in (400, 409)
    refused(response, response.status_code)
    item = {"product": str(shop.products[0].pk), "quantity": "99999999999.999", "unit_cost": "9999999999.9999"}
    delivery = {"id": str(uuid7()), "location": str(shop.storefront.pk), "items": [item, item]}
    response = till.post(STOCK, delivery, format="json")
    assert response.status_code in (400, 409)
    refused(response, response.status_code)


# Addresses


@pytest.mark.django_db
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


@pytest.mark.django_db
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


@pytest.mark.django_db
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
        (SUMMARY, "first_on=0001-01-01&last_on=9999-12-31"),
        (SUMMARY, "first_on=9999-12-31&last_on=0001-01-01"),
    ],
)
def test_an_odd_question_has_an_answer(till, path, query):
    response = till.get(f"{path}?{query}")
    assert response.status_code == 200, response.content
    assert response.json()["success"] is True


@pytest.mark.django_db
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


@pytest.mark.django_db
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


@pytest.mark.django_db
def test_head_is_get_without_its_body_and_options_tells_nothing_but_the_methods(till, nobody):
    head = till.head(CUSTOMERS)
    assert (head.status_code, head.content) == (200, b"")
    options = till.options(CUSTOMERS)
    refused(options, 405, "method_not_allowed", {})
    assert options.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    refused(nobody.options(CUSTOMERS), 401, "not_signed_in")
    assert nobody.head(CUSTOMERS).status_code == 401


@pytest.mark.django_db
@each("accept", ["text/html", "application/xml", "image/*;q=0.1", "nonsense", "", "a/b;;;q=é"])
def test_whatever_is_asked_for_the_answer_is_json(till, nobody, accept):
    found = till.get(CUSTOMERS, HTTP_ACCEPT=accept)
    assert (found.status_code, found.headers["Content-Type"]) == (200, "application/json")
    refused(nobody.get(CUSTOMERS, HTTP_ACCEPT=accept), 401, "not_signed_in")
    refused(till.get("/nothing", HTTP_ACCEPT=accept), 404, "not_found")
    refused(till.get(f"{CUSTOMERS}{NOBODYS_ID}/", HTTP_ACCEPT=accept), 404, "not_found")


@pytest.mark.django_db
@each("host", ["evil.example", "localhost@evil.example", "", "a b", "localhost:port", "é"])
def test_a_host_that_is_not_ours_is_400(till, nobody, host):
    for client in (till, nobody):
        refused(client.get(CUSTOMERS, HTTP_HOST=host), 400, "invalid_input")
        refused(client.post(LOGIN, {"email": "a@b.c", "password": "x"}, format="json", HTTP_HOST=host), 400)


# Headers


@pytest.mark.django_db
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


@pytest.mark.django_db
def test_a_token_of_the_other_kind_or_with_a_broken_seal_is_401(shop, nobody):
    issued = tokens.issue(shop.owner.user)
    head, claims, seal = issued["access"].split(".")
    for broken in (issued["refresh"], f"{head}.{claims}.{seal[::-1]}", f"{head}.{claims}.", f"{head}.{claims}"):
        refused(nobody.get(ME, HTTP_AUTHORIZATION=f"Bearer {broken}"), 401, "credential_invalid")
    refused(nobody.post("/api/v1/accounts/auth/token/refresh/", {"refresh": issued["access"]}, format="json"), 401)


@pytest.mark.django_db
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


@pytest.mark.django_db
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


@pytest.mark.django_db
@each("key", ["a" * 201, "a" * 100_000, "clé", "a\tb", "a\x00b", "a\x7fb"])
def test_an_idempotency_key_that_cannot_be_kept_is_400(shop, key):
    till = shop.client()
    for path, body in ((CUSTOMERS, {"name": "Esi"}), (SALES, shop.basket())):
        response = till.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY=key)
        refused(response, 400, "invalid_input", {"Idempotency-Key": "invalid"})
    with shop.inside():
        assert (shop.account.customers.count(), shop.account.sales.count()) == (0, 0)


@pytest.mark.django_db
def test_an_empty_idempotency_key_is_none(shop):
    body = shop.basket()
    del body["id"]
    for key in ("", None):
        header = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
        refused(shop.client().post(SALES, body, format="json", **header), 400, "idempotency_key_required")


@pytest.mark.django_db
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


@pytest.mark.django_db
@each("tag", ["", "1", '"0"', '"2"', 'W/"1"', '"1', '"1"x', "é", "a" * 10_000, "\x00", '"١"'])
def test_an_if_match_that_names_no_present_version_is_412_and_changes_nothing(shop, tag):
    product = shop.products[0]
    response = shop.client().patch(f"{PRODUCTS}{product.pk}/", {"name": "Changed"}, format="json", HTTP_IF_MATCH=tag)
    body = refused(response, 412, "stale_version")
    assert (body["meta"]["current"]["name"], body["meta"]["current"]["version"]) == (product.name, 1)
    with shop.inside():
        assert shop.account.products.get(pk=product.pk).name == product.name


# On the wire, where the transport decides what a request is


@dataclass(frozen=True)
class Wire:
    port: int
    token: str

    def send(self, *lines, body=b"", half_close=False, signed=True):
        """Status, headers and body of the answer to exactly this."""
        head = [*lines, "Connection: close", *([f"Authorization: Bearer {self.token}"] if signed else [])]
        raw = "\r\n".join([*head, "", ""]).encode("latin-1") + body
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(raw)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            answer = HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.headers, answer.read()


@pytest.fixture(scope="module")
def wire(django_db_setup, django_db_blocker):
    with ExitStack() as opened:
        opened.enter_context(django_db_blocker.unblock())
        shop = open_shop("Wire Stores")
        url = opened.enter_context(gunicorn(workers=1))
        yield Wire(int(url.rsplit(":", 1)[1]), tokens.issue(shop.owner.user)["access"])
        with connections["owner"].cursor() as cursor:
            cursor.execute("TRUNCATE accounts, django_session CASCADE")
        connections.close_all()


HOST = "Host: localhost"
JSON = "Content-Type: application/json"


@each("line", [f"POST {CUSTOMERS} HTTP/1.1", f"PATCH {CUSTOMERS}{NOBODYS_ID}/ HTTP/1.1"])
def test_s49_a_body_in_chunks_is_refused_and_never_taken_for_an_empty_one(wire, line):
    chunks = b'f\r\n{"name": "Esi"}\r\n0\r\n\r\n'
    status, headers, body = wire.send(line, HOST, JSON, "Transfer-Encoding: chunked", body=chunks)
    assert status == 411, body
    envelope(headers, body, code="length_required")


def test_s49_three_megabytes_are_refused_on_the_wire_too(wire):
    body = json.dumps({"name": "a" * 3_000_000}).encode()
    status, headers, content = wire.send(
        f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, f"Content-Length: {len(body)}", body=body
    )
    assert status == 413, content
    envelope(headers, content, code="body_too_large")


def test_a_body_that_ends_too_soon_is_400(wire):
    status, headers, body = wire.send(
        f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 100", body=b'{"name": "Esi"', half_close=True
    )
    assert status == 400, body
    envelope(headers, body, code="malformed_json")


def test_what_follows_the_announced_length_is_not_part_of_the_body(wire):
    status, _, body = wire.send(
        f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 15", body=b'{"name": "Esi"}GET / HTTP/1.1\r\n\r\n'
    )
    assert (status, json.loads(body)["data"]["name"]) == (201, "Esi")


@each(
    "lines",
    [
        [f"GET {CUSTOMERS} HTTP/1.1", "Host: evil.example"],
        [f"GET {CUSTOMERS} HTTP/1.0"],
        [f"GET {CUSTOMERS}?search=%00 HTTP/1.1", HOST],
        [f"GET {CUSTOMERS}?%ff=%fe HTTP/1.1", HOST],
        [f"GET {CUSTOMERS}? HTTP/1.1", HOST, "Cookie: sessionid=a; sessionid=b; =; ;;", "Accept: text/html", "X: \xe9"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 0"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, "Content-Length: 0"],
        [f"GET {PRODUCTS}%2e%2e%2f/ HTTP/1.1", HOST],
        [f"GET {PRODUCTS}{'a' * 3000}/ HTTP/1.1", HOST],
        [f"TRACE {CUSTOMERS} HTTP/1.1", HOST],
        [f"GET http://evil.example{CUSTOMERS} HTTP/1.1", HOST],
    ],
)
def test_whatever_reaches_the_application_is_answered_in_the_envelope(wire, lines):
    status, headers, body = wire.send(*lines)
    assert status < 500, body
    if status == 200:
        assert json.loads(body)["success"] is True
    else:
        envelope(headers, body)


@each(
    "lines",
    [
        [f"GET {CUSTOMERS} HTTP/1.1"],
        ["nonsense"],
        [f"GET {CUSTOMERS} HTTP/9.9", HOST],
        [f"GET {CUSTOMERS}\x00 HTTP/1.1", HOST],
        [f"GET {CUSTOMERS} HTTP/1.1", HOST, HOST, "Host: evil.example"],
        [f"GET {CUSTOMERS} HTTP/1.1", HOST, "Idempotency-Key: a\x00b"],
        [f"GET {CUSTOMERS} HTTP/1.1", HOST, f"Authorization: Bearer {'a' * 100_000}"],
        [f"GET /{'a' * 100_000} HTTP/1.1", HOST],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: -1"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 1_0"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 2", "Content-Length: 3"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 2", "Transfer-Encoding: chunked"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Transfer-Encoding: xchunked"],
    ],
)
def test_what_is_no_http_is_refused_before_the_application_and_the_server_lives_on(wire, lines):
    status, _, body = wire.send(*lines, signed=False)
    assert 400 <= status < 500 or status in (501, 505), body
    status, _, _ = wire.send(f"GET {CUSTOMERS} HTTP/1.1", HOST)
    assert status == 200
