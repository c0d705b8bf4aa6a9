"""The day itself: four registers open, eight tills sell at once, one register loses its line, and all are closed."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from threading import Barrier
from typing import Any

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.roles import Role
from fakes import control
from fakes.server import Fake, serving
from tests import works
from tests.billing.payments import WEBHOOKS
from tests.conftest import PASSWORD, open_shop
from tests.sales import day_figures
from tests.sales.day_books import ZERO, Books, Figures
from tests.sales.day_goods import GOODS, SCARCE, STOCK, Shop
from tests.sales.day_line import FAULTS, Line
from tests.sales.day_offline import LATE, Device, Heard
from tests.sales.day_till import API, Till
from tests.server import free_port, gunicorn

SEED = 5
ONLINE = 130  # sales of each of six tills
MORNING = 70  # of each of the two whose line breaks
OFFLINE = 40  # of each of them afterwards
SALES = 6 * ONLINE + 2 * (MORNING + OFFLINE)
ROLES = ("pays", "returns", "both")  # how each third of the customers treats what it owes
DENOMINATIONS = ("200", "100", "50", "20", "10", "5", "2", "1", "0.5", "0.2", "0.1", "0.05", "0.01")
COUNTED_WRONG = ("0.00", "-5.00", "0.01", "12.30")  # by register


@dataclass
class Day:
    books: Books
    reported: Figures
    z_before: Figures  # of the register that was offline, before the last of its papers came
    z_after: Figures
    suffered: Counter[str]
    refused: Counter[str]
    heard: list[Heard]  # of what the register sent that had been offline, first when its shift was open
    notices: list[int]  # how those of the gateways were answered


@contextmanager
def open_doors() -> Iterator[tuple[str, Fake]]:
    """The server, a worker and the gateways, each where it belongs."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving() as fake:
        env = {"FAKE_GATEWAYS": fake.url, "PUBLIC_URL": url, "LOG_LEVEL": "WARNING"}
        with gunicorn(port=port, **env), works.worker(**env):
            yield url, fake


def live() -> Day:
    """A day from its first shift to its last report."""
    with open_doors() as (url, fake):
        opening = Opening(url, fake, random.Random(SEED))
        try:
            return opening.live()
        finally:
            for line in opening.lines:
                line.close()


