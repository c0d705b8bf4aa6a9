"""What customers pay of what they owe, what they leave with the shop and take out again, and what is given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from accounts import services as accounts
from accounts.errors import CapabilityMissing
from accounts.models import Membership
from accounts.roles import Capability
from core import errors
from core.amounts import ZERO
from sales import customer_ledger
from sales.customer_ledger import Entry
from sales.errors import AllocationTooMuch, DebtOverpaid
from sales.models import Customer, CustomerEntry, Debt, EntryKind, Payment, PaymentMethod, Register
from sales.objections import REFUSING, Objections
from sales.services import drawers, money, rights
from sales.services.credit import find_customer
from sales.services.drawers import Turn


@dataclass(frozen=True)
class Booking:
    """What came in for a customer's account, or went out of it, and where it stands afterwards."""

    customer: Customer
    payments: Sequence[Payment]
    entries: Sequence[CustomerEntry]

    @property
    def id(self) -> UUID:
        """That of the first payment, which the entries name as their source."""
        return self.payments[0].pk


def collect_debt(
    *,
    by: Membership,
    customer: Customer,
    register: UUID,
    payments: Sequence[Mapping[str, Any]],
    debts: Sequence[Mapping[str, Any]] = (),
    id: UUID | None = None,  # noqa: A002 - the client's own id
    paid_at: datetime | None = None,
    shift: UUID | None = None,
    objections: Objections = REFUSING,
) -> Booking:
    """Take money for what a customer owes: for the chosen debts first, then for the one that is due first. What is more
    than owed is kept in the wallet.

    Raises InvalidInput for a register or a debt that is not there and a date that cannot be, RegisterInactive,
    DebtOverpaid, AllocationTooMuch, CapabilityMissing for a date long past, and what `drawers.find_turn` raises.
    """
    drawer = drawers.lock_register(by=by, register_id=register, objections=objections)
    accounts.dismiss_approver_elsewhere(by=by, location_id=drawer.storefront_id)
    now = timezone.now()
    with objections.against(CapabilityMissing):
        rights.check_moment(by, "paid_at", paid_at, now=now)
    paid_at = paid_at or now
    turn = drawers.find_turn(
        by=by,
        register_id=drawer.pk,
        open_shift_id=drawer.open_shift_id,
        named=shift,
        at=paid_at,
        objections=objections,
    )
    customer, paid = find_customer(by=by, customer_id=customer.pk), money.sum_of(payments)
    entries: list[Entry] = []
    with objections.against(DebtOverpaid, AllocationTooMuch):
        entries = settle(by=by, customer=customer, paid=paid, chosen=debts)
    entries = entries or settle(by=by, customer=customer, paid=paid)  # as if none had been chosen
    return _book(entries, by=by, customer=customer, drawer=drawer, payments=payments, id=id, paid_at=paid_at, turn=turn)


def settle(
    *, by: Membership, customer: Customer, paid: Decimal, chosen: Sequence[Mapping[str, Any]] = ()
) -> list[Entry]:
    """What so much settles of what a locked customer owes: the chosen debts first, then the one that is due first; what
    is more than owed is kept. Raises InvalidInput for a debt that is not there, DebtOverpaid, AllocationTooMuch."""
    parts = _allocate(by, _debts_of(customer, chosen), chosen=chosen, paid=paid)
    entries = [Entry(EntryKind.PAID, -part, debt) for debt, part in parts]
    over = paid - sum((part for _, part in parts), ZERO)
    return [*entries, Entry(EntryKind.OVERPAID, over)] if over else entries


def top_up_wallet(
    *,
    by: Membership,
    customer: Customer,
    register: UUID,
    payments: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    paid_at: datetime | None = None,
) -> Booking:
    """Keep money for a customer, whatever they owe. Raises what `collect_debt` raises for register and date."""
    drawer = money.open_drawer(by=by, register_id=register)
    paid_at = _moment(by, paid_at)
    customer = find_customer(by=by, customer_id=customer.pk)
    entries = [Entry(EntryKind.TOPPED_UP, money.sum_of(payments))]
    return _book(entries, by=by, customer=customer, drawer=drawer, payments=payments, id=id, paid_at=paid_at)


