"""Money that comes, and goes, at the same instant. Every race has its control, without the guard."""

import threading
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import transaction

from core.tenancy import OwnedQuerySet
from subscriptions.services import invoices
from tests.conftest import open_shop
from tests.races import at_once, meeting_before, weaken
from tests.subscriptions.paying import begin, held, hold, seen, settle

UPDATE = 'UPDATE "subscriptions"'


@pytest.fixture
def shop(committed):
    opened = open_shop("Ama Provisions", prices=("10.00",), stock="0")
    hold(opened, days_left=-3)
    hold(opened, starts_on=held(opened).follows_on)  # so that there are no credits to be given first
    return opened


@pytest.fixture(params=[False, True], ids=["guarded", "control"])
def unguarded(request, monkeypatch):
    """Whether nobody holds what they change."""
    if request.param:
        monkeypatch.setattr(OwnedQuerySet, "locked", lambda rows: rows)
    return request.param


def settle_at_once(shop, payments, *, statement, meets, **facts):
    barrier = threading.Barrier(len(payments))

    def run(payment):
        with meeting_before(statement, barrier) if meets else nullcontext():
            settle(shop, payment, **facts)

    results = at_once([lambda payment=payment: run(payment) for payment in payments])
    assert results == [None] * len(payments), results


def test_two_payments_whose_money_comes_at_once_extend_by_both_cycles(shop, unguarded):
    payments = [begin(shop, cycle="MONTHLY"), begin(shop, cycle="MONTHLY")]
    settle_at_once(shop, payments, statement=UPDATE, meets=unguarded)
    rows = sorted((seen(shop, payment)["starts_on"], seen(shop, payment)["ends_on"]) for payment in payments)
    if unguarded:
        assert rows[0] == rows[1]  # one of the two has paid for nothing
    else:
        assert rows[0][1] < rows[1][0]
        assert str(held(shop).ends_on) == rows[1][1]


def test_money_that_goes_back_while_other_money_comes_takes_its_own_days_only(shop, unguarded):
    first, second = begin(shop), begin(shop)
    settle(shop, first)
    before, barrier = held(shop).ends_on, threading.Barrier(2)

    def run(payment, **facts):
        with meeting_before(UPDATE, barrier) if unguarded else nullcontext():
            settle(shop, payment, **facts)

    results = at_once([lambda: run(first, is_reversed=True), lambda: run(second)])
    assert results == [None, None], results
    is_right = abs(held(shop).ends_on - before) <= timedelta(days=1)  # months are not all as long
    assert is_right != unguarded


def test_two_payments_that_go_back_at_once_take_both_their_cycles(shop, unguarded):
    before, payments, barrier = held(shop).ends_on, [begin(shop), begin(shop)], threading.Barrier(2)
    for payment in payments:
        settle(shop, payment)

    def run(payment):
        with meeting_before(UPDATE, barrier) if unguarded else nullcontext():
            settle(shop, payment, is_reversed=True)

    results = at_once([lambda payment=payment: run(payment) for payment in payments])
    is_right = results == [None, None] and held(shop).ends_on == before
    assert is_right != unguarded, results


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "control"])
def test_invoices_of_many_businesses_that_are_issued_at_once_have_no_gap_and_no_number_twice(
    committed, monkeypatch, guarded
):
    shops = [open_shop(f"Shop {i}", prices=(), stock="0") for i in range(6)]
    payments = [begin(shop) for shop in shops]
    settle(shops[0], payments[0])
    barrier = threading.Barrier(5)
    if not guarded:
        weaken(monkeypatch, invoices, "_NEXT", invoices._NEXT, "SELECT last + 1 FROM invoice_counters WHERE year = %s")

    def run(i):
        with nullcontext() if guarded else meeting_before('INSERT INTO "invoices"', barrier):
            settle(shops[i], payments[i])

    results = at_once([lambda i=i: run(i) for i in range(1, 6)])
    assert results == [None] * 5, results
    numbers = []
    for shop in shops:
        with shop.inside():
            numbers.append(int(shop.account.invoices.get().number[5:]))
    assert (sorted(numbers) == list(range(numbers[0], numbers[0] + 6))) == guarded, numbers


def test_a_settling_that_is_undone_gives_its_number_back(shop):
    first, second = begin(shop), begin(shop)
    with shop.inside():
        settle(shop, first)
        transaction.set_rollback(True)
    settle(shop, first)
    settle(shop, second)
    with shop.inside():
        numbers = [int(row.number[5:]) for row in shop.account.invoices.order_by("id")]
    assert numbers[1] == numbers[0] + 1
