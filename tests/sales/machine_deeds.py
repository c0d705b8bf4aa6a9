"""The deeds of the till's state machine: what is asked of a service, and what that does to the machine's own books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from sales import services as sales
from tests.conftest import Shop
from tests.machines import Deed, Refused
from tests.sales.machine_amounts import ZERO, Asked, Line, Shares, price, total_of
from tests.sales.machine_books import CASH, GIFT, Back, Books, Payments, Shift, Sold

Parts = Sequence[tuple[int, Decimal, str]]  # of a sale: which line, how much of it, and where the goods go


@dataclass
class Business:
    """A fresh business: two storefronts with a register each, four products, three customers."""

    shop: Shop
    registers: Mapping[UUID, Any]
    products: Sequence[UUID]
    customers: Sequence[UUID]
    codes: dict[UUID, str] = field(default_factory=dict)  # of its gift cards

    def row(self, collection: str, pk: UUID) -> Any:
        return getattr(self.shop.account, collection).locked().get(pk=pk)


# --- Shifts ----------------------------------------------------------------------------------------------------------


def open_shift(business: Business, register: UUID, opening_float: Decimal) -> Deed:
    pk, by = uuid7(), business.shop.owner

    def foresee(kept: Books) -> None:
        drawer = kept.drawers[register]
        if drawer.shift:
            raise Refused("shift_open")
        kept.shifts[pk] = Shift(register, timezone.now(), opening_float)
        drawer.shift = pk

    return Deed(lambda: sales.open_shift(by=by, id=pk, register=register, opening_float=opening_float), foresee)


def close_shift(business: Business, pk: UUID, counted: Decimal) -> Deed:
    def call() -> None:
        counts = [{"value": counted, "count": 1}]
        sales.close_shift(by=business.shop.owner, shift=business.row("shifts", pk), denominations=counts)

    def foresee(kept: Books) -> None:
        shift = _open(kept, pk)
        shift.closed_at = timezone.now()
        kept.drawers[shift.register].shift = None
        kept.drawers[shift.register].z_reports += 1

    return Deed(call, foresee)


def _open(kept: Books, pk: UUID) -> Shift:
    if kept.shifts[pk].closed_at:
        raise Refused("shift_closed")
    return kept.shifts[pk]


def hand_over(business: Business, pk: UUID, counted: Decimal) -> Deed:
    told: list[Decimal] = []

    def call() -> None:
        shift = business.row("shifts", pk)
        sales.hand_over_shift(by=business.shop.owner, shift=shift, counted=counted, to=business.shop.cashier.pk)
        told.append(shift.hand_overs.order_by("id").last().expected)

    def foresee(kept: Books) -> None:
        assert _open(kept, pk).cash == told[0], f"it was handed over with {told[0]}"

    return Deed(call, foresee)


def move_cash(business: Business, pk: UUID, kind: str, amount: Decimal, at: datetime | None = None) -> Deed:
    event, by, reason = uuid7(), business.shop.owner, "For the day"

    def call() -> None:
        shift = business.row("shifts", pk)
        sales.move_cash(by=by, shift=shift, id=event, kind=kind, amount=amount, reason=reason, occurred_at=at)

    def foresee(kept: Books) -> None:
        shift, signed = kept.shifts[pk], amount if kind == "PAID_IN" else -amount
        if shift.closed_at and not shift.opened_at <= (at or timezone.now()) <= shift.closed_at:
            raise Refused("shift_closed")
        if not shift.closed_at and signed < 0 and shift.cash + signed < 0:
            raise Refused("drawer_short")
        kept.move(pk, signed, event if shift.closed_at else None)

    return Deed(call, foresee)


# --- Sales -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paper:
    """Where and when a sale was made, and whose it is; of one that a till sends late, in which shift."""

    register: UUID
    customer: UUID | None = None
    cart: UUID | None = None
    card: UUID | None = None
    is_cashiers: bool = False
    keeps_change: bool = False
    shift: UUID | None = None
    at: datetime | None = None
    pk: UUID = field(default_factory=uuid7)

    def as_sent(self, business: Business) -> dict[str, Any]:
        sent = {"customer": self.customer, "cart": self.cart, "keep_change": self.keeps_change}
        place = business.registers[self.register].storefront_id
        return {"id": self.pk, "storefront": place, "register": self.register, **sent}


def sell(business: Business, paper: Paper, asked: Asked, payments: Payments) -> Deed:
    shop = business.shop
    by = shop.cashier if paper.is_cashiers else shop.owner
    facts = {**paper.as_sent(business), "lines": asked.as_sent(), "payments": payments, **asked.off}

    def foresee(kept: Books) -> None:
        if paper.cart and not kept.carts[paper.cart].is_going_on:
            raise Refused("cart_closed")
        kept.drawer(paper.register)
        lines = price(kept.terms, asked)
        if paper.is_cashiers and any(line.discount for line in lines):
            raise Refused("capability_missing")
        book(kept, paper, lines, {}, payments)

    return Deed(lambda: sales.complete_sale(by=by, **facts), foresee)


def sell_late(business: Business, paper: Paper, asked: Asked, payments: Payments) -> Deed:
    """What a till that was offline sends twice: for its shift that is closed now, or for whichever is open."""
    moment = {"shift": paper.shift, "sold_at": paper.at}
    facts = {**paper.as_sent(business), "lines": asked.as_sent(), "payments": payments, **asked.off, **moment}
    verdicts = []

    def call() -> None:
        for _ in range(2):
            verdicts.append(sales.take_item(by=business.shop.owner, kind="sale", facts=dict(facts)).verdict)

    def foresee(kept: Books) -> None:
        book(kept, paper, price(kept.terms, asked), {}, payments)
        assert verdicts[1] == "DUPLICATE", verdicts

    return Deed(call, foresee)


def is_late(kept: Books, shift: UUID | None, at: datetime | None) -> bool:
    closed_at = kept.shifts[shift].closed_at if shift else None
    return bool(closed_at and at and kept.shifts[shift].opened_at <= at <= closed_at)


def book(
    kept: Books,
    paper: Paper,
    lines: Sequence[Line],
    carried: Shares,
    payments: Payments,
    *,
    exchange: UUID | None = None,
    before: UUID | None = None,
) -> None:
    """Write a sale into the books: refused in the order in which the till looks, or all of it."""
    drawer, has_happened = kept.drawers[paper.register], paper.at is not None
    settled = kept.settle(total_of(lines), carried, payments, keeps_change=paper.keeps_change)
    kept.check_account(paper.customer, settled, has_happened=has_happened)
    by_card = settled.came.get(GIFT, ZERO)
    if by_card and by_card > kept.cards[paper.card]:
        raise Refused("gift_card_short")
    wanted = [(line.product, line.quantity) for line in lines]
    if has_happened:
        kept.lose_sight(drawer.place, wanted)
    else:
        kept.take(drawer.place, wanted, paper.cart)
    if paper.cart:
        kept.let_go(paper.cart)
        kept.carts[paper.cart].status = "COMPLETED"
    sold_at, late = paper.at or timezone.now(), is_late(kept, paper.shift, paper.at)
    if paper.customer:
        kept.charge(paper.pk, paper.customer, settled, sold_at.date())
    if by_card:
        kept.cards[paper.card] -= by_card
    drawer.sales += 1
    kept.sales[paper.pk] = Sold(
        register=paper.register,
        place=drawer.place,
        shift=paper.shift if late else drawer.shift,
        is_late=late,
        sold_at=sold_at,
        number=f"{drawer.code}-{drawer.sales:06d}",
        customer=paper.customer,
        lines=lines,
        left=settled.amounts,
        rounding=settled.rounding,
        for_exchange=exchange,
        before=before,
        card=paper.card if by_card else None,
        carried=carried.get(CASH, ZERO),
    )
    kept.move(kept.sales[paper.pk].shift, settled.cash, paper.pk if late else None)


# --- What comes back -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Return:
    """What of a sale comes back, to which register, for whom money may be kept, and how it is to go back; of what a
    till sends late, in which shift."""

    sale: UUID
    parts: Parts
    register: UUID
    ways: Shares | None = None
    customer: UUID | None = None
    shift: UUID | None = None
    at: datetime | None = None
    pk: UUID = field(default_factory=uuid7)

    @property
    def sent_ways(self) -> list[dict[str, Any]] | None:
        return None if self.ways is None else [{"method": way, "amount": each} for way, each in self.ways.items()]

    def sent_lines(self, sold: Any) -> list[dict[str, Any]]:
        lines = dict(sold.lines.values_list("position", "pk"))
        return [
            {"line": lines[line + 1], "quantity": quantity, "restock": restock}
            for line, quantity, restock in self.parts
        ]


def refund(business: Business, back: Return) -> Deed:
    def call() -> None:
        sold, by = business.row("sales", back.sale), business.shop.owner
        whose = {"register": back.register, "customer": back.customer, "payments": back.sent_ways}
        facts = {"id": back.pk, "lines": back.sent_lines(sold), **whose}
        if back.at:
            moment = {"shift": back.shift, "refunded_at": back.at}
            sales.take_item(by=by, kind="refund", facts={"sale": sold.pk, **facts, **moment})
        else:
            sales.refund_sale(by=by, sale=sold, **facts)

    def foresee(kept: Books) -> None:
        due = take_back(kept, back)
        total = sum((each for each, _ in due), ZERO)
        whose = kept.sales[back.sale].customer or back.customer
        given = kept.share_out(back.sale, total, back.ways, whose)
        write_back(kept, back, due, given, {}, kind="REFUND")

    return Deed(call, foresee)


def take_back(kept: Books, back: Return) -> list[tuple[Decimal, Decimal]]:
    """What each part is worth, and the tax in that; nothing is changed yet."""
    sold = kept.sales[back.sale]
    if back.at is None:
        kept.drawer(back.register)
    elif back.at < sold.sold_at - timedelta(days=1):
        raise Refused("invalid_input")
    if sold.status == "VOIDED":
        raise Refused("sale_voided")
    if any(quantity > sold.lines[line].left for line, quantity, _ in back.parts):
        raise Refused("refund_too_much")
    return [sold.lines[line].due(kept.terms, quantity) for line, quantity, _ in back.parts]


def write_back(
    kept: Books, back: Return, due: Sequence[tuple[Decimal, Decimal]], given: Shares, carried: Shares, *, kind: str
) -> None:
    sold, drawer = kept.sales[back.sale], kept.drawers[back.register]
    late = is_late(kept, back.shift, back.at)
    drawer.refunds += 1
    kept.backs[back.pk] = Back(
        sale=back.sale,
        register=back.register,
        shift=back.shift if late else drawer.shift,
        is_late=late,
        kind=kind,
        number=f"{drawer.code}-R{drawer.refunds:06d}",
        total=sum((total for total, _ in due), ZERO),
        tax=sum((tax for _, tax in due), ZERO),
        rounding=ZERO,
    )
    for line, quantity, restock in back.parts:
        sold.lines[line].back += quantity
        if restock == "SHELF":
            kept.shelves[drawer.place, sold.lines[line].product] += quantity
    is_whole = not any(line.left for line in sold.lines)
    sold.status = "VOIDED" if kind == "VOID" else "REFUNDED" if is_whole else "PARTLY_REFUNDED"
    kept.give_back(back.pk, given, carried, sold.customer or back.customer)


def exchange(business: Business, back: Return, asked: Asked, payments: Payments) -> Deed:
    """`ways` are those of what the new goods cost less."""
    answered: list[UUID] = []

    def call() -> None:
        sold = business.row("sales", back.sale)
        done = sales.exchange_goods(
            by=business.shop.owner,
            id=back.pk,
            sale=sold,
            lines=back.sent_lines(sold),
            new_lines=asked.as_sent(),
            reason="Too small",
            register=back.register,
            customer=back.customer,
            payments=payments,
            given_back=back.sent_ways,
            **asked.off,
        )
        answered.append(done.sale.pk)

    def foresee(kept: Books) -> None:
        due = take_back(kept, back)
        lines, worth = price(kept.terms, asked), sum((total for total, _ in due), ZERO)
        paid, whose = min(worth, total_of(lines)), kept.sales[back.sale].customer or back.customer
        given = kept.share_out(back.sale, worth - paid, back.ways, whose)
        carried = kept.carry(back.sale, paid, given)
        paper = Paper(back.register, customer=whose, pk=answered[0] if answered else back.pk)
        book(kept, paper, lines, carried, payments, exchange=back.pk, before=back.sale)
        write_back(kept, back, due, given, carried, kind="EXCHANGE")

    return Deed(call, foresee)


def void(business: Business, sale: UUID) -> Deed:
    pk = uuid7()

    def call() -> None:
        sales.void_sale(by=business.shop.owner, sale=business.row("sales", sale), reason="Wrong goods", id=pk)

    def foresee(kept: Books) -> None:
        sold = kept.sales[sale]
        whole = [(index, line.quantity, "SHELF") for index, line in enumerate(sold.lines) if not line.back]
        back = Return(sale, whole, sold.register, pk=pk)
        due = take_back(kept, back)
        if any(line.back for line in sold.lines):
            raise Refused("void_after_refund")
        if sold.for_exchange:
            raise Refused("void_of_exchange")
        if not _is_of_now(kept, sold):
            raise Refused("void_too_late")
        given = kept.share_out(sale, sum((total for total, _ in due), ZERO), None, sold.customer)
        write_back(kept, back, due, given, {}, kind="VOID")

    return Deed(call, foresee)


def _is_of_now(kept: Books, sold: Sold) -> bool:
    shift = kept.drawers[sold.register].shift
    return sold.shift == shift if sold.shift or shift else sold.sold_at.date() == timezone.now().date()
