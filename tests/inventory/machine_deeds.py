"""The deeds of the state machine: what is asked of a service, and what that does to the machine's own books."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Membership
from inventory import services as inventory
from inventory.models import Location, Product
from sales import services as sales
from sales.models import Register
from tests.conftest import Shop
from tests.inventory import machine_books as books
from tests.inventory.machine_books import MOST_ADJUSTED, OUTCOMES, ZERO, Books, Lot, spread
from tests.machines import Deed, Refused

CARTON = Decimal(24)
ON_THE_ROAD = ("IN_TRANSIT", "PARTLY_RECEIVED")
CASH = [{"method": "CASH", "amount": Decimal(10_000_000)}]
COST = Decimal("0.0001")


@dataclass
class Business:
    """A fresh business: two storefronts and a warehouse, four products and a service, an owner and a keeper."""

    shop: Shop
    keeper: Membership
    places: Sequence[Location]
    registers: Mapping[UUID, Register]
    products: Sequence[Product]
    service: Product
    carton: UUID
    supplier: UUID
    carts: Sequence[UUID] = field(default_factory=lambda: [uuid7() for _ in range(3)])

    @property
    def storefronts(self) -> Sequence[Location]:
        return [place for place in self.places if place.pk in self.registers]

    def row(self, collection: str, pk: UUID) -> Any:
        return getattr(self.shop.account, collection).locked().get(pk=pk)


Lines = Sequence[tuple[UUID, Decimal]]

# --- From a supplier, and back ---------------------------------------------------------------------------------------


def deliver(
    business: Business, place: UUID, items: Sequence[Mapping[str, Any]], *, freight: Decimal = ZERO, pk: Any = None
) -> Deed:
    """Goods come; `freight` comes on top of what the one item cost."""
    pk, shop = pk or uuid7(), business.shop

    def call() -> None:
        inventory.receive_stock(by=shop.owner, id=pk, location=place, items=items, additional_cost=freight)

    return Deed(call, lambda kept: arrive(business, kept, pk, place, items, freight))


def arrive(
    business: Business, kept: Books, pk: UUID, place: UUID, items: Sequence[Mapping[str, Any]], freight: Decimal = ZERO
) -> None:
    kept.deliveries[pk] = books.Delivery([])
    for item in items:
        factor = CARTON if item.get("pack") else Decimal(1)
        quantity = item["quantity"] * factor
        cost = ((item["quantity"] * item["unit_cost"] + freight) / quantity).quantize(COST, rounding=ROUND_HALF_UP)
        lot = kept.open_lot(pk, place, item["product"], cost, item.get("expires_on"))
        lot.quantity = quantity
        kept.deliveries[pk].lots.append(lot)


def order(business: Business, place: UUID, lines: Lines, cost: Decimal) -> Deed:
    pk, by = uuid7(), business.shop.owner

    def call() -> None:
        wanted = [{"product": product, "quantity": quantity, "unit_cost": cost} for product, quantity in lines]
        opened = inventory.add_order(by=by, id=pk, supplier=business.supplier, location=place, lines=wanted)
        inventory.place_order(by=by, order=opened)

    def foresee(kept: Books) -> None:
        kept.orders[pk] = books.Order(place, dict(lines))

    return Deed(call, foresee)


def receive_order(business: Business, pk: UUID, items: Sequence[Mapping[str, Any]]) -> Deed:
    by, delivery = business.shop.owner, uuid7()

    def call() -> None:
        opened = business.row("purchase_orders", pk)
        inventory.receive_order(by=by, order=opened, items=items, id=delivery)

    def foresee(kept: Books) -> None:
        paper = kept.orders[pk]
        if paper.status not in ("ORDERED", "PARTLY_RECEIVED"):
            raise Refused("order_state")
        arrive(business, kept, delivery, paper.place, items)
        for item in items:
            paper.came[item["product"]] = paper.came.get(item["product"], ZERO) + item["quantity"]
        is_whole = all(paper.came.get(product, ZERO) >= wanted for product, wanted in paper.wanted.items())
        paper.status = "RECEIVED" if is_whole else "PARTLY_RECEIVED"

    return Deed(call, foresee)


def end_order(business: Business, pk: UUID, *, is_cancelled: bool) -> Deed:
    step = inventory.cancel_order if is_cancelled else inventory.close_order
    legal = ("DRAFT", "ORDERED") if is_cancelled else ("ORDERED", "PARTLY_RECEIVED")

    def foresee(kept: Books) -> None:
        if kept.orders[pk].status not in legal:
            raise Refused("order_state")
        kept.orders[pk].status = "CANCELLED" if is_cancelled else "CLOSED"

    return Deed(lambda: step(by=business.shop.owner, order=business.row("purchase_orders", pk)), foresee)


def send_back(business: Business, delivery: UUID, lot: UUID, quantity: Decimal) -> Deed:
    def call() -> None:
        stock = business.row("stock", delivery)
        inventory.send_back_stock(by=business.shop.owner, stock=stock, items=[{"batch": lot, "quantity": quantity}])

    def foresee(kept: Books) -> None:
        if kept.named(lot).quantity < quantity:
            raise Refused("insufficient_stock")
        kept.named(lot).quantity -= quantity

    return Deed(call, foresee)


# --- Over the counter ------------------------------------------------------------------------------------------------


def sell(
    business: Business, place: UUID, lines: Lines, *, pack: UUID | None = None, cart: UUID | None = None, pk: Any = None
) -> Deed:
    """Sell lines of different products, all in packs if there is a pack."""
    pk, shop, factor = pk or uuid7(), business.shop, CARTON if pack else Decimal(1)

    def call() -> None:
        sales.complete_sale(
            by=shop.owner,
            id=pk,
            storefront=place,
            register=business.registers[place].pk,
            lines=[{"product": product, "quantity": quantity, "pack": pack} for product, quantity in lines],
            payments=CASH,
            cart=cart,
        )

    def foresee(kept: Books) -> None:
        taken = kept.take(place, [(product, quantity * factor) for product, quantity in lines], cart)
        kept.sales[pk] = [books.Sold(quantity, factor, {}) for _, quantity in lines]
        for line, lot, quantity in taken:
            kept.sales[pk][line].out[lot] = quantity
        if cart:
            kept.end_holds(cart)

    return Deed(call, foresee)


def refund(business: Business, sale: UUID, line: int, quantity: Decimal, restock: str) -> Deed:
    def call() -> None:
        sold = business.row("sales", sale)
        pk = sold.lines.get(position=line + 1).pk
        lines = [{"line": pk, "quantity": quantity, "restock": restock}]
        sales.refund_sale(by=business.shop.owner, sale=sold, lines=lines)

    def foresee(kept: Books) -> None:
        sold = kept.sales[sale][line]
        if sold.refunded + quantity > sold.quantity:
            raise Refused("refund_too_much")
        sold.refunded += quantity
        left = quantity * sold.factor if restock != "NOT_RETURNED" else ZERO
        for lot in sorted(sold.out, key=kept.lots.index):
            part = min(left, sold.out[lot])
            left, sold.out[lot] = left - part, sold.out[lot] - part
            lot.quantity += part if restock == "SHELF" else ZERO

    return Deed(call, foresee)


def hold(business: Business, place: UUID, product: UUID, quantity: Decimal, cart: UUID) -> Deed:
    def call() -> None:
        inventory.hold_stock(by=business.shop.owner, location=place, product=product, cart=cart, quantity=quantity)

    def foresee(kept: Books) -> None:
        if quantity > kept.available(place, product, cart):
            raise Refused("insufficient_stock")
        kept.holds[cart, place, product] = quantity, timezone.now() + timedelta(minutes=15)

    return Deed(call, foresee)


def release(business: Business, cart: UUID) -> Deed:
    return Deed(lambda: inventory.release_cart(by=business.shop.owner, cart=cart), lambda kept: kept.end_holds(cart))


# --- To another place ------------------------------------------------------------------------------------------------


def open_transfer(
    business: Business, source: UUID, destination: UUID, lines: Lines, *, is_request: bool = False, pk: Any = None
) -> Deed:
    pk = pk or uuid7()

    def call() -> None:
        inventory.open_transfer(
            by=business.shop.owner,
            id=pk,
            source=source,
            destination=destination,
            lines=[{"product": product, "quantity": quantity} for product, quantity in lines],
            is_request=is_request,
        )

    def foresee(kept: Books) -> None:
        kept.transfers[pk] = books.Transfer(source, destination, lines, "REQUESTED" if is_request else "DRAFT")

    return Deed(call, foresee)


def _step(business: Business, service: Callable[..., Any], pk: UUID) -> Callable[[], Any]:
    return lambda: service(by=business.shop.owner, transfer=business.row("transfers", pk))


def accept(business: Business, pk: UUID) -> Deed:
    def foresee(kept: Books) -> None:
        _find(kept, pk, "REQUESTED").status = "DRAFT"

    return Deed(_step(business, inventory.accept_transfer, pk), foresee)


def _find(kept: Books, pk: UUID, *legal: str) -> books.Transfer:
    if kept.transfers[pk].status not in legal:
        raise Refused("transfer_state")
    return kept.transfers[pk]


def dispatch(business: Business, pk: UUID, road: UUID) -> Deed:
    def foresee(kept: Books) -> None:
        transfer = _find(kept, pk, "DRAFT")
        for line, lot, quantity in kept.take(transfer.source, transfer.lines):
            moved = kept.copy_lot(pk, road, lot)
            moved.quantity = quantity
            transfer.picks.append(books.Pick(line, lot, moved, quantity))
        transfer.status = "IN_TRANSIT"

    return Deed(_step(business, inventory.dispatch_transfer, pk), foresee)


def take_in(business: Business, pk: UUID, found: Mapping[int, Mapping[str, Decimal]]) -> Deed:
    """What came of which line, accepted, damaged and missing."""

    def call() -> None:
        transfer = business.row("transfers", pk)
        lines = dict(transfer.lines.values_list("position", "pk"))
        empty = dict.fromkeys((f"{outcome}_serials" for outcome in OUTCOMES), ())
        items = [{"line": lines[line + 1], **empty, **parts} for line, parts in found.items()]
        inventory.receive_transfer(by=business.shop.owner, transfer=transfer, items=items)

    def foresee(kept: Books) -> None:
        transfer = _find(kept, pk, *ON_THE_ROAD)
        if any(sum(parts.values()) > transfer.on_the_road(line) for line, parts in found.items()):
            raise Refused("arrival_too_much")
        for line, parts in found.items():
            for outcome in OUTCOMES:
                for road, part in list(spread(parts[outcome], [pick.road for pick in transfer.picks_of(line)])):
                    _take_off(kept, transfer, road, part, is_accepted=outcome == "accepted")
        is_whole = not any(pick.road.quantity for pick in transfer.picks)
        transfer.status = "RECEIVED" if is_whole else "PARTLY_RECEIVED"

    return Deed(call, foresee)


def _take_off(kept: Books, transfer: books.Transfer, road: Lot, part: Decimal, *, is_accepted: bool) -> None:
    road.quantity -= part
    if is_accepted:
        pick = next(pick for pick in transfer.picks if pick.road is road)
        pick.arrived = pick.arrived or kept.copy_lot(road.paper, transfer.destination, road)
        pick.arrived.quantity += part


def cancel_transfer(business: Business, pk: UUID) -> Deed:
    def foresee(kept: Books) -> None:
        transfer = _find(kept, pk, "REQUESTED", "DRAFT", *ON_THE_ROAD)
        for pick in transfer.picks:
            pick.left.quantity += pick.road.quantity
            pick.road.quantity = ZERO
        transfer.status = "CANCELLED"

    return Deed(_step(business, inventory.cancel_transfer, pk), foresee)


# --- Gone, or found --------------------------------------------------------------------------------------------------


def adjust(
    business: Business, place: UUID, kind: str, product: UUID, quantity: Decimal, *, by: Membership, pk: Any = None
) -> Deed:
    """A quantity with a sign, which says which way it goes; a service is told it only in a correction."""
    pk = pk or uuid7()
    asked = quantity if kind == "CORRECTION" else abs(quantity)

    def call() -> None:
        lines = [{"product": product, "quantity": asked}]
        inventory.adjust_stock(by=by, id=pk, location=place, kind=kind, reason="", lines=lines)

    def foresee(kept: Books) -> None:
        paper = books.Adjustment(pk, place, [(product, quantity, None)], timezone.now())
        _apply(kept, paper, alone=by == business.shop.owner)
        kept.adjustments[pk] = paper

    return Deed(call, foresee)


def _apply(kept: Books, paper: books.Adjustment, *, alone: bool) -> None:
    moves = kept.plan(paper)
    if alone or sum((abs(quantity) * lot.cost for lot, quantity in moves), ZERO) <= MOST_ADJUSTED:
        kept.move(moves)
        paper.status = "APPLIED"


def write_off(business: Business, place: UUID, *, by: Membership) -> Deed:
    """The paper chooses its own id: it is known once it is there."""
    answered: list[UUID] = []

    def foresee(kept: Books) -> None:
        lots = kept.expired(place)
        if not lots:
            raise Refused("nothing_expired")
        lines = [(lot.product, -lot.quantity, lot.pk) for lot in lots]
        paper = books.Adjustment(answered[0], place, lines, timezone.now())
        _apply(kept, paper, alone=by == business.shop.owner)
        kept.adjustments[paper.pk] = paper

    return Deed(lambda: answered.append(inventory.write_off_expired(by=by, location=place).pk), foresee)


def decide(business: Business, pk: UUID, *, is_approved: bool) -> Deed:
    step = inventory.approve_adjustment if is_approved else inventory.reject_adjustment
    goal, other = ("APPLIED", "REJECTED") if is_approved else ("REJECTED", "APPLIED")

    def foresee(kept: Books) -> None:
        paper = kept.adjustments[pk]
        if paper.status == other:
            raise Refused("adjustment_decided")
        if paper.status == "PENDING" and is_approved:
            kept.move(kept.plan(paper))
        paper.status = goal

    return Deed(lambda: step(by=business.shop.owner, adjustment=business.row("adjustments", pk)), foresee)
