"""Whatever is done to the stock, in whatever order: it adds up after every step. And where it would not, it is seen."""

import inspect
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from math import ceil

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from uuid_utils.compat import uuid7

from core import idempotency
from inventory import ledger, queries, valuation
from inventory.models import MovementKind
from inventory.services import arriving, dispatching, taking_back
from tests.inventory.machine import DONE
from tests.inventory.machine_deeds import Deed
from tests.inventory.machine_stock import StockMachine
from tests.races import one_behind_another, weaken

pytestmark = pytest.mark.usefixtures("committed")

STEPS = int(os.environ.get("MACHINE_STEPS", "2000"))
STEPS_OF_A_BUSINESS = 100


def run(machine: type[StockMachine], steps: int) -> None:
    """So many steps, the same ones each time; a fresh business every hundred."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=ceil(1.1 * steps / STEPS_OF_A_BUSINESS) + 2,  # some are cut short
            stateful_step_count=STEPS_OF_A_BUSINESS,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def fresh(*only: str) -> type[StockMachine]:
    """The machine with a tally of its own; with these rules only, if any are named."""
    others = {name for name, member in inspect.getmembers(StockMachine) if hasattr(member, RULE)} - set(only)
    asleep = {name: _asleep(name) for name in others if only}
    return type("Fresh", (StockMachine,), {"tally": Counter(), "looks": Counter(), **asleep})


RULE = "hypothesis_stateful_rule"


def _asleep(name: str):
    """What the other rules call by this name is there still."""
    return lambda self, *args, **facts: getattr(super(type(self), self), name)(*args, **facts)


def table(machine: type[StockMachine], seconds: float) -> str:
    """What was done and refused how often, a line an operation."""
    steps, tally = machine.looks.total(), machine.tally
    lines = [f"{steps} steps in {seconds:.0f} s, {1000 * seconds / steps:.1f} ms each"]
    for name in sorted({name for name, _ in tally}):
        outcomes = sorted(((count, code) for (of, code), count in tally.items() if of == name), reverse=True)
        lines.append(f"{name:20} " + ", ".join(f"{code} {count}" for count, code in outcomes))
    return "\n".join(lines)


def test_s22_whatever_is_done_to_the_stock_it_adds_up(capsys):
    """S22."""
    machine, began = fresh(), time.perf_counter()
    run(machine, STEPS)
    with capsys.disabled():
        print("\n" + table(machine, time.perf_counter() - began))
    assert machine.looks.total() >= STEPS
    done = Counter(name for (name, outcome), count in machine.tally.items() for _ in range(count) if outcome == DONE)
    assert done.total() > machine.tally.total() * 2 / 3  # a machine that is mostly refused proves little


# --- Controls: what the machine would say ----------------------------------------------------------------------------


def said_of(*only: str, steps: int = 300) -> str:
    """What the machine, or these of its rules, finds wrong; nothing if it finds nothing."""
    try:
        run(fresh(*only), steps)
    except AssertionError as error:
        return str(error)
    return ""


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
    made = fresh()()
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
