"""Barcodes: which are misread, what each names, and what the shop's own scale says."""

from decimal import Decimal

import pytest

from inventory import barcodes, services
from tests.answers import fields_of, ids, paths_of, refused
from tests.conftest import Shop, open_shop
from tests.inventory.requests import BARCODE_RULES, LOOKUP, PACKS, PRODUCTS, product, weighed
from tests.places import add_member, add_place
from tests.test_query_counts import cost, within

pytestmark = pytest.mark.django_db

OF_GS1 = ["96385074", "036000291452", "4006381333931", "10614141000415", "00000000"]
OF_THE_SHOP = [
    "590",
    "1234567",
    "123456789",
    "12345678901",
    "123456789012345",
    "4006381333930X",
    "４００６３８１３３３９３０",
    "",
]
CARTON, PIECE = "5901234123471", "4006381333931"


# --- The check digit --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("barcode", OF_GS1)
def test_one_digit_that_is_wrong_is_always_found(barcode):
    assert not barcodes.is_misread(barcode)
    for place, right in enumerate(barcode):
        for digit in set("0123456789") - {right}:
            assert barcodes.is_misread(barcode[:place] + digit + barcode[place + 1 :])


@pytest.mark.parametrize("barcode", OF_THE_SHOP)
def test_what_is_no_barcode_of_gs1_is_the_shops_own_affair(shop, barcode):
    made = shop.client().post(PRODUCTS, product(barcode=barcode))
    assert (made.status_code, made.json()["data"]["barcode"]) == (201, barcode)


def misread(shop: Shop, call) -> None:
    """The call is refused because of its barcode, and nothing is made."""
    before = ids(shop, PRODUCTS), ids(shop, PACKS)
    body = refused(shop, call, 400, "invalid_input")
    assert paths_of(body) == [("barcode", "barcode_check_digit")]
    assert (ids(shop, PRODUCTS), ids(shop, PACKS)) == before


@pytest.mark.parametrize("barcode", ["96385075", "036000291453", "4006381333930", "10614141000414"])
def test_a_misread_barcode_is_refused_to_a_product_and_to_a_pack_new_or_changed(shop, barcode):
    client, first = shop.client(), shop.products[0]
    carton = add_carton(shop)
    misread(shop, lambda: client.post(PRODUCTS, product(barcode=barcode)))
    misread(shop, lambda: client.patch(f"{PRODUCTS}{first.pk}/", {"barcode": barcode}))
    another = {"product": str(first.pk), "name": "Crate", "factor": "12", "retail_price": "1", "barcode": barcode}
    misread(shop, lambda: client.post(PACKS, another))
    misread(shop, lambda: client.patch(f"{PACKS}{carton.pk}/", {"barcode": barcode}))
    assert found(shop, CARTON)["pack"]["id"] == str(carton.pk)


# --- Look-up ----------------------------------------------------------------------------------------------------------


def add_carton(shop: Shop, **facts):
    """Twenty-four of the first product, for less than as many pieces."""
    facts = {"name": "Carton", "factor": Decimal(24), "barcode": CARTON, "retail_price": Decimal(200), **facts}
    with shop.inside():
        return services.add_pack(by=shop.owner, product=shop.products[0], **facts)


def weigh(shop: Shop, kind: str = "WEIGHT", **changes) -> None:
    """From now on the first product is item 12345 of the scale, which prints under 21."""
    with shop.inside():
        services.add_barcode_rule(by=shop.owner, prefix="21", kind=kind)
    change(shop, item_code="12345", **changes)


def change(shop: Shop, **changes) -> None:
    with shop.inside():
        first = shop.account.products.locked().get(pk=shop.products[0].pk)
        services.change_product(by=shop.owner, product=first, **changes)


def found(shop: Shop, barcode: str, member=None):
    response = shop.client(member).get(LOOKUP, {"barcode": barcode})
    assert response.status_code == 200, response.content
    return response.json()["data"]


def sell(shop: Shop, barcode: str, price: str) -> str:
    """Sell what was scanned; what its line came to."""
    scanned = found(shop, barcode)
    line = {"product": scanned["id"], "quantity": scanned["scanned_quantity"]}
    if scanned["pack"]:
        line["pack"] = scanned["pack"]["id"]
    body = shop.basket(lines=[line], payments=[{"method": "CASH", "amount": price}])
    sold = shop.client().post("/api/v1/sales/sales/", body)
    assert sold.status_code == 201, sold.content
    return sold.json()["data"]["total"]


def nothing_found(shop: Shop, barcode: str) -> None:
    refused(shop, lambda: shop.client().get(LOOKUP, {"barcode": barcode}), 404, "not_found")


