"""The till's API: shapes, refusals, retries, lists, receipts."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import OperationalError, connection
from uuid_utils.compat import uuid7

from accounts.models import Account
from inventory import services as inventory
from sales import services
from tests.conftest import Shop, open_shop
from tests.traces import state_of

pytestmark = pytest.mark.django_db

NOWHERE = "019a0000-0000-7000-8000-0000000000ff"  # an id that no row has

SALES = "/api/v1/sales/sales/"
REGISTERS = "/api/v1/sales/registers/"
CUSTOMERS = "/api/v1/sales/customers/"
REFUNDS = "/api/v1/sales/refunds/"
PRODUCTS = "/api/v1/inventory/products/"


def sell(shop: Shop, quantity: str = "1", *, member=None, **extra):
    response = shop.client(member).post(SALES, shop.basket(quantity, **extra))
    assert response.status_code == 201, response.content
    return response.json()["data"]


def refused(shop: Shop, response_of, status: int, code: str):
    """The call is refused with this status and code, and nothing has changed; the body."""
    before = state_of(shop)
    response = response_of()
    body = response.json()
    assert (response.status_code, body["code"], body["success"]) == (status, code, False), body
    assert response["Content-Type"] == "application/json"
    assert state_of(shop) == before
    return body


def paths_of(body) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in body["errors"]]


@pytest.fixture
def one(shop) -> Shop:
    """The shop with only its first product, at 10.00, in its basket."""
    shop.products = shop.products[:1]
    return shop


# --- A sale ----------------------------------------------------------------------------------------------------------


def test_s32_cash_of_50_for_42_gives_8_back_and_the_drawer_expects_42(one):
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
    failure = refused(one, lambda: one.client().post(SALES, one.basket(number)), 400, "invalid_input")
    assert [field for field, _ in paths_of(failure)] == ["lines.0.quantity"]


@pytest.mark.parametrize("number", [True, None, [], {}])
def test_s27_a_quantity_of_another_type_is_400(one, number):
    failure = refused(one, lambda: one.client().post(SALES, one.basket(number)), 400, "invalid_input")
    assert [field for field, _ in paths_of(failure)] == ["lines.0.quantity"]


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "-Infinity", "1e2"])
def test_s27_a_json_number_that_is_none_is_400(one, raw):
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
    assert [field for field, _ in paths_of(failure)] == ["payments.0.amount"]


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
        ({"receipt_number": "R1-000009"}, "receipt_number", "unknown_field"),
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
    body = one.basket(**({"discount": extra["discount"]} if "discount" in extra else {}))
    if "unit_price" in extra:
        body["lines"][0]["unit_price"] = extra["unit_price"]
    if "line_discount" in extra:
        body["lines"][0]["discount"] = extra["line_discount"]
    refused(one, lambda: one.client(one.cashier).post(SALES, body), 403, "capability_missing")
    assert one.client().post(SALES, body).status_code == 201


def test_s37_the_price_on_the_list_is_nobodys_own(one):
    body = one.basket(discount="0")
    body["lines"][0].update(unit_price="10.00", discount="0.00")
    assert one.client(one.cashier).post(SALES, body).status_code == 201


# --- All of it or none of it -----------------------------------------------------------------------------------------


@pytest.fixture
def quiet() -> Iterator[None]:
    """Without the log, for faults that are meant: a long traceback for each costs more than the test."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_s30_a_sale_that_fails_at_any_statement_leaves_nothing_and_its_retry_is_one_sale(shop, quiet):
    client, body, before = shop.client(), shop.basket(), state_of(shop)
    failed = 0
    while True:
        with connection.execute_wrapper(fail_at(failed)):
            response = client.post(SALES, body)
        if response.status_code == 201:
            break
        assert (response.status_code, response.json()["code"]) == (503, "try_again")
        assert response["Retry-After"] == "1"
        assert state_of(shop) == before
        failed += 1
    assert failed >= 10
    sale = response.json()["data"]
    assert sale["receipt_number"] == "R1-000001"
    assert client.post(SALES, body).content == response.content
    with shop.inside():
        assert shop.account.sales.count() == 1


def fail_at(number: int):
    """The connection breaks at the statement of this number, savepoints not counted."""
    seen = 0

    def execute_or_fail(execute, sql, params, many, context):
        nonlocal seen
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO")):
            seen += 1
            if seen == number + 1:
                raise OperationalError("the connection broke")
        return execute(sql, params, many, context)

    return execute_or_fail


