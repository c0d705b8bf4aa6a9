"""A sale over the API: its shape, and how it is refused."""

from decimal import Decimal

import pytest
import time_machine
from uuid_utils.compat import uuid7

from inventory import services as inventory
from tests.answers import fields_of, paths_of, refused
from tests.sales.requests import SALES, sell

pytestmark = pytest.mark.django_db


def test_s32_cash_of_50_for_42_gives_8_back_and_the_drawer_expects_42(one):
    """S32."""
    sale = sell(one, "4.2", payments=[{"method": "CASH", "amount": "50.00"}])
    assert (sale["total"], sale["change_due"], sale["paid"]) == ("42.00", "8.00", "50.00")
    assert [(p["amount"], p["tendered"]) for p in sale["payments"]] == [("42.00", "50.00")]


@time_machine.travel("2026-03-04T00:00:00Z")
def test_one_call_sells_and_answers_the_whole_receipt(shop):
    body = shop.basket("1", sold_at="2026-03-01T10:00:00+01:00")
    response = shop.client(shop.cashier).post(SALES, body)
    assert response.status_code == 201
    sale = response.json()["data"]
    assert sale["id"] == body["id"]
    assert (sale["receipt_number"], sale["status"], sale["currency"]) == ("R1-000001", "COMPLETED", "GHS")
    assert (sale["subtotal"], sale["discount_total"], sale["total"]) == ("14.32", "0.00", "14.32")
    assert sale["tax_total"] == "2.40"  # 1.67 + 0.56 + 0.17
    assert (sale["sold_at"], sale["sold_by"]) == ("2026-03-01T09:00:00Z", str(shop.cashier.pk))
    assert [(line["position"], line["name"], line["quantity"], line["total"]) for line in sale["lines"]] == [
        (1, "Thing 0", "1.000", "10.00"),
        (2, "Thing 1", "1.000", "3.33"),
        (3, "Thing 2", "1.000", "0.99"),
    ]
    assert [(tax["code"], tax["amount"]) for tax in sale["lines"][0]["taxes"]] == [
        ("VAT", "1.25"),
        ("GETFUND", "0.21"),
        ("NHIL", "0.21"),
    ]
    assert shop.client().get(f"{SALES}{sale['id']}/").json()["data"] == sale


def test_the_old_path_sells_too_and_a_retry_on_the_other_path_is_the_same_sale(one):
    body = one.basket()
    first = one.client().post("/sales/api/sales/", body)
    again = one.client().post(SALES, body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda body: body["lines"][0].update(product=str(uuid7())), "lines.0.product"),
        (lambda body: body.update(storefront=str(uuid7())), "storefront"),
        (lambda body: body.update(register=str(uuid7())), "register"),
        (lambda body: body.update(customer=str(uuid7())), "customer"),
    ],
)
def test_what_is_unknown_is_400_with_its_path(one, change, path):
    body = one.basket()
    change(body)
    failure = refused(one, lambda: one.client().post(SALES, body), 400, "invalid_input")
    assert paths_of(failure) == [(path, "does_not_exist")]


@pytest.mark.parametrize(
    "number", ["0", "-1", "0.0001", "NaN", "Infinity", "1_000", "1e3", "١", "１", "", " 1", "1" * 15]
)
def test_s27_a_quantity_that_is_none_is_400(one, number):
    """S27."""
    failure = refused(one, lambda: one.client().post(SALES, one.basket(number)), 400, "invalid_input")
    assert fields_of(failure) == ["lines.0.quantity"]


@pytest.mark.parametrize("number", [True, None, [], {}])
def test_s27_a_quantity_of_another_type_is_400(one, number):
    """S27."""
    failure = refused(one, lambda: one.client().post(SALES, one.basket(number)), 400, "invalid_input")
    assert fields_of(failure) == ["lines.0.quantity"]


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "-Infinity", "1e2"])
def test_s27_a_json_number_that_is_none_is_400(one, raw):
    """S27."""
    body = (
        f'{{"id": "{uuid7()}", "storefront": "{one.storefront.pk}", "register": "{one.register.pk}", "payments": [],'
        f' "lines": [{{"product": "{one.products[0].pk}", "quantity": {raw}}}]}}'
    )
    client = one.client()
    refused(one, lambda: client.post(SALES, body.encode(), content_type="application/json"), 400, "malformed_json")


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "NaN", "1_000", "1000000000000"])
def test_an_amount_of_a_payment_that_is_none_is_400(one, amount):
    body = one.basket(payments=[{"method": "CASH", "amount": amount}])
    failure = refused(one, lambda: one.client().post(SALES, body), 400, "invalid_input")
    assert fields_of(failure) == ["payments.0.amount"]


