"""Adjustments of what has serial numbers: beyond a limit the paper keeps the numbers, and moves nothing yet."""

import threading
from decimal import Decimal

import pytest

from accounts.roles import Role
from core.tenancy import OwnedQuerySet
from inventory import ledger, sums
from inventory import services as inventory
from inventory.errors import SerialElsewhere
from tests.answers import fields_of, paths_of, refused
from tests.conftest import Shop, open_shop
from tests.inventory.adjusting import adjusted, ask, line, step, stepped, stock, write_off
from tests.pieces import add_phone, batch_of, deliver, refunded, sold, way, whereabouts
from tests.places import add_member, add_place, approved_by, give_pin
from tests.races import at_once, count_of, meeting_before, weaken

STANDS_THERE = "AND s.stock_product_id IS NOT DISTINCT FROM CASE WHEN quantities[1] < 0 THEN batches[1] END"


@pytest.fixture
def bare(db) -> Shop:
    return open_shop("Bare Shelves", prices=("10.00",), stock="0")


@pytest.fixture
def phone(bare):
    """Four phones in two deliveries: A1 and A2 for 600, A3 and A4 for 601."""
    yield add_phone(bare)
    with bare.inside():
        assert list(sums.find_disagreements(using="default")) == []


@pytest.fixture
def keeper(bare):
    """May adjust to 200."""
    return add_member(bare, Role.WAREHOUSE, name="Kofi")


@pytest.fixture
def manager(bare):
    return give_pin(bare, add_member(bare, Role.MANAGER, name="Mansa"))


def of(phone, *numbers, **facts):
    return line(phone, str(len(numbers)), serials=list(numbers), **facts)


def test_s24_pieces_beyond_the_limit_wait_with_their_numbers_and_go_once_when_they_are_approved(
    bare, phone, keeper, manager
):
    """S24."""
    paper = adjusted(bare, "THEFT", of(phone, "A3", "A1"), member=keeper)
    assert (paper["status"], paper["value"], paper["lines"][0]["serials"]) == ("PENDING", "1201.0000000", ["A1", "A3"])
    assert set(whereabouts(bare).values()) == {"Main"}
    for _ in range(2):
        applied = stepped(bare, paper, "approve", member=manager)
        assert (applied["status"], applied["lines"][0]["serials"]) == ("APPLIED", ["A1", "A3"])
    assert whereabouts(bare) == {"A1": None, "A2": "Main", "A3": None, "A4": "Main"}
    assert way(bare, "A3") == [("RECEIVED", 1), ("STOLEN", -1)]


def test_an_approver_who_is_there_lets_pieces_go_at_once(bare, phone, keeper, manager):
    paper = adjusted(bare, "THEFT", of(phone, "A1"), member=keeper, **approved_by(manager))
    assert (paper["status"], whereabouts(bare)["A1"]) == ("APPLIED", None)


def test_pieces_that_are_rejected_stay(bare, phone, keeper, manager):
    paper = adjusted(bare, "LOSS", of(phone, "A1"), member=keeper)
    assert stepped(bare, paper, "reject", member=manager)["lines"][0]["serials"] == ["A1"]
    refused(bare, lambda: step(bare, paper, "approve", member=manager), 409, "adjustment_decided")
    sold(bare, phone, "A1")


@pytest.mark.parametrize("gone_by", ["sale", "adjustment", "count", "transfer"])
def test_where_one_of_the_pieces_has_left_meanwhile_none_goes(bare, phone, keeper, gone_by):
    paper = adjusted(bare, "DAMAGE", of(phone, "A2"), of(phone, "A3", "A1"), member=keeper)
    if gone_by == "sale":
        sale = sold(bare, phone, "A1")
    elif gone_by == "adjustment":
        adjusted(bare, "LOSS", of(phone, "A1"))
    elif gone_by == "count":
        with bare.inside():
            count = inventory.open_count(by=bare.owner, location=bare.storefront.pk)
            seen = {"product": phone.pk, "counted": Decimal(3), "serials": ["A2", "A3", "A4"]}
            inventory.scan_products(by=bare.owner, count=count, items=[seen])
            inventory.approve_count(by=bare.owner, count=count)
    else:
        there = add_place(bare).storefront.pk
        with bare.inside():
            wanted = [{"product": phone.pk, "quantity": Decimal(1)}]
            sent = inventory.open_transfer(by=bare.owner, source=bare.storefront.pk, destination=there, lines=wanted)
            named = [{"line": sent.lines.get().pk, "serials": ["A1"]}]
            inventory.dispatch_transfer(by=bare.owner, transfer=sent, lines=named)
    body = refused(bare, lambda: step(bare, paper, "approve"), 409, "serial_elsewhere")
    assert (paths_of(body), body["meta"]) == ([("lines.1.serials", "serial_elsewhere")], {"serials": ["A1"]})
    if gone_by == "sale":
        refunded(bare, sale, "A1")
        stepped(bare, paper, "approve")
        assert whereabouts(bare) == {"A1": None, "A2": None, "A3": None, "A4": "Main"}