def test_s30_a_refusal_keeps_no_key_so_that_the_same_key_may_succeed_later(one):
    body = one.basket("101")
    refused(one, lambda: one.client().post(SALES, body), 409, "insufficient_stock")
    with one.inside():
        inventory.receive_stock(
            by=one.owner,
            location=one.storefront.pk,
            items=[{"product": one.products[0].pk, "quantity": Decimal(1), "unit_cost": Decimal(1)}],
        )
    assert one.client().post(SALES, body).status_code == 201


# --- Exactly once ----------------------------------------------------------------------------------------------------


def test_s31_a_retry_gets_the_first_answer_and_sells_nothing(one):
    body = one.basket()
    first = one.client().post(SALES, body)
    state = state_of(one)
    again = one.client().post(SALES, body)
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert state_of(one) == state


def test_s31_the_same_content_in_another_order_of_keys_is_the_same_request(one):
    body = one.basket()
    first = one.client().post(SALES, body)
    again = one.client().post(SALES, dict(reversed(body.items())))
    assert again.content == first.content


def test_s31_the_same_key_with_another_body_is_422(one):
    body = one.basket()
    assert one.client().post(SALES, body).status_code == 201
    refused(one, lambda: one.client().post(SALES, {**body, "discount": "1"}), 422, "idempotency_key_reused")


def test_s31_a_header_names_the_key_and_a_replay_is_told_by_it(one):
    body = one.basket()
    del body["id"]
    first = one.client().post(SALES, body, headers={"Idempotency-Key": "till-1/7"})
    again = one.client().post(SALES, body, headers={"Idempotency-Key": "till-1/7"})
    other = one.client().post(SALES, body, headers={"Idempotency-Key": "till-1/8"})
    assert again.content == first.content
    assert other.json()["data"]["receipt_number"] == "R1-000002"
    refused(
        one,
        lambda: one.client().post(SALES, one.basket("2"), headers={"Idempotency-Key": "till-1/7"}),
        422,
        "idempotency_key_reused",
    )


def test_s31_a_key_is_of_one_member_and_one_operation(one):
    body = one.basket()
    del body["id"]
    key = {"Idempotency-Key": "same"}
    first = one.client().post(SALES, body, headers=key).json()["data"]
    second = one.client(one.cashier).post(SALES, body, headers=key).json()["data"]
    assert first["id"] != second["id"]
    line = first["lines"][0]["id"]
    refund = one.client().post(f"{SALES}{first['id']}/refunds/", back(line), headers=key)
    assert refund.status_code == 201
    line = second["lines"][0]["id"]
    refused(
        one,
        lambda: one.client().post(f"{SALES}{second['id']}/refunds/", back(line), headers=key),
        422,
        "idempotency_key_reused",
    )


def test_neither_a_key_nor_an_id_is_400(one):
    body = one.basket()
    del body["id"]
    refused(one, lambda: one.client().post(SALES, body), 400, "idempotency_key_required")
    refused(one, lambda: one.client().post(SALES, {**body, "id": 7}), 400, "idempotency_key_required")


@pytest.mark.parametrize("key", ["k" * 201, "ключ"])
def test_a_key_too_long_or_not_ascii_is_400(one, key):
    header = {"Idempotency-Key": key}
    failure = refused(one, lambda: one.client().post(SALES, one.basket(), headers=header), 400, "invalid_input")
    assert paths_of(failure) == [("Idempotency-Key", "invalid")]


def test_a_key_of_200_characters_is_taken(one):
    assert one.client().post(SALES, one.basket(), headers={"Idempotency-Key": "k" * 200}).status_code == 201


def test_an_id_that_is_taken_is_409_under_another_key_and_for_another_member(one):
    body = one.basket()
    assert one.client().post(SALES, body).status_code == 201
    refused(one, lambda: one.client().post(SALES, body, headers={"Idempotency-Key": "new"}), 409, "id_taken")
    refused(one, lambda: one.client(one.cashier).post(SALES, body), 409, "id_taken")


def test_an_id_that_is_taken_elsewhere_is_free_here(one, stranger):
    body = one.basket()
    assert stranger.client().post(SALES, stranger.basket(id=body["id"])).status_code == 201
    assert one.client().post(SALES, body).status_code == 201


# --- Refunds ---------------------------------------------------------------------------------------------------------