class Opening:
    def __init__(self, url: str, fake: Fake, chance: random.Random) -> None:
        self.url, self.fake, self.chance = url, fake, chance
        self.cast = open_shop("Makola Corner", prices=(), stock="0")
        self.owner = Line(url, self.cast.bearer())
        self.lines = [self.owner]
        self.books = Books()
        self.opened_on: date = timezone.localdate(timezone=self.cast.account.zone)
        fake.ledger.webhooks = f"{url}{WEBHOOKS}"

    def live(self) -> Day:
        shop = self.stock_up()
        tills = [till for register in self.open_registers() for till in self.two_tills(shop, register)]
        device = self.sell(shop, tills)
        for till in tills:
            till.settle_doubts()
        self.match_a_stranger(tills[0])
        late, device.items = device.items[-LATE:], device.items[:-LATE]
        heard = device.send(tills[-1].line, self.chance)
        device.note(heard)
        self.return_lease(device)
        shifts = self.books.told["shift"]
        for shift, wrong in zip(shifts, COUNTED_WRONG, strict=True):
            self.close(shift, Decimal(wrong))
        z_before = day_figures.read_z(self.owner, shifts[-1])
        device.items = late
        heard_late = device.send(tills[-1].line, self.chance)
        device.note(heard_late, is_late=True)
        return Day(
            books=self.books,
            reported=day_figures.read(self.owner, self.books, self.opened_on),
            z_before=z_before,
            z_after=day_figures.read_z(self.owner, shifts[-1]),
            suffered=sum((till.line.suffered for till in tills), Counter()),
            refused=sum((till.refused for till in tills), Counter()),
            heard=[heard, heard_late],
            notices=[each["status"] for each in self.fake.ledger.heard],
        )

    # --- The morning ---

    def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.owner.make(f"/api/v1/{path}", body, key=str(uuid7()))

    def stock_up(self) -> Shop:
        products = []
        for name, price, quantities, tax_class in GOODS:
            body = {"sku": name.upper(), "name": name, "retail_price": price, "tax_class": tax_class}
            products.append({**self.make("inventory/products/", body), "_": {"quantities": quantities}})
        sack = {"product": products[0]["id"], "name": "Sack", "factor": "24", "retail_price": "280.00"}
        pack = self.make("inventory/packs/", sack)
        amounts = [STOCK] * (len(GOODS) - 1) + [SCARCE]
        items = [
            {"product": product["id"], "quantity": amount, "unit_cost": "0.7"}
            for product, amount in zip(products, amounts, strict=True)
        ]
        place = str(self.cast.storefront.pk)
        self.books.note("delivery", self.make("inventory/stock/", {"location": place, "items": items}), items=items)
        for number in range(12):
            role = ROLES[number % len(ROLES)]
            body = {"name": f"Customer {number}", "credit_limit": "150", "terms_days": 14}
            self.books.note("customer", self.make("sales/customers/", body), role=role, is_plain=role != "both")
        return Shop(self.books, place, products, pack, self.fake.ledger)

    def open_registers(self) -> list[dict[str, Any]]:
        """With a shift at each, without which nothing is sold."""
        account = self.owner.get("/api/v1/accounts/account/")
        assert account["is_shift_required"] is False
        with self.cast.inside():
            accounts.change_account(by=self.cast.owner, account=self.cast.account, is_shift_required=True)
        registers = self.owner.rows(f"{API}registers/")
        for code in ("R2", "R3", "R4"):
            body = {"storefront": str(self.cast.storefront.pk), "code": code, "name": "Till"}
            registers.append(self.make("sales/registers/", body))
        for number, register in enumerate(registers):
            body = {"register": register["id"], "opening_float": str(100 + number)}
            self.books.note("shift", self.make("sales/shifts/", body), code=register["code"])
        return registers

    def two_tills(self, shop: Shop, register: dict[str, Any]) -> list[Till]:
        """A manager's and a cashier's."""
        shift = next(each for each in self.books.told["shift"] if each["register"] == register["id"])
        tills = []
        for role in (Role.MANAGER, Role.CASHIER):
            with self.cast.inside():
                member = accounts.add_member(
                    account=self.cast.account,
                    name=f"{role} of {register['code']}",
                    email=f"{role}.{register['code']}@makola-corner.example".lower(),
                    password=PASSWORD,
                    role=role,
                )
            chance = random.Random(self.chance.random())
            line = Line(self.url, self.cast.bearer(member), chance, dict(FAULTS))
            self.lines.append(line)
            tills.append(Till(shop, line, shift, role == Role.MANAGER, chance))
        return tills

    # --- The day ---

    def sell(self, shop: Shop, tills: list[Till]) -> Device:
        """All at once. The two tills of the last register lose their line together."""
        *online, manager, cashier = tills
        together, devices = Barrier(2), []

        def lose_line(till: Till) -> None:
            till.work(MORNING)
            together.wait(timeout=120)
            if till is manager:
                devices.append(self.go_offline(shop, till))
            together.wait(timeout=120)
            for _ in range(OFFLINE):
                devices[0].sell(till)

        with ThreadPoolExecutor(len(tills)) as pool:
            working = [pool.submit(till.work, ONLINE) for till in online]
            working += [pool.submit(lose_line, till) for till in (manager, cashier)]
            for each in working:
                each.result()
        return devices[0]

    def go_offline(self, shop: Shop, till: Till) -> Device:
        register = till.shift["register"]
        path = f"{API}registers/{register}/leases/"
        device = Device(shop, till.shift, till.line.make(path, {"count": 200}, key=str(uuid7())))
        device.move("PAID_IN", "20")
        device.move("PAID_OUT", "7.50")
        mine = [
            s for s in self.books.told["sale"] if s["register"] == register and s["payments"][0]["method"] == "CASH"
        ]
        for sale in till.chance.sample(mine, 4):
            device.take_back(sale, sale["lines"][0])
        return device

    # --- The evening ---

    def match_a_stranger(self, till: Till) -> None:
        """Money came that nobody had asked for: a customer's, and somebody's who is not known."""
        customer = till.shop.customers("pays")[0]
        ours = f"{self.url}{WEBHOOKS}paystack/{self.cast.id}/"
        for reference, amount in (("page-1", "25.00"), ("page-2", "3.00")):
            facts = {"provider": "paystack", "reference": reference, "amount": amount, "currency": "GHS"}
            control.transfer(self.fake.ledger, **facts, phone="0209999999", notify_url=ours)
            control.notify_of(self.fake.ledger, reference, times=2)
        inbox = f"{API}incoming-transfers/"
        works.wait_until(lambda: len(self.owner.rows(inbox, state="WAITING")) == 2)
        first, second = sorted(self.owner.rows(inbox, state="WAITING"), key=lambda row: row["reference"])
        body = {"customer": customer, "register": till.shift["register"]}
        matched = till.line.make(f"{inbox}{first['id']}/match/", body, key=str(uuid7()))
        self.books.note("transfer", matched, shift=till.shift["id"], customer=customer)
        sent_back = till.line.make(f"{inbox}{second['id']}/dismiss/", {"reason": "Sent back"}, key=str(uuid7()))
        self.books.note("dismissed", sent_back)

    def return_lease(self, device: Device) -> None:
        path = f"{API}registers/{device.lease['register']}/leases/{device.lease['id']}/return/"
        body = {"next_number": device.lease["first_number"] + 2 * OFFLINE}
        self.owner.make(path, body, key="")

    def close(self, shift: dict[str, Any], wrong: Decimal) -> None:
        """Count what the till's own books say that there is, and a little wrong."""
        counted = self.books.cash_expected(shift) + wrong
        shift["_"]["counted"] = counted
        path = f"{API}shifts/{shift['id']}/close/"
        closed = self.owner.make(path, {"denominations": pieces_of(counted)}, key=str(uuid7()), fault="lost")
        assert Decimal(closed["difference"]) == wrong, closed


def pieces_of(amount: Decimal) -> list[dict[str, Any]]:
    pieces = []
    for value in DENOMINATIONS:
        count = int(amount / Decimal(value))
        amount -= count * Decimal(value)
        pieces.append({"value": value, "count": count})
    assert amount == ZERO
    return pieces
