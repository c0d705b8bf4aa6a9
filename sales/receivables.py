"""What customers owe and have, read from their ledger: statements, and how long what is owed has been due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from accounts.models import Account
from core.amounts import ZERO
from sales.models import Book, Customer, CustomerEntry


@dataclass(frozen=True)
class Balance:
    """What a customer owes, and what is kept for them."""

    debt: Decimal = ZERO
    wallet: Decimal = ZERO

    def after(self, entry: CustomerEntry) -> "Balance":
        if entry.book == Book.DEBT:
            return Balance(self.debt + entry.amount, self.wallet)
        return Balance(self.debt, self.wallet + entry.amount)


@dataclass(frozen=True)
class StatementLine:
    entry: CustomerEntry
    balance: Balance


@dataclass(frozen=True)
class Statement:
    """All that happened to a customer's account from one day to another, in the order of the shop's clock."""

    customer: Customer
    first_on: date
    last_on: date
    opening: Balance
    lines: Sequence[StatementLine]

    @property
    def closing(self) -> Balance:
        return self.lines[-1].balance if self.lines else self.opening


def state_account(customer: Customer, account: Account, *, first_on: date, last_on: date) -> Statement:
    """The statement of a customer over these days of the business's calendar."""
    start, end = _start_of(account, first_on), _end_of(account, last_on)
    sums = customer.entries.filter(occurred_at__lt=start).aggregate(
        debt=Sum("amount", filter=Q(book=Book.DEBT)), wallet=Sum("amount", filter=Q(book=Book.WALLET))
    )
    opening = balance = Balance(sums["debt"] or ZERO, sums["wallet"] or ZERO)
    lines = []
    for entry in customer.entries.filter(occurred_at__gte=start, occurred_at__lt=end).order_by(
        "occurred_at", "sequence"
    ):
        balance = balance.after(entry)
        lines.append(StatementLine(entry, balance))
    return Statement(customer, first_on, last_on, opening, lines)


# So many days after the day on which it was due: each to the last.
BUCKETS: Mapping[str, tuple[int | None, int | None]] = {
    "not_due": (None, 0),
    "days_1_to_30": (1, 30),
    "days_31_to_60": (31, 60),
    "days_61_to_90": (61, 90),
    "over_90_days": (91, None),
}


def age_debts(account: Account, *, on: date) -> QuerySet[Any, dict[str, Any]]:
    """What each customer owed at the end of a day of the business's calendar, by how long it had been due.

    From the ledger: a debt counts from when it was made, less all that settled it until then.
    """
    end = _end_of(account, on)
    owed = account.customer_entries.filter(book=Book.DEBT, occurred_at__lt=end, debt__occurred_at__lt=end)
    rows: QuerySet[Any, dict[str, Any]] = (
        owed.values("customer_id", name=F("customer__name"))
        .annotate(total=Sum("amount"), **{name: _in_bucket(on, *span) for name, span in BUCKETS.items()})
        .filter(total__gt=0)
        .order_by("name", "customer_id")
    )
    return rows


def _in_bucket(on: date, least: int | None, most: int | None) -> Sum:
    is_in = Q()
    if least is not None:
        is_in &= Q(debt__due_on__lte=on - timedelta(days=least))
    if most is not None:
        is_in &= Q(debt__due_on__gte=on - timedelta(days=most))
    return Sum("amount", filter=is_in, default=ZERO)


def sum_ages(rows: QuerySet[Any, dict[str, Any]]) -> dict[str, Decimal]:
    """Of all customers together."""
    names = ("total", *BUCKETS)
    found = rows.order_by().aggregate(**{f"all_{name}": Sum(name) for name in names})
    return {name: found[f"all_{name}"] or ZERO for name in names}


def _start_of(account: Account, day: date) -> datetime:
    return datetime.combine(day, time.min, account.zone)


def _end_of(account: Account, day: date) -> datetime:
    return _start_of(account, day + timedelta(days=1))
