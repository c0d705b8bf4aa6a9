"""What comes into a cart, by product and by barcode, and at which terms."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from inventory import services as inventory
from inventory.barcodes import check_digit
from sales.services import cart_lines
from tests.accounts.tills import told
from tests.answers import fields_of, paths_of, refused
from tests.sales.carting import CARTS, SALES, added, ask, filled, opened, quantities, quoted, shown

pytestmark = pytest.mark.django_db

CARTON = "5901234123457"


def label(item_code: str, number: str, prefix: str = "20") -> str:
    """What the shop's scale prints."""
    digits = f"{prefix}{item_code}{number}"
    return digits + check_digit(digits)


@pytest.fixture
def scales(shop):
    """The shop with a carton of 24, tomatoes by the kilogram, and a scale that prints weights and prices."""
    by = shop.owner
    with shop.inside():
        inventory.add_pack(
            by=by,
            product=shop.products[0],
            name="Carton",
            factor=Decimal(24),
            retail_price=Decimal(200),
            barcode=CARTON,
        )
        tomatoes = inventory.add_product(
            by=by, sku="TOM", name="Tomatoes", retail_price=Decimal("12.40"), item_code="00042", unit="kg"
        )
        inventory.add_product(by=by, sku="FREE", name="Peels", retail_price=Decimal(0), item_code="00043", unit="kg")
        inventory.add_barcode_rule(by=by, prefix="20", kind="WEIGHT")
        inventory.add_barcode_rule(by=by, prefix="21", kind="PRICE")
        inventory.receive_stock(
            by=by,
            location=shop.storefront.pk,
            items=[{"product": tomatoes.pk, "quantity": Decimal(10), "unit_cost": Decimal(5)}],
        )
    shop.products = [*shop.products, tomatoes]
    return shop


def test_s27_a_carton_comes_by_its_barcode_and_the_same_again_is_one_more(scales):
    """S27."""
    pk = opened(scales)
    added(scales, pk, barcode=CARTON)
    cart = added(scales, pk, barcode=CARTON, quantity="2")
    assert [(line["pack_name"], line["quantity"]) for line in cart["lines"]] == [("Carton", "3.000")]
    cart = added(scales, pk, product=str(scales.products[0].pk), quantity="0.5")
    assert quantities(cart) == ["3.000", "0.500"]
    assert quoted(scales, pk).json()["data"]["total"] == "605.00"


def test_s27_what_was_weighed_comes_by_its_label_to_the_gram_and_is_held_and_sold_so(scales):
    """S27."""
    pk = opened(scales)
    added(scales, pk, barcode=label("00042", "01234"))
    cart = added(scales, pk, barcode=label("00042", "00001"))
    assert quantities(cart) == ["1.235"]
    cart = added(scales, pk, barcode=label("00042", "00500"), quantity="2")
    assert quantities(cart) == ["2.235"]
    held = ask(scales, f"{pk}/hold/")
    assert held.json()["data"]["lines"][0]["is_held"] is True
    quote = quoted(scales, pk).json()["data"]
    assert quote["total"] == "27.71"  # 2.235 at 12.40 is 27.714
    line = {"product": str(scales.products[3].pk), "quantity": "2.235"}
    sale = scales.client().post(SALES, scales.basket(lines=[line], cart=pk))
    assert sale.json()["data"]["total"] == "27.71"


def test_a_label_with_a_price_tells_how_much_it_is_where_there_is_a_price(scales):
    pk = opened(scales)
    cart = added(scales, pk, barcode=label("00042", "01240", prefix="21"))
    assert quantities(cart) == ["1.000"]
    silent = {"barcode": label("00043", "01240", prefix="21")}
    body = refused(scales, lambda: ask(scales, f"{pk}/lines/", silent), 400, "invalid_input")
    assert paths_of(body) == [("barcode", "quantity_unknown")]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"barcode": "0000"}, "barcode"),
        ({"barcode": label("00042", "00000")}, "barcode"),
        ({"barcode": label("00042", "00500"), "quantity": "0.001"}, "quantity"),
        ({}, "product"),
        ({"product": str(uuid7())}, "product"),
        ({"product": "own", "barcode": CARTON}, "product"),
        ({"pack": "own", "barcode": CARTON}, "product"),
        ({"product": "other", "pack": "own"}, "pack"),
        ({"product": "own", "pack": str(uuid7())}, "pack"),
        *[({"product": "own", "quantity": bad}, "quantity") for bad in ("0", "-1", "NaN", "0.0001", "1e5", "", None)],
        ({"product": "own", "unit_price": "-1"}, "unit_price"),
        ({"product": "own", "discount": "-0.01"}, "discount"),
        ({"product": "own", "quantity": "99999999999999"}, "quantity"),
    ],
)
def test_what_is_not_to_be_had_or_no_quantity_is_400_and_nothing_comes(scales, line, field):
    with scales.inside():
        carton = str(scales.account.product_packs.get().pk)
    names = {
        "own": {"product": str(scales.products[0].pk), "pack": carton},
        "other": {"product": str(scales.products[1].pk)},
    }
    sent = {name: names.get(value, {}).get(name, value) for name, value in line.items()}
    pk = opened(scales)
    body = refused(scales, lambda: ask(scales, f"{pk}/lines/", sent), 400, "invalid_input")
    assert fields_of(body) == [field]


