"""Counts of what has serial numbers: the pieces that were seen are compared with those that should be there."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory import services as inventory
from inventory import sums
from sales import services as sales
from tests.access import member
from tests.answers import fields_of, paths_of, refused
from tests.conftest import Shop, open_shop
from tests.pieces import add_phone, batch_of, deliver, refunded, sold, way, whereabouts
from tests.places import add_place
from tests.races import at_once, one_behind_another
from tests.test_query_counts import statements

COUNTS = "/api/v1/inventory/stock-counts/"


@pytest.fixture
def bare(db) -> Shop:
    return open_shop("Bare Shelves", prices=("10.00",), stock="0")


@pytest.fixture
def phone(bare):
    """Four phones in two deliveries: A1 and A2 for 600, A3 and A4 for 601."""
    yield add_phone(bare)
    with bare.inside():
        assert list(sums.find_disagreements(using="default")) == []


def call(shop, path, body=None, *, by=None, status=200, **headers):
    response = shop.client(by).post(f"{COUNTS}{path}", body or {}, HTTP_IDEMPOTENCY_KEY=str(uuid7()), **headers)
    assert response.status_code == status, response.content
    return response.json()["data"]


def begin(shop, **facts):
    return call(shop, "", {"location": str(shop.storefront.pk), **facts}, status=201)


def item(product, *numbers, counted=""):
    return {"product": str(product.pk), "counted": counted or str(len(numbers)), "serials": list(numbers)}


def scan(shop, count, *items, **facts):
    return call(shop, f"{count['id']}/scan/", {"items": list(items)}, **facts)


def ask(shop, count, *items):
    """The answer to a scan."""
    body = {"items": list(items)}
    return shop.client().post(f"{COUNTS}{count['id']}/scan/", body, HTTP_IDEMPOTENCY_KEY=str(uuid7()))


def step(shop, count, name, **facts):
    return call(shop, f"{count['id']}/{name}/", **facts)


def try_step(shop, count, name):
    return shop.client().post(f"{COUNTS}{count['id']}/{name}/", {}, HTTP_IDEMPOTENCY_KEY=str(uuid7()))


def counted(shop):
    """What counts brought to the ledger: piece, quantity, cost."""
    with shop.inside():
        lines = shop.account.stock_movements.filter(kind="COUNTED").order_by("id")
        return sorted(lines.values_list("serial__number", "quantity", "unit_cost"))


def told(line):
    names = ("counted", "expected", "difference", "serials", "missing_serials", "found_serials")
    return [line[name] for name in names]


def test_a_piece_that_is_not_seen_is_lost_of_its_own_batch_once_it_is_approved(bare, phone):
    count = begin(bare, is_blind=False)
    (line,) = scan(bare, count, item(phone, "A4", "A1", "A2"))["lines"]
    assert told(line) == ["3.000", "4.000", "-1.000", ["A1", "A2", "A4"], ["A3"], []]
    assert counted(bare) == []
    step(bare, count, "approve")
    assert counted(bare) == [("A3", -1, 601)]
    assert whereabouts(bare) == {"A1": "Main", "A2": "Main", "A3": None, "A4": "Main"}
    step(bare, count, "approve")
    assert counted(bare) == [("A3", -1, 601)]


def test_a_piece_that_is_seen_and_stood_nowhere_is_found_even_where_as_many_are_missing(bare, phone):
    sold(bare, phone, "A1")
    count = begin(bare, is_blind=False)
    (line,) = scan(bare, count, item(phone, "A1", "A2", "A3"))["lines"]
    assert told(line) == ["3.000", "3.000", "0.000", ["A1", "A2", "A3"], ["A4"], ["A1"]]
    newest = batch_of(bare, "A3")
    step(bare, count, "approve")
    assert counted(bare) == [("A1", 1, 601), ("A4", -1, 601)]
    assert batch_of(bare, "A1") == newest
    sold(bare, phone, "A1")


def test_a_piece_that_is_found_where_none_of_it_ever_was_opens_a_batch(bare, phone):
    there = add_place(bare)
    sold(bare, phone, "A1", "A2")
    count = begin(there)
    scan(bare, count, item(phone, "A2"))
    step(bare, count, "approve")
    assert whereabouts(bare) == {"A1": None, "A2": "Kumasi", "A3": "Main", "A4": "Main"}
    assert counted(bare) == [("A2", 1, 601)]


def test_a_number_that_no_piece_has_is_refused_and_so_is_one_that_stands_elsewhere(bare, phone):
    deliver(add_place(bare), phone, "K1")
    count = begin(bare)
    soap = {"product": str(bare.products[0].pk), "counted": "3"}
    for number, code in (("Z9", "serial_unknown"), ("a1", "serial_unknown"), ("K1", "serial_elsewhere")):
        body = refused(bare, lambda n=number: ask(bare, count, soap, item(phone, "A1", n)), 409, code)
        assert (paths_of(body), body["meta"]) == ([("items.1.serials", code)], {"serials": [number]})


@pytest.mark.parametrize(
    ("number", "numbers"),
    [("2", ["A1"]), ("1", []), ("2", ["A1", "A1"]), ("0.5", ["A1"]), ("0", ["A1"]), ("999999999", ["A1"])],
)
def test_as_many_numbers_as_pieces_are_given_and_each_once(bare, phone, number, numbers):
    count = begin(bare)
    body = refused(bare, lambda: ask(bare, count, item(phone, *numbers, counted=number)), 400, "serials_required")
    assert paths_of(body) == [("items.0.serials", "serials_required")]
    soap = item(bare.products[0], "A1")
    assert fields_of(refused(bare, lambda: ask(bare, count, soap), 400, "serials_required")) == ["items.0.serials"]


def test_where_nothing_is_seen_all_are_lost_and_nothing_needs_no_number(bare, phone):
    count = begin(bare)
    scan(bare, count, {"product": str(phone.pk), "counted": "0"})
    step(bare, count, "approve")
    assert [(number, quantity) for number, quantity, _ in counted(bare)] == [(f"A{n}", -1) for n in range(1, 5)]
    assert set(whereabouts(bare).values()) == {None}


def test_s28_a_piece_that_was_sold_before_between_or_after_is_not_missing(bare, phone):
    """S28."""
    sold(bare, phone, "A1")
    count = begin(bare, is_blind=False)
    (line,) = scan(bare, count, item(phone, "A2", "A3"))["lines"]
    assert line["missing_serials"] == ["A4"]
    sold(bare, phone, "A4")  # which a customer had in the hand
    sold(bare, phone, "A2")
    step(bare, count, "approve")
    assert counted(bare) == []
    assert way(bare, "A4") == [("RECEIVED", 1), ("SOLD", -1)]


def test_s28_what_moved_since_the_scan_stays_where_its_paper_left_it(bare, phone):
    """S28."""
    first, second = sold(bare, phone, "A1"), sold(bare, phone, "A2")
    count = begin(bare)
    scan(bare, count, item(phone, "A1", "A2", "A3"))
    refunded(bare, first, "A1")  # found, and booked by its refund
    refunded(bare, second, "A2")
    sold(bare, phone, "A2")
    refunded(bare, sold(bare, phone, "A4"), "A4")  # missing, but sold and brought back since
    step(bare, count, "approve")
    assert counted(bare) == []
    assert whereabouts(bare) == {"A1": "Main", "A2": None, "A3": "Main", "A4": "Main"}


def test_a_recount_takes_the_place_of_what_was_counted_before(bare, phone):
    count = begin(bare, is_blind=False)
    scan(bare, count, item(phone, "A1"))
    sold(bare, phone, "A2")
    (line,) = scan(bare, count, item(phone, "A1", "A3"))["lines"]
    assert told(line) == ["2.000", "3.000", "-1.000", ["A1", "A3"], ["A4"], []]
    step(bare, count, "approve")
    assert counted(bare) == [("A4", -1, 601)]


def test_a_reversal_brings_the_very_pieces_back_and_takes_those_that_were_found(bare, phone):
    sold(bare, phone, "A1")
    before = {number: batch_of(bare, number) for number in ("A2", "A3", "A4")}
    count = begin(bare)
    scan(bare, count, item(phone, "A1", "A2"))
    step(bare, count, "approve")
    step(bare, count, "reverse")
    assert {number: batch_of(bare, number) for number in before} == before
    assert whereabouts(bare)["A1"] is None
    assert way(bare, "A3") == [("RECEIVED", 1), ("COUNTED", -1), ("COUNTED", 1)]


def test_what_was_found_and_sold_since_or_lost_and_found_since_is_not_reversed(bare, phone):
    sold(bare, phone, "A1")
    found, lost = begin(bare), begin(bare)
    scan(bare, found, item(phone, "A1", "A2", "A3", "A4"))
    step(bare, found, "approve")
    sold(bare, phone, "A1")
    refused(bare, lambda: try_step(bare, found, "reverse"), 409, "serial_elsewhere")
    scan(bare, lost, item(phone, "A3", "A4"))
    step(bare, lost, "approve")
    again = {"product": phone.pk, "quantity": Decimal(1), "serials": ["A2"]}
    with bare.inside():
        inventory.adjust_stock(by=bare.owner, location=bare.storefront.pk, kind="FOUND", reason="There", lines=[again])
    refused(bare, lambda: try_step(bare, lost, "reverse"), 409, "serial_elsewhere")


def test_what_is_tracked_otherwise_since_is_neither_posted_nor_reversed(bare, phone):
    posted, scanned = begin(bare), begin(bare)
    scan(bare, posted, item(phone))
    step(bare, posted, "approve")
    scan(bare, scanned, item(phone, "A1"))
    with bare.inside():
        row = bare.account.products.locked().get(pk=phone.pk)
        inventory.change_product(by=bare.owner, product=row, tracking="NONE")
    refused(bare, lambda: try_step(bare, posted, "reverse"), 409, "tracked_otherwise")
    refused(bare, lambda: try_step(bare, scanned, "approve"), 409, "tracked_otherwise")


def test_who_counts_blind_is_not_told_which_pieces_should_be_there(bare, phone):
    keeper = member(bare, Role.WAREHOUSE)
    count = begin(bare)
    (line,) = scan(bare, count, item(phone, "A1"), by=keeper)["lines"]
    assert told(line) == ["1.000", None, None, ["A1"], None, None]
    step(bare, count, "approve")
    (line,) = bare.client(keeper).get(f"{COUNTS}{count['id']}/").json()["data"]["lines"]
    assert line["missing_serials"] == ["A2", "A3", "A4"]


def test_a_scan_and_an_approval_of_thirty_pieces_cost_what_those_of_three_cost(bare):
    numbers = tuple(f"N{mark}" for mark in range(66))
    phone = add_phone(bare, numbers=numbers)

    def cost(missing: int) -> tuple[int, int]:
        count = begin(bare)
        with bare.inside():
            here = bare.account.serial_numbers.filter(stock_product__isnull=False).order_by("number")
            seen = list(here.values_list("number", flat=True))[missing:]
        scanned = statements(lambda: scan(bare, count, item(phone, *seen)))
        return len(scanned), len(statements(lambda: step(bare, count, "approve")))

    cost(1)
    assert cost(3) == cost(30)


# --- At once ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(committed):
    """Two phones, committed."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="0")
    yield shop, add_phone(shop, numbers=("A1", "A2"))
    assert list(sums.find_disagreements(using="staff")) == []


