"""What was paid for a sale and has not gone back: by which tenders it may go back, or pay for something else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from accounts.models import Membership
from core.amounts import ZERO
from sales import queries
from sales.errors import CustomerRequired, RefundTenderMismatch
from sales.models import EntryKind, PaymentMethod, Refund, Sale

CREDIT, WALLET = PaymentMethod.CUSTOMER_CREDIT, PaymentMethod.WALLET
FREE = (PaymentMethod.CASH, WALLET)  # by which more may go back than came by it

Shares = dict[str, Decimal]  # by tender


@dataclass(frozen=True)
class Purse:
    """What is left of each tender, in the order in which it came; `owed` is what of the credit was never paid."""

    left: Mapping[str, Decimal]
    owed: Decimal
    customer_id: UUID | None

    def share_out(self, by: Membership, total: Decimal, sent: Sequence[Mapping[str, Any]] | None) -> Shares:
        """How much goes back by which tender: as it came, or as it was sent. What was never paid is owed no longer,
        before anything goes back. Cash may go back, and a wallet keep it, for what came by another tender: who may
        refund, may do that.

        Raises RefundTenderMismatch, and CustomerRequired for a wallet of nobody.
        """
        if sent is None:
            others = [(method, amount) for method, amount in self.left.items() if method != CREDIT]
            settled = (CREDIT, self.left.get(CREDIT, ZERO) - self.owed)
            return fill(total, [(CREDIT, self.owed), *others, settled])
        wanted = by_tender((payment["method"], payment["amount"]) for payment in sent)
        fits = all(amount <= self.left.get(method, ZERO) for method, amount in wanted.items() if method not in FREE)
        if not fits or sum(wanted.values(), ZERO) != total or wanted.get(CREDIT, ZERO) < min(total, self.owed):
            raise self._mismatch(by, total)
        if wanted.get(WALLET) and self.customer_id is None:
            raise CustomerRequired
        return wanted

    def carry(self, total: Decimal, given: Shares) -> Shares:
        """By which tenders so much came that pays for something else, once those shares have gone back."""
        return fill(total, [(method, amount - given.get(method, ZERO)) for method, amount in self.left.items()])

    def _mismatch(self, by: Membership, total: Decimal) -> RefundTenderMismatch:
        left = {method: by.account.show_money(amount) for method, amount in self.left.items() if amount > 0}
        return RefundTenderMismatch(total=by.account.show_money(total), left=left)


def open_purse(*, by: Membership, refund: Refund) -> Purse:
    """What is left of the locked sale that the refund is of. Where it was on credit, its customer is locked too."""
    sale = refund.sale
    left = by_tender((paid.came_by or paid.method, paid.amount) for paid in queries.find_tenders(sale))
    if PaymentMethod.CASH in left:
        left[PaymentMethod.CASH] -= rounding_left(sale)
    credit = left.get(CREDIT, ZERO)
    return Purse(left, _unpaid(by, sale, credit) if credit > 0 else ZERO, refund.customer_id)


def rounding_left(sale: Sale) -> Decimal:
    """Of what a sale's cash was rounded by, what has not gone back."""
    gone = sale.refunds.aggregate(rounding=Sum("rounding"))["rounding"] or ZERO
    left: Decimal = sale.rounding - gone
    return left


def sources_of(by: Membership, sale: Sale) -> list[UUID]:
    """The sale, and those whose goods it was exchanged for: where its money came from, and for which it is owed."""
    found, exchange_id = [sale.pk], sale.exchange_id
    while exchange_id:
        before = by.account.sales.get(refunds=exchange_id)
        found, exchange_id = [*found, before.pk], before.exchange_id
    return found


def _unpaid(by: Membership, sale: Sale, credit: Decimal) -> Decimal:
    """How much of the credit nobody has paid: it is owed still, or was written off."""
    by.account.customers.locked().get(pk=sale.customer_id)
    debts = by.account.debts.filter(source="sale", source_id__in=sources_of(by, sale))
    still_open = sum((debt.open_amount for debt in debts), ZERO)
    entries = by.account.customer_entries.filter(debt__in=debts, kind=EntryKind.PAID)
    paid = -(entries.aggregate(amount=Sum("amount"))["amount"] or ZERO)
    return max(credit - paid, min(credit, still_open))


def fill(total: Decimal, ways: Iterable[tuple[str, Decimal]]) -> Shares:
    """So much, shared out over the ways in their order, each up to the most that it takes."""
    shares: Shares = {}
    for method, most in ways:
        part = min(total, max(most, ZERO))
        if part:
            shares[method] = shares.get(method, ZERO) + part
            total -= part
    return shares


def by_tender(amounts: Iterable[tuple[str, Decimal]]) -> Shares:
    """The sum of each tender."""
    sums: Shares = {}
    for method, amount in amounts:
        sums[method] = sums.get(method, ZERO) + amount
    return sums
