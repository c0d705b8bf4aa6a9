"""What becomes of the differences that a count found, and each of its steps once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services as inventory
from inventory import sums
from inventory.errors import CountState
from tests.conftest import Shop, open_shop, receive
from tests.inventory.counting import COUNTS, begin, call, counted_lines, facts, on_hand, scan, sell, step
from tests.places import add_place
from tests.races import at_once, count_of


@pytest.fixture
def shelf(committed) -> Shop:
    """One product at 10.00, and 20 of it on the shelf."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="20")
    yield shop
    assert list(sums.find_disagreements(using="staff")) == []


def batches(shop):
    """Of the place, the oldest first: what each holds."""
    with shop.inside():
        there = shop.account.stock_products.filter(location=shop.storefront)
        return list(there.order_by("received_at", "id").values_list("quantity", flat=True))


# --- Differences ------------------------------------------------------------------------------------------------------


def test_less_is_taken_of_the_batch_that_expires_first_expired_ones_included(shelf):
    today = timezone.localdate()
    with shelf.inside():
        for days in (30, -5):
            receive(shelf, "4", expires_on=today + timedelta(days=days))
    count = begin(shelf)
    scan(shelf, count, "22.5")  # of 28: one with no date, one with a month left, one that has expired
    step(shelf, count, "approve")
    assert sorted(batches(shelf)) == [0, Decimal("2.5"), 20]
    with shelf.inside():
        left = shelf.account.stock_products.filter(quantity=Decimal("2.5"))
        assert left.get().expires_on == today + timedelta(days=30)


def test_more_goes_to_the_newest_batch_of_the_place(shelf):
    there = add_place(shelf)
    with shelf.inside():
        receive(shelf, "1")
        receive(there, "1")
    count = begin(shelf)
    scan(shelf, count, "21.001")
    scan(shelf, count, "23.125")
    step(shelf, count, "approve")
    assert batches(shelf) == [20, Decimal("3.125")]
    assert on_hand(there) == 51


def test_more_of_what_was_never_here_comes_at_the_cost_of_the_newest_batch_anywhere(shelf):
    there = add_place(shelf)
    with shelf.inside():
        receive(shelf, "1", unit_cost=Decimal("0.75"), expires_on=timezone.localdate() + timedelta(days=9))
        place = inventory.add_location(by=shelf.owner, kind="WAREHOUSE", name="Depot")
    count = call(shelf.client(), "", {"location": str(place.pk)}, status=201)
    scan(shelf, count, "2.5")
    step(shelf, count, "approve")
    with shelf.inside():
        batch = shelf.account.stock_products.get(location=place)
        assert (batch.quantity, batch.unit_cost, batch.purchase_cost) == (Decimal("2.5"), *[Decimal("0.75")] * 2)
        assert (batch.stock, batch.expires_on) == (None, timezone.localdate() + timedelta(days=9))
        line = batch.movements.get()
        assert (line.kind, line.source_id, line.value) == ("COUNTED", count_id(count), Decimal("1.875"))
    assert (on_hand(shelf), on_hand(there)) == (21, 50)


def count_id(count):
    return type(uuid7())(count["id"])


def test_more_of_what_never_had_a_cost_is_400_and_nothing_is_posted(shelf):
    with shelf.inside():
        new = inventory.add_product(by=shelf.owner, sku="NEW", name="New", retail_price=Decimal(5))
    count = begin(shelf)
    scan(shelf, count, "19", (new, "3"))
    before = facts(shelf)
    refused = step(shelf, count, "approve", status=400)
    assert (refused["code"], refused["meta"]) == ("cost_required", {"products": [str(new.pk)]})
    assert facts(shelf) == before
    scan(shelf, count, (new, "0"))
    step(shelf, count, "approve")
    assert on_hand(shelf) == 19


def test_what_is_missing_but_was_sold_meanwhile_is_409_with_its_name_and_nothing_is_posted(shelf):
    with shelf.inside():
        other = inventory.add_product(by=shelf.owner, sku="NEW", name="New", retail_price=Decimal(5))
        receive(Shop(shelf.account, shelf.owner, shelf.cashier, shelf.storefront, shelf.register, [other]), "9")
    count = begin(shelf)
    scan(shelf, count, "5", (other, "8"))
    sell(shelf, "6")  # 14 are left, of which 15 would be missing
    before = facts(shelf)
    for _ in range(2):
        refused = step(shelf, count, "approve", status=409)
        assert refused["code"] == "insufficient_stock"
        assert refused["meta"] == {"available": {str(shelf.products[0].pk): "14.000"}}
        assert facts(shelf) == before
    scan(shelf, count, "14")  # a recount helps
    step(shelf, count, "approve")
    assert (on_hand(shelf), on_hand(shelf, other), counted_lines(shelf)) == (14, 8, [-1])


def test_a_count_takes_what_carts_hold_too_for_it_is_not_there(shelf):
    with shelf.inside():
        inventory.hold_stock(
            by=shelf.owner,
            location=shelf.storefront.pk,
            product=shelf.products[0].pk,
            cart=uuid7(),
            quantity=Decimal(20),
        )
    count = begin(shelf)
    scan(shelf, count, "0")
    step(shelf, count, "approve")
    assert on_hand(shelf) == 0