@pytest.mark.parametrize(
    ("extra", "path", "code"),
    [
        ({"lines": []}, "lines", "empty"),
        ({"lines": "none"}, "lines", "not_a_list"),
        ({"payments": [{"method": "SHELLS", "amount": "5"}]}, "payments.0.method", "invalid_choice"),
        ({"price_level": "FRIENDS"}, "price_level", "invalid_choice"),
        ({"sold_at": "2026-03-01T10:00:00"}, "sold_at", "offset"),
        ({"sold_at": "yesterday"}, "sold_at", "invalid"),
        ({"discount": "-1"}, "discount", "min_value"),
        ({"tip": "1"}, "tip", "unknown_field"),
        ({"total": "1.00"}, "total", "unknown_field"),
        ({"number": "R1-000009"}, "number", "unknown_field"),
        ({"storefront": "main"}, "storefront", "invalid"),
    ],
)
def test_a_shape_that_is_not_ours_is_400_and_says_where(one, extra, path, code):
    failure = refused(one, lambda: one.client().post(SALES, one.basket(**extra)), 400, "invalid_input")
    found = dict(paths_of(failure))
    assert list(found) == [path]
    assert found[path] in {code, "min_length"}


def test_a_total_so_large_that_no_amount_can_hold_it_is_400(one):
    most = "999999999999.99"
    with one.inside():
        villa = inventory.add_product(
            by=one.owner, sku="VILLA", name="Villa", retail_price=Decimal(most), is_stocked=False
        )
    one.products = [villa]
    body = one.basket("5", payments=[{"method": "CASH", "amount": most}] * 6)
    failure = refused(one, lambda: one.client().post(SALES, body), 400, "invalid_input")
    assert [code for _, code in paths_of(failure)] == ["out_of_range"]


@pytest.mark.parametrize(
    ("payments", "code"),
    [
        ([{"method": "CASH", "amount": "9.99"}], "payment_short"),
        ([], "payment_short"),
        ([{"method": "CARD", "amount": "10.01"}], "payment_too_much"),
    ],
)
def test_payments_that_do_not_fit_are_409(one, payments, code):
    refused(one, lambda: one.client().post(SALES, one.basket(payments=payments)), 409, code)


def test_s26_what_is_not_there_is_409_with_what_is_available(one):
    """S26."""
    failure = refused(one, lambda: one.client().post(SALES, one.basket("100.001")), 409, "insufficient_stock")
    assert paths_of(failure) == [("lines.0.quantity", "insufficient_stock")]
    assert failure["meta"]["available"] == {str(one.products[0].pk): "100.000"}


@pytest.mark.parametrize(
    "extra",
    [
        {"discount": "0.01"},
        {"unit_price": "9.99"},
        {"unit_price": "10.01"},
        {"unit_price": "0"},
        {"line_discount": "1"},
    ],
)
def test_s37_a_cashiers_own_price_or_discount_is_403(one, extra):
    """S37."""
    body = one.basket(**({"discount": extra["discount"]} if "discount" in extra else {}))
    if "unit_price" in extra:
        body["lines"][0]["unit_price"] = extra["unit_price"]
    if "line_discount" in extra:
        body["lines"][0]["discount"] = extra["line_discount"]
    refused(one, lambda: one.client(one.cashier).post(SALES, body), 403, "capability_missing")
    assert one.client().post(SALES, body).status_code == 201


def test_s37_the_price_on_the_list_is_nobodys_own(one):
    """S37."""
    body = one.basket(discount="0")
    body["lines"][0].update(unit_price="10.00", discount="0.00")
    assert one.client(one.cashier).post(SALES, body).status_code == 201
