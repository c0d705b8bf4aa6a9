"""Where a piece stands, and the way that it took: by which paper, to which place, by whom."""

from decimal import Decimal

import pytest

from accounts.roles import Role
from inventory import services as inventory
from tests.answers import refused
from tests.conftest import Shop, open_shop
from tests.inventory.shipping import arrival, shown, step
from tests.pieces import PIECES, add_phone, batch_of, deliver, refunded, sold
from tests.places import add_member, add_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def bare(db) -> Shop:
    return open_shop("Bare Shelves", prices=("10.00",), stock="0")


@pytest.fixture
def phone(bare):
    return add_phone(bare)


def rows(shop: Shop, member=None, **query):
    """Number and place of what the list shows."""
    response = shop.client(member).get(PIECES, query)
    assert response.status_code == 200, response.content
    return [(row["number"], row["location_name"]) for row in response.json()["results"]]


def pk_of(shop: Shop, number: str) -> str:
    with shop.inside():
        return str(shop.account.serial_numbers.get(number=number).pk)


def look(shop: Shop, number: str, member=None):
    return shown(shop.client(member).get(f"{PIECES}{pk_of(shop, number)}/"))


def move(shop: Shop, there: Shop, phone, number: str) -> None:
    """Send a piece to the other place, and receive it."""
    lines = [{"product": str(phone.pk), "quantity": "1"}]
    body = {"source": str(shop.storefront.pk), "destination": str(there.storefront.pk), "lines": lines}
    transfer = shown(shop.client().post("/api/v1/inventory/transfers/", {**body, "id": pk_of(shop, number)}), 201)
    named = {"lines": [{"line": transfer["lines"][0]["id"], "serials": [number]}]}
    shown(step(shop, transfer, "dispatch", named))
    shown(step(shop, transfer, "receive", arrival(transfer, accepted="1", accepted_serials=[number])))


def test_the_way_of_a_piece_names_every_paper_and_every_place(bare, phone):
    there = add_place(bare)
    move(bare, there, phone, "A1")
    sale = sold(there, phone, "A1")
    back = refunded(there, sale, "A1", restock="DAMAGED")
    told = look(bare, "A1")
    assert (told["number"], told["product_name"], told["stock_product"], told["location"]) == (
        "A1",
        "Phone",
        None,
        None,
    )
    assert [(step["kind"], step["quantity"], step["source"], step["location_name"]) for step in told["steps"]] == [
        ("RECEIVED", "1.000", "stock", "Main"),
        ("DISPATCHED", "-1.000", "transfer", "Main"),
        ("DISPATCHED", "1.000", "transfer", "In transit"),
        ("ARRIVED", "-1.000", "transfer", "In transit"),
        ("ARRIVED", "1.000", "transfer", "Kumasi"),
        ("SOLD", "-1.000", "sale", "Kumasi"),
        ("RETURNED", "1.000", "refund", "Kumasi"),
        ("DAMAGED", "-1.000", "refund", "Kumasi"),
    ]
    assert [step["source_id"] for step in told["steps"][-3:]] == [sale["id"], back["id"], back["id"]]
    assert told["steps"][-3]["line"] == sale["lines"][0]["id"]
    assert {step["by"] for step in told["steps"]} == {str(bare.owner.pk)}


def test_pieces_are_found_by_number_product_place_and_search(bare, phone):
    there = add_place(bare)
    deliver(there, phone, "K1")
    with bare.inside():
        other = inventory.add_product(
            by=bare.owner, sku="TAB", name="Tablet", retail_price=Decimal(9), tracking="SERIAL"
        )
    deliver(bare, other, "A1")
    sold(bare, phone, "A2")
    assert rows(bare) == [
        ("A1", "Main"),
        ("A1", "Main"),
        ("A2", None),
        ("A3", "Main"),
        ("A4", "Main"),
        ("K1", "Kumasi"),
    ]
    assert rows(bare, product=str(phone.pk), number="A1") == [("A1", "Main")]
    assert rows(bare, number="a1") == []
    assert rows(bare, location=str(there.storefront.pk)) == [("K1", "Kumasi")]
    assert rows(bare, search="tablet") == [("A1", "Main")]
    assert look(bare, "A3")["stock_product"] == str(batch_of(bare, "A3"))
    refused(bare, lambda: bare.client().get(PIECES, {"serial": "A1"}), 400, "unknown_parameter")


def test_s08_who_works_at_one_place_sees_what_was_there_and_nothing_of_where_it_went(bare, phone):
    """S08."""
    there = add_place(bare)
    deliver(there, phone, "K1")
    move(bare, there, phone, "A1")
    sold(bare, phone, "A2")
    limited = add_member(bare, Role.CASHIER, bare.storefront, name="Esi")
    assert rows(bare, limited) == [("A1", None), ("A2", None), ("A3", "Main"), ("A4", "Main")]
    assert rows(bare, limited, location=str(there.storefront.pk)) == []
    assert rows(bare, limited, location=str(bare.storefront.pk)) == [("A3", "Main"), ("A4", "Main")]
    told = look(bare, "A1", limited)
    assert (told["stock_product"], told["location"]) == (None, None)
    assert [step["kind"] for step in told["steps"]] == ["RECEIVED", "DISPATCHED"]
    assert [step["kind"] for step in look(bare, "A2", limited)["steps"]] == ["RECEIVED", "SOLD"]
    foreign = f"{PIECES}{pk_of(bare, 'K1')}/"
    assert refused(bare, lambda: bare.client(limited).get(foreign), 404, "not_found")
    nowhere = add_member(bare, Role.CASHIER, name="Ato", is_limited=True)
    assert rows(bare, nowhere) == []


def test_s08_a_strangers_piece_is_as_unknown_as_none(bare, phone, stranger):
    """S08."""
    theirs = add_phone(stranger)
    url = f"{PIECES}{pk_of(stranger, 'A1')}/"
    refused(bare, lambda: bare.client().get(url), 404, "not_found")
    assert len(rows(bare)) == 4
    assert rows(bare, product=str(theirs.pk)) == []


def test_nobody_writes_a_piece_by_hand(bare, phone):
    url = f"{PIECES}{pk_of(bare, 'A1')}/"
    for method in ("post", "put", "patch", "delete"):
        for address in (PIECES, url):
            refused(bare, lambda m=method, a=address: getattr(bare.client(), m)(a, {}), 405, "method_not_allowed")
