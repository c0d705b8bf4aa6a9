"""One product at two places under thirty-two hands that do all that can be done with it."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connections
from psycopg.errors import DeadlockDetected
from uuid_utils.compat import uuid7

from inventory import ledger, services, sums, valuation
from inventory.services import reservations
from sales import services as sales
from tests.conftest import Shop, open_shop, receive
from tests.places import add_place
from tests.races import PATIENCE, administrator, at_once, one_behind_another, weaken
from tests.stock import batches, move, post

pytestmark = pytest.mark.usefixtures("committed")

HANDS = 32
SECONDS = float(os.environ.get("HOT_SECONDS", "5"))
REFUSALS = {(409, "insufficient_stock")}  # which a shop has to live with
OPERATIONS = {
    *("sell", "refund", "deliver", "adjust", "reserve", "open count", "scan", "approve"),
    *("draw", "dispatch", "arrive", "miss", "cancel"),
}


@dataclass
class Hand:
    """Somebody who works at one of two places, and what they were answered: how often which operation how."""

    here: Shop
    there: Shop
    chance: random.Random
    answers: Counter = field(default_factory=Counter)
    sold: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self):
        self.client = self.here.client()
        self.product = str(self.here.products[0].pk)
        self.place = str(self.here.storefront.pk)

    def ask(self, operation: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(f"/api/v1/{path}/", body, headers={"Idempotency-Key": str(uuid7())})
        told = answer.json()
        self.answers[operation, answer.status_code, told.get("code", "")] += 1
        return told.get("data") or {}

    def sell(self) -> None:
        lines = [{"product": self.product, "quantity": f"{self.chance.randint(1, 3)}"}]
        sale = self.ask("sell", "sales/sales", self.here.basket(lines=lines))
        if sale:
            self.sold.append(sale)

    def refund(self) -> None:
        if self.sold:
            sale, restock = self.sold.pop(), self.chance.choice(["SHELF", "DAMAGED"])
            lines = [{"line": sale["lines"][0]["id"], "quantity": "1", "restock": restock}]
            self.ask("refund", f"sales/sales/{sale['id']}/refunds", {"lines": lines})

    def deliver(self) -> None:
        items = [{"product": self.product, "quantity": "5", "unit_cost": "1.2345"}]
        self.ask("deliver", "inventory/stock", {"location": self.place, "items": items})

    def transfer(self) -> None:
        """Three leave; two come, one of them broken; the third is missing, or is sent back."""
        ends = {"source": self.place, "destination": str(self.there.storefront.pk)}
        drawn = self.ask("draw", "inventory/transfers", {**ends, "lines": [{"product": self.product, "quantity": "3"}]})
        path, line = f"inventory/transfers/{drawn['id']}", drawn["lines"][0]["id"]
        if self.ask("dispatch", f"{path}/dispatch", {"lines": []}):
            for part in ({"accepted": "1", "damaged": "0"}, {"accepted": "0", "damaged": "1"}):
                self.ask("arrive", f"{path}/receive", {"items": [{"line": line, "missing": "0", **part}]})
            rest = {"line": line, "accepted": "0", "damaged": "0", "missing": "1"}
            if self.chance.random() < 0.5:
                self.ask("miss", f"{path}/receive", {"items": [rest]})
            else:
                self.ask("cancel", f"{path}/cancel", {})

    def adjust(self) -> None:
        body = {"location": self.place, "reason": "x", "lines": [{"product": self.product, "quantity": "1"}]}
        kind = self.chance.choice(["THEFT", "DAMAGE", "FOUND"])
        self.ask("adjust", "inventory/adjustments", {**body, "kind": kind})

    def count(self) -> None:
        opened = self.ask("open count", "inventory/stock-counts", {"location": self.place, "reason": "x"})
        path = f"inventory/stock-counts/{opened['id']}"
        counted = f"{self.chance.randint(990, 1010)}"
        self.ask("scan", f"{path}/scan", {"items": [{"product": self.product, "counted": counted}]})
        self.ask("approve", f"{path}/approve", {})

    def reserve(self) -> None:
        body = {"cart": str(uuid7()), "location": self.place, "product": self.product, "quantity": "2", "minutes": 1}
        self.ask("reserve", "inventory/reservations", body)

    def work(self, *, until: float) -> None:
        """All that there is to do, in any order, and again until the time is up."""
        tasks = [self.sell, self.sell, self.refund, self.deliver, self.transfer, self.adjust, self.count, self.reserve]
        is_late = False
        while not is_late:
            self.sell()
            for task in self.chance.sample(tasks, len(tasks)):
                task()
            is_late = time.monotonic() > until


def hands(shop: Shop, there: Shop) -> list[Hand]:
    """Each at a till of their own, so that they meet at the shelf and not before."""
    found = []
    for number in range(HANDS):
        here, other = (shop, there) if number % 2 else (there, shop)
        with shop.inside():
            till = sales.add_register(by=shop.owner, storefront=here.storefront, code=f"H{number}", name="Till")
        found.append(Hand(replace(here, register=till), other, random.Random(number)))
    return found


def deadlocks() -> int:
    """How many PostgreSQL has broken up in this database. What a connection knows of it is told when it ends."""
    connections.close_all()
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with administrator() as admin:
        deadline = time.monotonic() + PATIENCE
        while admin.execute(others).fetchone() != (0,):
            assert time.monotonic() < deadline, "somebody stays connected"
        (count,) = admin.execute(
            "SELECT pg_stat_get_db_deadlocks(oid) FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        return count


def test_s26_thirty_two_hands_on_one_product_keep_it_true_and_nobody_is_thrown_out():
    """S26."""
    shop = open_shop("Hot", prices=("10.00",), stock="1000")
    there = add_place(shop)
    with shop.inside():
        receive(there, "950")
    people, before = hands(shop, there), deadlocks()
    until = time.monotonic() + SECONDS
    assert at_once([partial(hand.work, until=until) for hand in people]) == [None] * HANDS
    answers = sum((hand.answers for hand in people), Counter())
    refused = {(status, code) for _, status, code in answers if status >= 400}
    assert refused <= REFUSALS
    assert {operation for operation, status, _ in answers if status < 300} == OPERATIONS
    assert deadlocks() == before
    assert list(sums.find_disagreements(using="staff")) == []
    with shop.inside():
        assert valuation.reconcile(shop.owner, shop.products[0]).total.adds_up


# --- Who waits for a batch, and who for whoever waits -----------------------------------------------------------------


@contextmanager
def referred_to(shop: Shop) -> Iterator[None]:
    """While somebody refers to the only batch, as who receives a transfer does, and has not committed."""
    (batch,) = batches(shop)
    with administrator() as admin, admin.transaction():
        admin.execute("SELECT 1 FROM stock_products WHERE id = %s FOR KEY SHARE", [batch])
        yield


@contextmanager
def taken(shop: Shop) -> Iterator[None]:
    """While somebody has taken of the only batch, and not yet committed."""
    (batch,) = batches(shop)
    with shop.inside():
        assert post(shop, (batch, -1))
        yield


def two_who_waited(shop: Shop, call: Callable[[], Any]) -> list[Any]:
    """What two get who wait for a batch that somebody takes of, and a third refers to."""

    with referred_to(shop):
        return one_behind_another([call, call], held=taken(shop))


def take(shop: Shop) -> bool:
    (batch,) = batches(shop)
    return move(shop, (batch, -1))


def hold(shop: Shop) -> bool:
    with shop.inside():
        product, cart = shop.products[0].pk, uuid7()
        held = services.hold_stock(
            by=shop.owner, location=shop.storefront.pk, product=product, cart=cart, quantity=Decimal(1)
        )
    return held.quantity == 1


def is_deadlock(results: list[Any]) -> bool:
    """One of two was thrown out for the other."""
    (error,) = (result for result in results if isinstance(result, Exception))
    return isinstance(error, OperationalError) and isinstance(error.__cause__, DeadlockDetected)


@pytest.mark.parametrize("call", [take, hold])
def test_s26_who_has_a_batch_never_turns_back_to_what_it_was_before(busy, call):
    """S26."""
    assert two_who_waited(busy, lambda: call(busy)) == [True, True]


LOCKED = """WITH locked AS MATERIALIZED (
  SELECT id FROM stock_products WHERE account_id = %(account)s AND id = ANY(%(batches)s::uuid[])
  ORDER BY id FOR NO KEY UPDATE
)"""


def test_s26_control_who_locks_and_takes_in_one_statement_deadlocks(busy, monkeypatch):
    """S26."""
    weaken(monkeypatch, ledger, "_LOCK", "FOR NO KEY UPDATE")
    weaken(monkeypatch, ledger, "_POST", "WITH wanted", f"{LOCKED}, wanted")
    weaken(
        monkeypatch,
        ledger,
        "_POST",
        "FROM changes c WHERE",
        "FROM changes c JOIN locked ON locked.id = c.batch_id WHERE",
    )
    assert is_deadlock(two_who_waited(busy, lambda: take(busy)))


def test_s26_control_who_locks_and_holds_in_one_statement_deadlocks(busy, monkeypatch):
    """S26."""
    weaken(monkeypatch, reservations, "_LOCK", "FOR NO KEY UPDATE")
    weaken(monkeypatch, reservations, "_NOTE_HOLD", "id = ANY(%(batches)s::uuid[])", "id IN (SELECT id FROM locked)")
    weaken(monkeypatch, reservations, "_NOTE_HOLD", "UPDATE", f"{LOCKED} UPDATE")
    assert is_deadlock(two_who_waited(busy, lambda: hold(busy)))
