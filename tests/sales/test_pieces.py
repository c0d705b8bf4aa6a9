"""What has serial numbers is sold by them: the very pieces leave, at what they cost, and stand on the receipt."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services as inventory
from inventory import sums
from tests.answers import fields_of, paths_of, refused
from tests.conftest import Shop
from tests.pieces import SALES, add_phone, ask, batch_of, deliver, line, sold, way, whereabouts
from tests.places import add_place
from tests.test_query_counts import cost

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(bare):
    """Four phones in two deliveries: A1 and A2 for 600, A3 and A4 for 601."""
    yield add_phone(bare)
    with bare.inside():
        assert list(sums.find_disagreements(using="default")) == []


def held(shop: Shop, phone) -> list[Decimal]:
    """Of every batch of phones, the oldest first."""
    with shop.inside():
        return list(shop.account.stock_products.filter(product=phone).order_by("id").values_list("quantity", flat=True))


def test_s22_the_number_decides_which_batch_gives_and_what_the_line_cost(bare, phone):
    """S22."""
    sale = sold(bare, phone, "A4", "A1")
    assert (sale["lines"][0]["quantity"], sale["lines"][0]["serials"]) == ("2.000", ["A4", "A1"])
    assert held(bare, phone) == [1, 1]
    assert whereabouts(bare) == {"A1": None, "A2": "Main", "A3": "Main", "A4": None}
    assert way(bare, "A4") == [("RECEIVED", 1), ("SOLD", -1)]
    with bare.inside():
        assert bare.account.sale_lines.get().cost == 1201


def test_pieces_are_sold_beside_what_has_no_numbers(bare, phone):
    with bare.inside():
        goods = {"product": bare.products[0].pk, "quantity": Decimal(5), "unit_cost": Decimal(4)}
        inventory.receive_stock(by=bare.owner, location=bare.storefront.pk, items=[goods])
    soap = {"product": str(bare.products[0].pk), "quantity": "1.5"}
    response = ask(bare, line(phone, "A3"), soap, line(phone, "A1"), {**soap, "serials": []})
    assert [each["serials"] for each in response.json()["data"]["lines"]] == [["A3"], [], ["A1"], []]
    with bare.inside():
        costs = list(bare.account.sale_lines.order_by("position").values_list("cost", flat=True))
    assert costs == [601, 6, 600, 6]


def test_a_pack_has_a_number_for_each_piece_in_it(bare, phone):
    with bare.inside():
        pair = inventory.add_pack(
            by=bare.owner, product=phone, name="Pair", factor=Decimal(2), retail_price=Decimal(1700)
        )
    of_pair = {"pack": str(pair.pk)}
    for numbers in (("A1",), ("A1", "A2", "A3")):
        wrong = line(phone, *numbers, quantity="1", **of_pair)
        refused(bare, lambda wrong=wrong: ask(bare, wrong), 400, "serials_required")
    sale = ask(bare, line(phone, "A3", "A2", quantity="1", **of_pair)).json()["data"]
    assert (sale["total"], sale["lines"][0]["serials"]) == ("1700.00", ["A3", "A2"])
    half = ask(bare, line(phone, "A1", quantity="0.5", **of_pair)).json()["data"]
    assert (half["total"], held(bare, phone)) == ("850.00", [0, 1])


@pytest.mark.parametrize(
    ("quantity", "numbers"),
    [
        ("1", []),
        ("1", ["A1", "A2"]),
        ("2", ["A1"]),
        ("2", ["A1", "A1"]),
        ("0.5", ["A1"]),
        ("1.5", ["A1"]),
        ("0.001", []),
        ("9999999", ["A1"]),
    ],
)
def test_each_piece_that_is_sold_is_named_once(bare, phone, quantity, numbers):
    wrong = line(phone, *numbers, quantity=quantity)
    pay = [{"method": "CASH", "amount": "99999999999"}]
    body = refused(bare, lambda: ask(bare, wrong, payments=pay), 400, "serials_required")
    assert paths_of(body) == [("lines.0.serials", "serials_required")]


def test_a_piece_is_named_on_one_line_only_and_every_wrong_line_is_named(bare, phone):
    twice = [line(phone, "A1"), line(phone, "A2"), line(phone, "A1")]
    assert fields_of(refused(bare, lambda: ask(bare, *twice), 400, "serials_required")) == [
        "lines.0.serials",
        "lines.2.serials",
    ]
    without = [{"product": str(phone.pk), "quantity": "1"}, line(phone, "A2")]
    assert fields_of(refused(bare, lambda: ask(bare, *without), 400, "serials_required")) == ["lines.0.serials"]


def test_what_has_no_numbers_is_given_none(bare, phone):
    with bare.inside():
        service = inventory.add_product(
            by=bare.owner, sku="FIX", name="Repair", retail_price=Decimal(5), is_stocked=False
        )
    for product in (bare.products[0], service):
        body = refused(bare, lambda p=product: ask(bare, line(p, "A1")), 400, "serials_required")
        assert fields_of(body) == ["lines.0.serials"]
    assert ask(bare, {"product": str(service.pk), "quantity": "1"}).status_code == 201


@pytest.mark.parametrize("numbers", [[""], [None], [7], ["x" * 65], "A1", [["A1"]], ["A1"] * 1001])
def test_what_is_no_serial_number_is_400(bare, phone, numbers):
    wrong = {"product": str(phone.pk), "quantity": "1", "serials": numbers}
    body = refused(bare, lambda: ask(bare, wrong), 400, "invalid_input")
    assert fields_of(body)[0].startswith("lines.0.serials")


@pytest.mark.parametrize("way_off", ["never was", "of another product", "at another place", "sold", "expired", "case"])
def test_a_piece_that_is_not_on_this_shelf_is_not_sold_and_is_named(bare, phone, way_off):
    number = {"never was": "Z9", "case": "a1", "of another product": "B1"}.get(way_off, "A1")
    if way_off == "of another product":
        with bare.inside():
            other = inventory.add_product(
                by=bare.owner, sku="TAB", name="Tablet", retail_price=Decimal(9), tracking="SERIAL"
            )
        deliver(bare, other, "B1")
    elif way_off == "at another place":
        there = add_place(bare)
        deliver(there, phone, "K1")
        number = "K1"
    elif way_off == "sold":
        sold(bare, phone, "A1")
    elif way_off == "expired":
        deliver(bare, phone, "X1", expires_on=timezone.localdate() - timedelta(days=1))
        number = "X1"
    body = refused(bare, lambda: ask(bare, line(phone, "A2"), line(phone, "A3", number)), 409, "serial_elsewhere")
    assert paths_of(body) == [("lines.1.serials", "serial_elsewhere")]
    assert body["meta"] == {"serials": [number]}


def test_numbers_are_kept_letter_by_letter_in_any_script(bare, phone):
    for number in ("ɖɛ-2", "Z͑ͫ9", "355/12 34", "<b>7</b>", "'; --"):
        deliver(bare, phone, number)
        assert sold(bare, phone, number)["lines"][0]["serials"] == [number]


def test_s25_a_piece_that_another_cart_holds_is_not_sold(bare, phone):
    """S25."""
    cart = uuid7()
    with bare.inside():
        inventory.hold_stock(
            by=bare.owner, location=bare.storefront.pk, product=phone.pk, cart=cart, quantity=Decimal(3)
        )
    sold(bare, phone, "A1")
    body = refused(bare, lambda: ask(bare, line(phone, "A2")), 409, "insufficient_stock")
    assert (paths_of(body), body["meta"]) == (
        [("lines.0.quantity", "insufficient_stock")],
        {"available": {str(phone.pk): "0.000"}},
    )
    assert ask(bare, line(phone, "A2", "A3", "A4"), cart=str(cart)).status_code == 201


def test_s30_a_retry_is_the_same_sale_and_another_number_under_its_id_is_422(bare, phone):
    """S30."""
    basket = bare.basket(lines=[line(phone, "A1")])
    first, again = (bare.client().post(SALES, basket) for _ in range(2))
    assert (again.status_code, again.json()["data"]) == (201, first.json()["data"])
    other = {**basket, "lines": [line(phone, "A2")]}
    refused(bare, lambda: bare.client().post(SALES, other), 422, "idempotency_key_reused")
    refused(bare, lambda: ask(bare, line(phone, "A1")), 409, "serial_elsewhere")
    assert held(bare, phone) == [1, 2]


def test_s08_a_strangers_piece_is_as_unknown_as_none(bare, phone, stranger):
    """S08."""
    theirs = add_phone(stranger, numbers=("T1", "T2"))
    body = refused(bare, lambda: ask(bare, line(phone, "T1")), 409, "serial_elsewhere")
    assert body["meta"] == {"serials": ["T1"]}
    assert batch_of(stranger, "T1")
    assert fields_of(refused(bare, lambda: ask(bare, line(theirs, "T1")), 400, "invalid_input")) == ["lines.0.product"]


def test_the_receipt_shows_the_numbers_and_nothing_that_they_could_mean_to_a_browser(bare, phone):
    deliver(bare, phone, "<i>9</i>")
    sale = sold(bare, phone, "A1", "<i>9</i>")
    url = f"{SALES}{sale['id']}/"
    assert bare.client().get(url).json()["data"]["lines"][0]["serials"] == ["A1", "<i>9</i>"]
    assert bare.client().get(f"{url}receipt/").json()["data"]["sale"]["lines"][0]["serials"] == ["A1", "<i>9</i>"]
    page = bare.client().get(f"{url}receipt/html/").content.decode()
    assert re.search(r"<small>A1, &lt;i&gt;9&lt;/i&gt;</small>", page)


def test_a_till_is_told_that_a_product_needs_numbers(bare, phone):
    catalogue = bare.client().get(f"/api/v1/inventory/storefronts/{bare.storefront.pk}/sale-catalog/").json()["data"]
    assert {row["sku"]: row["tracking"] for row in catalogue["items"]} == {"SKU-0": "NONE", "PHONE": "SERIAL"}
    with bare.inside():
        row = bare.account.products.locked().get(pk=phone.pk)
        inventory.change_product(by=bare.owner, product=row, barcode="5901234123457")
    found = bare.client().get("/api/v1/inventory/products/lookup/?barcode=5901234123457").json()["data"]
    assert (found["tracking"], found["quantity"]) == ("SERIAL", "4.000")


def test_a_sale_of_pieces_costs_fourteen_statements_whether_of_one_or_of_thirty(bare):
    numbers = [f"N{mark}" for mark in range(70)]
    phone = add_phone(bare, numbers=tuple(numbers))
    pay = [{"method": "CASH", "amount": "100000"}]

    def statements(count: int) -> int:
        # `cost` asks twice, and measures the second; each sale takes other pieces.
        taken = iter([numbers.pop() for _ in range(count)] for _ in range(2))

        class Till:
            def post(self, path, body):
                return bare.client().post(path, {**body, "lines": [line(phone, number) for number in next(taken)]})

        return len(cost(Till(), "post", "sales/sales/", bare.basket(payments=pay), status=201))

    assert [statements(1), statements(30)] == [14, 14]
