"""Invoices, and what takes them back: numbered over all businesses, by year, without a gap."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from core.amounts import currency_exponent, show_money
from subscriptions.models import Cycle, Invoice, InvoiceKind, PaymentKind, SubscriptionPayment

# The row is locked to the end of the transaction: who comes after waits, and a number that is not used is not taken.
_NEXT = """
INSERT INTO invoice_counters (year, last) VALUES (%s, 1)
ON CONFLICT (year) DO UPDATE SET last = invoice_counters.last + 1 RETURNING last
"""


def issue_invoice(*, by: Membership, payment: SubscriptionPayment) -> Invoice:
    """Write down what was granted, for whom, and how its price was reckoned."""
    return _issue(by, payment, InvoiceKind.INVOICE, content=_content(by, payment))


def take_back_invoice(*, by: Membership, payment: SubscriptionPayment) -> Invoice:
    """The credit note of the payment's last invoice, whose money went back."""
    invoice: Invoice = payment.invoices.filter(kind=InvoiceKind.INVOICE).latest("created_at", "id")
    content = {**invoice.content, "corrects": invoice.number}
    return _issue(by, payment, InvoiceKind.CREDIT_NOTE, content=content)


def _issue(by: Membership, payment: SubscriptionPayment, kind: InvoiceKind, *, content: dict[str, Any]) -> Invoice:
    today = timezone.now().date()  # the platform's calendar is UTC
    invoice = Invoice(
        account_id=by.account_id,
        payment=payment,
        kind=kind,
        number=_next_number(today.year),
        issued_on=today,
        currency=payment.currency,
        total=payment.total if kind == InvoiceKind.INVOICE else -payment.total,
        content=content,
    )
    invoice.save(force_insert=True)
    accounts.record(by=by, action="invoice.issued", subject=invoice, after={"number": invoice.number})
    return invoice


def _next_number(year: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [year])
        return f"{year}-{cursor.fetchone()[0]:06}"


def _content(by: Membership, payment: SubscriptionPayment) -> dict[str, Any]:
    """Everything that the paper says, as it is today: amounts with the digits of the currency."""
    exponent = currency_exponent(payment.currency)
    lines = [(f"{payment.plan.name}, {Cycle(payment.cycle).label.lower()}", payment.base)]
    if payment.extra:
        lines.append((f"{payment.storefronts} storefronts", payment.extra))
    if payment.credit and payment.replaces:
        lines.append((f"Paid for {payment.replaces.name} already", -payment.credit))
    taxes = [(f"{tax['name']} {_percent(tax['rate'])} %", Decimal(tax["amount"])) for tax in payment.taxes]
    fee = [("Payment fee", payment.fee)] if payment.fee else []
    return {
        "seller": settings.INVOICE_SELLER,
        "buyer": {"name": by.account.name, "country": by.account.country},
        "is_upgrade": payment.kind == PaymentKind.UPGRADE,
        "starts_on": payment.starts_on,
        "ends_on": payment.ends_on,
        "lines": _shown(lines, exponent),
        "net": show_money(payment.net, exponent),
        "charges": _shown([*taxes, *fee], exponent),
        "total": show_money(payment.total, exponent),
    }


def _shown(lines: Sequence[tuple[str, Decimal]], exponent: int) -> list[dict[str, str]]:
    return [{"text": text, "amount": show_money(amount, exponent)} for text, amount in lines]


def _percent(rate: str | Decimal) -> str:
    return f"{(100 * Decimal(rate)).normalize():f}"