def test_more_than_can_be_counted_is_400(scales):
    pk = filled(scales, "99999999999.999")
    line = {"product": str(scales.products[0].pk), "quantity": "99999999999.999"}
    assert told(ask(scales, f"{pk}/lines/", line)) == (400, "invalid_input")
    assert quantities(shown(scales, pk)) == ["99999999999.999"]


def test_the_same_request_again_adds_once(shop):
    pk, key = opened(shop), str(uuid7())
    line = {"product": str(shop.products[0].pk), "quantity": "2"}
    first, again = (ask(shop, f"{pk}/lines/", line, key=key) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    assert quantities(shown(shop, pk)) == ["2.000"]
    assert told(ask(shop, f"{pk}/lines/", {**line, "quantity": "3"}, key=key)) == (422, "idempotency_key_reused")


def test_a_line_is_changed_and_taken_out_and_one_of_another_cart_is_not_there(shop):
    pk, other = filled(shop, "1", "2"), filled(shop, "5")
    first, second = (line["id"] for line in shown(shop, pk)["lines"])
    foreign = shown(shop, other)["lines"][0]["id"]
    response = shop.client().patch(f"{CARTS}{pk}/lines/{first}/", {"quantity": "0.125"})
    assert quantities(response.json()["data"]) == ["0.125", "2.000"]
    assert quantities(shop.client().delete(f"{CARTS}{pk}/lines/{second}/").json()["data"]) == ["0.125"]
    for line in (second, foreign, str(uuid7()), "1"):
        for method in ("patch", "delete"):
            call = getattr(shop.client(), method)
            refused(shop, lambda call=call, line=line: call(f"{CARTS}{pk}/lines/{line}/", {}), 404, "not_found")


@pytest.mark.parametrize("terms", [{"unit_price": "1.00"}, {"discount": "0.01"}])
def test_s37_a_price_or_a_discount_of_a_cashiers_own_is_refused_not_obeyed(shop, terms):
    """S37."""
    pk = filled(shop, "1")
    line = {"product": str(shop.products[0].pk), **terms}
    refused(shop, lambda: ask(shop, f"{pk}/lines/", line, member=shop.cashier), 403, "capability_missing")
    named = shown(shop, pk)["lines"][0]["id"]
    till = shop.client(shop.cashier)
    refused(shop, lambda: till.patch(f"{CARTS}{pk}/lines/{named}/", terms), 403, "capability_missing")
    assert ask(shop, f"{pk}/lines/", line).status_code == 200
    assert told(quoted(shop, pk, shop.cashier)) == (403, "capability_missing")


def test_a_price_of_ones_own_counts_and_can_be_taken_back(shop):
    pk = opened(shop)
    line = added(shop, pk, product=str(shop.products[0].pk), quantity="3", unit_price="8.00", discount="1.50")["lines"][
        0
    ]
    assert quoted(shop, pk).json()["data"]["total"] == "22.50"
    terms = {"unit_price": None, "discount": "0"}
    shop.client().patch(f"{CARTS}{pk}/lines/{line['id']}/", terms)
    assert quoted(shop, pk).json()["data"]["total"] == "30.00"


def test_a_cart_takes_as_many_lines_as_a_sale(shop, monkeypatch):
    monkeypatch.setattr(cart_lines, "MOST_LINES", 2)
    pk = filled(shop, "1", "1")
    body = refused(shop, lambda: ask(shop, f"{pk}/lines/", {"product": str(shop.products[2].pk)}), 409, "cart_full")
    assert body["meta"] == {"most": 2}
    assert quantities(added(shop, pk, product=str(shop.products[0].pk))) == ["2.000", "1.000"]
