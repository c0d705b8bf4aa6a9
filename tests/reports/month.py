"""A month of two storefronts, lived by the services under a moved clock: sold, brought back, exchanged, voided, owed,
lost, sent over the road, and heard of late."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from core.amounts import ZERO
from core.errors import DomainError
from inventory import services as inventory
from sales import services as sales
from sales.shift_report import expected_cash
from subscriptions import services as subscriptions
from tests.conftest import Shop, open_shop
from tests.places import add_member, add_place
from tests.sales import offline
from tests.sales.requests import REGISTERS

DAYS = 31
SHIFTS_END = (9, 20, DAYS + 9)  # after so many days; the last one when the month is over
DEEDS = {
    "sell": 10, "refund": 3, "exchange": 1, "void": 1, "collect": 1, "keep": 1, "give": 1, "lose": 1, "find": 1,
    "move": 2,
}  # fmt: skip


@dataclass
class Month:
    """`there` is the same business at its second storefront."""

    here: Shop
    there: Shop
    chance: random.Random
    members: list[Membership]
    packs: list[Any] = field(default_factory=list)
    customers: list[Any] = field(default_factory=list)
    cards: list[Any] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)

    @property
    def account(self) -> Any:
        return self.here.account

    @property
    def places(self) -> list[Shop]:
        return [self.here, self.there]

    def amount(self, text: str) -> Decimal:
        """In a currency without decimals, a hundred times as much."""
        return Decimal(text) * (1 if self.account.currency_exponent else 100)


def live(*, time_zone: str, currency: str, country: str, deeds: int, seed: int = 7) -> Month:
    """The month up to yesterday; its last papers come today, from a till that was offline."""
    chance = random.Random(seed)
    with time_machine.travel(timezone.now() - timedelta(days=DAYS + 1), tick=True):
        month = _open(chance, time_zone=time_zone, currency=currency, country=country)
    for moment in _moments(month, deeds):
        with time_machine.travel(moment, tick=True), month.here.inside():
            _turn_shifts(month, moment)
            _do(month)
    _send_late(month)
    return month


def _open(chance: random.Random, **facts: str) -> Month:
    is_whole = facts["currency"] == "XOF"
    prices = ("1000", "333", "99", "2550", "77") if is_whole else ("10.00", "3.33", "0.99", "25.50", "0.77")
    here = open_shop("Ama Provisions", prices=prices, stock="4000", **facts)
    with here.inside():
        held = here.account.subscription
        ends_on = timezone.localdate() + timedelta(days=400)
        subscriptions.renew_subscription(by=here.owner, subscription=held, ends_on=ends_on)
    there = add_place(here)
    members = [add_member(here, Role.ADMIN, name=name) for name in ("Abla", "Kofi")]
    month = Month(here, there, chance, members)
    with here.inside():
        shelves = [inventory.add_category(by=here.owner, name=name) for name in ("Food", "Soap")]
        for shelf, product in zip([*shelves, *shelves], here.products, strict=False):  # and one on none
            inventory.change_product(by=here.owner, product=product, category=shelf)
        for place in month.places:
            goods = [
                {"product": each.pk, "quantity": Decimal(900), "unit_cost": Decimal("0.7333")} for each in here.products
            ]
            inventory.receive_stock(by=here.owner, location=place.storefront.pk, items=goods)
        month.packs = [
            inventory.add_pack(
                by=here.owner,
                product=product,
                name="Carton",
                factor=Decimal(12),
                retail_price=12 * product.retail_price - 1,
            )
            for product in here.products[:2]
        ]
        month.customers = [
            sales.add_customer(by=here.owner, name=f"Efua {n}", credit_limit=month.amount("5000"), terms_days=5 * n)
            for n in range(4)
        ]
    return month


def _moments(month: Month, deeds: int) -> list[datetime]:
    """At random, and on three days just before and just after midnight by the clocks of the shop."""
    first = timezone.localdate(timezone=month.account.zone) - timedelta(days=DAYS)
    span = timedelta(days=DAYS - 1).total_seconds()
    start = datetime.combine(first, time(6), tzinfo=month.account.zone)
    found = [start + timedelta(seconds=month.chance.uniform(0, span)) for _ in range(deeds)]
    for days in (3, 11, 21):
        midnight = datetime.combine(first + timedelta(days=days), time(), tzinfo=month.account.zone)
        found += [midnight - timedelta(minutes=1), midnight + timedelta(seconds=1)]
    return sorted(found)


# --- Shifts -----------------------------------------------------------------------------------------------------------


def _turn_shifts(month: Month, moment: datetime) -> None:
    """Each drawer has one shift until each of these days, and then the next."""
    for place in month.places:
        shift = month.account.shifts.filter(register=place.register, closed_at=None).first()
        age = (moment - month.account.created_at).days
        number = month.account.shifts.filter(register=place.register).count()
        if shift and age >= SHIFTS_END[number - 1]:
            close(month, shift)
            shift = None
        if shift is None and number < len(SHIFTS_END):
            sales.open_shift(by=month.members[0], register=place.register.pk, opening_float=month.amount("500"))


def close(month: Month, shift: Any) -> None:
    """With a little less than there ought to be."""
    locked = month.account.shifts.locked().get(pk=shift.pk)
    counted = [{"value": month.amount("10"), "count": 49}]
    sales.close_shift(by=month.members[1], shift=locked, denominations=counted)


# --- Deeds ------------------------------------------------------------------------------------------------------------


def _do(month: Month) -> None:
    names = list(DEEDS)
    name = month.chance.choices(names, [DEEDS[each] for each in names])[0]
    ways: dict[str, Callable[[Month], bool]] = {
        "sell": sell, "refund": refund, "exchange": exchange, "void": void, "collect": collect, "keep": keep,
        "give": give, "lose": lose, "find": find, "move": move,
    }  # fmt: skip
    if ways[name](month):
        month.done[name] = month.done.get(name, 0) + 1


def lines(month: Month) -> list[dict[str, Any]]:
    found = []
    for product in month.chance.sample(month.here.products, month.chance.randint(1, 3)):
        line = {"product": product.pk, "quantity": Decimal(month.chance.choice(["1", "2", "3", "0.5", "7.125"]))}
        packs = [pack for pack in month.packs if pack.product_id == product.pk]
        if packs and month.chance.random() < 0.3:
            line |= {"pack": packs[0].pk, "quantity": Decimal(1)}
        if month.chance.random() < 0.2:
            line["discount_percent"] = Decimal(10)
        found.append(line)
    return found


def sell(month: Month) -> bool:
    """With a discount now and then, by one tender, by two, on credit, or with what was paid before."""
    place, buyer = month.chance.choice(month.places), month.chance.choice([None, *month.customers])
    facts: dict[str, Any] = {"storefront": place.storefront.pk, "lines": lines(month)}
    facts |= {"customer": buyer.pk if buyer else None, "discount_percent": Decimal(month.chance.choice([0, 0, 5]))}
    by = month.chance.choice(month.members)
    total = sales.quote_sale(by=by, **facts).total
    payments = _payments(month, buyer, total)
    sales.complete_sale(by=by, register=place.register.pk, payments=payments, **facts)
    return True


def _payments(month: Month, buyer: Any, total: Decimal) -> list[dict[str, Any]]:
    half = month.amount("1")
    way = month.chance.choice(["cash", "card", "split", "credit", "bank", "wallet", "gift"])
    before: list[dict[str, Any]] = []
    if way == "credit" and buyer:
        return [{"method": "CUSTOMER_CREDIT", "amount": total}]
    if way == "split" and total > half:
        before = [{"method": "MOBILE_MONEY", "amount": half}]
    elif way == "wallet" and buyer:
        buyer.refresh_from_db()
        before = [{"method": "WALLET", "amount": min(buyer.wallet, total)}] if buyer.wallet else []
    elif way == "gift" and month.cards:
        card = month.cards.pop()
        before = [{"method": "GIFT_CARD", "amount": min(card.amount, total), "reference": card.code}]
    elif way in ("card", "bank"):
        return [{"method": way.upper(), "amount": total}]
    left = total - sum((each["amount"] for each in before), ZERO)
    return [*before, {"method": "CASH", "amount": left + month.amount("20")}] if left else before


def _refundable(month: Month) -> tuple[Any, Any, Decimal] | None:
    """A sale, a line of it, and how much of that may come back."""
    rows = list(month.account.sales.exclude(status__in=["VOIDED", "REFUNDED"]).order_by("sold_at", "id"))
    for sale in month.chance.sample(rows, min(len(rows), 5)):
        for line in sale.lines.order_by("position"):
            left = line.quantity - line.refunded_quantity
            if left > 0:
                return sale, line, month.chance.choice([left, min(left, Decimal(1)), left / 2])
    return None


def _asked(month: Month, found: tuple[Any, Any, Decimal]) -> dict[str, Any]:
    sale, line, quantity = found
    restock = month.chance.choice(["SHELF", "SHELF", "DAMAGED", "NOT_RETURNED"])
    asked = {"line": line.pk, "quantity": quantity.quantize(Decimal("0.001")), "restock": restock}
    return {
        "by": month.chance.choice(month.members),
        "sale": month.account.sales.locked().get(pk=sale.pk),
        "lines": [asked],
        "reason": "Not what was wanted",
        "register": month.chance.choice(month.places).register.pk,  # also elsewhere than it was sold
    }


def refund(month: Month) -> bool:
    found = _refundable(month)
    if found:
        sales.refund_sale(**_asked(month, found))
    return bool(found)


def exchange(month: Month) -> bool:
    found = _refundable(month)
    if found:
        asked = _asked(month, found)
        dear = {"product": month.here.products[3].pk, "quantity": Decimal(month.chance.choice([1, 30]))}
        place = next(each for each in month.places if each.register.pk == asked["register"])
        whole = {"storefront": place.storefront.pk, "lines": [dear], "customer": found[0].customer_id}
        total = sales.quote_sale(by=asked["by"], **whole).total
        share = found[1].total * found[2] / found[1].quantity
        paid = [{"method": "CASH", "amount": total}] if total > share else []
        sales.exchange_goods(**asked, new_lines=[dear], payments=paid)
    return bool(found)


def void(month: Month) -> bool:
    """What was sold today, of what nothing came back."""
    today = month.account.midnight(timezone.localdate(timezone=month.account.zone))
    for sale in month.account.sales.filter(status="COMPLETED", exchange_id=None).order_by("-sold_at")[:5]:
        is_open = sale.shift_id and month.account.shifts.get(pk=sale.shift_id).closed_at is None
        if is_open and (sale.sold_at >= today or month.chance.random() < 0.5) and not sale.refunds.exists():
            locked = month.account.sales.locked().get(pk=sale.pk)
            try:
                sales.void_sale(by=month.members[0], sale=locked, reason="Rung up twice")
            except DomainError:
                return False
            return True
    return False


def collect(month: Month) -> bool:
    buyer = month.chance.choice(month.customers)
    buyer.refresh_from_db()
    paid = [{"method": month.chance.choice(["CASH", "BANK"]), "amount": month.amount("3")}]
    register = month.chance.choice(month.places).register.pk
    if buyer.debt > ZERO:
        sales.collect_debt(by=month.members[0], customer=buyer, register=register, payments=paid)
    return buyer.debt > ZERO


def keep(month: Month) -> bool:
    """Money in a customer's wallet, and now and then some of it out again."""
    buyer, place = month.chance.choice(month.customers), month.chance.choice(month.places)
    paid = [{"method": month.chance.choice(["CASH", "CARD"]), "amount": month.amount("9")}]
    by, register = month.members[0], place.register.pk
    sales.top_up_wallet(by=by, customer=buyer, register=register, payments=paid)
    if month.chance.random() < 0.3:
        sales.pay_out_wallet(by=by, customer=buyer, register=register, amount=month.amount("2"))
    return True


