"""What is asked, and what it may cost."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts import tokens
from accounts.models import Membership, SessionKind, User
from core import tenancy
from inventory import services as inventory
from inventory import till
from inventory.models import Location, LocationKind, Product, Transfer
from sales.models import Register
from tests.bench import seed
from tests.bench.load import Request
from tests.bench.urls import BARE, EMPTY

DATABASE_FLOORS = ("stock-products, page of 25", "sale of 3 lines")
JSON = {"Content-Type": "application/json"}
TRANSFERS = 100  # each is opened before anything is measured


@dataclass(frozen=True)
class Budget:
    """CPU milliseconds of the web and of the database, and SQL statements, of one request."""

    web: float
    database: float
    statements: int


@dataclass(frozen=True)
class Case:
    name: str
    build: Callable[[int], Request]
    budget: Budget | None = None
    most: int | None = None  # requests at one number of clients, where each has to be prepared

    def requests(self, count: int) -> Iterator[Request]:
        return map(self.build, range(min(count, self.most or count)))


@dataclass(frozen=True)
class Shop:
    """One of the seeded businesses as a till knows it."""

    member: Membership
    headers: dict[str, str]
    storefront: UUID
    warehouse: UUID
    registers: list[UUID]
    products: list[UUID]
    barcodes: list[str]


def visit(number: int) -> Shop:
    user = User.across_accounts.using("owner").get(email=seed.email_of(number))
    places = dict(_mine(Location, user).values_list("kind", "pk"))
    products = list(_mine(Product, user).order_by("pk").values_list("pk", "barcode"))
    with tenancy.scope(user.account_id):
        member = Membership.across_accounts.select_related("account", "user").get(user=user)
        access = tokens.issue(accounts.open_session(by=member, kind=SessionKind.TOKEN))["access"]
    return Shop(
        member=member,
        headers={**JSON, "Authorization": f"Bearer {access}"},
        storefront=places[LocationKind.STOREFRONT],
        warehouse=places[LocationKind.WAREHOUSE],
        registers=list(_mine(Register, user).order_by("pk").values_list("pk", flat=True)),
        products=[pk for pk, _ in products],
        barcodes=[barcode for _, barcode in products],
    )


def _mine(model: Any, user: User) -> Any:
    return model.across_accounts.using("owner").filter(account_id=user.account_id)


def all_cases(busy: Shop, other: Shop, *, count: int) -> list[Case]:
    """The floors first. Deliveries come to another business, so that the one that is measured keeps its size."""
    chance = random.Random(1)
    cursor = change_some(busy, 20)
    return [
        Case("bare DRF view", lambda _: Request("GET", BARE)),
        Case("empty view, signed in", lambda _: Request("GET", EMPTY, busy.headers), Budget(0.9, 0.2, 2)),
        Case("GET me", lambda _: Request("GET", "/accounts/api/auth/me/", busy.headers)),
        Case("stock-products, page of 25", lambda _: page(busy), Budget(2.0, 0.6, 4)),
        Case("stock-products, search", lambda _: search(busy, chance)),
        Case("sale-catalog, full", lambda _: catalogue(busy), Budget(60, 40, 4), most=100),
        Case("sale-catalog, 20 changed", lambda _: catalogue(busy, cursor)),
        Case("product by barcode", lambda _: lookup(busy, chance), Budget(1.5, 0.3, 3)),
        Case("sale of 3 lines", lambda n: sale(busy, n, 3, chance), Budget(4.5, 1.8, 12)),
        Case("sale of 30 lines", lambda n: sale(busy, n, 30, chance), Budget(12, 5, 12)),
        Case("delivery of 20 lines", lambda _: delivery(other, chance), Budget(8, 4, 12)),
        Case("dispatch of 20 lines", lambda _: dispatch(other, chance), most=TRANSFERS),
        Case("arrival of 20 lines", lambda _: arrival(other, chance), most=TRANSFERS),
        Case("login", lambda n: login(n % count)),
    ]


def page(shop: Shop) -> Request:
    return Request("GET", "/inventory/api/stock-products/?page=1&page_size=25", shop.headers)


def search(shop: Shop, chance: random.Random) -> Request:
    """By part of a sku, which fits a hundred products."""
    part = f"SKU-00{chance.randrange(50):02d}"
    return Request("GET", f"/inventory/api/stock-products/?search={part}&page_size=25", shop.headers)


def catalogue(shop: Shop, cursor: str = "") -> Request:
    query = f"?cursor={cursor}" if cursor else ""
    return Request("GET", f"/inventory/api/storefronts/{shop.storefront}/sale-catalog/{query}", shop.headers)


def change_some(shop: Shop, count: int) -> str:
    """The cursor of a till that looked just before so many products changed."""
    account = shop.member.account
    with tenancy.scope(account.pk):
        page = till.read_catalogue(account, location_id=shop.storefront, cursor=None, now=timezone.now())
    with tenancy.scope(account.pk):
        account.products.filter(pk__in=shop.products[:count]).update(version=F("version") + 1)
    return str(page.cursor)


def lookup(shop: Shop, chance: random.Random) -> Request:
    barcode = chance.choice(shop.barcodes)
    return Request("GET", f"/inventory/api/products/lookup/?barcode={barcode}", shop.headers)


def sale(shop: Shop, number: int, line_count: int, chance: random.Random) -> Request:
    body = {
        "id": str(uuid7()),
        "storefront": str(shop.storefront),
        "register": str(shop.registers[number % len(shop.registers)]),
        "lines": [{"product": str(pk), "quantity": "1"} for pk in chance.sample(shop.products, line_count)],
        "payments": [{"method": "CASH", "amount": "1000"}],
    }
    return Request("POST", "/sales/api/sales/", shop.headers, json.dumps(body))


def delivery(shop: Shop, chance: random.Random) -> Request:
    items = [
        {"product": str(pk), "quantity": "24", "unit_cost": "2.5", "expiry_date": "2031-06-30"}
        for pk in chance.sample(shop.products, 20)
    ]
    body = {"id": str(uuid7()), "location": str(shop.warehouse), "reference": "bench", "items": items}
    return Request("POST", "/inventory/api/stock/", shop.headers, json.dumps(body))


def dispatch(shop: Shop, chance: random.Random) -> Request:
    with tenancy.scope(shop.member.account_id):
        transfer = open_transfer(shop, chance)
    return step(shop, transfer, "dispatch", {"lines": []})


def arrival(shop: Shop, chance: random.Random) -> Request:
    """All of it comes, one of each line broken."""
    with tenancy.scope(shop.member.account_id):
        transfer = open_transfer(shop, chance)
        inventory.dispatch_transfer(by=shop.member, transfer=transfer)
        lines = transfer.lines.order_by("position").values_list("pk", flat=True)
        items = [{"line": str(pk), "accepted": "4", "damaged": "1", "missing": "0"} for pk in lines]
    return step(shop, transfer, "receive", {"items": items})


def open_transfer(shop: Shop, chance: random.Random) -> Transfer:
    lines = [{"product": pk, "quantity": Decimal(5)} for pk in chance.sample(shop.products, 20)]
    return inventory.open_transfer(by=shop.member, source=shop.warehouse, destination=shop.storefront, lines=lines)


def step(shop: Shop, transfer: Transfer, name: str, body: dict[str, Any]) -> Request:
    headers = {**shop.headers, "Idempotency-Key": str(uuid7())}
    return Request("POST", f"/inventory/api/transfers/{transfer.pk}/{name}/", headers, json.dumps(body))


def login(number: int) -> Request:
    body = {"email": seed.email_of(number), "password": seed.PASSWORD}
    return Request("POST", "/accounts/api/auth/login/", JSON, json.dumps(body))
