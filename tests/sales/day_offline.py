"""A register without a line: it sells with numbers that it took along, and sends all of it when it is back."""

import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from uuid_utils.compat import uuid7

from tests.sales.day_goods import Shop
from tests.sales.day_line import Line
from tests.sales.day_till import API, NOT_TAKEN_BACK, Till, notes, paid

NOTED = {"customer": "customer", "sale": "sale", "refund": "refund", "cash_event": "move"}
Heard = dict[str, list[dict[str, Any]]]  # the verdicts on each item
LATE = 5  # so many of its papers are found when the shift is closed


@dataclass
class Device:
    """What one register's tills do together while they are offline. Nothing is asked of the server."""

    shop: Shop
    shift: dict[str, Any]
    lease: dict[str, Any]
    items: list[dict[str, Any]] = field(default_factory=list)
    newcomer: str = field(default_factory=lambda: str(uuid7()))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self):
        self.items.append({"kind": "customer", "id": self.newcomer, "content": {"name": "Newcomer"}})

    def sell(self, till: Till) -> None:
        wanted = till.fill(self.shop.plenty)
        buys = till.chance.random() < 0.15
        known = [*self.shop.customers("returns", "both"), self.newcomer]
        customer = {"customer": till.chance.choice(known)} if buys else {}
        payment = paid("CUSTOMER_CREDIT", wanted.total) if buys else paid("CASH", notes(wanted.total))
        with self.lock:
            number = self.lease["first_number"] + self.sale_count
            content = {
                "storefront": self.shop.storefront,
                "register": self.shift["register"],
                "shift": self.shift["id"],
                "receipt_number": f"{self.lease['prefix']}{number:06d}",
                "sold_at": now(),
                **customer,
                "lines": wanted.lines,
                "payments": [payment],
            }
            self.items.append({"kind": "sale", "id": str(uuid7()), "content": content})

    @property
    def sale_count(self) -> int:
        return sum(item["kind"] == "sale" for item in self.items)

    def move(self, kind: str, amount: str) -> None:
        content = {"shift": self.shift["id"], "kind": kind, "amount": amount, "reason": "Ice", "occurred_at": now()}
        self.items.append({"kind": "cash_event", "id": str(uuid7()), "content": content})

    def take_back(self, sale: dict[str, Any], line: dict[str, Any]) -> None:
        """One of a line of a sale that was made before the line broke."""
        back = {"line": line["id"], "quantity": min(line["quantity"], "1", key=Decimal)}
        content = {
            "sale": sale["id"],
            "register": self.shift["register"],
            "shift": self.shift["id"],
            "reason": "Broken",
            "refunded_at": now(),
            "lines": [back],
        }
        self.items.append({"kind": "refund", "id": str(uuid7()), "content": content})

    def send(self, line: Line, chance: random.Random) -> Heard:
        """In any order: a half of which no answer comes, both halves at the same instant, and all of it again. The
        verdicts on each item."""
        items = chance.sample(self.items, len(self.items))
        half = len(items) // 2
        heard: Heard = defaultdict(list)
        with closing(Line(line.url, line.bearer)) as second, ThreadPoolExecutor(2) as pool:
            batches = [
                pool.submit(post, line, items[:half], fault="lost"),
                pool.submit(post, second, items[half:], fault="none"),
            ]
            told = [verdict for batch in batches for verdict in batch.result()]
        for verdict in (*told, *post(line, items, fault="none")):
            heard[verdict["id"]].append(verdict)
        return heard

    def note(self, heard: Heard, **known: Any) -> None:
        """Each thing once, as it was told first."""
        for item in self.items:
            rows = [verdict["row"] for verdict in heard[item["id"]] if verdict["row"]]
            if not rows:  # others took the same back meanwhile
                codes = {reason["code"] for verdict in heard[item["id"]] for reason in verdict["reasons"]}
                assert item["kind"] == "refund", (item, heard[item["id"]])
                assert codes <= NOT_TAKEN_BACK, (item, heard[item["id"]])
                continue
            if item["kind"] == "sale":
                self.shop.check(rows[0], item["content"])
            self.shop.books.note(NOTED[item["kind"]], rows[0], **known, role="returns", is_plain=True)


def post(line: Line, items: list[dict[str, Any]], *, fault: str) -> list[dict[str, Any]]:
    return line.make(f"{API}sync/", {"items": items, "sent_at": now()}, key="", fault=fault)


def now() -> str:
    return datetime.now(UTC).isoformat()