def pay_out_wallet(
    *,
    by: Membership,
    customer: Customer,
    register: UUID,
    amount: Decimal,
    method: str = PaymentMethod.CASH,
    reason: str = "",
    id: UUID | None = None,  # noqa: A002 - the client's own id
    paid_at: datetime | None = None,
) -> Booking:
    """Give a customer back what is kept for them.

    Raises InsufficientWallet, CapabilityMissing without the right to move cash, and what `collect_debt` raises for
    register and date.
    """
    drawer = money.open_drawer(by=by, register_id=register)
    paid_at = _moment(by, paid_at)
    rights.check_right(by, Capability.CASH_MOVE)
    customer = find_customer(by=by, customer_id=customer.pk)
    entries = [Entry(EntryKind.PAID_OUT, -amount, reason=reason)]
    payments = [{"method": method, "amount": -amount}]
    return _book(entries, by=by, customer=customer, drawer=drawer, payments=payments, id=id, paid_at=paid_at)


def write_off_debt(*, by: Membership, debt: Debt, reason: str, amount: Decimal | None = None) -> Debt:
    """Give up a debt, or this much of what is open of it. Raises DebtOverpaid for more than that, and for nothing."""
    customer = find_customer(by=by, customer_id=debt.customer_id)
    debt = customer.debts.get(pk=debt.pk)
    amount = debt.open_amount if amount is None else amount
    if not ZERO < amount <= debt.open_amount:
        raise _overpaid(by, debt.open_amount)
    entry = Entry(EntryKind.WRITTEN_OFF, -amount, debt, reason)
    customer_ledger.post([entry], by=by, customer=customer, source=debt, occurred_at=timezone.now())
    accounts.record(by=by, action="debt.written_off", subject=debt, after={"amount": by.account.show_money(amount)})
    return debt


def _moment(by: Membership, paid_at: datetime | None) -> datetime:
    now = timezone.now()
    rights.check_moment(by, "paid_at", paid_at, now=now)
    return paid_at or now


def _debts_of(customer: Customer, chosen: Sequence[Mapping[str, Any]]) -> dict[UUID, Debt]:
    """What a locked customer owes, the debt that is due first, first; with what was chosen, though it be settled."""
    wanted = Q(settled__lt=F("amount")) | Q(pk__in=[each["debt"] for each in chosen])
    rows = customer.debts.filter(wanted).order_by("due_on", "id")
    return {debt.pk: debt for debt in rows}


def _allocate(
    by: Membership, debts: Mapping[UUID, Debt], *, chosen: Sequence[Mapping[str, Any]], paid: Decimal
) -> list[tuple[Debt, Decimal]]:
    """How much goes to which of these debts."""
    parts: dict[UUID, Decimal] = {}
    for index, each in enumerate(chosen):
        debt = debts.get(each["debt"])
        if debt is None:
            raise errors.InvalidInput(errors=[errors.unknown_reference(f"debts.{index}.debt")])
        parts[debt.pk] = parts.get(debt.pk, ZERO) + each["amount"]
        if parts[debt.pk] > debt.open_amount:
            raise _overpaid(by, debt.open_amount)
    left = paid - sum(parts.values(), ZERO)
    if left < 0:
        raise AllocationTooMuch(paid=by.account.show_money(paid))
    for debt in debts.values():
        part = min(left, debt.open_amount - parts.get(debt.pk, ZERO))
        left -= part
        parts[debt.pk] = parts.get(debt.pk, ZERO) + part
    return [(debts[pk], part) for pk, part in parts.items() if part]


def _overpaid(by: Membership, left: Decimal) -> DebtOverpaid:
    return DebtOverpaid(open=by.account.show_money(left))


def _book(
    entries: Sequence[Entry],
    *,
    by: Membership,
    customer: Customer,
    drawer: Register,
    payments: Sequence[Mapping[str, Any]],
    id: UUID | None,  # noqa: A002 - of the first payment
    paid_at: datetime,
    turn: Turn | None = None,
) -> Booking:
    taken = money.take(by=by, drawer=drawer, payments=payments, paid_at=paid_at, turn=turn, id=id, customer=customer)
    rows = customer_ledger.post(entries, by=by, customer=customer, source=taken[0], occurred_at=paid_at)
    facts: dict[str, Decimal] = {}
    for entry in entries:
        facts[entry.kind.lower()] = facts.get(entry.kind.lower(), ZERO) + abs(entry.amount)
    after = {kind: by.account.show_money(amount) for kind, amount in facts.items()}
    accounts.record(by=by, action="customer.account_booked", subject=customer, after=after)
    return Booking(customer, taken, rows)
