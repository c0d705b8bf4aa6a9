"""Ten thousand mixed requests at once, through a real server, while money comes and goes back, spends are refunded and
promises run out: the ledger adds up, and is never below zero.

`CREDIT_REQUESTS` says how many; the suite is content with fewer.
"""

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from django.db import connections
from uuid_utils.compat import uuid7

from billing import services
from billing.errors import CreditsRefunded
from billing.models import CreditPack
from core.tenancy import STAFF
from tests.billing.crediting import CREDITS, age, left, lines, refund, rich
from tests.billing.test_credit_purchases import settle
from tests.conftest import open_shop
from tests.database import empty

REQUESTS = int(os.environ.get("CREDIT_REQUESTS", "600"))
THREADS = 8
DEEDS = ("spend", "spend", "reserve", "reserve", "commit", "release", "retry", "look", "nonsense", "work", "work")
FINE = {200, 201, 402, 409}
FEW = 7  # credits of a pack: so few that not everybody gets what they ask for


class Client:
    """One of those who spend, over a connection of its own."""

    def __init__(self, url, shop, seed):
        self.url, self.random, self.session = f"{url}{CREDITS}", random.Random(seed), requests.Session()
        self.shop, self.bought, self.done = shop, [], Counter()
        self.session.headers["Authorization"] = shop.bearer()
        self.open, self.sent, self.seen = [], [], Counter()

    def post(self, path, body=None, key=None):
        key = key or str(uuid7())
        response = self.session.post(f"{self.url}{path}", json=body or {}, headers={"Idempotency-Key": key}, timeout=60)
        self.seen[response.status_code] += 1
        return response

    def act(self):
        deed = self.random.choice(DEEDS)
        if deed == "work":
            self.work()
            return
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

    def work(self):
        """What no request does by itself: money comes and goes back, a spend is refunded, a promise runs out."""
        deed, shop = self.random.choice(("buy", "reverse", "refund", "forget")), self.shop
        paid = [answer.json()["data"]["id"] for _, _, answer in self.sent if answer.status_code == 201]
        if deed == "buy":
            with shop.inside():
                phone = f"0244{self.random.randrange(10**6):06}"  # none is asked too often
                purchase = services.buy_credits(by=shop.owner, pack="few", gateway="MOMO", payer_phone=phone)
            settle(shop, purchase.attempt, amount="1.00")
            self.bought.append(purchase.attempt)
        elif deed == "reverse" and self.bought:
            settle(shop, self.bought.pop(), amount="1.00", is_reversed=True)
        elif deed == "refund" and paid:
            with shop.inside():
                line = shop.account.credit_transactions.get(pk=self.random.choice(paid))
            try:
                refund(shop, line)
            except CreditsRefunded:
                deed = "refund in vain"
        elif deed == "forget" and self.open:
            with shop.inside():
                reservation = shop.account.credit_reservations.get(pk=self.open[-1])
            age(shop, reservation, days=1)
        else:
            return
        self.done[deed] += 1

    def run(self, count):
        for _ in range(count):
            self.act()
        connections.close_all()
        return self


@pytest.fixture
def few(committed):
    """A pack of few credits is on offer."""
    pack = CreditPack.objects.using(STAFF).create(code="few", name="Few", credits=FEW, price="1.00", currency="GHS")
    yield pack
    empty()  # whoever has bought it
    CreditPack.objects.using(STAFF).filter(pk=pack.pk).delete()


def test_s43_the_ledger_adds_up_whatever_is_asked_at_once(server, fake, few):
    """S43. Money that goes back takes its credits along, also those that are promised."""
    shop = rich(open_shop("Ama Provisions"), REQUESTS // 4)  # too few for all
    clients = [Client(server, shop, seed) for seed in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda client: client.run(REQUESTS // THREADS), clients))
    seen = sum((client.seen for client in clients), Counter())
    assert set(+seen) <= FINE, seen
    assert seen[201] > 0
    assert seen[402] > 0
    balance, reserved = left(shop)  # which fails where the ledger does not add up
    assert min(balance, reserved) >= 0
    done = sum((client.done for client in clients), Counter())
    assert min(done[deed] for deed in ("buy", "reverse", "refund", "forget")) > 0, done
    kinds = Counter(kind for kind, _ in lines(shop))
    assert (kinds["PURCHASED"], kinds["REFUNDED"]) == (done["buy"], done["refund"])
    assert 0 < kinds["TAKEN_BACK"] <= done["reverse"]  # none where all was spent
    with shop.inside():
        after = dict(shop.account.credit_transactions.values_list("pk", "balance_after"))
    assert min(after.values()) >= 0
    sent = [answer for client in clients for _, _, answer in client.sent]
    paid = {answer.json()["data"]["id"] for answer in sent if answer.status_code == 201}
    assert paid <= {str(pk) for pk in after}
    assert balance == sum(amount for _, amount in lines(shop))
    told = f"{len(after)} lines, {balance} credits left, {reserved} promised"
    print(f"{sum(seen.values())} writes {dict(seen)}, {dict(done)}: {told}")
