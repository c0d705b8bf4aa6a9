"""Whose a transfer might be: what there is of that phone or that amount, around that time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db.models import F, Q

from accounts.models import Membership
from sales.models import IncomingTransfer, PaymentMethod

AROUND = timedelta(hours=12)
MOST = 10  # of each kind
_TAIL = 9  # digits of a number that are the same however it is written
_LEAST_TAIL = 6


class SuggestionKind(StrEnum):
    CUSTOMER = "CUSTOMER"  # with that phone
    DEBT = "DEBT"
    MOBILE_PAYMENT = "MOBILE_PAYMENT"
    SALE = "SALE"


@dataclass(frozen=True)
class Suggestion:
    """Something that the transfer might be about; `id` is the row of its kind, `amount` what is open or was asked."""

    kind: SuggestionKind
    id: UUID
    customer: UUID | None
    amount: Decimal | None
    at: datetime


def suggest(by: Membership, transfer: IncomingTransfer) -> list[Suggestion]:
    """The likeliest first: the phone, then debts, attempts and sales of just that amount."""
    found = [*_customers(by, transfer), *_debts(by, transfer)]
    return [*found, *_attempts(by, transfer), *_sales(by, transfer)]


def _around(transfer: IncomingTransfer) -> tuple[datetime, datetime]:
    return transfer.received_at - AROUND, transfer.received_at + AROUND


def _customers(by: Membership, transfer: IncomingTransfer) -> Iterator[Suggestion]:
    tail = transfer.payer_phone[-_TAIL:]
    if len(tail) < _LEAST_TAIL:
        return
    rows = by.account.customers.filter(phone__endswith=tail, is_active=True).order_by("id")
    for row in rows[:MOST]:
        yield Suggestion(SuggestionKind.CUSTOMER, row.pk, row.pk, row.debt, row.created_at)


def _debts(by: Membership, transfer: IncomingTransfer) -> Iterator[Suggestion]:
    rows = by.account.debts.filter(amount=F("settled") + transfer.amount).order_by("due_on", "id")
    for row in rows[:MOST]:
        yield Suggestion(SuggestionKind.DEBT, row.pk, row.customer_id, row.open_amount, row.occurred_at)


def _attempts(by: Membership, transfer: IncomingTransfer) -> Iterator[Suggestion]:
    rows = by.account.mobile_payments.open_to(by).select_related("attempt").filter(payments=None)
    if transfer.mobile_payment_id:
        rows = rows.filter(~Q(pk=transfer.mobile_payment_id))
    rows = rows.filter(attempt__amount=transfer.amount, attempt__created_at__range=_around(transfer))
    for row in rows.order_by("-id")[:MOST]:
        at = row.attempt.created_at
        yield Suggestion(SuggestionKind.MOBILE_PAYMENT, row.pk, row.customer_id, row.attempt.amount, at)


def _sales(by: Membership, transfer: IncomingTransfer) -> Iterator[Suggestion]:
    """Those of which a part as large was paid by mobile money, as the cashier read on the customer's phone."""
    rows = by.account.payments.open_to(by).filter(
        method=PaymentMethod.MOBILE_MONEY, attempt=None, sale__isnull=False, amount=transfer.amount
    )
    rows = rows.filter(paid_at__range=_around(transfer)).select_related("sale").order_by("-paid_at", "-id")
    for row in rows[:MOST]:
        yield Suggestion(SuggestionKind.SALE, row.sale_id, row.sale.customer_id, row.amount, row.paid_at)