@contextmanager
def being_sold(shop, phone, number):
    """The piece is out of the door; the sale is about to commit."""

    with shop.inside():
        sales.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            lines=[{"product": phone.pk, "quantity": Decimal(1), "serials": [number]}],
            payments=[{"method": "CASH", "amount": Decimal(900)}],
        )
        yield


def test_s28_a_scan_waits_for_a_sale_that_has_its_piece_and_does_not_miss_it(shelf):
    """S28."""
    shop, phone = shelf
    count = begin(shop, is_blind=False)
    (scanned,) = one_behind_another([lambda: scan(shop, count, item(phone, "A1"))], held=being_sold(shop, phone, "A2"))
    assert scanned["lines"][0]["missing_serials"] == []
    step(shop, count, "approve")
    assert counted(shop) == []


def test_many_who_approve_at_once_lose_a_piece_once(shelf):
    shop, phone = shelf
    count = begin(shop)
    scan(shop, count, item(phone, "A1"))
    answers = at_once([lambda: try_step(shop, count, "approve")] * 5)
    assert {answer.status_code for answer in answers} == {200}
    assert counted(shop) == [("A2", -1, 600)]


def test_two_counts_that_find_one_piece_at_once_find_it_once(shelf):
    shop, phone = shelf
    sold(shop, phone, "A1")
    found = [begin(shop), begin(shop)]
    for count in found:
        scan(shop, count, item(phone, "A1", "A2"))
    answers = at_once([lambda c=count: try_step(shop, c, "approve") for count in found])
    assert [answer.status_code for answer in answers] == [200, 200]  # the second has nothing left to post
    assert counted(shop) == [("A1", 1, 600)]
