"""Pieces that come back are those that went, each once; they can be sold again, and their way tells all of it."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from inventory import services as inventory
from inventory import sums
from tests.answers import paths_of, refused
from tests.conftest import Shop, receive
from tests.pieces import (
    PIECES,
    SALES,
    add_phone,
    ask,
    ask_back,
    batch_of,
    line,
    refunded,
    sold,
    way,
    whereabouts,
)
from tests.sales.requests import sell
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(bare):
    """Four phones in two deliveries: A1 and A2 for 600, A3 and A4 for 601."""
    yield add_phone(bare)
    with bare.inside():
        assert list(sums.find_disagreements(using="default")) == []


def track(shop: Shop, product, tracking: str) -> None:
    with shop.inside():
        row = shop.account.products.locked().get(pk=product.pk)
        inventory.change_product(by=shop.owner, product=row, tracking=tracking)


@pytest.mark.parametrize(
    ("restock", "place", "kinds"),
    [
        ("SHELF", "Main", [("RETURNED", 1)]),
        ("DAMAGED", None, [("RETURNED", 1), ("DAMAGED", -1)]),
        ("NOT_RETURNED", None, []),
    ],
)
def test_s34_a_piece_goes_where_the_line_says_into_the_batch_that_it_left(bare, phone, restock, place, kinds):
    """S34."""
    batch = batch_of(bare, "A3")
    sale = sold(bare, phone, "A1", "A3")
    back = refunded(bare, sale, "A3", restock=restock)
    assert (back["total"], back["lines"][0]["serials"]) == ("900.00", ["A3"])
    assert way(bare, "A3") == [("RECEIVED", 1), ("SOLD", -1), *kinds]
    assert whereabouts(bare) == {"A1": None, "A2": "Main", "A3": place, "A4": "Main"}
    assert batch_of(bare, "A3") == (batch if place else None)


@pytest.mark.parametrize("restock", ["SHELF", "DAMAGED", "NOT_RETURNED"])
def test_s34_a_piece_is_refunded_once(bare, phone, restock):
    """S34."""
    sale = sold(bare, phone, "A1", "A2", "A3")
    refunded(bare, sale, "A2", restock=restock)
    for again in ("SHELF", "DAMAGED", "NOT_RETURNED"):
        body = refused(bare, lambda r=again: ask_back(bare, sale, "A2", restock=r), 409, "serial_not_sold")
        assert paths_of(body) == [("lines.0.serials", "serial_not_sold")]
    refunded(bare, sale, "A3", "A1")
    assert bare.client().get(f"{SALES}{sale['id']}/").json()["data"]["status"] == "REFUNDED"
    refused(bare, lambda: ask_back(bare, sale, "A1"), 409, "refund_too_much")


@pytest.mark.parametrize(
    ("quantity", "numbers"),
    [("1", []), ("2", ["A1"]), ("1", ["A1", "A2"]), ("2", ["A1", "A1"]), ("0.5", ["A1"]), ("0.5", [])],
)
def test_each_piece_that_comes_back_is_named_once(bare, phone, quantity, numbers):
    sale = sold(bare, phone, "A1", "A2")
    for restock in ("SHELF", "NOT_RETURNED"):
        facts = {"quantity": quantity, "restock": restock}
        body = refused(bare, lambda f=facts: ask_back(bare, sale, *numbers, **f), 400, "serials_required")
        assert paths_of(body) == [("lines.0.serials", "serials_required")]


def test_a_piece_is_named_once_in_a_refund_of_several_lines(bare, phone):
    sale = sold(bare, phone, "A1", "A2")
    item = {"line": sale["lines"][0]["id"], "quantity": "1", "serials": ["A1"]}
    body = {"id": str(uuid7()), "lines": [item, {**item, "restock": "DAMAGED"}]}
    refused(bare, lambda: bare.client().post(f"{SALES}{sale['id']}/refunds/", body), 400, "serials_required")
    split = {**body, "id": str(uuid7()), "lines": [item, {**item, "restock": "DAMAGED", "serials": ["A2"]}]}
    assert bare.client().post(f"{SALES}{sale['id']}/refunds/", split).status_code == 201
    assert [whereabouts(bare)[number] for number in ("A1", "A2")] == ["Main", None]


def test_a_piece_comes_back_on_the_line_that_sold_it_and_on_no_other(bare, phone):
    sale = ask(bare, line(phone, "A1"), line(phone, "A2")).json()["data"]
    other = sold(bare, phone, "A3")
    for number in ("A2", "A3", "A4", "never"):
        refused(bare, lambda n=number: ask_back(bare, sale, n), 409, "serial_not_sold")
    refused(bare, lambda: ask_back(bare, other, "A1"), 409, "serial_not_sold")
    refunded(bare, sale, "A2", index=1)


def test_of_what_was_sold_without_numbers_none_come_back(bare, phone):
    with bare.inside():
        receive(bare, "5")
    sale = sell(bare, "2")
    refused(bare, lambda: ask_back(bare, sale, "A1"), 400, "serials_required")
    refunded(bare, sale, quantity="2")


def test_a_piece_that_came_back_is_sold_again_and_refunded_on_its_own_sale_only(bare, phone):
    first = sold(bare, phone, "A1", "A2")
    refunded(bare, first, "A1")
    second = sold(bare, phone, "A1")
    refused(bare, lambda: ask_back(bare, first, "A1"), 409, "serial_not_sold")
    refunded(bare, second, "A1")
    assert way(bare, "A1") == [("RECEIVED", 1), ("SOLD", -1), ("RETURNED", 1), ("SOLD", -1), ("RETURNED", 1)]
    with bare.inside():
        piece = bare.account.serial_numbers.get(number="A1")
    told = bare.client().get(f"{PIECES}{piece.pk}/").json()["data"]
    assert (told["number"], told["location_name"], told["sku"]) == ("A1", "Main", "PHONE")
    steps = [(step["kind"], step["source"], step["location_name"]) for step in told["steps"]]
    assert steps == [
        ("RECEIVED", "stock", "Main"),
        ("SOLD", "sale", "Main"),
        ("RETURNED", "refund", "Main"),
        ("SOLD", "sale", "Main"),
        ("RETURNED", "refund", "Main"),
    ]
    assert [told["steps"][1]["source_id"], told["steps"][3]["source_id"]] == [first["id"], second["id"]]


def test_a_piece_that_was_found_again_meanwhile_does_not_come_back_twice(bare, phone):
    sale = sold(bare, phone, "A1")
    found = [{"product": phone.pk, "quantity": Decimal(1), "serials": ["A1"]}]
    with bare.inside():
        inventory.adjust_stock(
            by=bare.owner, location=bare.storefront.pk, kind="FOUND", reason="On the desk", lines=found
        )
    for restock in ("SHELF", "DAMAGED"):
        body = refused(bare, lambda r=restock: ask_back(bare, sale, "A1", restock=r), 409, "serial_elsewhere")
        assert paths_of(body) == [("lines.0.serials", "serial_elsewhere")]
    refunded(bare, sale, "A1", restock="NOT_RETURNED")
    assert whereabouts(bare)["A1"] == "Main"


def test_what_was_sold_before_its_pieces_had_numbers_comes_back_by_its_paper_of_what_is_found(bare):
    with bare.inside():
        receive(bare, "3")
    sale = sell(bare, "3")
    product = bare.products[0]
    track(bare, product, "SERIAL")
    refused(bare, lambda: ask_back(bare, sale, quantity="1"), 409, "sold_without_serials")
    refused(bare, lambda: ask_back(bare, sale, "N1"), 400, "serials_required")
    refunded(bare, sale, quantity="1", restock="DAMAGED")
    back = refunded(bare, sale, quantity="2", restock="NOT_RETURNED")
    assert back["total"] == "20.00"
    found = [{"product": product.pk, "quantity": Decimal(2), "serials": ["N1", "N2"]}]
    with bare.inside():
        facts = {"location": bare.storefront.pk, "kind": "FOUND", "reason": "Given back", "lines": found}
        inventory.adjust_stock(by=bare.owner, **facts)
        assert bare.account.stock_products.get().quantity == 2
        assert list(sums.find_disagreements(using="default")) == []
    sold(bare, product, "N2")


def test_what_is_not_tracked_by_piece_any_more_comes_back_by_its_number_and_stands_without(bare, phone):
    sale = sold(bare, phone, "A1", "A2", "A3", "A4")
    track(bare, phone, "NONE")
    refused(bare, lambda: ask_back(bare, sale, quantity="1"), 400, "serials_required")
    refunded(bare, sale, "A1")
    refused(bare, lambda: ask_back(bare, sale, "A1"), 409, "serial_not_sold")
    assert whereabouts(bare)["A1"] is None
    assert ask(bare, {"product": str(phone.pk), "quantity": "1"}).status_code == 201


def test_s34_a_pack_comes_back_by_the_pieces_that_are_in_it(bare, phone):
    """S34."""
    with bare.inside():
        pair = inventory.add_pack(
            by=bare.owner, product=phone, name="Pair", factor=Decimal(2), retail_price=Decimal(1700)
        )
    sale = ask(bare, line(phone, "A1", "A4", quantity="1", pack=str(pair.pk))).json()["data"]
    refused(bare, lambda: ask_back(bare, sale, "A4", quantity="1"), 400, "serials_required")
    assert refunded(bare, sale, "A4", quantity="0.5")["total"] == "850.00"
    assert refunded(bare, sale, "A1", quantity="0.5")["total"] == "850.00"
    assert whereabouts(bare) == dict.fromkeys(("A1", "A2", "A3", "A4"), "Main")


def test_a_refund_of_thirty_pieces_costs_what_a_refund_of_three_costs(bare):
    numbers = [f"N{mark}" for mark in range(34)]
    phone = add_phone(bare, numbers=tuple(numbers))
    sale = sold(bare, phone, *numbers, payments=[{"method": "CASH", "amount": "100000"}])

    def cost(count: int) -> int:
        taken = [numbers.pop() for _ in range(count)]
        return len(statements(lambda: refunded(bare, sale, *taken)))

    cost(1)
    assert cost(3) == cost(30)


def test_s34_a_piece_goes_into_its_own_batch_also_when_its_product_is_no_longer_tracked(bare, phone):
    """S34."""
    batches = [batch_of(bare, number) for number in ("A1", "A3")]
    sale = sold(bare, phone, "A1", "A2", "A3", "A4")
    track(bare, phone, "NONE")
    for number in ("A3", "A1"):
        refunded(bare, sale, number)
    with bare.inside():
        left = dict(bare.account.stock_products.filter(product=phone).values_list("id", "quantity"))
    assert left == dict.fromkeys(batches, 1)
    assert set(whereabouts(bare).values()) == {None}
