"""Values that are not what they should be: numbers, texts, ids, dates, lists, and fields that nobody knows."""

from urllib.parse import quote

import pytest
from uuid_utils.compat import uuid7

from tests.hostile import ARABIC, CUSTOMERS, LOGIN, PRODUCTS, SALES, STOCK, TOKEN, basket, each, refused

pytestmark = pytest.mark.django_db


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


@each("value", ["true", "false", "yes", "on", "1", 1, 0, "", [], {}, "True", None])
def test_a_yes_or_no_that_is_no_json_boolean_is_400(shop, value):
    path = f"{PRODUCTS}{shop.products[0].pk}/"
    refusal = refused(shop.client().patch(path, {"is_active": value}, format="json"), 400, "invalid_input")
    assert [error["field"] for error in refusal["errors"]] == ["is_active"]


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


@each("value", [1, 1.5, True, [], {}, {"id": "1"}])
def test_an_id_that_is_no_text_is_400(shop, value):
    till = shop.client()
    refused(till.post(CUSTOMERS, {"name": "Esi", "id": value}, format="json"), 400, fields={"id": "invalid"})
    refused(till.post(SALES, basket(shop, product=value), format="json"), 400, fields={"lines.0.product": "invalid"})
    body = {"name": "Tins", "parent": value}
    refusal = refused(till.post("/api/v1/inventory/categories/", body, format="json"), 400)
    assert [error["field"] for error in refusal["errors"]] == ["parent"]


def test_an_id_in_another_spelling_is_400_in_a_body(shop):
    till = shop.client()
    for value in misspelt(shop.products[0].pk):
        refused(till.post(CUSTOMERS, {"name": "Esi", "id": value}, format="json"), 400, fields={"id": "invalid"})
        sale = till.post(SALES, basket(shop, product=value), format="json")
        refused(sale, 400, fields={"lines.0.product": "invalid"})
    with shop.inside():
        assert shop.account.customers.count() == 0


def test_an_id_in_another_spelling_is_400_where_a_row_is_named(shop):
    till = shop.client()
    path = "/api/v1/inventory/categories/"
    parent = till.post(path, {"name": "Food"}, format="json").json()["data"]["id"]
    for value in misspelt(parent):
        refusal = refused(till.post(path, {"name": "Tins", "parent": value}, format="json"), 400)
        assert [error["field"] for error in refusal["errors"]] == ["parent"], value
    assert till.post(path, {"name": "Tins", "parent": parent}, format="json").status_code == 201


def test_an_id_in_another_spelling_is_404_in_a_path(shop):
    till = shop.client()
    known = shop.products[0].pk
    assert till.get(f"{PRODUCTS}{known}/").status_code == 200
    assert till.get(f"{PRODUCTS}{str(known).upper()}/").status_code == 200
    for value in filter(None, misspelt(known)):
        refused(till.get(f"{PRODUCTS}{quote(value)}/"), 404, "not_found", {})


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


@each("value", [None, "", "lines", 1, True, {}, {"0": {}}, [], [None], [1], ["x"], [[]], [{}]])
@each("name", ["lines", "payments"])
def test_lines_and_payments_that_are_no_list_of_objects_are_400(shop, name, value):
    if (name, value) == ("payments", []):
        refused(shop.client().post(SALES, shop.basket(payments=value), format="json"), 409)
        return
    refusal = refused(shop.client().post(SALES, shop.basket(**{name: value}), format="json"), 400, "invalid_input")
    assert {error["field"].split(".")[0] for error in refusal["errors"]} == {name}


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


@each("name", ["account", "account_id", "version", "created_at", "", "__proto__", "name\u202e", "é"])
def test_a_field_that_only_the_server_writes_is_as_unknown_as_any(till, name):
    body = {"name": "Esi", name: str(uuid7())}
    refused(till.post(CUSTOMERS, body, format="json"), 400, "invalid_input", {name: "unknown_field"})


def test_a_quantity_whose_total_fits_nowhere_is_a_refusal_and_no_fault(shop):
    till = shop.client()
    huge = {"quantity": "99999999999.999", "unit_price": "999999999999.99"}
    response = till.post(SALES, basket(shop, **huge), format="json")
    assert response.status_code in (400, 409)
    refused(response, response.status_code)
    item = {"product": str(shop.products[0].pk), "quantity": "99999999999.999", "unit_cost": "9999999999.9999"}
    delivery = {"id": str(uuid7()), "location": str(shop.storefront.pk), "items": [item, item]}
    assert till.post(STOCK, delivery, format="json").status_code == 201
    found = till.get(f"{PRODUCTS}{shop.products[0].pk}/")
    assert found.status_code == 200


def test_a_long_list_of_nonsense_is_judged_by_its_length(shop):
    body = {**shop.basket(), "lines": [{}] * 20_000}
    response = shop.client().post(SALES, body, format="json")
    refused(response, 400, "invalid_input", {"lines": "max_length"})
    many = {f"field{number}": 1 for number in range(5000)}
    assert len(shop.client().post(CUSTOMERS, many, format="json").json()["errors"]) == 20


def test_there_is_no_minus_zero(shop):
    response = shop.client().post(SALES, basket(shop, quantity="1", unit_price="-0.00"), format="json")
    assert response.json()["data"]["lines"][0]["unit_price"] == "0.00"


def test_what_a_signed_in_person_is_told_is_kept_by_nobody(shop):
    assert shop.client().get(PRODUCTS)["Cache-Control"] == "private, no-store"