def test_pieces_that_are_found_wait_and_come_when_they_are_approved(bare, phone, keeper):
    sold(bare, phone, "A1")
    paper = adjusted(bare, "FOUND", of(phone, "new", "A1"), member=keeper)
    assert (paper["status"], sorted(whereabouts(bare))) == ("PENDING", ["A1", "A2", "A3", "A4"])
    stepped(bare, paper, "approve")
    assert batch_of(bare, "new") == batch_of(bare, "A1") == batch_of(bare, "A3")


def test_pieces_that_were_found_and_have_come_meanwhile_do_not_come_twice(bare, phone, keeper):
    paper = adjusted(bare, "FOUND", of(phone, "new"), member=keeper)
    other = adjusted(bare, "FOUND", of(phone, "new"), member=keeper)
    stepped(bare, paper, "approve")
    body = refused(bare, lambda: step(bare, other, "approve"), 409, "serial_number_taken")
    assert fields_of(body) == ["lines.0.serials"]


def test_expired_pieces_are_written_off_by_the_numbers_that_the_paper_names(bare, phone, keeper):
    batch = stock(bare, "2", product=phone, cost="101", days=-1, serials=["X1", "X2"])
    paper = write_off(bare, member=keeper).json()["data"]
    assert (paper["status"], paper["lines"][0]["serials"]) == ("PENDING", ["X1", "X2"])
    adjusted(bare, "LOSS", of(phone, "X1", stock_product=str(batch.pk)))
    deliver(bare, phone, "X3")
    refused(bare, lambda: step(bare, paper, "approve"), 409, "serial_elsewhere")
    again = write_off(bare).json()["data"]
    assert (again["status"], again["lines"][0]["serials"]) == ("APPLIED", ["X2"])
    assert [whereabouts(bare)[number] for number in ("X1", "X2", "X3")] == [None, None, "Main"]


def test_what_is_tracked_otherwise_since_is_not_approved(bare, phone, keeper):
    paper = adjusted(bare, "LOSS", of(phone, "A1"), member=keeper)
    sold(bare, phone, "A1", "A2", "A3", "A4")
    with bare.inside():
        row = bare.account.products.locked().get(pk=phone.pk)
        inventory.change_product(by=bare.owner, product=row, tracking="NONE")
        goods = {"product": phone.pk, "quantity": Decimal(1), "unit_cost": Decimal(1)}
        inventory.receive_stock(by=bare.owner, location=bare.storefront.pk, items=[goods])
    refused(bare, lambda: step(bare, paper, "approve"), 400, "serials_required")


def test_s08_a_limited_member_adjusts_no_pieces_of_another_place(bare, phone):
    """S08."""
    there = add_place(bare)
    deliver(there, phone, "K1")
    limited = add_member(bare, Role.MANAGER, bare.storefront, name="Esi")
    body = refused(bare, lambda: ask(bare, "LOSS", of(phone, "K1"), member=limited), 409, "serial_elsewhere")
    assert body["meta"] == {"serials": ["K1"]}
    refused(
        bare, lambda: ask(bare, "LOSS", of(phone, "K1"), member=limited, place=there.storefront), 400, "invalid_input"
    )


# --- At once ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def papers(committed):
    """Two papers, one loss of A1 each, that wait for approval; the shop and the calls that approve them."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="0")
    phone = add_phone(shop)
    keeper = add_member(shop, Role.WAREHOUSE, name="Kofi")
    return shop, [adjusted(shop, "LOSS", of(phone, "A1"), member=keeper)["id"] for _ in range(2)]


def approve(shop: Shop, paper: str):
    with shop.inside():
        row = shop.account.adjustments.locked().get(pk=paper)
        return inventory.approve_adjustment(by=shop.owner, adjustment=row).status


def test_s24_one_piece_on_two_papers_that_are_approved_at_once_is_lost_once(papers):
    """S24."""
    shop, waiting = papers
    outcomes = at_once([lambda p=paper: approve(shop, p) for paper in waiting])
    assert count_of(outcomes, "APPLIED") == count_of(outcomes, SerialElsewhere) == 1
    assert way(shop, "A1") == [("RECEIVED", 1), ("LOST", -1)]
    assert list(sums.find_disagreements(using="staff")) == []


def test_s24_control_who_neither_locks_the_batches_nor_asks_where_the_piece_stands_loses_it_twice(papers, monkeypatch):
    """S24."""
    shop, waiting = papers
    barrier = threading.Barrier(2)

    def approve_it(paper):
        with meeting_before("SELECT id, quantity, hold_count", barrier):
            return approve(shop, paper)

    monkeypatch.setattr(OwnedQuerySet, "locked", lambda rows: rows.order_by("pk"))
    weaken(monkeypatch, ledger, "_MOVE_PIECES", STANDS_THERE)
    assert at_once([lambda p=paper: approve_it(p) for paper in waiting]) == ["APPLIED", "APPLIED"]
    assert way(shop, "A1") == [("RECEIVED", 1), ("LOST", -1), ("LOST", -1)]
