"""Books a plan over the API. Every id follows from the account and the export, so booking twice books once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from accounts.roles import Capability
from core.amounts import currency_exponent, round_money
from sales.replay.client import Client
from sales.replay.days import Diary, is_on_account
from sales.replay.errors import Refused, ReplayError
from sales.replay.plan import QUANTITY_EXPONENT, Item, Plan, Refund, Sale

ITEMS_PER_DELIVERY = 300
LIMIT = Decimal(10**9)  # of who buys on account: the export knows that the goods were given
NEEDED = (
    Capability.CATALOG_READ,
    Capability.CATALOG_CHANGE,
    Capability.STOCK_READ,
    Capability.STOCK_RECEIVE,
    Capability.CUSTOMER_READ,
    Capability.CUSTOMER_CHANGE,
    Capability.DEBT_ALLOW,
    Capability.DEBT_COLLECT,
    Capability.DEBT_READ,
    Capability.SHIFT_WORK,
    Capability.SALE_READ,
    Capability.SALE_COMPLETE,
    Capability.SALE_BACKDATE,
    Capability.SALE_REFUND,
    Capability.PRICE_OVERRIDE,
)
Thing = TypeVar("Thing")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Business:
    """Where the export is booked: the account of who signed in, at its first register."""

    id: UUID
    name: str
    currency: str
    zone: ZoneInfo
    register: str
    storefront: str

    @property
    def exponent(self) -> int:
        return currency_exponent(self.currency)

    def own_id(self, kind: str, reference: str) -> str:
        """The id of what this export calls so, the same in every run."""
        return str(uuid5(uuid5(NAMESPACE_URL, f"makola:replay:{self.id}"), f"{kind} {reference}"))

    def customer_id(self, number: str) -> str:
        return self.own_id("customer", number)

    def shift_id(self, day: date) -> str:
        return self.own_id("shift", day.isoformat())

    def sale_id(self, sale: Sale) -> str:
        return self.own_id("sale", sale.reference)

    def refund_id(self, refund: Refund) -> str:
        return self.own_id("refund", f"{refund.reference} of {refund.sale.reference}")

    def money(self, amount: Decimal) -> str:
        return f"{round_money(amount, self.exponent):f}"

    def moment(self, wall_clock: datetime) -> str:
        return wall_clock.replace(tzinfo=self.zone).isoformat()

    def midnight(self, day: date) -> str:
        return self.moment(datetime.combine(day, time()))

    def span(self, plan: Plan) -> tuple[str, str]:
        """From the first business day's midnight to the one after the last."""
        return self.midnight(plan.days[0]), self.midnight(plan.days[-1] + timedelta(days=1))


def find_business(client: Client) -> Business:
    """Raises ReplayError where the user lacks a right or the account a register."""
    me = client.get("accounts/auth/me/")
    missing = sorted(set(NEEDED) - set(me["capabilities"]))
    if missing:
        raise ReplayError(f"{client.email} may not {', '.join(missing)}: sign in as the owner.")
    register = next((row for row in client.rows("sales/registers/") if row["is_active"]), None)
    if register is None:
        raise ReplayError(f"{me['account']['name']} has no active register.")
    account = me["account"]
    zone = ZoneInfo(account["time_zone"])
    return Business(
        UUID(account["id"]), account["name"], account["currency"], zone, register["id"], register["storefront"]
    )


@dataclass(frozen=True)
class Product:
    """What the API keeps an item of the export as."""

    id: str
    is_stocked: bool
    item: Item


@dataclass(frozen=True)
class Booking:
    client: Client
    business: Business
    diary: Diary
    say: Say

    @property
    def plan(self) -> Plan:
        return self.diary.plan

    def run(self) -> Sequence[Product]:
        """Book what is not there yet, and has to be before the first sale: products, customers, deliveries."""
        products = self.book_products()
        self._book_customers()
        for delivery in self.deliveries(products):
            self._receive(delivery)
        return products

    def book_products(self) -> Sequence[Product]:
        """A product that has the stock code as its SKU already is taken as it is."""
        rows = {row["sku"]: row for row in self.client.rows("inventory/products/")}
        items = self.plan.items()
        missing = [item for item in items if item.sku not in rows]
        for item in self._each("products", missing, of=len(items)):
            rows[item.sku] = self.post("inventory/products/", self._product(item), f"product {item.sku}")
        return [Product(rows[item.sku]["id"], rows[item.sku]["is_stocked"], item) for item in items]

    def _product(self, item: Item) -> dict[str, Any]:
        return {
            "id": self.business.own_id("product", item.sku),
            "sku": item.sku,
            "name": item.name,
            "retail_price": self.business.money(item.price),
            "is_stocked": item.is_stocked,
        }

    def _book_customers(self) -> None:
        known = {row["id"] for row in self.client.rows("sales/customers/")}
        ids = {number: self.business.customer_id(number) for number in self.plan.customers}
        missing = [number for number, own_id in ids.items() if own_id not in known]
        for number in self._each("customers", missing, of=len(ids)):
            body = {"id": ids[number], "name": f"Customer {number}"}
            if is_on_account(number):
                body["credit_limit"] = self.business.money(LIMIT)
            self.post("sales/customers/", body, f"customer {number}")

    def deliveries(self, products: Sequence[Product]) -> list[dict[str, Any]]:
        """What all sales need, on the shelf when the first day begins. An export knows no costs: they are 0."""
        stocked = [product for product in products if product.is_stocked]
        return [
            {
                "id": self.business.own_id("delivery", f"{self.plan.export.digest} {start}"),
                "location": self.business.storefront,
                "reference": "Replay of a till's export",
                "occurred_at": self.business.span(self.plan)[0],
                "items": [
                    {"product": product.id, "quantity": in_units(product.item.sold), "unit_cost": "0"}
                    for product in stocked[start : start + ITEMS_PER_DELIVERY]
                ],
            }
            for start in range(0, len(stocked), ITEMS_PER_DELIVERY)
        ]

    def _receive(self, delivery: Mapping[str, Any]) -> None:
        if self.client.find(f"inventory/stock/{delivery['id']}/") is None:
            self.post("inventory/stock/", delivery, "delivery")
            self.say(f"delivery of {len(delivery['items'])} products")

    def post(self, path: str, body: Mapping[str, Any], what: str, *, key: str = "") -> Any:
        try:
            return self.client.post(path, body, key=key)
        except Refused as refusal:
            raise Refused(f"The {what} was refused: {refusal}", status=refusal.status) from refusal

    def _each(self, label: str, missing: Sequence[Thing], *, of: int) -> Iterator[Thing]:
        """The missing ones, telling now and then how many of all are there."""
        before = of - len(missing)
        if before:
            self.say(f"{label}: {before} of {of} were there already")
        for number, thing in enumerate(missing, start=1):
            yield thing
            if number % max(1, len(missing) // 10) == 0 or number == len(missing):
                self.say(f"{label}: {before + number} of {of}")


def in_units(quantity: Decimal) -> str:
    """With the digits that a quantity may have."""
    return f"{round_money(quantity, QUANTITY_EXPONENT):f}"