def test_a_barcode_of_its_own_names_one_of_the_product(shop):
    change(shop, barcode=PIECE)
    shown = found(shop, PIECE)
    assert (shown["id"], shown["pack"]) == (str(shop.products[0].pk), None)
    assert (shown["scanned_quantity"], shown["quantity"]) == ("1.000", "100.000")


def test_s27_a_carton_of_24_is_found_by_its_barcode_and_takes_24_from_the_shelf(shop):
    """S27."""
    carton = add_carton(shop, wholesale_price=Decimal("180.5"))
    shown = found(shop, CARTON)
    assert shown["pack"] == {
        "id": str(carton.pk),
        "name": "Carton",
        "factor": "24.000",
        "retail_price": "200.00",
        "wholesale_price": "180.50",
    }
    assert (shown["id"], shown["scanned_quantity"], shown["quantity"]) == (str(carton.product_id), "1.000", "100.000")
    assert (shown["retail_price"], shown["barcode"]) == ("10.00", "")
    assert sell(shop, CARTON, "200") == "200.00"
    assert found(shop, CARTON)["quantity"] == "76.000"


@pytest.mark.parametrize(
    ("grams", "kilograms", "total"), [(235, "0.235", "2.35"), (500, "0.500", "5.00"), (1, "0.001", "0.01")]
)
def test_s27_a_weight_on_a_barcode_is_sold_to_the_gram(shop, grams, kilograms, total):
    """S27."""
    weigh(shop, unit="kg")
    code = weighed("21", "12345", grams)
    shown = found(shop, code)
    assert (shown["id"], shown["scanned_quantity"], shown["pack"]) == (str(shop.products[0].pk), kilograms, None)
    assert sell(shop, code, "5") == total
    assert found(shop, code)["quantity"] == str(Decimal("100.000") - Decimal(kilograms))


def test_s27_the_heaviest_and_the_lightest_that_a_barcode_can_say(shop):
    """S27."""
    weigh(shop)
    assert found(shop, weighed("21", "12345", 99_999))["scanned_quantity"] == "99.999"
    nothing = found(shop, weighed("21", "12345", 0))
    assert nothing["scanned_quantity"] == "0.000"
    line = {"product": nothing["id"], "quantity": nothing["scanned_quantity"]}
    body = refused(
        shop,
        lambda: shop.client().post("/api/v1/sales/sales/", shop.basket(lines=[line])),
        400,
        "invalid_input",
    )
    assert fields_of(body) == ["lines.0.quantity"]


@pytest.mark.parametrize(
    ("price", "number", "quantity"),
    [
        ("10.00", 1250, "1.250"),  # 12.50
        ("3.00", 100, "0.333"),
        ("3.00", 200, "0.667"),
        ("8.00", 100, "0.125"),
        ("16.00", 1, "0.001"),  # 0.000625, half up
        ("20.00", 1, "0.001"),  # 0.0005, half up
        ("20.01", 1, "0.000"),
        ("0.01", 99_999, "99999.000"),
        ("10.00", 0, "0.000"),
    ],
)
def test_a_price_on_a_barcode_tells_how_much_it_buys(shop, price, number, quantity):
    weigh(shop, "PRICE", retail_price=Decimal(price))
    assert found(shop, weighed("21", "12345", number))["scanned_quantity"] == quantity


def test_a_price_is_in_the_smallest_unit_of_the_currency(db):
    shop = open_shop("Boutique Awa", country="SN", currency="XOF", prices=("1500",))
    weigh(shop, "PRICE")
    assert found(shop, weighed("21", "12345", 750))["scanned_quantity"] == "0.500"


def test_a_price_does_not_tell_how_much_of_what_is_free(shop):
    weigh(shop, "PRICE", retail_price=Decimal(0))
    shown = found(shop, weighed("21", "12345", 100))
    assert (shown["id"], shown["scanned_quantity"]) == (str(shop.products[0].pk), None)


def test_a_barcode_names_a_product_before_what_the_scale_printed_and_a_pack_too(shop):
    weigh(shop)
    first, second = weighed("21", "12345", 500), weighed("21", "12345", 501)
    with shop.inside():
        own = services.add_product(by=shop.owner, sku="OWN", name="Own", retail_price=Decimal(1), barcode=first)
    carton = add_carton(shop, barcode=second)
    assert (found(shop, first)["id"], found(shop, first)["scanned_quantity"]) == (str(own.pk), "1.000")
    assert (found(shop, second)["pack"]["id"], found(shop, second)["scanned_quantity"]) == (str(carton.pk), "1.000")
    assert found(shop, weighed("21", "12345", 502))["scanned_quantity"] == "0.502"