def give(month: Month) -> bool:
    """A gift card, which somebody will pay with."""
    amount, register = month.amount("8"), month.chance.choice(month.places).register.pk
    paid = [{"method": "CASH", "amount": amount}]
    month.cards.append(sales.sell_gift_card(by=month.members[1], register=register, amount=amount, payments=paid))
    return True


def lose(month: Month) -> bool:
    return _adjust(month, month.chance.choice(["THEFT", "DAMAGE", "EXPIRED"]))


def find(month: Month) -> bool:
    return _adjust(month, "FOUND", unit_cost=Decimal("0.6"))


def _adjust(month: Month, kind: str, **facts: Any) -> bool:
    place, product = month.chance.choice(month.places), month.chance.choice(month.here.products)
    gone = [{"product": product.pk, "quantity": Decimal("1.5"), **facts}]
    inventory.adjust_stock(
        by=month.here.owner, location=place.storefront.pk, kind=kind, reason="Counted again", lines=gone
    )
    return True


def move(month: Month) -> bool:
    """Goods over the road, of which some arrive; and cash into a drawer or out of it."""
    goods = [{"product": month.here.products[0].pk, "quantity": Decimal(5)}]
    source, destination = month.here.storefront.pk, month.there.storefront.pk
    by = month.here.owner
    sent = inventory.open_transfer(by=by, source=source, destination=destination, lines=goods)
    inventory.dispatch_transfer(by=by, transfer=sent)
    line = sent.lines.get(account=month.account)
    came = {"accepted": Decimal(3), "damaged": Decimal(1), "missing": Decimal(0)}
    pieces: dict[str, list[str]] = {f"{outcome}_serials": [] for outcome in came}
    inventory.receive_transfer(by=by, transfer=sent, items=[{"line": line.pk, **came, **pieces}])
    shift = month.account.shifts.locked().filter(closed_at=None).order_by("id").first()
    if shift:
        holds = expected_cash(shift) > month.amount("2")
        kind = month.chance.choice(["PAID_IN", "PAID_OUT", "DROP"] if holds else ["PAID_IN"])
        asked = {"kind": kind, "amount": month.amount("1.50"), "reason": "Ice"}
        sales.move_cash(by=month.members[0], shift=shift, **asked)
    return bool(shift)


# --- What came late ---------------------------------------------------------------------------------------------------


def _send_late(month: Month) -> None:
    """Two sales of the last shift of the first drawer, and what was taken out of it, when it is closed already."""
    place = month.here
    with place.inside():
        for shift in month.account.shifts.filter(closed_at=None):
            close(month, shift)
        last = month.account.shifts.filter(register=place.register).latest("opened_at")
    sold_at = max(last.opened_at + timedelta(hours=1), timezone.now() - timedelta(days=6))
    assert last.closed_at is not None
    facts = {"shift": str(last.pk), "sold_at": sold_at.isoformat()}
    client = place.client(month.members[0])
    assert client.get(REGISTERS).status_code == 200
    plenty = [{"method": "CASH", "amount": str(month.amount("1000"))}]
    items = [offline.sale(place, quantity, payments=plenty, **facts) for quantity in ("1", "2")]
    items.append(offline.cash_event(facts["shift"], amount="3", occurred_at=facts["sold_at"]))
    told = offline.sync(place, *items, member=month.members[0])
    verdicts = [each["verdict"] for each in told]
    assert set(verdicts) <= {"ACCEPTED", "ACCEPTED_WITH_EXCEPTION"}, told
