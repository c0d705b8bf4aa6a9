"""Whatever is done to the stock, in whatever order: it adds up after every step. And where it would not, it is seen."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError
from uuid_utils.compat import uuid7

from core import idempotency
from inventory import ledger, queries, valuation
from inventory.models import MovementKind
from inventory.services import arriving, dispatching, taking_back
from tests import machines
from tests.inventory.machine_stock import StockMachine
from tests.machines import DONE, Deed, fresh, run, share_done, table
from tests.races import one_behind_another, weaken

pytestmark = pytest.mark.usefixtures("committed")

STEPS = int(os.environ.get("MACHINE_STEPS", "2000"))
said_of = partial(machines.said_of, StockMachine)


def test_s22_whatever_is_done_to_the_stock_it_adds_up(capsys):
    """S22."""
    machine, began = fresh(StockMachine), time.perf_counter()
    run(machine, STEPS)
    with capsys.disabled():
        print("\n" + table(machine, time.perf_counter() - began))
    assert machine.looks.total() >= STEPS
    assert share_done(machine) > 2 / 3


# --- Controls: what the machine would say ----------------------------------------------------------------------------


def test_s22_nothing_is_found_by_the_rules_that_the_controls_use():
    """S22."""
    rules = ("deliver", "sell", "refund", "find", "hold", "open_transfer", "dispatch", "take_in", "retry")
    assert said_of(*rules, steps=100) == ""


def test_s22_control_a_movement_without_its_batch_is_seen(monkeypatch):
    """S22."""
    weaken(monkeypatch, ledger, "_POST", "b.quantity + c.quantity", "b.quantity")
    assert "holds 0.000, but its movements sum to" in said_of("deliver")


def test_s22_control_a_movement_at_another_cost_is_seen(monkeypatch):
    """S22."""
    weaken(monkeypatch, ledger, "_POST", "w.quantity * m.unit_cost", "w.quantity * (m.unit_cost + 0.0001)")
    assert "not quantity times unit cost" in said_of("deliver")


def test_s22_control_goods_that_come_back_twice_are_seen_though_the_ledger_agrees(monkeypatch):
    """S22."""
    once = taking_back._spread
    monkeypatch.setattr(
        taking_back, "_spread", lambda *facts: [(b, 2 * part, piece) for b, part, piece in once(*facts)]
    )
    assert "on the shelves" in said_of("sell", "refund")


def test_s23_control_a_transfer_that_is_dispatched_twice_is_seen(monkeypatch):
    """S23."""
    monkeypatch.setattr(dispatching, "refuse_unless", lambda *_: None)
    assert "dispatch: done, where the books foresee transfer_state" in said_of("open_transfer", "dispatch")


def test_s23_control_what_comes_off_the_road_as_damaged_and_stays_there_is_seen(monkeypatch):
    """S23."""
    monkeypatch.setitem(arriving.OUTCOMES, "missing", MovementKind.DAMAGED)
    monkeypatch.setattr(arriving, "_post", accept_all(arriving._post))
    assert "on the road, but its transfers have" in said_of("open_transfer", "dispatch", "take_in")


def accept_all(post):
    """What is no arrival does not happen."""
    arrived = MovementKind.ARRIVED
    return lambda by, paper, entries, **facts: post(
        by, paper, [each for each in entries if each.kind == arrived], **facts
    )


def test_s22_control_a_write_that_forgets_its_key_is_seen(monkeypatch):
    """S22."""
    monkeypatch.setattr(idempotency.Claim, "take", lambda self: uuid7())
    assert "answered again with" in said_of("retry")


def test_s25_control_a_promise_that_the_shelf_forgets_is_seen(monkeypatch):
    """S25."""
    weaken(monkeypatch, queries, "_SELLABLE", "AND expires_at > %(now)s", "AND false")
    assert "at the till" in said_of("hold", "sell")


def test_s22_control_an_identity_that_leaves_out_what_is_found_is_seen(monkeypatch):
    """S22."""
    monkeypatch.setattr(valuation.Flow, "left", property(lambda flow: flow.received - flow.sold - flow.lost))
    assert "does not add up" in said_of("find")


# --- Two at once, one of them certainly in the midst -----------------------------------------------------------------


@contextmanager
def underway(machine: StockMachine, deed: Deed) -> Iterator[None]:
    """It is done, and not yet committed."""
    with machine.shop.inside():
        deed.call()
        yield


def two(machine: StockMachine) -> tuple[list[Deed], list]:
    """A transfer is dispatched while the same goods are being sold; what both were answered."""
    machine.open()
    place, product = machine.storefront(0), machine.product(0)
    contest = [machine.contender(name, place, product, Decimal(30), 0) for name in ("sell", "send")]
    behind = one_behind_another([lambda: machine.attempt(contest[1].call)], held=underway(machine, contest[0]))
    return contest, [DONE, *behind]


@pytest.fixture
def machine() -> Iterator[StockMachine]:
    made = fresh(StockMachine)()
    yield made
    made.teardown()


def test_s26_what_two_did_at_once_is_what_they_did_one_after_the_other(machine):
    """S26."""
    contest, outcomes = two(machine)
    assert outcomes == [DONE, "insufficient_stock"]
    machine.kept = machine.explanation(contest, outcomes)
    machine.adds_up()


def test_s26_control_without_the_lock_the_machine_gets_what_no_rule_expects(machine, monkeypatch):
    """S26."""
    weaken(monkeypatch, ledger, "_LOCK", "FOR NO KEY UPDATE")
    _, (_, outcome) = two(machine)
    assert isinstance(outcome, IntegrityError)