def back(line: str, quantity: str = "1", **extra):
    return {"lines": [{"line": line, "quantity": quantity}], **extra}


def refund(shop: Shop, sale, quantity: str = "1", **extra):
    url = f"{SALES}{sale['id']}/refunds/"
    return shop.client().post(url, back(sale["lines"][0]["id"], quantity, id=str(uuid7()), **extra))


def test_s34_a_refund_gives_back_what_was_paid_for_what_comes_back(one):
    sale = sell(one, "3", discount="1.00")
    found = [refund(one, sale).json()["data"] for _ in range(3)]
    assert [(r["total"], r["payments"][0]["amount"]) for r in found] == [
        ("9.67", "-9.67"),
        ("9.66", "-9.66"),
        ("9.67", "-9.67"),
    ]
    shown = one.client().get(f"{SALES}{sale['id']}/").json()["data"]
    assert (shown["status"], shown["lines"][0]["refunded_quantity"]) == ("REFUNDED", "3.000")
    assert [p["amount"] for p in shown["payments"]] == ["29.00"]


def test_s34_a_refund_that_is_too_much_is_409(one):
    sale = sell(one)
    refused(one, lambda: refund(one, sale, "1.001"), 409, "refund_too_much")
    cash = [{"method": "CASH", "amount": "9.99"}]
    refused(one, lambda: refund(one, sale, payments=cash), 409, "refund_tender_too_much")
    card = [{"method": "CARD", "amount": "10.00"}]
    refused(one, lambda: refund(one, sale, payments=card), 409, "refund_tender_too_much")


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "0.0001"])
def test_s34_a_refund_of_nothing_is_400(one, quantity):
    sale = sell(one)
    refused(one, lambda: refund(one, sale, quantity), 400, "invalid_input")


def test_s34_a_retried_refund_happens_once(one):
    sale = sell(one, "2")
    url, body = f"{SALES}{sale['id']}/refunds/", back(sale["lines"][0]["id"], id=str(uuid7()))
    first, again = one.client().post(url, body), one.client().post(url, body)
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    with one.inside():
        assert one.account.refunds.count() == 1
    del body["id"]
    refused(one, lambda: one.client().post(url, body), 400, "idempotency_key_required")


def test_a_cashier_may_not_refund(one):
    sale = sell(one)
    body = back(sale["lines"][0]["id"], id=str(uuid7()))
    url = f"{SALES}{sale['id']}/refunds/"
    refused(one, lambda: one.client(one.cashier).post(url, body), 403, "capability_missing")


def test_an_if_match_on_a_sale_which_has_no_version_is_412_not_500(one):
    sale = sell(one)
    body = back(sale["lines"][0]["id"], id=str(uuid7()))
    url = f"{SALES}{sale['id']}/refunds/"
    refused(one, lambda: one.client().post(url, body, headers={"If-Match": '"1"'}), 412, "stale_version")
    assert one.client().post(url, body, headers={"If-Match": "*"}).status_code == 201


# --- 404 comes first -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pk", [NOWHERE, "7", "x" * 300, "%00", "00000000-0000-0000-0000-00000000000٣"])
def test_404_comes_before_400(one, pk):
    for call in (
        lambda: one.client().post(f"{SALES}{pk}/refunds/", {"nonsense": 1}, headers={"Idempotency-Key": "k"}),
        lambda: one.client().patch(f"{CUSTOMERS}{pk}/", {"nonsense": 1}),
        lambda: one.client().patch(f"{REGISTERS}{pk}/", {"nonsense": 1}),
        lambda: one.client().get(f"{SALES}{pk}/receipt/"),
        lambda: one.client().get(f"{SALES}{pk}/receipt/html/"),
        lambda: one.client().get(f"{SALES}{pk}/"),
    ):
        refused(one, call, 404, "not_found")


@pytest.mark.parametrize("url", [SALES, REFUNDS, CUSTOMERS, REGISTERS])
def test_nothing_of_the_till_is_deleted_or_replaced(one, url):
    sale = sell(one)
    refund(one, sale)
    customer = one.client().post(CUSTOMERS, {"name": "Efua"}).json()["data"]["id"]
    ids = {SALES: sale["id"], CUSTOMERS: customer, REGISTERS: str(one.register.pk)}
    pk = ids.get(url) or one.client().get(REFUNDS).json()["results"][0]["id"]
    for verb in ("delete", "put"):
        refused(one, lambda verb=verb: getattr(one.client(), verb)(f"{url}{pk}/", {}), 405, "method_not_allowed")


