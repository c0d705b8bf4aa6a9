"""Whatever is done at the tills, in whatever order: every sum agrees after every step. And where it would not, it is
seen."""

import os
import time
from dataclasses import replace
from functools import partial

import pytest

from sales import queries, shift_report
from sales.services import credit, drawers, money, receipts
from tests import machines
from tests.machines import fresh, run, share_done, table
from tests.races import weaken
from tests.sales.machine_till import TillMachine

pytestmark = pytest.mark.usefixtures("committed")

STEPS = int(os.environ.get("MACHINE_STEPS", "2000"))
said_of = partial(machines.said_of, TillMachine)


def test_s38_whatever_is_done_at_the_tills_it_adds_up(capsys):
    """S38."""
    machine, began = fresh(TillMachine), time.perf_counter()
    run(machine, STEPS)
    with capsys.disabled():
        print("\n" + table(machine, time.perf_counter() - began))
    assert machine.looks.total() >= STEPS
    assert share_done(machine) > 2 / 3


# --- Controls: what the machine would say ----------------------------------------------------------------------------


def test_s38_nothing_is_found_by_the_rules_that_the_controls_use():
    """S38."""
    rules = ("buy", "sell_late", "close_shift", "wait", "pay_chosen", "hold_cart", "sell_cart", "retry", "write_off")
    assert said_of(*rules, steps=100) == ""


def test_s34_control_a_refund_that_forgets_what_went_back_before_is_seen(monkeypatch):
    """S34."""
    once = queries.find_tenders
    monkeypatch.setattr(queries, "find_tenders", lambda sale: [each for each in once(sale) if each.refund_id is None])
    assert "of the tenders is left" in said_of("buy", "refund")


def test_s32_control_change_that_stays_in_the_drawer_is_seen(monkeypatch):
    """S32."""
    monkeypatch.setattr(money, "less_change", lambda payments, change: [(each, each["amount"], 0) for each in payments])
    assert "but its payments settle" in said_of("buy")


def test_s32_control_a_drawer_that_forgets_the_cash_of_its_sales_is_seen(monkeypatch):
    """S32."""
    monkeypatch.setattr(shift_report, "expected_cash", lambda shift: shift.opening_float)
    assert "says that it holds something else" in said_of("buy", "open_shift")


def test_s35_control_a_debt_that_is_posted_twice_is_seen_though_the_ledger_agrees(monkeypatch):
    """S35."""
    debt, entry = credit._debt, credit.Entry
    monkeypatch.setattr(credit, "_debt", lambda by, sale, customer, amount: debt(by, sale, customer, 2 * amount))
    monkeypatch.setattr(credit, "Entry", lambda kind, amount, debt=None: entry(kind, amount * (2 if debt else 1), debt))
    assert "the customers: found, where the books have" in said_of("sell_to_customer")


def test_s35_control_a_limit_that_nobody_looks_at_is_seen(monkeypatch):
    """S35."""
    monkeypatch.setattr(credit, "_check_credit", lambda *_: None)
    assert "done, where the books foresee credit_limit_exceeded" in said_of("sell_to_customer")


def test_s36_control_a_number_that_is_skipped_is_seen(monkeypatch):
    """S36."""
    weaken(monkeypatch, receipts, "_OPEN_RECEIPT", "r.last_number + %(taken)s", "r.last_number + 2 * %(taken)s")
    assert "its last number is" in said_of("buy")


def test_s38_control_a_late_sale_that_is_counted_with_the_closed_shift_is_seen(monkeypatch):
    """S38."""
    once = drawers.find_turn
    monkeypatch.setattr(drawers, "find_turn", lambda **facts: replace(once(**facts), is_late=False))
    assert "it expected" in said_of("sell_late")
