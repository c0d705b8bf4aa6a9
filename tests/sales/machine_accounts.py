"""The deeds of the till's state machine about what customers owe and keep with the shop: debts, wallets, gift cards,
carts, and what is laid aside."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services as inventory
from sales import services as sales
from tests.machines import Deed, Refused
from tests.sales.machine_amounts import ZERO, Asked, Shares, by_tender, fill, price, total_of
from tests.sales.machine_books import CASH, WALLET, Books, Cart, Layaway, Payments, Sold
from tests.sales.machine_deeds import Business

LEAST = Decimal("0.2")  # of what is laid aside, to begin with; and the most that is kept of what is given up
WEEKS = timedelta(days=14)


def cash_of(payments: Payments) -> Decimal:
    return by_tender(payments).get(CASH, ZERO)


def sum_of(payments: Payments) -> Decimal:
    return sum(by_tender(payments).values(), ZERO)


def deliver(business: Business, place: UUID, product: UUID, quantity: Decimal) -> Deed:
    def call() -> None:
        items = [{"product": product, "quantity": quantity, "unit_cost": Decimal("0.5")}]
        inventory.receive_stock(by=business.shop.owner, location=place, items=items)

    def foresee(kept: Books) -> None:
        kept.shelves[place, product] += quantity

    return Deed(call, foresee)


# --- Debts and wallets -----------------------------------------------------------------------------------------------


def pay(
    business: Business, customer: UUID, register: UUID, payments: Payments, chosen: Sequence[tuple[UUID, Decimal]]
) -> Deed:
    """For the chosen debts, each named by its sale, then for what is due first; what is over is kept."""

    def call() -> None:
        account = business.shop.account
        debts = [{"debt": account.debts.get(source_id=sale).pk, "amount": amount} for sale, amount in chosen]
        row, by = business.row("customers", customer), business.shop.owner
        sales.collect_debt(by=by, customer=row, register=register, payments=payments, debts=debts)

    def foresee(kept: Books) -> None:
        drawer, paid = kept.drawer(register), sum_of(payments)
        if any(amount > kept.debts[sale].open for sale, amount in chosen):
            raise Refused("debt_overpaid")
        left = paid - sum((amount for _, amount in chosen), ZERO)
        if left < 0:
            raise Refused("allocation_too_much")
        for sale, amount in chosen:
            _settle(kept, sale, amount)
        for sale in kept.debts_of(customer):
            part = min(left, kept.debts[sale].open)
            _settle(kept, sale, part)
            left -= part
        kept.accounts[customer].wallet += left
        kept.move(drawer.shift, cash_of(payments))

    return Deed(call, foresee)


def _settle(kept: Books, sale: UUID, amount: Decimal) -> None:
    kept.debts[sale].open -= amount
    kept.debts[sale].paid += amount


def top_up(business: Business, customer: UUID, register: UUID, payments: Payments) -> Deed:
    def call() -> None:
        row, by = business.row("customers", customer), business.shop.owner
        sales.top_up_wallet(by=by, customer=row, register=register, payments=payments)

    def foresee(kept: Books) -> None:
        kept.move(kept.drawer(register).shift, cash_of(payments))
        kept.accounts[customer].wallet += sum_of(payments)

    return Deed(call, foresee)


def pay_out(business: Business, customer: UUID, register: UUID, amount: Decimal, method: str) -> Deed:
    def call() -> None:
        row, by = business.row("customers", customer), business.shop.owner
        sales.pay_out_wallet(by=by, customer=row, register=register, amount=amount, method=method)

    def foresee(kept: Books) -> None:
        drawer, account = kept.drawer(register), kept.accounts[customer]
        if amount > account.wallet:
            raise Refused("insufficient_wallet")
        account.wallet -= amount
        kept.move(drawer.shift, -amount if method == CASH else ZERO)

    return Deed(call, foresee)


def write_off(business: Business, sale: UUID, amount: Decimal | None) -> Deed:
    def call() -> None:
        debt = business.shop.account.debts.get(source_id=sale)
        sales.write_off_debt(by=business.shop.owner, debt=debt, reason="Gone abroad", amount=amount)

    def foresee(kept: Books) -> None:
        debt = kept.debts[sale]
        gone = debt.open if amount is None else amount
        if not 0 < gone <= debt.open:
            raise Refused("debt_overpaid")
        debt.open -= gone
        debt.given_up += gone

    return Deed(call, foresee)


def change_terms(business: Business, customer: UUID, *, limit: Decimal, is_blocked: bool) -> Deed:
    def call() -> None:
        row, changes = business.row("customers", customer), {"credit_limit": limit, "is_blocked": is_blocked}
        sales.change_customer(by=business.shop.owner, customer=row, **changes)

    def foresee(kept: Books) -> None:
        kept.accounts[customer].limit, kept.accounts[customer].is_blocked = limit, is_blocked

    return Deed(call, foresee)


def sell_card(business: Business, register: UUID, amount: Decimal, payments: Payments) -> Deed:
    pk, by = uuid7(), business.shop.owner

    def call() -> None:
        card: Any = sales.sell_gift_card(by=by, id=pk, register=register, amount=amount, payments=payments)
        business.codes[pk] = card.code

    def foresee(kept: Books) -> None:
        drawer, change = kept.drawer(register), sum_of(payments) - amount
        if change < 0:
            raise Refused("payment_short")
        if change > cash_of(payments):
            raise Refused("payment_too_much")
        kept.cards[pk] = amount
        kept.move(drawer.shift, cash_of(payments) - change)

    return Deed(call, foresee)


# --- Carts -----------------------------------------------------------------------------------------------------------


def fill_cart(business: Business, register: UUID, lines: Mapping[UUID, Decimal]) -> Deed:
    """A new cart with so much of each product; it holds nothing yet."""
    pk, drawer, by = uuid7(), business.registers[register], business.shop.owner

    def call() -> None:
        cart = sales.open_cart(by=by, id=pk, storefront=drawer.storefront, register=drawer)
        for product, quantity in lines.items():
            sales.add_cart_line(by=by, cart=cart, product=product, quantity=quantity)

    def foresee(kept: Books) -> None:
        kept.carts[pk] = Cart(drawer.storefront_id, dict(lines), timezone.now())

    return Deed(call, foresee)


def hold_cart(business: Business, pk: UUID) -> Deed:
    def foresee(kept: Books) -> None:
        cart = _going_on(kept, pk)
        kept.hold(pk, cart.place, cart.lines, timezone.now() + timedelta(minutes=15))
        cart.touched_at = timezone.now()

    return Deed(lambda: sales.hold_cart(by=business.shop.owner, cart=business.row("carts", pk)), foresee)


def abandon_cart(business: Business, pk: UUID) -> Deed:
    def foresee(kept: Books) -> None:
        _going_on(kept, pk).status = "ABANDONED"
        kept.let_go(pk)

    return Deed(lambda: sales.abandon_cart(by=business.shop.owner, cart=business.row("carts", pk)), foresee)


def _going_on(kept: Books, pk: UUID) -> Cart:
    if not kept.carts[pk].is_going_on:
        raise Refused("cart_closed")
    return kept.carts[pk]


# --- Laid aside ------------------------------------------------------------------------------------------------------


def lay_aside(business: Business, register: UUID, customer: UUID, asked: Asked, payments: Payments) -> Deed:
    pk, place = uuid7(), business.registers[register].storefront_id
    due_on = timezone.now().date() + WEEKS

    def call() -> None:
        sales.open_layaway(
            by=business.shop.owner,
            id=pk,
            storefront=place,
            register=register,
            customer=customer,
            lines=asked.as_sent(),
            due_on=due_on,
            payments=payments,
            **asked.off,
        )

    def foresee(kept: Books) -> None:
        drawer, lines = kept.drawer(register), price(kept.terms, asked)
        if sum_of(payments) > total_of(lines):
            raise Refused("layaway_overpaid")
        if sum_of(payments) < kept.terms.half_up(total_of(lines) * LEAST):
            raise Refused("deposit_too_small")
        until = datetime.combine(due_on + timedelta(days=1), time.min, UTC)
        kept.hold(pk, place, dict(asked.wanted), until)
        kept.layaways[pk] = Layaway(place, customer, lines, by_tender(payments))
        kept.move(drawer.shift, cash_of(payments))

    return Deed(call, foresee)


def _open(kept: Books, pk: UUID) -> Layaway:
    if kept.layaways[pk].status != "OPEN":
        raise Refused("layaway_closed")
    return kept.layaways[pk]


def pay_layaway(business: Business, pk: UUID, register: UUID, payments: Payments) -> Deed:
    def call() -> None:
        row = business.row("layaways", pk)
        sales.pay_layaway(by=business.shop.owner, layaway=row, register=register, payments=payments)

    def foresee(kept: Books) -> None:
        paper, drawer = _open(kept, pk), kept.drawer(register)
        if sum_of(payments) > total_of(paper.lines) - paper.paid:
            raise Refused("layaway_overpaid")
        for way, amount in by_tender(payments).items():
            paper.left[way] = paper.left.get(way, ZERO) + amount
        kept.move(drawer.shift, cash_of(payments))

    return Deed(call, foresee)


def complete_layaway(business: Business, pk: UUID, register: UUID) -> Deed:
    answered: list[UUID] = []

    def call() -> None:
        row = business.row("layaways", pk)
        answered.append(sales.complete_layaway(by=business.shop.owner, layaway=row, register=register).pk)

    def foresee(kept: Books) -> None:
        paper = _open(kept, pk)
        if paper.paid != total_of(paper.lines):
            raise Refused("layaway_unpaid")
        drawer = kept.drawer(register)
        kept.take(paper.place, [(line.product, line.quantity) for line in paper.lines], pk)
        kept.let_go(pk)
        drawer.sales += 1
        paper.status, paper.sale = "COMPLETED", answered[0]
        kept.sales[answered[0]] = Sold(
            register=register,
            place=paper.place,
            shift=drawer.shift,
            is_late=False,
            sold_at=timezone.now(),
            number=f"{drawer.code}-{drawer.sales:06d}",
            customer=paper.customer,
            lines=paper.lines,
            left=dict(paper.left),
            rounding=ZERO,
        )

    return Deed(call, foresee)


def cancel_layaway(business: Business, pk: UUID, register: UUID, fee: Decimal, ways: Shares | None) -> Deed:
    sent = None if ways is None else [{"method": way, "amount": amount} for way, amount in ways.items()]

    def call() -> None:
        row, by = business.row("layaways", pk), business.shop.owner
        sales.cancel_layaway(by=by, layaway=row, register=register, reason="Moved away", fee=fee, payments=sent)

    def foresee(kept: Books) -> None:
        paper, drawer = _open(kept, pk), kept.drawer(register)
        if fee > min(paper.paid, kept.terms.half_up(total_of(paper.lines) * LEAST)):
            raise Refused("fee_too_large")
        due = paper.paid - fee
        given = fill(due, list(paper.left.items())) if ways is None else ways
        too_much = any(amount > paper.left.get(way, ZERO) for way, amount in given.items() if way != WALLET)
        if too_much or sum(given.values(), ZERO) != due:
            raise Refused("refund_tender_mismatch")
        for way, amount in given.items():
            paper.left[way] = paper.left.get(way, ZERO) - amount
        kept.accounts[paper.customer].wallet += given.get(WALLET, ZERO)
        kept.move(drawer.shift, -given.get(CASH, ZERO))
        kept.let_go(pk)
        paper.status, paper.fee = "CANCELLED", fee

    return Deed(call, foresee)