# --- Lists -----------------------------------------------------------------------------------------------------------


def ids(shop: Shop, url: str, **query) -> set[str]:
    response = shop.client().get(url, query)
    assert response.status_code == 200, response.content
    body = response.json()
    assert body["count"] == len(body["results"])
    return {row["id"] for row in body["results"]}


@time_machine.travel("2026-03-04T00:00:00Z")
def test_every_filter_of_sales_really_filters(one):
    with one.inside():
        customer = services.add_customer(by=one.owner, name="Efua", phone="0244 000 001")
        place = inventory.add_location(by=one.owner, kind="STOREFRONT", name="Second")
        till = services.add_register(by=one.owner, storefront=place, code="S2", name="Other till")
        inventory.receive_stock(
            by=one.owner,
            location=place.pk,
            items=[{"product": one.products[0].pk, "quantity": Decimal(5), "unit_cost": Decimal(1)}],
        )
    plain = sell(one, sold_at="2026-03-01T10:00:00Z")
    theirs = sell(one, sold_at="2026-03-02T10:00:00Z", customer=str(customer.pk), member=one.cashier)
    elsewhere = sell(
        one, sold_at="2026-03-03T10:00:00Z", storefront=str(place.pk), register=str(till.pk), payments=CASH_10
    )
    refund(one, elsewhere)
    everything = {plain["id"], theirs["id"], elsewhere["id"]}
    assert ids(one, SALES) == everything
    for query, expected in (
        ({"receipt_number": "R1-000002"}, {theirs["id"]}),
        ({"status": "REFUNDED"}, {elsewhere["id"]}),
        ({"status": "PARTLY_REFUNDED"}, set()),
        ({"storefront": place.pk}, {elsewhere["id"]}),
        ({"register": one.register.pk}, {plain["id"], theirs["id"]}),
        ({"customer": customer.pk}, {theirs["id"]}),
        ({"sold_by": one.cashier.pk}, {theirs["id"]}),
        ({"sold_from": "2026-03-02T10:00:00Z"}, {theirs["id"], elsewhere["id"]}),
        ({"sold_before": "2026-03-02T10:00:00Z"}, {plain["id"]}),
        ({"sold_from": "2026-03-02T00:00:00Z", "sold_before": "2026-03-03T00:00:00Z"}, {theirs["id"]}),
        ({"customer": uuid7()}, set()),
    ):
        assert ids(one, SALES, **query) == expected, query
    rows = one.client().get(SALES).json()["results"]
    assert [row["id"] for row in rows] == [elsewhere["id"], theirs["id"], plain["id"]]


CASH_10 = [{"method": "CASH", "amount": "10.00"}]


def test_every_filter_of_refunds_registers_and_customers_really_filters(one):
    first, second = sell(one), sell(one)
    early = refund(one, first, refunded_at="2026-03-01T10:00:00Z").json()["data"]["id"]
    late = refund(one, second, refunded_at="2026-03-02T10:00:00Z").json()["data"]["id"]
    assert ids(one, REFUNDS) == {early, late}
    assert ids(one, REFUNDS, sale=first["id"]) == {early}
    assert ids(one, REFUNDS, refunded_from="2026-03-02T00:00:00Z") == {late}
    assert ids(one, REFUNDS, refunded_before="2026-03-02T00:00:00Z") == {early}
    with one.inside():
        place = inventory.add_location(by=one.owner, kind="STOREFRONT", name="Second")
        till = str(services.add_register(by=one.owner, storefront=place, code="S2", name="Other").pk)
        efua = services.add_customer(by=one.owner, name="Efua Mensah", phone="0244 000 001")
        kojo = services.add_customer(by=one.owner, name="Kojo Mensah", phone="0244 000 002")
        services.change(by=one.owner, row=one.account.customers.locked().get(pk=kojo.pk), is_active=False)
    efua, kojo = str(efua.pk), str(kojo.pk)
    assert ids(one, REGISTERS, storefront=place.pk) == ids(one, REGISTERS, code="S2") == {till}
    assert ids(one, CUSTOMERS, search="mensah efu") == {efua}
    assert ids(one, CUSTOMERS, search="0244") == {efua, kojo}
    assert ids(one, CUSTOMERS, search="%") == ids(one, CUSTOMERS, search="_") == set()
    assert ids(one, CUSTOMERS, phone="0244 000 002") == ids(one, CUSTOMERS, is_active="false") == {kojo}
    assert ids(one, CUSTOMERS, is_active="true") == {efua}


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (SALES, {"status": "LOST"}),
        (SALES, {"storefront": "main"}),
        (SALES, {"sold_from": "yesterday"}),
        (REFUNDS, {"sale": "7"}),
        (CUSTOMERS, {"is_active": "maybe"}),
        (CUSTOMERS, {"search": "x" * 101}),
    ],
)
def test_a_filter_that_makes_no_sense_is_400(one, url, query):
    body = refused(one, lambda: one.client().get(url, query), 400, "invalid_input")
    assert [field for field, _ in paths_of(body)] == list(query)


