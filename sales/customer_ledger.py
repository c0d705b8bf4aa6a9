"""The one way in which a customer's debt and wallet change: a line in the ledger and the balance, together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import models
from django.utils import timezone

from accounts.models import Membership
from core.amounts import ZERO, round_money
from sales.errors import InsufficientWallet
from sales.models import Book, Customer, CustomerEntry, Debt, EntryKind


@dataclass(frozen=True)
class Entry:
    """A signed amount: so much more is owed for a debt, or else kept in the wallet."""

    kind: EntryKind
    amount: Decimal
    debt: Debt | None = None
    reason: str = ""

    @property
    def book(self) -> Book:
        return Book.DEBT if self.debt else Book.WALLET


def post(
    entries: Sequence[Entry],
    *,
    by: Membership,
    customer: Customer,
    source: models.Model,
    occurred_at: datetime,
) -> list[CustomerEntry]:
    """Write the entries and their effect on a locked customer. An entry SOLD_ON_CREDIT brings its debt, unsaved; every
    other one settles some of a debt that is there.

    Raises InsufficientWallet where the wallet would fall below zero.
    """
    rows = [_row(entry, customer) for entry in entries]
    if customer.wallet < ZERO:
        spent = -sum((entry.amount for entry in entries if entry.book == Book.WALLET), ZERO)
        available = round_money(customer.wallet + spent, by.account.currency_exponent)
        raise InsufficientWallet(available=f"{available:f}")
    now = timezone.now()
    for row in rows:
        row.account_id, row.by = by.account_id, by
        row.source, row.source_id = str(source._meta.model_name), source.pk
        row.occurred_at, row.recorded_at = occurred_at, now
    incurred = [entry.debt for entry in entries if entry.debt and entry.kind == EntryKind.SOLD_ON_CREDIT]
    settled = [entry.debt for entry in entries if entry.debt and entry.kind != EntryKind.SOLD_ON_CREDIT]
    Debt.across_accounts.bulk_create(incurred)
    if settled:
        Debt.across_accounts.bulk_update(settled, ["settled"])
    customer.save(update_fields=["debt", "wallet", "entry_count"])
    CustomerEntry.across_accounts.bulk_create(rows)
    return rows


def _row(entry: Entry, customer: Customer) -> CustomerEntry:
    """The line after those before it, with its effect on the balance and the debt in memory."""
    book = "debt" if entry.debt else "wallet"
    balance = getattr(customer, book) + entry.amount
    setattr(customer, book, balance)
    customer.entry_count += 1
    if entry.debt and entry.kind != EntryKind.SOLD_ON_CREDIT:
        entry.debt.settled -= entry.amount
    return CustomerEntry(
        customer=customer,
        sequence=customer.entry_count,
        book=entry.book,
        kind=entry.kind,
        debt=entry.debt,
        amount=entry.amount,
        balance_after=balance,
        reason=entry.reason,
    )
