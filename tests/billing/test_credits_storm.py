"""Ten thousand mixed requests at once, through a real server: the ledger adds up, and is never below zero.

`CREDIT_REQUESTS` says how many; the suite is content with fewer.
"""

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests
from uuid_utils.compat import uuid7

from tests.billing.crediting import CREDITS, left, lines, rich
from tests.conftest import open_shop

REQUESTS = int(os.environ.get("CREDIT_REQUESTS", "600"))
THREADS = 8
DEEDS = ("spend", "spend", "reserve", "commit", "release", "retry", "look", "nonsense")
FINE = {200, 201, 402, 409}


class Client:
    """One of those who spend, over a connection of its own."""

    def __init__(self, url, shop, seed):
        self.url, self.random, self.session = f"{url}{CREDITS}", random.Random(seed), requests.Session()
        self.session.headers["Authorization"] = shop.bearer()
        self.open, self.sent, self.seen = [], [], Counter()

    def post(self, path, body=None, key=None):
        key = key or str(uuid7())
        response = self.session.post(f"{self.url}{path}", json=body or {}, headers={"Idempotency-Key": key}, timeout=60)
        self.seen[response.status_code] += 1
        return response

    def act(self):
        deed = self.random.choice(DEEDS)
        amount = self.random.randint(1, 900)
        if deed == "spend":
            body, key = {"operation": "content", "amount": amount}, str(uuid7())
            self.sent.append((body, key, self.post("deduct/", body, key)))
        elif deed == "reserve":
            made = self.post("reservations/", {"operation": "images", "amount": self.random.randint(1, 4)})
            if made.status_code == 201:
                self.open.append(made.json()["data"]["id"])
        elif deed in ("commit", "release") and self.open:
            self.post(f"reservations/{self.open.pop()}/{deed}/")
        elif deed == "retry" and self.sent:
            body, key, first = self.random.choice(self.sent)
            again = self.post("deduct/", body, key)
            if first.status_code == 201:
                assert again.json()["data"] == first.json()["data"]
        elif deed == "nonsense":
            refused = self.post("deduct/", {"operation": "images", "amount": -amount})
            self.seen[refused.status_code] -= 1
            assert refused.status_code == 400
        else:
            found = self.session.get(f"{self.url}balance/", timeout=60).json()["data"]
            assert found["balance"] >= found["available"] >= 0

    def run(self, count):
        for _ in range(count):
            self.act()
        return self


def test_s43_the_ledger_adds_up_whatever_is_asked_at_once(server):
    """S43."""
    shop = rich(open_shop("Ama Provisions"), REQUESTS)  # too few for all
    clients = [Client(server, shop, seed) for seed in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda client: client.run(REQUESTS // THREADS), clients))
    seen = sum((client.seen for client in clients), Counter())
    assert set(+seen) <= FINE, seen
    assert seen[201] > 0
    assert seen[402] > 0
    balance, reserved = left(shop)  # which fails where the ledger does not add up
    assert balance >= reserved >= 0
    with shop.inside():
        after = dict(shop.account.credit_transactions.values_list("pk", "balance_after"))
    assert min(after.values()) >= 0
    sent = [answer for client in clients for _, _, answer in client.sent]
    paid = {answer.json()["data"]["id"] for answer in sent if answer.status_code == 201}
    assert paid <= {str(pk) for pk in after}
    assert balance == sum(amount for _, amount in lines(shop))
    print(f"{sum(seen.values())} writes {dict(seen)}: {len(after)} lines, {balance} credits left, {reserved} promised")
