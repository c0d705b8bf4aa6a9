"""One cashier's day at a register: sells by every tender, takes goods back, collects debts and moves cash, and writes
down what the server said to it."""

import random
from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any

from uuid_utils.compat import uuid7

from fakes import control
from tests import works
from tests.sales.day_goods import PENNY, Shop
from tests.sales.day_line import Line

API = "/api/v1/sales/"
TENDERS = {
    "cash": 38,
    "exact": 10,
    "card": 12,
    "bank": 4,
    "split": 8,
    "credit": 9,
    "wallet": 6,
    "kept": 4,
    "phone": 6,
    "discount": 3,
}
ASIDES = {"": 82, "take_back": 9, "collect": 4, "top_up": 2, "pay_out": 1, "move_cash": 2}
# What becomes of a request to a phone: in turn, so that a day has all of it.
PHONES = ("told", "never told", "told twice", "given up", "told late", "told", "declined", "told twice")
REFUSED = {"insufficient_stock", "credit_limit_exceeded", "insufficient_wallet", "capability_missing"}
NOT_TAKEN_BACK = {"refund_too_much", "sale_voided", "void_after_refund"}


@dataclass
class Wanted:
    """What a customer brings to the till, and what it comes to by the labels."""

    lines: list[dict[str, Any]]
    total: Decimal


