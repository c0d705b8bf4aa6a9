"""The books that the till's state machine keeps: drawers, sales, customers and shelves, from the deeds alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from tests.machines import Refused
from tests.sales.machine_amounts import ZERO, Line, Shares, Terms, by_tender, fill, total_of

CASH, CREDIT, WALLET, GIFT = "CASH", "CUSTOMER_CREDIT", "WALLET", "GIFT_CARD"
Payments = Sequence[Mapping[str, Any]]
FREE = (CASH, WALLET)  # by which more may go back than came by it
FORGOTTEN = timedelta(days=7)  # a cart that nobody touched


@dataclass
class Drawer:
    """A register, and how far its numbers have come."""

    place: UUID
    code: str
    shift: UUID | None = None
    sales: int = 0
    refunds: int = 0
    z_reports: int = 0


@dataclass
class Shift:
    """`cash` is what its drawer ought to hold; `late` is the cash of each paper that came when it was closed."""

    register: UUID
    opened_at: datetime
    cash: Decimal
    late: dict[UUID, Decimal] = field(default_factory=dict)
    closed_at: datetime | None = None
    sealed: str = ""  # its Z report, as it was first seen


@dataclass
class Account:
    """A customer's."""

    limit: Decimal
    terms_days: int
    wallet: Decimal = ZERO
    is_blocked: bool = False


@dataclass(eq=False)
class Debt:
    customer: UUID
    amount: Decimal
    due_on: date
    open: Decimal
    paid: Decimal = ZERO
    given_up: Decimal = ZERO


@dataclass(eq=False)
class Sold:
    """`left` is what of each tender is still the shop's, as it moved, and `rounding` is how much that is off."""

    register: UUID
    place: UUID
    shift: UUID | None
    is_late: bool
    sold_at: datetime
    number: str
    customer: UUID | None
    lines: Sequence[Line]
    left: Shares
    rounding: Decimal
    for_exchange: UUID | None = None
    before: UUID | None = None  # the sale whose goods it was exchanged for
    card: UUID | None = None
    status: str = "COMPLETED"
    rounded: Decimal = ZERO  # what its refunds were off
    carried: Decimal = ZERO  # of its cash, into it and out of it, by exchanges
    by_credit: Decimal = ZERO  # what went back to the customer's account

    @property
    def total(self) -> Decimal:
        return total_of(self.lines)


@dataclass
class Back:
    """A refund; `cash` is what left the drawer."""

    sale: UUID
    register: UUID
    shift: UUID | None
    is_late: bool
    kind: str
    number: str
    total: Decimal
    tax: Decimal
    rounding: Decimal


@dataclass
class Cart:
    place: UUID
    lines: dict[UUID, Decimal]
    touched_at: datetime
    status: str = "DRAFT"

    @property
    def is_going_on(self) -> bool:
        return self.status == "DRAFT" and self.touched_at >= timezone.now() - FORGOTTEN


@dataclass
class Layaway:
    place: UUID
    customer: UUID
    lines: Sequence[Line]
    left: Shares
    status: str = "OPEN"
    fee: Decimal = ZERO
    sale: UUID | None = None

    @property
    def paid(self) -> Decimal:
        return sum(self.left.values(), ZERO)


@dataclass(frozen=True)
class Settled:
    """What each tender settles of a sale, and `came` of that now; what it is off for want of coins, and what of the
    change is kept, which stays in the drawer as well."""

    amounts: Shares
    came: Shares
    rounding: Decimal
    kept: Decimal

    @property
    def cash(self) -> Decimal:
        return self.came.get(CASH, ZERO) + self.kept


