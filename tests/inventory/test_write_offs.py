"""Expired stock and single pieces, written off and found."""

from decimal import Decimal

import pytest

from accounts.roles import Role
from tests.answers import fields_of, paths_of
from tests.conftest import open_shop
from tests.inventory.adjusting import (
    add_product,
    adjusted,
    ask,
    booked,
    left,
    line,
    stepped,
    stock,
    unchanged,
    write_off,
)
from tests.places import add_member, add_place, give_pin

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(shop):
    """Who may adjust up to 200.00, and approve nothing."""
    return add_member(shop, Role.WAREHOUSE, name="Keeper")


@pytest.fixture
def manager(shop):
    """Who may decide up to 2,000.00."""
    return give_pin(shop, add_member(shop, Role.MANAGER, name="Manager"))


@pytest.fixture
def phone(shop):
    return add_product(shop, "FONE", tracking="SERIAL")


# --- Expired stock ----------------------------------------------------------------------------------------------------


def test_all_that_has_expired_is_written_off_in_one_paper_and_nothing_else(shop):
    gone = [stock(shop, "2", days=-1, cost="3"), stock(shop, "1.5", product=shop.products[1], days=-9, cost="2")]
    fresh = [stock(shop, "5", days=0), stock(shop, "5", days=1), stock(shop, "5")]
    response = write_off(shop)
    paper = response.json()["data"]
    assert (response.status_code, paper["kind"], paper["status"], paper["value"]) == (
        201,
        "EXPIRED",
        "APPLIED",
        "9.0000000",
    )
    assert {(row["stock_product"], row["quantity"]) for row in paper["lines"]} == {
        (str(gone[0].pk), "-2.000"),
        (str(gone[1].pk), "-1.500"),
    }
    assert (left(shop, *gone), left(shop, *fresh)) == ([0, 0], [5, 5, 5])
    assert sorted(booked(shop, paper)) == [("EXPIRED", -2, -6), ("EXPIRED", Decimal("-1.5"), -3)]
    unchanged(shop, lambda: write_off(shop), 409, "nothing_expired")


def test_what_has_expired_is_told_by_the_shops_own_date(db):
    """Where it is the next day already, and where it is the day before."""
    for name, zone in (("East", "Pacific/Kiritimati"), ("West", "Pacific/Pago_Pago")):
        shop = open_shop(name, time_zone=zone, prices=("1",), stock="0")
        yesterday, today = stock(shop, "1", days=-1), stock(shop, "1", days=0)
        assert write_off(shop).status_code == 201
        assert left(shop, yesterday, today) == [0, 1]


def test_the_write_off_of_what_is_worth_too_much_waits_for_approval(shop, keeper, manager):
    batch = stock(shop, "2", days=-1, cost="100.01")
    paper = write_off(shop, member=keeper).json()["data"]
    assert (paper["status"], paper["value"], left(shop, batch)) == ("PENDING", "200.0200000", [2])
    stepped(shop, paper, "approve", member=manager)
    assert left(shop, batch) == [0]


def test_only_the_places_own_expired_stock_is_written_off_and_the_place_has_to_be_the_members(shop):
    there = add_place(shop)
    stock(there, "2", days=-1)
    unchanged(shop, lambda: write_off(shop), 409, "nothing_expired")
    limited = add_member(shop, Role.MANAGER, shop.storefront, name="Limited")
    body = unchanged(shop, lambda: write_off(there, member=limited), 400, "invalid_input")
    assert paths_of(body) == [("location", "does_not_exist")]


# --- Pieces -----------------------------------------------------------------------------------------------------------


def pieces_of(shop, batch):
    with shop.inside():
        return list(batch.serial_numbers.order_by("number").values_list("number", flat=True))


def test_the_very_pieces_go_from_wherever_they_are_and_come_again_when_they_are_found(shop, phone):
    first = stock(shop, "2", product=phone, cost="40", serials=["A", "B"])
    second = stock(shop, "2", product=phone, cost="50", serials=["C", "D"])
    paper = adjusted(shop, "THEFT", line(phone, "2", serials=["D", "A"]))
    assert (paper["value"], paper["lines"][0]["serials"]) == ("90.0000000", ["A", "D"])
    assert (pieces_of(shop, first), pieces_of(shop, second), left(shop, first, second)) == (["B"], ["C"], [1, 1])
    back = adjusted(shop, "FOUND", line(phone, "2", serials=["A", "new"]))
    assert (pieces_of(shop, second), left(shop, second), back["value"]) == (["A", "C", "new"], [3], "100.0000000")


def test_pieces_that_are_not_named_or_not_here_are_refused(shop, phone):
    batch = stock(shop, "2", product=phone, serials=["A", "B"])
    elsewhere = stock(shop, "1", product=phone, serials=["C"])
    for lines in (
        [line(phone, "1")],
        [line(phone, "1", serials=["A", "B"])],
        [line(phone, "0.5", serials=["A"])],
        [line(phone, "2", serials=["A", "A"])],
        [line(phone, "1", serials=["A"]), line(phone, "1", serials=["A"])],
        [line(shop.products[0], "1", serials=["A"])],
    ):
        for kind in ("LOSS", "FOUND"):
            unchanged(shop, lambda k=kind, ls=lines: ask(shop, k, *ls), 400, "serials_required")
    for named in (line(phone, serials=["Z"]), line(phone, serials=["C"], stock_product=str(batch.pk))):
        body = unchanged(shop, lambda n=named: ask(shop, "LOSS", "1", n), 409, "serial_elsewhere")
        assert fields_of(body) == ["lines.1.serials"]
    unchanged(shop, lambda: ask(shop, "FOUND", line(phone, serials=["C"])), 409, "serial_number_taken")
    assert left(shop, batch, elsewhere) == [2, 1]