@dataclass
class Till:
    shop: Shop
    line: Line
    shift: dict[str, Any]
    is_manager: bool
    chance: random.Random
    refused: Counter[str] = field(default_factory=Counter)
    waiting: list[tuple[str, Wanted, dict[str, Any]]] = field(default_factory=list)

    def work(self, count: int) -> None:
        """So many sales, with what else happens between them."""
        for _ in range(count):
            self.sell()
            aside = pick(self.chance, ASIDES)
            if aside and (self.is_manager or aside != "take_back"):
                getattr(self, aside)()
        for sale in self.waiting:
            self.finish(*sale)

    # --- Selling ---

    def fill(self, products: list[dict[str, Any]]) -> Wanted:
        lines = []
        for product in self.chance.sample(products, self.chance.randint(1, 4)):
            line = {"product": product["id"], "quantity": self.chance.choice(product["_"]["quantities"])}
            if product["id"] == self.shop.pack["product"] and self.chance.random() < 0.5:
                line |= {"pack": self.shop.pack["id"], "quantity": "1"}
            lines.append(line)
        return Wanted(lines, sum(self.shop.by_labels(lines), Decimal(0)))

    def sell(self) -> None:
        tender = pick(self.chance, TENDERS)
        if tender == "phone":
            self.sell_by_phone(self.fill(self.shop.plenty))
            return
        wanted = self.fill(self.shop.products)
        self.complete(wanted, *self.pay(tender, wanted.total))

    def pay(self, tender: str, due: Decimal) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The payments, and what else the sale says."""
        whole = {"card": "CARD", "bank": "BANK", "credit": "CUSTOMER_CREDIT", "wallet": "WALLET", "exact": "CASH"}
        named = {"customer": self.chance.choice(self.shop.customers())}
        extra = named if tender in ("credit", "wallet", "kept") else {}
        if tender in whole:
            return [paid(whole[tender], due)], extra
        if tender == "split":
            by_card = (due / 3).quantize(PENNY)
            return [paid("CARD", by_card), paid("CASH", notes(due - by_card))], extra
        if tender == "kept":
            return [paid("CASH", notes(due + 1))], {**extra, "keep_change": True}
        return [paid("CASH", notes(due))], {"discount_percent": "10"} if tender == "discount" else {}

    def complete(self, wanted: Wanted, payments: list[dict[str, Any]], extra: dict[str, Any]) -> None:
        """Sell so, or else in cash what there is enough of: the same sale, under the same key."""
        own_id = key = str(uuid7())
        body = self.body(own_id, wanted.lines, payments, extra)
        answer = self.line.post(f"{API}sales/", body, key=key)
        if not answer.is_done:
            self.refuse(answer, REFUSED)
            scarce = self.shop.products[-1]["id"]
            lines = [line for line in wanted.lines if line["product"] != scarce] or [
                {"product": self.shop.products[0]["id"], "quantity": "1"}
            ]
            instead = self.body(own_id, lines, [paid("CASH", notes(wanted.total + 100))], {})
            answer = self.line.post(f"{API}sales/", instead, key=key)
            if answer.code == "idempotency_key_reused":  # what was refused had been lost before, and was done after all
                sale = self.line.get(f"{API}sales/{own_id}/")
                self.note_sale(sale, body)
                return
            body = instead
        self.note_sale(answer.data, body)

    def body(self, own_id: str, lines: Any, payments: Any, extra: dict[str, Any]) -> dict[str, Any]:
        where = {"storefront": self.shop.storefront, "register": self.shift["register"]}
        return {"id": own_id, **where, "lines": lines, "payments": payments, **extra}

    def note_sale(self, sale: dict[str, Any], body: dict[str, Any]) -> None:
        self.shop.check(sale, body)
        known = {"sent": sum(Decimal(each["amount"]) for each in body["payments"])} if "keep_change" in body else {}
        self.shop.books.note("sale", sale, **known)
        if self.is_manager and self.chance.random() < 0.02:
            self.take(f"{API}sales/{sale['id']}/void/", {"reason": "Wrong goods"}, "refund", NOT_TAKEN_BACK)

    # --- By phone ---

    def sell_by_phone(self, wanted: Wanted) -> None:
        number = next(self.shop.phones)
        way, phone = PHONES[number % len(PHONES)], f"024{number:07d}"
        gateway, customer = self.chance.choice(["MOMO", "PAYSTACK"]), self.chance.choice(self.shop.customers())
        body = {
            "id": str(uuid7()),
            "register": self.shift["register"],
            "customer": customer,
            "amount": str(wanted.total),
            "phone": phone,
            "gateway": gateway,
            "network": "MTN",
        }
        payment = self.line.make(f"{API}mobile-payments/", body, key=body["id"])
        self.wait_for(payment, "PROMPTED")
        if way == "declined":
            self.decide(payment, status="FAILED")
            self.wait_for(payment, "FAILED")
            self.shop.books.note("phone", payment, way=way, end=("FAILED", False))
        if way == "given up":
            self.line.make(f"{API}mobile-payments/{payment['id']}/cancel/", {}, key="", fault="none")
        if way in ("declined", "given up"):
            self.complete(wanted, *self.pay("cash", wanted.total))
        if way in ("told", "told twice"):
            self.decide(payment, notify=1 if way == "told" else 2)
            self.finish(way, wanted, payment)
        if way in ("told late", "never told", "given up"):
            self.decide(payment, notify=0)
            self.waiting.append((way, wanted, payment))

    def finish(self, way: str, wanted: Wanted, payment: dict[str, Any]) -> None:
        """The money has come, or it does without a word; it pays its sale, or finds the wallet of who gave up."""
        if way == "told late":
            control.notify_of(self.shop.ledger, self.reference_of(payment), times=2)
        self.wait_for(payment, "PAID_LATE" if way == "given up" else "PAID")
        if way == "given up":
            self.shop.books.note("phone", payment, way=way, end=("PAID_LATE", False))
            self.shop.books.note("transfer", payment, shift=self.shift["id"], customer=payment["customer"])
            return
        self.shop.books.note("phone", payment, way=way, end=("PAID", True))
        by_phone = {"method": "MOBILE_MONEY", "amount": payment["amount"], "attempt": payment["id"]}
        body = self.body(str(uuid7()), wanted.lines, [by_phone], {"customer": payment["customer"]})
        self.note_sale(self.line.make(f"{API}sales/", body, key=body["id"]), body)

    def decide(self, payment: dict[str, Any], **facts: Any) -> None:
        control.decide(self.shop.ledger, self.reference_of(payment), **facts)

    def reference_of(self, payment: dict[str, Any]) -> str:
        """Under which the gateway has what it asked this phone for."""
        ledger = self.shop.ledger
        with ledger.lock:
            found = [charge for charge in ledger.charges.values() if charge.phone.endswith(payment["phone"][1:])]
        assert len(found) == 1, (payment, found)
        return found[0].reference

    def wait_for(self, payment: dict[str, Any], state: str) -> None:
        works.wait_until(lambda: self.line.get(f"{API}mobile-payments/{payment['id']}/")["state"] == state, 60)

    # --- Between sales ---

    def take_back(self) -> None:
        """Some of a sale of any register, by whichever tender it was paid."""
        sale = self.chance.choice(list(self.shop.books.told["sale"]))
        on_credit = any(payment["method"] == "CUSTOMER_CREDIT" for payment in sale["payments"])
        if on_credit and sale["customer"] in self.shop.customers("pays"):
            return
        line = self.chance.choice(sale["lines"])
        quantity = line["quantity"] if self.chance.random() < 0.5 else min(line["quantity"], "1", key=Decimal)
        restock = self.chance.choice(["SHELF", "SHELF", "SHELF", "DAMAGED", "NOT_RETURNED"])
        lines = [{"line": line["id"], "quantity": quantity, "restock": restock}]
        body = {"register": self.shift["register"], "reason": "Not as described", "lines": lines}
        self.take(f"{API}sales/{sale['id']}/refunds/", body, "refund", NOT_TAKEN_BACK)

    def collect(self) -> None:
        self.book("payments", self.chance.choice(self.shop.customers("pays", "both")), self.chance.randint(3, 60))

    def top_up(self) -> None:
        self.book("top-up", self.chance.choice(self.shop.customers()), self.chance.randint(10, 50))

    def book(self, verb: str, customer: str, amount: int) -> None:
        payments = [paid(self.chance.choice(["CASH", "CASH", "CARD", "MOBILE_MONEY"]), Decimal(amount))]
        body = {"register": self.shift["register"], "payments": payments}
        self.take(f"{API}customers/{customer}/{verb}/", body, "booking", set())

    def pay_out(self) -> None:
        body = {"register": self.shift["register"], "amount": "5.00"}
        path = f"{API}customers/{self.chance.choice(self.shop.customers())}/pay-out/"
        self.take(path, body, "booking", {"insufficient_wallet"})

    def move_cash(self) -> None:
        kind = self.chance.choice(["PAID_IN", "PAID_OUT", "DROP"])
        body = {"kind": kind, "amount": str(self.chance.randint(1, 40)), "reason": "For the day"}
        self.take(f"{API}shifts/{self.shift['id']}/cash-events/", body, "move", {"drawer_short"})

    def take(self, path: str, body: dict[str, Any], kind: str, refusals: set[str]) -> None:
        body["id"] = str(uuid7())
        answer = self.line.post(path, body, key=body["id"])
        if answer.is_done:
            self.shop.books.note(kind, answer.data, shift=self.shift["id"])
        else:
            self.refuse(answer, refusals)

    def refuse(self, answer: Any, known: set[str]) -> None:
        assert answer.code in known, answer
        self.refused[answer.code] += 1

    def settle_doubts(self) -> None:
        """Ask what became of what was refused when it had been sent before; a sale was asked for at once."""
        kinds = {"refunds": "refund", "void": "refund", "cash-events": "move"}
        for request in self.line.doubts:
            last = request.path.split("/")[-2]
            answer = self.line.ask_once_more(request)
            if answer.is_done and last != "sales":
                self.shop.books.note(kinds.get(last, "booking"), answer.data, shift=self.shift["id"])


def pick(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices([*weights], [*weights.values()])[0]


def paid(method: str, amount: Decimal) -> dict[str, str]:
    return {"method": method, "amount": str(amount)}


def notes(due: Decimal) -> Decimal:
    """In notes of ten."""
    return (due / 10).quantize(Decimal(1), ROUND_CEILING) * 10
