"""Transfers under many hands at once. Every race has its control: the same without the guard, and what goes wrong."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from core import tenancy
from inventory import ledger, sums
from tests.conftest import Shop, open_shop
from tests.inventory.shipping import adds_up, arrival, at, draft, on_the_road, seen, sent, shown, step, told
from tests.places import add_place
from tests.races import at_once, one_behind_another, weaken, without
from tests.stock import batches, post

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def there(busy) -> Shop:
    """The second place of a business that has 500 of its one product at the first, and 50 here."""
    return add_place(busy)


def stands(shop: Shop) -> bool:
    return adds_up(shop) and not list(sums.find_disagreements(using="staff"))


@contextmanager
def held(shop: Shop, transfer: Any) -> Iterator[None]:
    """Somebody has the transfer's row, whatever our own verbs do."""
    with shop.inside(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM transfers WHERE id = %s FOR NO KEY UPDATE", [transfer["id"]])
        yield


@contextmanager
def taken(shop: Shop, batch: Any, quantity: int) -> Iterator[None]:
    with shop.inside():
        assert post(shop, (batch, -quantity))
        yield


def waiting(shop: Shop, transfer: Any, *steps: Callable[[], Any]) -> list[tuple[int, str]]:
    """What these steps are told that come to the transfer in this order while somebody has it."""
    shop.bearer()  # so that none of them has to sign in first
    return [told(response) for response in one_behind_another(steps, held=held(shop, transfer))]


@pytest.fixture
def unlocked(monkeypatch) -> None:
    """Rows are read without a lock."""
    monkeypatch.setattr(tenancy.OwnedQuerySet, "locked", lambda rows: rows)


GONE = (409, "transfer_state")
DONE = (200, "")


# --- Dispatch twice ---------------------------------------------------------------------------------------------------


def test_s23_a_transfer_that_is_dispatched_twice_at_once_leaves_once(busy, there):
    """S23."""
    transfer = draft(busy, there)
    assert waiting(busy, transfer, *[partial(step, busy, transfer, "dispatch")] * 2) == [DONE, GONE]
    assert (at(busy, busy), on_the_road(busy)) == ([490], {busy.products[0].pk: 10})
    assert stands(busy)


def test_s23_control_without_the_lock_of_the_transfer_it_leaves_twice(busy, there, unlocked):
    """S23."""
    transfer = draft(busy, there)
    assert waiting(busy, transfer, *[partial(step, busy, transfer, "dispatch")] * 2) == [DONE, DONE]
    assert (at(busy, busy), on_the_road(busy)) == ([480], {busy.products[0].pk: 20})


def test_a_dispatch_that_is_sent_eight_times_with_one_key_is_done_once(busy, there):
    transfer, key = draft(busy, there), str(uuid7())
    busy.bearer()
    responses = at_once([partial(step, busy, transfer, "dispatch", key=key)] * 8)
    assert Counter(map(told, responses)) == {DONE: 8}
    assert len({response.content for response in responses}) == 1
    assert sum("Idempotency-Replayed" in response for response in responses) == 7
    assert on_the_road(busy) == {busy.products[0].pk: 10}
    assert stands(busy)


# --- Receive twice ----------------------------------------------------------------------------------------------------


def parts_of_four(shop: Shop, transfer: Any) -> list[tuple[int, str]]:
    return waiting(shop, transfer, *[partial(step, shop, transfer, "receive", arrival(transfer, accepted="4"))] * 2)


def test_two_parts_that_are_received_at_once_both_count(busy, there):
    transfer = sent(busy, there)
    assert parts_of_four(busy, transfer) == [DONE, DONE]
    assert at(busy, there) == [58]
    (line,) = seen(busy, transfer)["lines"]
    assert (line["accepted"], line["on_the_road"]) == ("8.000", "2.000")
    assert stands(busy)


def test_control_without_the_lock_of_the_transfer_one_part_is_forgotten(busy, there, unlocked):
    transfer = sent(busy, there)
    assert parts_of_four(busy, transfer) == [DONE, DONE]
    assert at(busy, there) == [58]
    (line,) = seen(busy, transfer)["lines"]
    assert (line["accepted"], line["on_the_road"]) == ("4.000", "6.000")
    assert not adds_up(busy)


def test_s23_never_more_arrives_than_was_sent_however_many_receive_at_once(busy, there):
    """S23."""
    transfer = sent(busy, there)
    busy.bearer()
    calls = [partial(step, busy, transfer, "receive", arrival(transfer, accepted="3"))] * 8
    assert Counter(map(told, at_once(calls))) == {DONE: 3, (409, "arrival_too_much"): 5}
    assert (at(busy, there), on_the_road(busy)) == ([59], {busy.products[0].pk: 1})
    assert stands(busy)


def all_of_it_twice(shop: Shop, transfer: Any) -> list[tuple[int, str]]:
    return waiting(shop, transfer, *[partial(step, shop, transfer, "receive", arrival(transfer, accepted="10"))] * 2)


def test_s23_what_was_received_is_not_received_again(busy, there):
    """S23."""
    transfer = sent(busy, there)
    assert all_of_it_twice(busy, transfer) == [DONE, GONE]
    assert (at(busy, there), on_the_road(busy)) == ([60], {})
    assert stands(busy)


def test_s23_control_without_the_lock_the_ledger_still_refuses_what_is_not_on_the_road(busy, there, unlocked):
    """S23."""
    transfer = sent(busy, there)
    assert all_of_it_twice(busy, transfer) == [DONE, (503, "try_again")]
    assert (at(busy, there), on_the_road(busy)) == ([60], {})


def test_s23_control_without_lock_and_ledgers_check_it_is_received_twice(busy, there, unlocked, monkeypatch):
    """S23."""
    monkeypatch.setattr(ledger, "_fits", lambda *_: True)
    transfer = sent(busy, there)
    with without("stock_never_negative"):
        assert all_of_it_twice(busy, transfer) == [DONE, DONE]
        assert at(busy, there) == [70]


# --- Cancel against receive -------------------------------------------------------------------------------------------


def test_who_cancels_behind_an_arrival_gets_back_the_rest(busy, there):
    transfer = sent(busy, there)
    steps = [
        partial(step, busy, transfer, "receive", arrival(transfer, accepted="4")),
        partial(step, busy, transfer, "cancel"),
    ]
    assert waiting(busy, transfer, *steps) == [DONE, DONE]
    assert (at(busy, busy), at(busy, there), on_the_road(busy)) == ([496], [54], {})
    assert stands(busy)


def test_who_receives_behind_a_cancel_is_refused(busy, there):
    transfer = sent(busy, there)
    steps = [
        partial(step, busy, transfer, "cancel"),
        partial(step, busy, transfer, "receive", arrival(transfer, accepted="4")),
    ]
    assert waiting(busy, transfer, *steps) == [DONE, GONE]
    assert (at(busy, busy), at(busy, there), on_the_road(busy)) == ([500], [50], {})
    assert stands(busy)


def test_control_without_lock_and_checks_what_went_back_arrives_as_well(busy, there, unlocked, monkeypatch):
    monkeypatch.setattr(ledger, "_fits", lambda *_: True)
    transfer = sent(busy, there)
    steps = [
        partial(step, busy, transfer, "cancel"),
        partial(step, busy, transfer, "receive", arrival(transfer, accepted="4")),
    ]
    with without("stock_never_negative", "no_more_arrives_than_was_sent"):
        assert waiting(busy, transfer, *steps) == [DONE, DONE]
        assert (at(busy, busy), at(busy, there)) == ([500], [54])


# --- The last unit ----------------------------------------------------------------------------------------------------


def last_unit(shop: Shop, there: Shop) -> tuple[Any, list[tuple[int, str]]]:
    """What a sale and a dispatch get that wait for the batch of which somebody leaves one."""
    transfer, (batch, _) = draft(shop, there, "1"), batches(shop)
    shop.bearer()
    sale = partial(shop.client().post, "/api/v1/sales/sales/", shop.basket())
    calls = [sale, partial(step, shop, transfer, "dispatch")]
    return transfer, [told(response) for response in one_behind_another(calls, held=taken(shop, batch, 499))]


def test_s26_the_last_unit_is_sold_or_sent_and_not_both(busy, there):
    """S26."""
    transfer, answers = last_unit(busy, there)
    assert answers == [(201, ""), (409, "insufficient_stock")]
    assert (at(busy, busy), on_the_road(busy)) == ([0], {})
    assert seen(busy, transfer)["status"] == "DRAFT"
    assert stands(busy)


def test_s26_control_without_the_lock_of_the_batch_the_last_unit_is_sold_and_sent(busy, there, monkeypatch):
    """S26."""
    weaken(monkeypatch, ledger, "_LOCK", "FOR NO KEY UPDATE")
    with without("stock_never_negative", "one_movement_per_sequence"):
        _, answers = last_unit(busy, there)
        assert answers == [(201, ""), DONE]
        assert at(busy, busy) == [-1]


def test_s26_many_sales_and_transfers_of_the_last_ten_give_out_ten(committed):
    """S26."""
    shop = open_shop("Corner", prices=("10.00",), stock="10")
    there = add_place(shop)
    transfers = [draft(shop, there, "1") for _ in range(8)]
    sales = [partial(shop.client().post, "/api/v1/sales/sales/", shop.basket()) for _ in range(8)]
    sending = [partial(step, shop, transfer, "dispatch") for transfer in transfers]
    answers = Counter(told(response) for response in at_once([*sales, *sending]))
    given = answers.pop((201, ""), 0) + answers.pop(DONE, 0)
    assert (given, answers) == (10, {(409, "insufficient_stock"): 6})
    assert at(shop, shop) == [0]
    assert stands(shop)


# --- Two that cross ---------------------------------------------------------------------------------------------------


@pytest.fixture
def three(committed) -> Shop:
    return open_shop("Depot", prices=("1.00", "2.00", "3.00"), stock="100")


def test_s26_transfers_that_cross_all_arrive(three):
    """S26."""
    there = add_place(three)
    three.bearer()

    def send(one: Shop, other: Shop, turn: int) -> list[tuple[int, str]]:
        answers = []
        for n in range(3):
            lines = [{"product": str(product.pk), "quantity": "2"} for product in three.products]
            opened = draft(one, other, lines=lines if (turn + n) % 2 else lines[::-1])
            answers.append(told(step(three, opened, "dispatch")))
            for found in ({"accepted": "1"}, {"accepted": "0.5", "missing": "0.5"}):
                answers.append(told(step(three, opened, "receive", arrival(opened, **found))))
        return answers

    ends = [(three, there), (there, three)] * 3
    results = at_once([partial(send, *pair, turn) for turn, pair in enumerate(ends)])
    assert results == [[DONE] * 9] * 6
    assert (at(three, three), at(three, there), on_the_road(three)) == ([95.5] * 3, [45.5] * 3, {})
    assert stands(three)


def crossing(shop: Shop) -> list[Any]:
    """What two get who wait for the middle one of three batches: the rest of what came to them, and what leaves them
    in the opposite order."""
    there = add_place(shop)
    with shop.inside():  # so that all that is there came from here
        for batch in shop.account.stock_products.filter(location=there.storefront):
            assert post(shop, (batch.pk, -batch.quantity))
    coming = sent(shop, there)
    shown(step(shop, coming, "receive", arrival(coming, accepted="6")))
    backwards = [{"product": str(product.pk), "quantity": "1"} for product in shop.products[::-1]]
    going = draft(there, shop, lines=backwards)
    with shop.inside():
        middle = shop.account.stock_products.get(
            location=there.storefront, product=shop.products[1], origin__isnull=False
        )
    calls = [
        partial(step, shop, coming, "receive", arrival(coming, accepted="4")),
        partial(step, shop, going, "dispatch"),
    ]
    return one_behind_another(calls, held=taken(shop, middle.pk, 1))


def test_s26_two_that_cross_over_the_same_batches_do_not_deadlock(three):
    """S26."""
    assert [told(response) for response in crossing(three)] == [DONE, DONE]
    assert stands(three)


def test_s26_control_two_that_lock_in_the_order_of_their_papers_deadlock(three, monkeypatch):
    """S26."""
    weaken(monkeypatch, ledger, "_LOCK", "ORDER BY id FOR", "ORDER BY array_position(%(batches)s::uuid[], id) FOR")
    assert sorted(told(response) for response in crossing(three)) == [DONE, (503, "try_again")]