@dataclass
class Books:
    """All of it, each by its id, in the order in which it came."""

    terms: Terms
    drawers: dict[UUID, Drawer]
    accounts: dict[UUID, Account]
    shelves: dict[tuple[UUID, UUID], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    holds: dict[tuple[UUID, UUID, UUID], tuple[Decimal, datetime]] = field(default_factory=dict)
    shifts: dict[UUID, Shift] = field(default_factory=dict)
    sales: dict[UUID, Sold] = field(default_factory=dict)
    backs: dict[UUID, Back] = field(default_factory=dict)
    debts: dict[UUID, Debt] = field(default_factory=dict)  # by the sale that they are for
    cards: dict[UUID, Decimal] = field(default_factory=dict)
    carts: dict[UUID, Cart] = field(default_factory=dict)
    layaways: dict[UUID, Layaway] = field(default_factory=dict)

    # --- The shelves --------------------------------------------------------------------------------------------------

    def available(self, place: UUID, product: UUID, cart: UUID | None = None) -> Decimal:
        held = (
            quantity
            for (holder, at, of), (quantity, ends_at) in self.holds.items()
            if (at, of) == (place, product) and holder != cart and ends_at > timezone.now()
        )
        return max(self.shelves[place, product] - sum(held, ZERO), ZERO)

    def take(self, place: UUID, wanted: Iterable[tuple[UUID, Decimal]], cart: UUID | None = None) -> None:
        wanted = list(wanted)
        if any(quantity > self.available(place, product, cart) for product, quantity in wanted):
            raise Refused("insufficient_stock")
        for product, quantity in wanted:
            self.shelves[place, product] -= quantity

    def lose_sight(self, place: UUID, wanted: Iterable[tuple[UUID, Decimal]]) -> None:
        """It is gone, whoever was promised it; what was not there by the books was there all the same."""
        for product, quantity in wanted:
            self.shelves[place, product] = max(self.shelves[place, product] - quantity, ZERO)

    def hold(self, cart: UUID, place: UUID, wanted: Mapping[UUID, Decimal], until: datetime) -> None:
        if any(quantity > self.available(place, product, cart) for product, quantity in wanted.items()):
            raise Refused("insufficient_stock")
        for product, quantity in wanted.items():
            self.holds[cart, place, product] = quantity, until

    def let_go(self, cart: UUID | None) -> None:
        self.holds = {key: held for key, held in self.holds.items() if key[0] != cart}

    # --- The drawers --------------------------------------------------------------------------------------------------

    def drawer(self, register: UUID) -> Drawer:
        """The one that takes money now."""
        drawer = self.drawers[register]
        if drawer.shift is None and self.terms.is_shift_required:
            raise Refused("shift_required")
        return drawer

    def move(self, shift: UUID | None, cash: Decimal, late_for: UUID | None = None) -> None:
        """Cash into a drawer, or with a minus out of it; late for a paper, it is told beside."""
        if shift is None:
            return
        if late_for:
            late = self.shifts[shift].late
            late[late_for] = late.get(late_for, ZERO) + cash
        else:
            self.shifts[shift].cash += cash

    # --- Sales --------------------------------------------------------------------------------------------------------

    def settle(self, total: Decimal, carried: Shares, payments: Payments, *, keeps_change: bool = False) -> Settled:
        came = by_tender(payments)
        paid, cash = sum(came.values(), ZERO), came.get(CASH, ZERO)
        due = total - sum(carried.values(), ZERO)
        rest = due - (paid - cash)
        rounding = self.terms.in_coins(rest) - rest if cash and rest > 0 else ZERO
        change = paid - due - rounding
        if change < 0:
            raise Refused("payment_short")
        if change > cash:
            raise Refused("payment_too_much")
        if cash:
            came[CASH] -= change
        amounts = dict(carried)
        for way, amount in came.items():
            amounts[way] = amounts.get(way, ZERO) + amount
        return Settled(amounts, came, rounding, change if keeps_change else ZERO)

    def check_account(self, customer: UUID | None, settled: Settled, *, has_happened: bool) -> None:
        """What a customer may owe, and has; what has happened nobody forbids."""
        credit, wallet = settled.came.get(CREDIT, ZERO), settled.came.get(WALLET, ZERO)
        if not (credit or wallet or settled.kept):
            return
        if customer is None:
            raise Refused("customer_required")
        account = self.accounts[customer]
        if credit and account.is_blocked and not has_happened:
            raise Refused("customer_blocked")
        if credit and credit > account.limit - self.owed(customer) and not has_happened:
            raise Refused("credit_limit_exceeded")
        if wallet > account.wallet:
            raise Refused("insufficient_wallet")

    def charge(self, sale: UUID, customer: UUID, settled: Settled, sold_on: date) -> None:
        credit, account = settled.came.get(CREDIT, ZERO), self.accounts[customer]
        account.wallet += settled.kept - settled.came.get(WALLET, ZERO)
        if credit:
            self.debts[sale] = Debt(customer, credit, sold_on + timedelta(days=account.terms_days), credit)

    def owed(self, customer: UUID) -> Decimal:
        return sum((debt.open for debt in self.debts.values() if debt.customer == customer), ZERO)

    def debts_of(self, customer: UUID) -> list[UUID]:
        """For which sales something is owed, what is due first, first."""
        found = [pk for pk, debt in self.debts.items() if debt.customer == customer and debt.open]
        return sorted(found, key=lambda pk: self.debts[pk].due_on)

    # --- What goes back -----------------------------------------------------------------------------------------------

    def sources(self, sale: UUID) -> list[UUID]:
        """The sale, and those whose goods it was exchanged for."""
        found: list[UUID] = []
        at: UUID | None = sale
        while at:
            found.append(at)
            at = self.sales[at].before
        return found

    def purse(self, sale: UUID) -> Shares:
        """What of each tender may go back, before any is rounded to coins."""
        sold = self.sales[sale]
        return {way: amount - (sold.rounding if way == CASH else ZERO) for way, amount in sold.left.items()}

    def never_paid(self, sale: UUID) -> Decimal:
        """What of its credit is owed still, or was given up."""
        credit = self.sales[sale].left.get(CREDIT, ZERO)
        debts = [self.debts[pk] for pk in self.sources(sale) if pk in self.debts]
        paid, is_open = sum((debt.paid for debt in debts), ZERO), sum((debt.open for debt in debts), ZERO)
        return max(credit - paid, min(credit, is_open)) if credit > 0 else ZERO

    def share_out(self, sale: UUID, total: Decimal, sent: Shares | None, customer: UUID | None) -> Shares:
        purse, owed = self.purse(sale), self.never_paid(sale)
        if sent is None:
            others = [(way, amount) for way, amount in purse.items() if way != CREDIT]
            return fill(total, [(CREDIT, owed), *others, (CREDIT, purse.get(CREDIT, ZERO) - owed)])
        too_much = any(amount > purse.get(way, ZERO) for way, amount in sent.items() if way not in FREE)
        if too_much or sum(sent.values(), ZERO) != total or sent.get(CREDIT, ZERO) < min(total, owed):
            raise Refused("refund_tender_mismatch")
        if sent.get(WALLET) and customer is None:
            raise Refused("customer_required")
        return sent

    def carry(self, sale: UUID, total: Decimal, given: Shares) -> Shares:
        purse = self.purse(sale)
        return fill(total, [(way, amount - given.get(way, ZERO)) for way, amount in purse.items()])

    def give_back(self, back: UUID, given: Shares, carried: Shares, customer: UUID | None) -> None:
        """The money of a refund that is in the books goes where it goes."""
        paper = self.backs[back]
        sold = self.sales[paper.sale]
        for way, due in given.items():
            amount = due
            if way == CREDIT:
                self._settle_back(paper.sale, amount, customer)
            elif way == WALLET:
                self.accounts[customer].wallet += amount
            elif way == GIFT:
                card = next(self.sales[pk].card for pk in self.sources(paper.sale) if self.sales[pk].card)
                self.cards[card] += amount
            elif way == CASH:
                amount = self._in_coins(sold, due, paper)
                self.move(paper.shift, -amount, back if paper.is_late else None)
            sold.left[way] = sold.left.get(way, ZERO) - amount
        for way, amount in carried.items():
            sold.left[way] -= amount
        sold.carried -= carried.get(CASH, ZERO)

    def _in_coins(self, sold: Sold, amount: Decimal, paper: Back) -> Decimal:
        """So much of all that has gone back that coins can pay it; and with the last of it, all that is left: in
        coins where some was carried into or out of an exchange."""
        cash = sold.left.get(CASH, ZERO)
        due = cash - sold.rounding
        if amount == due:
            given = max(self.terms.in_coins(cash), ZERO) if sold.carried else cash
        else:
            given = max(self.terms.in_coins(amount - sold.rounded), ZERO)
            given = min(given, cash) if amount < due and not sold.carried else given
        paper.rounding = given - amount
        sold.rounding -= paper.rounding
        sold.rounded += paper.rounding
        return given

    def _settle_back(self, sale: UUID, credit: Decimal, customer: UUID | None) -> None:
        """What was owed is owed no longer; what was paid is kept; and what was given up was never paid."""
        sources = self.sources(sale)
        debts = sorted((debt for pk, debt in self.debts.items() if pk in sources), key=lambda debt: debt.due_on)
        before = sum((self.sales[pk].by_credit for pk in sources), ZERO)
        most = sum((debt.amount - debt.given_up for debt in debts), ZERO)
        due = min(before + credit, most) - min(before, most)
        for debt in debts:
            part = min(due, debt.open)
            debt.open -= part
            due -= part
        self.accounts[customer].wallet += due
        self.sales[sale].by_credit += credit