@pytest.mark.parametrize("url", [SALES, REFUNDS, CUSTOMERS, REGISTERS])
def test_a_query_parameter_that_nobody_knows_is_400(one, url):
    body = refused(one, lambda: one.client().get(url, {"colour": "red"}), 400, "unknown_parameter")
    assert paths_of(body) == [("colour", "unknown_parameter")]
    refused(one, lambda: one.client().get(f"{url}{uuid7()}/", {"colour": "red"}), 400, "unknown_parameter")


# --- Receipts --------------------------------------------------------------------------------------------------------


@time_machine.travel("2026-03-04T00:00:00Z")
def test_a_receipt_says_who_sold_what_where_and_sums_each_levy(shop):
    with shop.inside():
        customer = services.add_customer(by=shop.owner, name="Efua")
    sale = sell(shop, member=shop.cashier, customer=str(customer.pk), sold_at="2026-03-01T10:00:00Z")
    receipt = shop.client().get(f"{SALES}{sale['id']}/receipt/").json()["data"]
    assert receipt["sale"] == sale
    assert (receipt["business_name"], receipt["storefront_name"]) == ("Ama Provisions", "Main")
    assert (receipt["cashier_name"], receipt["customer_name"]) == ("Cashier of Ama Provisions", "Efua")
    assert receipt["sold_at_local"] == "2026-03-01 10:00"
    sums = {tax["code"]: Decimal(tax["amount"]) for tax in receipt["taxes"]}
    assert set(sums) == {"VAT", "NHIL", "GETFUND"}
    assert sum(sums.values()) == Decimal(sale["tax_total"])


def test_the_receipt_page_escapes_what_people_typed(one):
    with one.inside():
        product = one.account.products.locked().get(pk=one.products[0].pk)
        inventory.change(by=one.owner, row=product, name="<script>alert(1)</script>")
        customer = services.add_customer(by=one.owner, name='"><img src=x onerror=alert(1)>')
    sale = sell(one, "2", customer=str(customer.pk), discount="1.00", payments=[{"method": "CASH", "amount": "20"}])
    response = one.client().get(f"{SALES}{sale['id']}/receipt/html/")
    page = response.content.decode()
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    cells = re.sub(r"<[^>]+>", " ", page)
    for text in ("R1-000001", " 2 × 10.00 − 1.00", "Total GHS", "19.00", "Change", "of which VAT"):
        assert text in cells


def test_a_receipt_of_a_strangers_sale_is_404(one, stranger):
    theirs = sell(stranger)
    for tail in ("", "receipt/", "receipt/html/"):
        refused(one, lambda tail=tail: one.client().get(f"{SALES}{theirs['id']}/{tail}"), 404, "not_found")


# --- The summary of days ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Africa/Accra", "2026-03-10"), ("Asia/Tokyo", "2026-03-11"), ("America/New_York", "2026-03-10")],
)
def test_a_sale_at_half_past_eleven_utc_counts_on_the_day_of_the_shops_own_calendar(zone, day):
    shop = open_shop("Night Shop", time_zone=zone, prices=("10.00",))
    sell(shop, sold_at="2026-03-10T23:30:00Z")
    early = sell(shop, sold_at="2026-03-10T00:30:00Z")
    url = f"{SALES}{early['id']}/refunds/"
    body = back(early["lines"][0]["id"], id=str(uuid7()), refunded_at="2026-03-10T23:45:00Z")
    assert shop.client().post(url, body).status_code == 201
    rows = shop.client().get(f"{SALES}summary/", {"first_on": day, "last_on": day}).json()["data"]
    assert [row["day"] for row in rows] == [day]
    early_is_same_day = {"Africa/Accra": True, "Asia/Tokyo": False, "America/New_York": False}[zone]
    count = 2 if early_is_same_day else 1
    assert (rows[0]["sale_count"], rows[0]["sale_total"]) == (count, f"{10 * count}.00")
    assert (rows[0]["refund_count"], rows[0]["refund_total"]) == (1, "10.00")
    assert rows[0]["tax_total"] == ("1.67" if early_is_same_day else "0.00")


