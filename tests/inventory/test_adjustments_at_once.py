"""Adjustments that several decide at the same instant: one decision is made, and the stock moves once."""

import threading
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from core import tenancy
from core.errors import TryAgain
from inventory import services as inventory
from inventory import sums
from inventory.errors import AdjustmentDecided, InsufficientStock, NothingExpired
from inventory.services import adjustments
from tests.conftest import open_shop
from tests.inventory.adjusting import ADJUSTMENTS, add_product, adjusted, booked, left, line, stock, write_off
from tests.places import add_member
from tests.races import PATIENCE, at_once, count_of, one_behind_another

APPROVE, REJECT = inventory.approve_adjustment, inventory.reject_adjustment
MANY = 6


@pytest.fixture
def shop(committed):
    """One product, of which there is nothing yet; the stock adds up afterwards."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="0")
    yield shop
    assert list(sums.find_disagreements(using="staff")) == []


@pytest.fixture
def keeper(shop):
    return add_member(shop, Role.WAREHOUSE, name="Keeper")


@pytest.fixture
def waiting(shop, keeper):
    """A loss of one out of a batch of ten, which nobody has decided on."""
    batch = stock(shop, "10", cost="300")
    paper = adjusted(shop, "LOSS", "1", member=keeper)
    assert paper["status"] == "PENDING"
    return paper, batch


@pytest.fixture
def no_locks(monkeypatch):
    """Takes the lock out of every read that asks for one."""
    monkeypatch.setattr(tenancy.OwnedQuerySet, "locked", lambda rows: rows.order_by("pk"))


def decide(shop, paper, service, barrier=None):
    """A call that decides in a transaction of its own, once all have read what they decide on."""

    def call():
        with shop.inside():
            adjustment = shop.account.adjustments.locked().get(pk=paper["id"])
            if barrier:
                barrier.wait(timeout=PATIENCE)
            return str(service(by=shop.owner, adjustment=adjustment).status)

    return call


def status_of(shop, paper):
    with shop.inside():
        return shop.account.adjustments.get(pk=paper["id"]).status


# --- One paper --------------------------------------------------------------------------------------------------------


def test_s24_many_approve_at_once_and_it_is_applied_once(shop, waiting):
    """S24."""
    paper, batch = waiting
    clients = [shop.client() for _ in range(MANY)]
    address = f"{ADJUSTMENTS}{paper['id']}/approve/"
    answers = at_once([lambda c=c: c.post(address, {}, HTTP_IDEMPOTENCY_KEY=str(uuid7())) for c in clients])
    assert [answer.status_code for answer in answers] == [200] * MANY
    assert {answer.json()["data"]["version"] for answer in answers} == {2}
    assert (left(shop, batch), booked(shop, paper)) == ([9], [("LOST", -1, -300)])


def test_s24_control_without_the_lock_two_approvals_apply_it_twice(shop, waiting, no_locks):
    """S24."""
    paper, batch = waiting
    barrier = threading.Barrier(2)
    results = at_once([decide(shop, paper, APPROVE, barrier) for _ in range(2)])
    assert results == ["APPLIED", "APPLIED"]
    assert (left(shop, batch), len(booked(shop, paper))) == ([8], 2)


def test_s24_of_approving_and_rejecting_at_once_one_wins(shop, keeper):
    """S24."""
    batch = stock(shop, "10", cost="300")
    papers = [adjusted(shop, "LOSS", "1", member=keeper) for _ in range(MANY)]
    for paper in papers:
        results = at_once([decide(shop, paper, service) for service in (APPROVE, REJECT)])
        assert count_of(results, AdjustmentDecided) == 1
        (won,) = [result for result in results if isinstance(result, str)]
        assert status_of(shop, paper) == won
        assert len(booked(shop, paper)) == (1 if won == "APPLIED" else 0)
    applied = sum(status_of(shop, paper) == "APPLIED" for paper in papers)
    assert left(shop, batch) == [10 - applied]


@pytest.mark.parametrize(("first", "second", "lines"), [(APPROVE, REJECT, 1), (REJECT, APPROVE, 0)])
def test_s24_whoever_comes_second_finds_it_decided(shop, waiting, first, second, lines):
    """S24."""
    paper, _ = waiting

    @contextmanager
    def deciding():
        with shop.inside():
            first(by=shop.owner, adjustment=shop.account.adjustments.locked().get(pk=paper["id"]))
            yield

    (late,) = one_behind_another([decide(shop, paper, second)], held=deciding())
    assert isinstance(late, AdjustmentDecided)
    assert len(booked(shop, paper)) == lines


def test_s24_control_without_the_lock_both_win(shop, waiting, no_locks):
    """S24."""
    paper, _ = waiting
    barrier = threading.Barrier(2)
    results = at_once([decide(shop, paper, service, barrier) for service in (APPROVE, REJECT)])
    assert results == ["APPLIED", "REJECTED"]


# --- Retries ----------------------------------------------------------------------------------------------------------


def take(shop, key):
    body = {
        "location": str(shop.storefront.pk),
        "kind": "THEFT",
        "reason": "Seen",
        "lines": [line(shop.products[0], "1")],
    }
    client = shop.client()
    return lambda: client.post(ADJUSTMENTS, body, HTTP_IDEMPOTENCY_KEY=key)


def test_the_same_request_many_times_at_once_takes_once(shop):
    batch = stock(shop, "10")
    answers = at_once([take(shop, "once") for _ in range(MANY)])
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["data"]["id"] for answer in made}) == 1
    assert left(shop, batch) == [9]


def test_control_with_keys_of_their_own_each_takes(shop):
    batch = stock(shop, "10")
    answers = at_once([take(shop, f"key {number}") for number in range(MANY)])
    assert [answer.status_code for answer in answers] == [201] * MANY
    assert left(shop, batch) == [10 - MANY]
    numbers = sorted(answer.json()["data"]["number"] for answer in answers)
    assert numbers == [f"AD-{number:06d}" for number in range(1, MANY + 1)]


# --- Papers that want the same ----------------------------------------------------------------------------------------


def test_s24_of_two_papers_over_the_last_piece_one_is_applied_and_the_other_stays_undecided(shop, keeper):
    """S24."""
    batch = stock(shop, "1", cost="300")
    papers = [adjusted(shop, "LOSS", "1", member=keeper) for _ in range(2)]
    results = at_once([decide(shop, paper, APPROVE) for paper in papers])
    assert (count_of(results, "APPLIED"), count_of(results, InsufficientStock)) == (1, 1)
    assert sorted(status_of(shop, paper) for paper in papers) == ["APPLIED", "PENDING"]
    assert (left(shop, batch), sum(len(booked(shop, paper)) for paper in papers)) == ([0], 1)


def test_papers_with_the_same_products_in_opposite_order_do_not_block_each_other(shop, keeper):
    batches = [stock(shop, "100", cost="300")]
    other = add_product(shop, "OTHER")
    batches.append(stock(shop, "100", cost="300", product=other))
    forth = [line(shop.products[0]), line(other)]
    papers = [adjusted(shop, "LOSS", *order, member=keeper) for order in [forth, forth[::-1]] * MANY]
    results = at_once([decide(shop, paper, APPROVE) for paper in papers])
    assert results == ["APPLIED"] * len(papers)
    assert left(shop, *batches) == [100 - len(papers)] * 2


@contextmanager
def being_sold(shop, quantity):
    """The goods are out of the door; the sale is about to commit."""
    with shop.inside():
        product = shop.products[0].pk
        place = inventory.Shelf(shop.storefront.pk, timezone.localdate(timezone=shop.account.zone))
        inventory.issue_stock(
            by=shop.owner,
            source=shop.register,
            shelf=place,
            issues=[inventory.Issue(uuid7(), product, Decimal(quantity), "lines.0")],
            sellables=place.look(shop.owner, {product}),
            occurred_at=timezone.now(),
        )
        yield


@pytest.fixture
def cheap_and_dear(shop, keeper):
    """A loss of one, while there is one that costs 300 and expires first, and one that costs 500."""
    batches = stock(shop, "1", cost="300", days=1), stock(shop, "1", cost="500", days=9)
    return adjusted(shop, "LOSS", "1", member=keeper), batches


def test_an_approval_waits_for_a_sale_and_is_worth_what_is_left(shop, cheap_and_dear):
    paper, batches = cheap_and_dear
    assert paper["value"] == "300.0000000"
    assert one_behind_another([decide(shop, paper, APPROVE)], held=being_sold(shop, 1)) == ["APPLIED"]
    with shop.inside():
        assert shop.account.adjustments.get(pk=paper["id"]).value == 500
    assert (left(shop, *batches), booked(shop, paper)) == ([0, 0], [("LOST", -1, -500)])


def test_control_without_the_lock_an_approval_counts_on_what_is_being_sold(shop, cheap_and_dear, no_locks):
    paper, batches = cheap_and_dear
    (late,) = one_behind_another([decide(shop, paper, APPROVE)], held=being_sold(shop, 1))
    assert isinstance(late, TryAgain)
    assert (left(shop, *batches), booked(shop, paper)) == ([0, 1], [])


# --- Expired stock ----------------------------------------------------------------------------------------------------


def test_many_write_off_what_has_expired_at_once_and_one_finds_it(shop):
    batches = [stock(shop, "3", days=-1), stock(shop, "2", days=-2)]
    shop.client()  # signed in once, for all
    answers = at_once([lambda: write_off(shop)] * MANY)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (MANY - 1)
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {NothingExpired.code}
    assert left(shop, *batches) == [0, 0]
    with shop.inside():
        assert list(shop.account.adjustments.values_list("number", flat=True)) == ["AD-000001"]


def write_off_late(shop):
    """What comes of a write-off while another, of the same, is about to commit."""

    def call():
        with shop.inside():
            return inventory.write_off_expired(by=shop.owner, location=shop.storefront.pk)

    @contextmanager
    def writing_off():
        with shop.inside():
            inventory.write_off_expired(by=shop.owner, location=shop.storefront.pk)
            yield

    (late,) = one_behind_another([call], held=writing_off())
    return late


def test_whoever_writes_off_second_finds_nothing(shop):
    batch = stock(shop, "3", days=-1)
    assert isinstance(write_off_late(shop), NothingExpired)
    assert left(shop, batch) == [0]


def test_control_without_locks_whoever_writes_off_second_counts_on_what_is_gone(shop, no_locks, monkeypatch):
    batch = stock(shop, "3", days=-1)
    numbers = iter(("AD-1", "AD-2"))
    monkeypatch.setattr(adjustments, "take_number", lambda code, by: next(numbers))  # which is a lock, too
    assert isinstance(write_off_late(shop), TryAgain)
    assert left(shop, batch) == [0]