def test_what_the_scale_did_not_print_is_not_found(shop, stranger):
    right = weighed("21", "12345", 500)
    nothing_found(shop, right)
    weigh(stranger)
    nothing_found(shop, right)  # by a stranger's rule, and a stranger's item
    weigh(shop)
    assert found(shop, right)["id"] == str(shop.products[0].pk)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    for code in (wrong, weighed("22", "12345", 500), weighed("21", "12346", 500), weighed("21", "00000", 500)):
        nothing_found(shop, code)
    for code in (right[:-1], right + "0", f" {right}", "２" + right[1:]):
        nothing_found(shop, code)
    change(shop, is_active=False)
    nothing_found(shop, right)


def test_a_pack_that_is_switched_off_is_not_found_nor_one_of_a_product_that_is(shop):
    carton = add_carton(shop)
    url = f"{PACKS}{carton.pk}/"
    assert shop.client().patch(url, {"is_active": False}).status_code == 200
    nothing_found(shop, CARTON)
    assert shop.client().patch(url, {"is_active": True}).status_code == 200
    assert found(shop, CARTON)["pack"]["id"] == str(carton.pk)
    change(shop, is_active=False)
    nothing_found(shop, CARTON)


def test_a_pack_of_a_stranger_is_not_found(shop, stranger):
    add_carton(stranger)
    nothing_found(shop, CARTON)


def test_what_is_on_hand_is_where_the_member_works_and_not_on_the_road(shop):
    add_carton(shop)
    there = add_place(shop)
    clerk = add_member(shop, "CASHIER", there.storefront)
    with shop.inside():
        transfer = services.open_transfer(
            by=shop.owner,
            source=shop.storefront.pk,
            destination=there.storefront.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(7)}],
        )
        services.dispatch_transfer(by=shop.owner, transfer=transfer)
    assert (found(shop, CARTON)["quantity"], found(shop, CARTON, clerk)["quantity"]) == ("143.000", "50.000")


def test_whatever_a_barcode_names_it_costs_three_statements(shop):
    add_carton(shop)
    weigh(shop, barcode=PIECE)
    for barcode in (PIECE, CARTON, weighed("21", "12345", 500)):
        within(3, cost(shop.client(), "get", f"inventory/products/lookup/?barcode={barcode}"))


# --- Rules of the scale -----------------------------------------------------------------------------------------------


def test_a_rule_of_the_scale_is_added_shown_and_taken_away(shop):
    client = shop.client()
    made = client.post(BARCODE_RULES, {"prefix": "29", "kind": "PRICE"})
    assert made.status_code == 201, made.content
    rule = made.json()["data"]
    assert rule == {"id": rule["id"], "prefix": "29", "kind": "PRICE"}
    assert client.get(f"{BARCODE_RULES}{rule['id']}/").json()["data"] == rule
    refused(shop, lambda: client.post(BARCODE_RULES, {"prefix": "29", "kind": "WEIGHT"}), 409, "barcode_rule_exists")
    assert client.delete(f"{BARCODE_RULES}{rule['id']}/").status_code == 204
    assert ids(shop, BARCODE_RULES) == set()
    refused(shop, lambda: client.delete(f"{BARCODE_RULES}{rule['id']}/"), 404, "not_found")
    assert client.post(BARCODE_RULES, {"prefix": "29", "kind": "WEIGHT"}).status_code == 201
    with shop.inside():
        said = shop.account.audit_events.filter(subject="barcoderule").order_by("id")
        assert list(said.values_list("action", flat=True)) == [
            "barcode_rule.added",
            "barcode_rule.removed",
            "barcode_rule.added",
        ]


@pytest.mark.parametrize("prefix", ["", "2", "19", "30", "210", "2x", "２１", None])
def test_the_scale_prints_under_20_to_29(shop, prefix):
    body = {"prefix": prefix, "kind": "WEIGHT"}
    assert fields_of(refused(shop, lambda: shop.client().post(BARCODE_RULES, body), 400, "invalid_input")) == ["prefix"]
    assert ids(shop, BARCODE_RULES) == set()


@pytest.mark.parametrize("kind", ["", "weight", "VOLUME", None, 1])
def test_the_scale_prints_weights_and_prices(shop, kind):
    body = {"prefix": "21", "kind": kind}
    assert fields_of(refused(shop, lambda: shop.client().post(BARCODE_RULES, body), 400, "invalid_input")) == ["kind"]


def test_a_cashier_changes_no_rule_of_the_scale(shop):
    weigh(shop)
    till = shop.client(shop.cashier)
    (rule,) = ids(shop, BARCODE_RULES)
    refused(shop, lambda: till.post(BARCODE_RULES, {"prefix": "29", "kind": "PRICE"}), 403, "capability_missing")
    refused(shop, lambda: till.delete(f"{BARCODE_RULES}{rule}/"), 403, "capability_missing")
    assert ids(shop, BARCODE_RULES) == {rule}