def test_the_summary_has_the_first_day_the_last_and_none_outside(one):
    for day in (1, 2, 3, 4):
        sell(one, sold_at=datetime(2026, 3, day, 12, tzinfo=UTC).isoformat())
    rows = one.client().get(f"{SALES}summary/", {"first_on": "2026-03-02", "last_on": "2026-03-03"}).json()["data"]
    assert [(row["day"], row["sale_total"]) for row in rows] == [("2026-03-02", "10.00"), ("2026-03-03", "10.00")]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "invalid_input"),
        ({"first_on": "2026-03-01"}, "invalid_input"),
        ({"first_on": "01.03.2026", "last_on": "2026-03-01"}, "invalid_input"),
        ({"first_on": "2026-03-01", "last_on": "2026-03-01", "page": "1"}, "unknown_parameter"),
    ],
)
def test_a_summary_of_no_days_is_400(one, query, code):
    refused(one, lambda: one.client().get(f"{SALES}summary/", query), 400, code)


# --- Customers and registers -----------------------------------------------------------------------------------------


def test_a_change_of_a_customer_that_somebody_else_changed_is_412_with_what_is_now(one):
    client = one.client()
    made = client.post(CUSTOMERS, {"name": "Efua", "phone": "0244 000 001"})
    url = f"{CUSTOMERS}{made.json()['data']['id']}/"
    assert client.get(url)["ETag"] == made["ETag"] == '"1"'
    changed = client.patch(url, {"name": "Efua M."}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed["ETag"], changed.json()["data"]["version"]) == (200, '"2"', 2)
    lost = refused(one, lambda: client.patch(url, {"name": "X"}, headers={"If-Match": '"1"'}), 412, "stale_version")
    assert lost["meta"]["current"]["name"] == "Efua M."
    assert client.get(url).json()["data"]["name"] == "Efua M."
    assert client.patch(url, {"name": "Y"}, headers={"If-Match": "*"}).status_code == 200
    assert client.patch(url, {"name": "Z"}).json()["data"]["version"] == 4


def test_a_change_that_changes_nothing_makes_no_version_and_no_history(one):
    client = one.client()
    pk = client.post(CUSTOMERS, {"name": "Efua"}).json()["data"]["id"]
    before = state_of(one)
    assert client.patch(f"{CUSTOMERS}{pk}/", {"name": "Efua"}).json()["data"]["version"] == 1
    assert state_of(one) == before


def test_a_phone_number_and_a_register_code_are_taken_once_in_a_business(one, stranger):
    client = one.client()
    for shop in (one, stranger):
        assert shop.client().post(CUSTOMERS, {"name": "Efua", "phone": "0244"}).status_code == 201
    refused(one, lambda: client.post(CUSTOMERS, {"name": "Kojo", "phone": "0244"}), 409, "phone_taken")
    for _ in range(2):
        assert client.post(CUSTOMERS, {"name": "No phone"}).status_code == 201
    till = {"storefront": str(one.storefront.pk), "code": "R1", "name": "Again"}
    refused(one, lambda: client.post(REGISTERS, till), 409, "register_code_taken")
    assert client.post(REGISTERS, {**till, "code": "R2"}).status_code == 201


@pytest.mark.parametrize("code", ["", "r1", "A-1", "А1", "1234567890123", "R 1"])
def test_the_code_of_a_register_is_capital_letters_and_digits(one, code):
    till = {"storefront": str(one.storefront.pk), "code": code, "name": "Till"}
    body = refused(one, lambda: one.client().post(REGISTERS, till), 400, "invalid_input")
    assert [field for field, _ in paths_of(body)] == ["code"]


def test_a_register_in_a_place_that_is_unknown_or_a_strangers_is_400(one, stranger):
    bodies = [
        refused(
            one,
            lambda pk=pk: one.client().post(REGISTERS, {"storefront": str(pk), "code": "R2", "name": "Till"}),
            400,
            "invalid_input",
        )
        for pk in (uuid7(), stranger.storefront.pk)
    ]
    assert [paths_of(body) for body in bodies] == [[("storefront", "does_not_exist")]] * 2


