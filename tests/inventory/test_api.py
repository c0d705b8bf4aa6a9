"""The API of the catalogue and the stock: shapes, refusals, retries."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from inventory import services
from tests.answers import fields_of, ids, refused
from tests.inventory.requests import (
    ALL,
    BATCHES,
    CATEGORIES,
    MOVEMENTS,
    PRODUCTS,
    STOCK,
    STOREFRONTS,
    WAREHOUSES,
    delivery,
    product,
)

pytestmark = pytest.mark.django_db

NOWHERE = "019a0000-0000-7000-8000-0000000000ff"  # an id that no row has


# --- Deliveries ------------------------------------------------------------------------------------------------------


def test_a_delivery_is_received_and_its_batches_are_on_the_shelf(shop):
    body = delivery(shop, "2.5", expiry_date="2030-01-31", retail_price="12.00", wholesale_price="9.50")
    response = shop.client().post(STOCK, {**body, "reference": "Invoice 7", "occurred_at": "2026-03-01T10:00:00+01:00"})
    assert response.status_code == 201, response.content
    stock = response.json()["data"]
    assert (stock["id"], stock["reference"], stock["occurred_at"]) == (body["id"], "Invoice 7", "2026-03-01T09:00:00Z")
    batch = shop.client().get(BATCHES).json()["results"][0]
    assert {name: batch[name] for name in ("stock", "quantity", "unit_cost", "expiry_date", "retail_price")} == {
        "stock": body["id"],
        "quantity": "2.500",
        "unit_cost": "1.2345",
        "expiry_date": "2030-01-31",
        "retail_price": "12.00",
    }
    assert (batch["wholesale_price"], batch["sku"], batch["location_name"]) == ("9.50", "SKU-0", "Main")
    movement = shop.client().get(MOVEMENTS).json()["results"][0]
    assert (movement["kind"], movement["quantity"], movement["value"], movement["balance_after"]) == (
        "RECEIVED",
        "2.500",
        "3.0862500",  # 3.08625, half away from zero
        "2.500",
    )


def test_the_path_of_the_old_frontend_shows_the_same_page(shop):
    query = "?page=1&page_size=25"
    old, new = (shop.client().get(f"{path}{query}").json() for path in ("/inventory/api/stock-products/", BATCHES))
    assert (old["count"], old["results"]) == (3, new["results"])


@pytest.mark.parametrize(
    "number",
    ["0", "-1", "0.0001", "NaN", "Infinity", "-Infinity", "1_000", "1e3", "٣", "３", "", " 1", "0x1", "1,5", "9" * 12],
)
def test_s27_a_quantity_that_is_none_is_400(shop, number):
    """S27."""
    body = refused(shop, lambda: shop.client().post(STOCK, delivery(shop, number)), 400, "invalid_input")
    assert fields_of(body) == ["items.0.quantity"]


@pytest.mark.parametrize("quantity", ["0.001", "0.5", "99999999999.999"])
def test_s27_a_fraction_is_kept_exactly(shop, quantity):
    """S27."""
    body = delivery(shop, quantity, unit_cost="0")
    assert shop.client().post(STOCK, body).status_code == 201
    with shop.inside():
        assert shop.account.stock_products.get(stock=body["id"]).quantity == Decimal(quantity)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("unit_cost", "-0.0001"),
        ("unit_cost", "1.00001"),
        ("unit_cost", "1_0"),
        ("retail_price", "-1"),
        ("retail_price", "1.001"),
        ("wholesale_price", "NaN"),
        ("expiry_date", "31.01.2030"),
        ("expiry_date", "2030-02-30"),
        ("expiry_date", "٢٠٣٠-01-31"),
        ("product", "7"),
        ("product", None),
        ("colour", "red"),
    ],
)
def test_an_item_that_is_not_right_is_400_and_says_where(shop, name, value):
    body = refused(shop, lambda: shop.client().post(STOCK, delivery(shop, **{name: value})), 400, "invalid_input")
    assert fields_of(body) == [f"items.0.{name}"]


def test_a_delivery_is_all_or_nothing(shop, stranger):
    for unknown in (stranger.products[0].pk, uuid7()):
        body = delivery(shop)
        body["items"].append({**body["items"][0], "product": str(unknown)})
        failure = refused(shop, lambda body=body: shop.client().post(STOCK, body), 400, "invalid_input")
        assert fields_of(failure) == ["items.1.product"]
    for place in (stranger.storefront.pk, uuid7()):
        body = {**delivery(shop), "location": str(place)}
        failure = refused(shop, lambda body=body: shop.client().post(STOCK, body), 400, "invalid_input")
        assert fields_of(failure) == ["location"]


def test_a_delivery_of_a_service_is_409(shop):
    with shop.inside():
        services.add_product(by=shop.owner, sku="CUT", name="Haircut", retail_price=Decimal(25), is_stocked=False)
        service = shop.account.products.get(sku="CUT")
    refused(shop, lambda: shop.client().post(STOCK, delivery(shop, product=str(service.pk))), 409, "not_stocked")


@pytest.mark.parametrize("items", [[], "none", None, {}, [[]], [7]])
def test_a_delivery_of_nothing_is_400(shop, items):
    refused(shop, lambda: shop.client().post(STOCK, {**delivery(shop), "items": items}), 400, "invalid_input")


def test_a_delivery_happens_once_however_often_it_is_sent(shop):
    body = delivery(shop)
    first, again = (shop.client().post(STOCK, body) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    refused(shop, lambda: shop.client().post(STOCK, {**body, "reference": "x"}), 422, "idempotency_key_reused")
    del body["id"]
    refused(shop, lambda: shop.client().post(STOCK, body), 400, "idempotency_key_required")


def test_a_cashier_receives_nothing_and_changes_no_product(shop):
    till = shop.client(shop.cashier)
    url = f"{PRODUCTS}{shop.products[0].pk}/"
    refused(shop, lambda: till.post(STOCK, delivery(shop)), 403, "capability_missing")
    refused(shop, lambda: till.post(PRODUCTS, product()), 403, "capability_missing")
    refused(shop, lambda: till.patch(url, {"retail_price": "1"}), 403, "capability_missing")
    assert till.get(url).status_code == 200


# --- The catalogue ---------------------------------------------------------------------------------------------------


def test_a_product_is_added_shown_and_changed(shop):
    client, own = shop.client(), str(uuid7())
    made = client.post(PRODUCTS, product(id=own, barcode="590", wholesale_price="4.00"))
    assert made.status_code == 201, made.content
    shown = made.json()["data"]
    assert (shown["id"], shown["retail_price"], shown["wholesale_price"]) == (own, "5.00", "4.00")
    assert (shown["tax_class"], shown["is_stocked"], shown["is_active"], shown["category"]) == (
        "STANDARD",
        True,
        True,
        None,
    )
    assert client.get(f"{PRODUCTS}{own}/").json()["data"] == shown
    changed = client.patch(f"{PRODUCTS}{own}/", {"name": "Newer", "wholesale_price": None}).json()["data"]
    assert (changed["name"], changed["wholesale_price"], changed["version"]) == ("Newer", None, 2)


def test_a_sku_and_a_barcode_are_taken_once_in_a_business_and_free_in_another(shop, stranger):
    for business in (shop, stranger):
        assert business.client().post(PRODUCTS, product(barcode="590")).status_code == 201
    client, url = shop.client(), f"{PRODUCTS}{shop.products[0].pk}/"
    refused(shop, lambda: client.post(PRODUCTS, product(barcode="591")), 409, "sku_taken")
    refused(shop, lambda: client.post(PRODUCTS, product("OTHER", barcode="590")), 409, "barcode_taken")
    refused(shop, lambda: client.patch(url, {"sku": "NEW"}), 409, "sku_taken")
    refused(shop, lambda: client.patch(url, {"barcode": "590"}), 409, "barcode_taken")
    for number in range(2):
        assert client.post(PRODUCTS, product(f"PLAIN-{number}")).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sku": ""}, "sku"),
        ({"sku": "x" * 65}, "sku"),
        ({"sku": 7}, "sku"),
        ({"name": None}, "name"),
        ({"retail_price": "-0.01"}, "retail_price"),
        ({"retail_price": "1.001"}, "retail_price"),
        ({"retail_price": "1_000"}, "retail_price"),
        ({"retail_price": "٥"}, "retail_price"),
        ({"retail_price": "1000000000000"}, "retail_price"),
        ({"tax_class": "NONE"}, "tax_class"),
        ({"is_active": "yes"}, "is_active"),
        ({"category": NOWHERE}, "category"),
        ({"version": 7}, "version"),
        ({"account": NOWHERE}, "account"),
        ({"quantity": "7"}, "quantity"),
    ],
)
def test_a_product_that_is_not_right_is_400_whether_new_or_changed(shop, change, field):
    client, url = shop.client(), f"{PRODUCTS}{shop.products[0].pk}/"
    assert fields_of(refused(shop, lambda: client.post(PRODUCTS, product(**change)), 400, "invalid_input")) == [field]
    assert fields_of(refused(shop, lambda: client.patch(url, change), 400, "invalid_input")) == [field]


def test_a_category_of_a_stranger_is_as_unknown_as_one_that_never_was(shop, stranger):
    with stranger.inside():
        theirs = services.add_category(by=stranger.owner, name="Theirs")
    answers = []
    for pk in (theirs.pk, uuid7()):
        body = refused(
            shop, lambda pk=pk: shop.client().post(PRODUCTS, product(category=str(pk))), 400, "invalid_input"
        )
        answers.append({name: body[name] for name in ("error", "detail", "code", "errors")})
    assert answers[0] == answers[1]
    assert answers[0]["errors"] == [
        {"field": "category", "code": "does_not_exist", "detail": "There is no such object."}
    ]


def test_a_change_that_somebody_else_was_quicker_with_is_412_with_what_is_now(shop):
    client, url = shop.client(), f"{PRODUCTS}{shop.products[0].pk}/"
    tag = client.get(url)["ETag"]
    assert tag == '"1"'
    changed = client.patch(url, {"name": "First"}, headers={"If-Match": tag})
    assert (changed.status_code, changed["ETag"]) == (200, '"2"')
    for stale in (tag, '"3"', "nonsense"):
        body = refused(
            shop,
            lambda stale=stale: client.patch(url, {"name": "Second"}, headers={"If-Match": stale}),
            412,
            "stale_version",
        )
        assert body["meta"]["current"]["name"] == "First"
    assert client.get(url).json()["data"]["name"] == "First"


def test_a_stale_change_is_told_before_its_body_is_read(shop):
    client, url = shop.client(), f"{PRODUCTS}{shop.products[0].pk}/"
    refused(shop, lambda: client.patch(url, {"nonsense": 1}, headers={"If-Match": '"9"'}), 412, "stale_version")


@pytest.mark.parametrize("url", [PRODUCTS, STOREFRONTS, WAREHOUSES])
@pytest.mark.parametrize("pk", [NOWHERE, "7", "x" * 300])
def test_404_comes_before_400(shop, url, pk):
    refused(shop, lambda: shop.client().patch(f"{url}{pk}/", {"nonsense": 1}), 404, "not_found")


def test_an_id_in_other_digits_is_not_the_same_id(shop):
    pk = str(shop.products[0].pk)
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in pk)
    assert shop.client().get(f"{PRODUCTS}{pk}/").status_code == 200
    refused(shop, lambda: shop.client().get(f"{PRODUCTS}{wide}/"), 404, "not_found")


@pytest.mark.parametrize("url", ALL)
def test_deleting_and_replacing_are_not_offered(shop, url):
    with shop.inside():
        services.add_category(by=shop.owner, name="Milk")
        services.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
    (pk, *_) = ids(shop, url)
    for verb in ("delete", "put"):
        refused(shop, lambda verb=verb: getattr(shop.client(), verb)(f"{url}{pk}/", {}), 405, "method_not_allowed")
    refused(shop, lambda: shop.client().delete(url), 405, "method_not_allowed")


def test_names_of_places_and_categories_are_taken_once_whatever_their_case(shop):
    client = shop.client()
    refused(shop, lambda: client.post(WAREHOUSES, {"name": "MAIN"}), 409, "location_exists")
    assert client.post(CATEGORIES, {"name": "Milk"}).status_code == 201
    refused(shop, lambda: client.post(CATEGORIES, {"name": "mILK"}), 409, "category_exists")


def test_a_warehouse_is_no_storefront(shop):
    made = shop.client().post(WAREHOUSES, {"name": "Depot"}).json()["data"]
    assert made["kind"] == "WAREHOUSE"
    assert ids(shop, WAREHOUSES) == {made["id"]}
    assert ids(shop, STOREFRONTS) == {str(shop.storefront.pk)}
    refused(shop, lambda: shop.client().patch(f"{STOREFRONTS}{made['id']}/", {"name": "X"}), 404, "not_found")
