"""The catalogue: how a product is kept and followed, its packs, and under which barcodes."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from uuid_utils.compat import uuid7

from inventory import services
from tests.answers import ids, refused
from tests.inventory.catalogue import MILO, NOWHERE, carton, history, invalid, post, unchanged
from tests.inventory.requests import (
    PACKS,
    PRODUCTS,
    STOCK,
    SUPPLIERS,
    delivery,
    product,
)
from tests.places import add_place

pytestmark = pytest.mark.django_db

# --- Products ---------------------------------------------------------------------------------------------------------


def test_a_product_says_how_it_is_counted_followed_and_from_whom_it_comes(shop):
    supplier = post(shop, SUPPLIERS, {"name": "Nestlé"})["id"]
    facts = {"item_code": "00042", "supplier": supplier, "unit": "kg", "tracking": "BATCH"}
    made = post(shop, PRODUCTS, product(**facts))
    assert {name: made[name] for name in facts} == facts
    assert shop.client().get(f"{PRODUCTS}{made['id']}/").json()["data"] == made
    plain = post(shop, PRODUCTS, product("PLAIN"))
    assert {name: plain[name] for name in facts} == {
        "item_code": "",
        "supplier": None,
        "unit": "piece",
        "tracking": "NONE",
    }
    change = {"item_code": "", "supplier": None, "unit": "bag", "tracking": "NONE"}
    changed = shop.client().patch(f"{PRODUCTS}{made['id']}/", change).json()["data"]
    assert {name: changed[name] for name in change} == change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"item_code": "1234"}, "item_code"),
        ({"item_code": "123456"}, "item_code"),
        ({"item_code": "1234x"}, "item_code"),
        ({"item_code": "１２３４５"}, "item_code"),
        ({"item_code": 12345}, "item_code"),
        ({"unit": ""}, "unit"),
        ({"unit": "x" * 17}, "unit"),
        ({"tracking": "batch"}, "tracking"),
        ({"tracking": None}, "tracking"),
        ({"supplier": NOWHERE}, "supplier"),
    ],
)
def test_what_is_not_right_is_400_whether_new_or_changed(shop, change, field):
    client, url = shop.client(), f"{PRODUCTS}{shop.products[0].pk}/"
    for call in (lambda: client.post(PRODUCTS, product(**change)), lambda: client.patch(url, change)):
        assert invalid(shop, PRODUCTS, call) == [field]


def test_an_item_code_is_taken_once_in_a_business_and_free_in_another(shop, stranger):
    for business in (shop, stranger):
        post(business, PRODUCTS, product(item_code="00042"))
    another = product("OTHER", item_code="00042")
    refused(shop, lambda: shop.client().post(PRODUCTS, another), 409, "item_code_taken")


def test_a_supplier_of_a_stranger_is_as_unknown_as_one_that_never_was(shop, stranger):
    theirs = post(stranger, SUPPLIERS, {"name": "Theirs"})["id"]
    told = []
    for pk in (theirs, str(uuid7())):
        told.append(
            refused(shop, lambda pk=pk: shop.client().post(PRODUCTS, product(supplier=pk)), 400, "invalid_input")[
                "errors"
            ]
        )
    assert told[0] == told[1]
    assert told[0][0]["code"] == "does_not_exist"


@pytest.mark.parametrize("tracking", ["BATCH", "SERIAL"])
def test_how_it_is_followed_does_not_change_under_what_is_in_stock(shop, tracking):
    client, url = shop.client(), f"{PRODUCTS}{shop.products[0].pk}/"
    for change in ({"tracking": tracking}, {"tracking": tracking, "name": "Newer"}, {"is_stocked": False}):
        refused(shop, lambda change=change: client.patch(url, change), 409, "still_in_stock")
    assert client.get(url).json()["data"]["version"] == 1
    assert client.patch(url, {"tracking": "NONE", "name": "Newer"}).status_code == 200
    sold = client.post("/api/v1/sales/sales/", shop.basket("100"))
    assert sold.status_code == 201, sold.content
    assert client.patch(url, {"tracking": tracking}).json()["data"]["tracking"] == tracking
    assert client.patch(url, {"is_stocked": False}).json()["data"]["is_stocked"] is False


def test_what_is_on_the_road_is_in_stock_too(shop):
    there, first = add_place(shop), shop.products[0]
    with shop.inside():
        own = services.add_product(by=shop.owner, sku="OWN", name="Own", retail_price=Decimal(1))
    shop.products = [own]
    post(shop, STOCK, delivery(shop, "7"))
    with shop.inside():
        transfer = services.open_transfer(
            by=shop.owner,
            source=shop.storefront.pk,
            destination=there.storefront.pk,
            lines=[{"product": own.pk, "quantity": Decimal(7)}],
        )
        services.dispatch_transfer(by=shop.owner, transfer=transfer)
    assert own.pk != first.pk
    url = f"{PRODUCTS}{own.pk}/"
    refused(shop, lambda: shop.client().patch(url, {"tracking": "SERIAL"}), 409, "still_in_stock")


def test_products_are_found_by_their_supplier_and_by_how_they_are_followed(shop):
    supplier = post(shop, SUPPLIERS, {"name": "Nestlé"})["id"]
    theirs = post(shop, PRODUCTS, product(supplier=supplier))["id"]
    serial = post(shop, PRODUCTS, product("PHONE", tracking="SERIAL"))["id"]
    assert ids(shop, PRODUCTS, supplier=supplier) == {theirs}
    assert ids(shop, PRODUCTS, supplier=NOWHERE) == set()
    assert ids(shop, PRODUCTS, tracking="SERIAL") == {serial}
    assert ids(shop, PRODUCTS, tracking="NONE", supplier=supplier) == {theirs}
    for query in ({"tracking": "serial"}, {"supplier": "none"}):
        refused(shop, lambda query=query: shop.client().get(PRODUCTS, query), 400, "invalid_input")


# --- Packs ------------------------------------------------------------------------------------------------------------


def test_a_pack_is_added_shown_and_changed(shop):
    client, own = shop.client(), str(uuid7())
    made = post(shop, PACKS, carton(shop, id=own, barcode=MILO, wholesale_price="180.5"))
    assert made == {
        "id": own,
        "product": str(shop.products[0].pk),
        "name": "Carton",
        "factor": "24.000",
        "barcode": MILO,
        "retail_price": "200.00",
        "wholesale_price": "180.50",
        "is_active": True,
        "version": 1,
    }
    url = f"{PACKS}{own}/"
    assert client.get(url).json()["data"] == made
    change = {"name": "Box", "barcode": "", "retail_price": "210.00", "wholesale_price": None, "is_active": False}
    changed = client.patch(url, change, headers={"If-Match": '"1"'}).json()["data"]
    assert changed == {**made, **change, "version": 2}
    refused(shop, lambda: client.patch(url, {"name": "X"}, headers={"If-Match": '"1"'}), 412, "stale_version")
    assert [action for action, _, _ in history(shop, "productpack")] == ["pack.added", "productpack.changed"]


def test_how_much_a_pack_holds_and_of_what_is_for_ever(shop):
    pack = post(shop, PACKS, carton(shop))
    for change in ({"factor": "12"}, {"factor": "24"}, {"product": str(shop.products[1].pk)}):
        body = unchanged(
            shop,
            PACKS,
            lambda change=change: shop.client().patch(f"{PACKS}{pack['id']}/", change),
            400,
            "invalid_input",
        )
        assert body["errors"][0]["code"] == "unknown_field"


def test_a_pack_is_not_deleted(shop):
    pack = post(shop, PACKS, carton(shop))
    unchanged(shop, PACKS, lambda: shop.client().delete(f"{PACKS}{pack['id']}/"), 405, "method_not_allowed")


@pytest.mark.parametrize("factor", ["0", "-1", "-0", "0.0001", "0.0005", "NaN", "Infinity", "1e3", "1_000", "٢", ""])
def test_s27_a_pack_holds_something(shop, factor):
    """S27."""
    assert invalid(shop, PACKS, lambda: shop.client().post(PACKS, carton(shop, factor=factor))) == ["factor"]


@pytest.mark.parametrize("factor", ["0.001", "0.5", "24", "99999999999.999"])
def test_s27_a_pack_holds_parts_and_many(shop, factor):
    """S27."""
    assert Decimal(post(shop, PACKS, carton(shop, factor=factor))["factor"]) == Decimal(factor)


def test_s27_the_database_refuses_a_pack_of_nothing(shop):
    """S27."""
    for factor in ("0", "-1"):
        with shop.inside(), pytest.raises(IntegrityError, match="pack_holds_something"), transaction.atomic():
            services.add_pack(
                by=shop.owner,
                product=shop.products[0],
                name="Nothing",
                factor=Decimal(factor),
                retail_price=Decimal(1),
            )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"product": NOWHERE}, "product"),
        ({"product": None}, "product"),
        ({"name": ""}, "name"),
        ({"retail_price": "-0.01"}, "retail_price"),
        ({"retail_price": "1.001"}, "retail_price"),
        ({"wholesale_price": "-1"}, "wholesale_price"),
        ({"is_active": "yes"}, "is_active"),
        ({"quantity": "1"}, "quantity"),
    ],
)
def test_a_pack_that_is_not_right_is_400(shop, change, field):
    assert invalid(shop, PACKS, lambda: shop.client().post(PACKS, carton(shop, **change))) == [field]


def test_a_product_of_a_stranger_is_as_unknown_as_one_that_never_was(shop, stranger):
    told = []
    for pk in (str(stranger.products[0].pk), str(uuid7())):
        told.append(
            unchanged(
                shop, PACKS, lambda pk=pk: shop.client().post(PACKS, carton(shop, product=pk)), 400, "invalid_input"
            )["errors"]
        )
    assert told[0] == told[1]


def test_a_name_is_taken_once_in_a_product_whatever_its_case(shop):
    post(shop, PACKS, carton(shop))
    unchanged(shop, PACKS, lambda: shop.client().post(PACKS, carton(shop, name="CARTON")), 409, "pack_exists")
    post(shop, PACKS, carton(shop, product=str(shop.products[1].pk)))


def test_packs_are_found_by_product_barcode_and_whether_they_are_sold(shop):
    own = post(shop, PACKS, carton(shop, barcode=MILO))["id"]
    other = post(shop, PACKS, carton(shop, product=str(shop.products[1].pk), is_active=False))["id"]
    assert ids(shop, PACKS) == {own, other}
    assert ids(shop, PACKS, product=str(shop.products[0].pk)) == {own}
    assert ids(shop, PACKS, barcode=MILO) == {own}
    assert ids(shop, PACKS, is_active="false") == {other}


def test_a_cashier_looks_at_packs_and_changes_none(shop):
    pack, till = post(shop, PACKS, carton(shop)), shop.client(shop.cashier)
    url = f"{PACKS}{pack['id']}/"
    assert till.get(url).json()["data"] == pack
    unchanged(shop, PACKS, lambda: till.post(PACKS, carton(shop, name="Box")), 403, "capability_missing")
    unchanged(shop, PACKS, lambda: till.patch(url, {"name": "Box"}), 403, "capability_missing")


# --- A barcode is a product's or a pack's -----------------------------------------------------------------------------


def test_a_pack_does_not_take_a_products_barcode_nor_a_product_a_packs(shop, stranger):
    client, first = shop.client(), f"{PRODUCTS}{shop.products[0].pk}/"
    post(stranger, PACKS, carton(stranger, barcode=MILO))
    assert client.patch(first, {"barcode": MILO}).status_code == 200
    pack = f"{PACKS}{post(shop, PACKS, carton(shop, barcode='4006381333931'))['id']}/"
    for call in (
        lambda: client.post(PACKS, carton(shop, name="Box", barcode=MILO)),
        lambda: client.patch(pack, {"barcode": MILO}),
        lambda: client.post(PRODUCTS, product(barcode="4006381333931")),
        lambda: client.patch(first, {"barcode": "4006381333931"}),
    ):
        unchanged(shop, PACKS, call, 409, "barcode_taken")
    assert client.patch(first, {"barcode": ""}).status_code == 200
    assert client.patch(pack, {"barcode": MILO}).json()["data"]["barcode"] == MILO


def test_no_barcode_is_no_barcode_however_many_have_none(shop):
    for name in ("Box", "Crate"):
        assert post(shop, PACKS, carton(shop, name=name))["barcode"] == ""


@pytest.mark.parametrize(("table", "other"), [("products", "product_packs"), ("product_packs", "products")])
def test_the_database_itself_refuses_the_webs_role_a_barcode_that_the_other_table_has(shop, table, other):
    post(shop, PACKS, carton(shop))
    with shop.inside(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("makola_app",)
        cursor.execute(f"UPDATE {other} SET barcode = 'ours' WHERE id = (SELECT min(id::text)::uuid FROM {other})")
        assert cursor.rowcount == 1
        with pytest.raises(IntegrityError, match="barcode stands in"), transaction.atomic():
            cursor.execute(f"UPDATE {table} SET barcode = 'ours'")
        cursor.execute(f"SELECT count(*) FROM {table} WHERE barcode = 'ours'")
        assert cursor.fetchone() == (0,)