# --- A currency without decimals -------------------------------------------------------------------------------------


@pytest.fixture
def boutique(db) -> Shop:
    """A business whose currency has no decimals, with prices that leave remainders."""
    return open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("333", "1000", "5"))


MONEY = {
    *("retail_price", "wholesale_price", "subtotal", "discount_total", "tax_total", "total", "paid", "change_due"),
    *(
        "unit_price",
        "list_price",
        "discount",
        "tax_amount",
        "amount",
        "tendered",
        "sale_total",
        "refund_total",
        "excess",
    ),
}


def amounts_in(value, name=""):
    """Every amount of money anywhere in an answer."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from amounts_in(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from amounts_in(item, name)
    elif name in MONEY and value is not None:
        yield name, value


def test_s41_no_answer_has_a_decimal_and_rounding_still_sums(boutique):
    client = boutique.client()
    sale = sell(boutique, "0.5", discount="10", payments=[{"method": "CARD", "amount": "600"}, *CASH_200])
    assert sale["total"] == str(sum(int(line["total"]) for line in sale["lines"])) == "660"  # 167 + 500 + 3 - 10
    assert sum(int(line["discount"]) for line in sale["lines"]) == 10
    url = f"{SALES}{sale['id']}/refunds/"
    refunds = [
        client.post(url, back(line["id"], part, id=str(uuid7())))
        for line in sale["lines"]
        for part in ("0.2", "0.1", "0.2")
    ]
    assert [response.status_code for response in refunds] == [201] * 9
    assert sum(int(response.json()["data"]["total"]) for response in refunds) == 660
    day = sale["sold_at"][:10]
    answers = [
        sale,
        *(response.json() for response in refunds),
        *(client.get(path).json() for path in (SALES, REFUNDS, PRODUCTS, "/api/v1/inventory/stock-products/")),
        client.get(f"{SALES}{sale['id']}/receipt/").json(),
        client.get(f"{SALES}summary/", {"first_on": day, "last_on": day}).json(),
        client.get("/api/v1/accounts/audit-events/").json(),
        client.post(SALES, boutique.basket(payments=[{"method": "CARD", "amount": "5000.00"}])).json(),
        client.post(SALES, boutique.basket(payments=[])).json(),
    ]
    found = [pair for answer in answers for pair in amounts_in(answer)]
    assert len(found) > 100
    assert [pair for pair in found if not re.fullmatch(r"-?\d+", pair[1])] == []
    page = client.get(f"{SALES}{sale['id']}/receipt/html/").content.decode()
    table = re.sub(r"\d\.\d{3} ×|line-height|font: [^;]+", "", page.partition("<body>")[2])
    assert re.findall(r"\d\.\d", table) == []


CASH_200 = [{"method": "CASH", "amount": "200"}]


def test_s41_an_amount_with_decimals_is_400(boutique):
    client = boutique.client()
    line = {"product": str(boutique.products[0].pk), "quantity": "1"}
    for extra, path in (
        ({"payments": [{"method": "CASH", "amount": "400.5"}]}, "payments.0.amount"),
        ({"discount": "0.01"}, "discount"),
        ({"lines": [{**line, "unit_price": "1.5"}]}, "lines.0.unit_price"),
        ({"lines": [{**line, "discount": "1.5"}]}, "lines.0.discount"),
    ):
        body = refused(boutique, lambda extra=extra: client.post(SALES, boutique.basket(**extra)), 400, "invalid_input")
        assert paths_of(body) == [(path, "currency")]
    product = {"sku": "NEW", "name": "New", "retail_price": "10.50"}
    assert paths_of(refused(boutique, lambda: client.post(PRODUCTS, product), 400, "invalid_input")) == [
        ("retail_price", "currency")
    ]
    sale = sell(boutique)
    cash = [{"method": "CASH", "amount": "332.5"}]
    body = refused(boutique, lambda: refund(boutique, sale, payments=cash), 400, "invalid_input")
    assert paths_of(body) == [("payments.0.amount", "currency")]


def test_the_currency_is_the_one_of_the_account(boutique):
    with boutique.inside():
        assert Account.across_accounts.get().currency == "XOF"
    assert sell(boutique)["currency"] == "XOF"
