"""What the export leaves open, decided once: who buys on account and pays when, and what each day's drawer holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from zlib import crc32

from core.amounts import ZERO
from sales.replay.plan import Plan, Refund, Sale

ONE_IN = 3  # customers buys on account; all others pay in cash


def is_on_account(customer: str) -> bool:
    """The same in every run."""
    return bool(customer) and crc32(customer.encode()) % ONE_IN == 0


@dataclass(frozen=True)
class Settlement:
    """What a customer pays in cash, when a day begins, of what they owe since the days before."""

    customer: str
    amount: Decimal


@dataclass(frozen=True)
class Day:
    """A business day on which something is booked: one shift at the register."""

    on: date
    settlements: Sequence[Settlement]
    sales: Sequence[Sale]
    refunds: Sequence[Refund]

    @property
    def sold(self) -> Decimal:
        return _sum(self.sales)

    @property
    def refunded(self) -> Decimal:
        return _sum(self.refunds)

    @property
    def opening_float(self) -> Decimal:
        """Enough for all that goes back in cash."""
        return _sum([refund for refund in self.refunds if not is_on_account(refund.sale.customer)])

    @property
    def cash(self) -> Decimal:
        """What the drawer holds at the end: what goes back was put in before."""
        in_cash = [sale for sale in self.sales if not is_on_account(sale.customer)]
        return _sum(in_cash) + sum((settlement.amount for settlement in self.settlements), ZERO)


def _sum(papers: Sequence[Sale] | Sequence[Refund]) -> Decimal:
    return sum((paper.total for paper in papers), ZERO)


@dataclass(frozen=True)
class Diary:
    """The days of a plan, and what each customer on account owes after the last of them, less what is kept for them."""

    plan: Plan

    @cached_property
    def days(self) -> Sequence[Day]:
        return self._lived[0]

    @cached_property
    def owed(self) -> dict[str, Decimal]:
        return self._lived[1]

    @cached_property
    def _lived(self) -> tuple[list[Day], dict[str, Decimal]]:
        owed = {customer: ZERO for customer in self.plan.customers if is_on_account(customer)}
        days = []
        for on in self.plan.days:
            sales = [sale for sale in self.plan.sales if sale.sold_at.date() == on]
            refunds = [refund for refund in self.plan.refunds if refund.refunded_at.date() == on]
            if not (sales or refunds):
                continue
            paid = [Settlement(customer, amount) for customer, amount in sorted(owed.items()) if amount > 0]
            days.append(Day(on, paid, sales, refunds))
            owed |= {settlement.customer: ZERO for settlement in paid}
            for sale in sales:
                if sale.customer in owed:
                    owed[sale.customer] += sale.total
            for refund in refunds:
                if refund.sale.customer in owed:
                    owed[refund.sale.customer] -= refund.total
        return days, owed