def test_a_recount_takes_the_place_of_what_was_counted_before(shelf):
    count = begin(shelf)
    first = scan(shelf, count, "20")["lines"][0]
    sell(shelf, "1")
    again = scan(shelf, count, "18")["lines"][0]
    assert (first["id"], first["tries"], first["expected"]) == (again["id"], 1, "20.000")
    assert (again["tries"], again["expected"], again["difference"]) == (2, "19.000", "-1.000")
    shown = shelf.client().get(f"{COUNTS}{count['id']}/").json()["data"]
    assert shown["lines"] == [again]
    step(shelf, count, "approve")
    assert counted_lines(shelf) == [-1]


# --- Steps ------------------------------------------------------------------------------------------------------------


def test_who_approves_again_is_told_what_is_and_nothing_is_posted_twice(shelf):
    count = begin(shelf)
    scan(shelf, count, "18")
    approved, key = step(shelf, count, "approve"), str(uuid7())
    before = facts(shelf)
    assert step(shelf, count, "approve") == approved
    assert step(shelf, count, "approve", key=key) == step(shelf, count, "approve", key=key) == approved
    assert facts(shelf) == before
    assert on_hand(shelf) == 18


@pytest.mark.parametrize(
    ("done", "illegal"),
    [
        ([], ["reverse"]),
        (["approve"], ["scan", "cancel"]),
        (["cancel"], ["scan", "approve", "cancel", "reverse"]),
        (["approve", "reverse"], ["scan", "approve", "cancel", "reverse"]),
    ],
)
def test_every_step_that_does_not_follow_is_409_and_changes_nothing(shelf, done, illegal):
    count = begin(shelf)
    scan(shelf, count, "18")
    for name in done:
        step(shelf, count, name)
    before = facts(shelf)
    for name in illegal:
        body = {"items": [{"product": str(shelf.products[0].pk), "counted": "1"}]} if name == "scan" else {}
        assert call(shelf.client(), f"{count['id']}/{name}/", body, status=409)["code"] == "count_state", name
    assert facts(shelf) == before


def test_what_is_cancelled_posted_nothing(shelf):
    count = begin(shelf)
    scan(shelf, count, "1")
    assert step(shelf, count, "cancel")["status"] == "CANCELLED"
    assert (on_hand(shelf), counted_lines(shelf)) == (20, [])


def test_a_reversal_posts_the_opposite_into_the_very_batches(shelf):
    with shelf.inside():
        receive(shelf, "2", expires_on=timezone.localdate() + timedelta(days=3))
    count = begin(shelf)
    scan(shelf, count, "17")
    step(shelf, count, "approve")
    assert batches(shelf) == [17, 0]
    with shelf.inside():
        receive(shelf, "1")
    assert step(shelf, count, "reverse")["status"] == "REVERSED"
    assert batches(shelf) == [20, 2, 1]
    assert counted_lines(shelf) == [-2, -3, 2, 3]


def test_what_was_found_and_has_been_sold_since_cannot_be_reversed(shelf):
    count = begin(shelf)
    scan(shelf, count, "25")
    step(shelf, count, "approve")
    sell(shelf, "21")
    before = facts(shelf)
    refused = step(shelf, count, "reverse", status=409)
    assert refused["code"] == "insufficient_stock"
    assert refused["meta"] == {"available": {str(shelf.products[0].pk): "4.000"}}
    assert facts(shelf) == before
    with shelf.inside():
        receive(shelf, "9")  # which is another batch
    assert step(shelf, count, "reverse", status=409)["code"] == "insufficient_stock"


def test_an_approver_who_saw_another_version_is_412(shelf):
    count = begin(shelf)
    seen = scan(shelf, count, "20")["version"]
    scan(shelf, count, "2")
    refused = step(shelf, count, "approve", status=412, HTTP_IF_MATCH=f'"{seen}"')
    assert refused["code"] == "stale_version"
    assert on_hand(shelf) == 20


@pytest.mark.parametrize("name", ["approve", "reverse"])
def test_many_who_take_the_same_step_at_once_take_it_once(shelf, name):
    count = begin(shelf)
    scan(shelf, count, "18")
    if name == "reverse":
        step(shelf, count, "approve")
    service = {"approve": inventory.approve_count, "reverse": inventory.reverse_count}[name]

    def act():
        with shelf.inside():
            return service(by=shelf.owner, count=shelf.account.stock_counts.locked().get(pk=count["id"])).status

    results = at_once([act] * 6)
    if name == "approve":
        assert results == ["APPROVED"] * 6
        assert (on_hand(shelf), counted_lines(shelf)) == (18, [-2])
    else:
        assert (count_of(results, "REVERSED"), count_of(results, CountState)) == (1, 5)
        assert (on_hand(shelf), counted_lines(shelf)) == (20, [-2, 2])


def test_control_who_does_not_lock_the_count_approves_it_twice(shelf):
    count = begin(shelf)
    scan(shelf, count, "18")

    def read():
        with shelf.inside():
            return shelf.account.stock_counts.get(pk=count["id"])

    for stale in (read(), read()):
        with shelf.inside():
            inventory.approve_count(by=shelf.owner, count=stale)
    assert counted_lines(shelf) == [-2, -2]
