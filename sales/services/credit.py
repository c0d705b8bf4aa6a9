"""Selling on a customer's account: what they may owe, what is kept for them, and what goes back to it."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability
from core import errors
from core.amounts import ZERO
from sales import customer_ledger
from sales.customer_ledger import Entry
from sales.errors import CreditLimitExceeded, CustomerBlocked, CustomerInactive, CustomerRequired
from sales.models import Customer, Debt, EntryKind, PaymentMethod, Refund, Sale
from sales.objections import REFUSING, Objections
from sales.services import purse

SALE = "sale"  # the source of a debt


def find_customer(*, by: Membership, customer_id: UUID | None) -> Customer:
    """The customer, locked: what they owe and have does not change meanwhile.

    Raises CustomerRequired where none is named, InvalidInput for one that is unknown.
    """
    if customer_id is None:
        raise CustomerRequired
    customer: Customer | None = by.account.customers.filter(pk=customer_id).locked().first()
    if customer is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("customer")])
    return customer


def charge(
    *, by: Membership, sale: Sale, credit: Decimal, wallet: Decimal, kept: Decimal, objections: Objections = REFUSING
) -> None:
    """Put on the account of a sale's customer what they owe for it, spend of their wallet, and leave of their change.

    Raises CustomerRequired, InsufficientWallet; for what is owed CustomerInactive, CustomerBlocked, and
    CreditLimitExceeded unless a second person who may allow it does.
    """
    customer = find_customer(by=by, customer_id=sale.customer_id)
    entries = []
    if wallet:
        entries.append(Entry(EntryKind.SPENT, -wallet))
    if credit:
        with objections.against(CustomerInactive, CustomerBlocked, CreditLimitExceeded):
            _check_credit(by, customer, credit)
        entries.append(Entry(EntryKind.SOLD_ON_CREDIT, credit, _debt(by, sale, customer, credit)))
    if kept:
        entries.append(Entry(EntryKind.CHANGE_KEPT, kept))
    customer_ledger.post(entries, by=by, customer=customer, source=sale, occurred_at=sale.sold_at)


def _debt(by: Membership, sale: Sale, customer: Customer, amount: Decimal) -> Debt:
    sold_on = sale.sold_at.astimezone(by.account.zone).date()
    return Debt(
        account_id=by.account_id,
        customer=customer,
        source=SALE,
        source_id=sale.pk,
        amount=amount,
        due_on=sold_on + timedelta(days=customer.terms_days),
        occurred_at=sale.sold_at,
    )


def _check_credit(by: Membership, customer: Customer, amount: Decimal) -> None:
    if not customer.is_active:
        raise CustomerInactive
    if customer.is_blocked:
        raise CustomerBlocked
    left = customer.credit_limit - customer.debt
    if amount <= left:
        return
    facts: dict[str, Any] = {
        name: by.account.show_money(value)
        for name, value in {"limit": customer.credit_limit, "debt": customer.debt, "available": max(left, ZERO)}.items()
    }
    # Who may allow it does so by raising the limit; that it was allowed once is for a second person to say.
    if by.approver is None or Capability.DEBT_ALLOW not in by.approver.capabilities:
        raise CreditLimitExceeded(**facts)
    asked = by.account.show_money(amount)
    accounts.record(by=by, action="customer.limit_exceeded", subject=customer, before=facts, after={"owed": asked})


def give_back(*, by: Membership, refund: Refund, amounts: Mapping[str, Decimal]) -> None:
    """Take off what a sale's customer owes for it what goes back to their credit, and keep the rest, with what goes
    back to the wallet, in the wallet.

    What was written off was never paid, and does not come back.
    """
    credit = amounts.get(PaymentMethod.CUSTOMER_CREDIT, ZERO)
    wallet = amounts.get(PaymentMethod.WALLET, ZERO)
    if not (credit or wallet):
        return
    customer = find_customer(by=by, customer_id=refund.customer_id)
    entries = []
    if credit:
        debts = by.account.debts.filter(source=SALE, source_id__in=purse.sources_of(by, refund.sale))
        due = _due_back(by, refund, debts, credit)
        for debt in debts.order_by("due_on", "id"):
            owed = min(due, debt.open_amount)
            if owed:
                entries.append(Entry(EntryKind.REFUNDED, -owed, debt))
                due -= owed
        wallet += due
    if wallet:
        entries.append(Entry(EntryKind.REFUNDED, wallet))
    customer_ledger.post(entries, by=by, customer=customer, source=refund, occurred_at=refund.refunded_at)


def _due_back(by: Membership, refund: Refund, debts: QuerySet[Debt], credit: Decimal) -> Decimal:
    """Of a sale's credit that goes back now, on top of what went before, all up to what was not written off."""
    of_credit = by.account.payments.filter(
        sale__in=purse.sources_of(by, refund.sale), method=PaymentMethod.CUSTOMER_CREDIT, refund__isnull=False
    )
    before = -(of_credit.aggregate(amount=Sum("amount"))["amount"] or ZERO)
    written_off = by.account.customer_entries.filter(debt__in=debts, kind=EntryKind.WRITTEN_OFF)
    owed = debts.aggregate(amount=Sum("amount"))["amount"] or ZERO
    most = owed + (written_off.aggregate(amount=Sum("amount"))["amount"] or ZERO)
    due: Decimal = min(before + credit, most) - min(before, most)
    return due
