"""How a sale is paid: what each tender takes, what the change is, and what is left to owe."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from accounts.models import Membership
from core.amounts import ZERO, round_money
from sales import customer_ledger
from sales.customer_ledger import Entry
from sales.errors import CustomerRequired, PaymentShort, PaymentTooMuch
from sales.models import EntryKind, Payment, PaymentMethod, Refund, Sale
from sales.services import purse


def settle_sale(*, by: Membership, sale: Sale, payments: Sequence[Mapping[str, Any]]) -> list[Payment]:
    """What is paid for a sale, with the change taken off the cash, so that the amounts sum to the total; the sale is
    told what was paid and what goes back. Raises PaymentShort, PaymentTooMuch."""
    sale.paid = sum((payment["amount"] for payment in payments), ZERO)
    sale.change_due = _change(by, sale, payments)
    taken, change = [], sale.change_due
    for payment in payments:
        given_back = min(change, payment["amount"]) if payment["method"] == PaymentMethod.CASH else ZERO
        change -= given_back
        taken.append(
            Payment(
                account_id=sale.account_id,
                register_id=sale.register_id,
                shift_id=sale.shift_id,
                sale=sale,
                method=payment["method"],
                came_by=payment.get("came_by", ""),
                amount=payment["amount"] - given_back,
                tendered=payment["amount"],
                reference=payment.get("reference", ""),
                paid_at=sale.sold_at,
            )
        )
    return taken


def _change(by: Membership, sale: Sale, payments: Sequence[Mapping[str, Any]]) -> Decimal:
    change: Decimal = sale.paid - sale.total
    if change < 0:
        raise PaymentShort(total=f"{round_money(sale.total, by.account.currency_exponent):f}")
    cash = sum((p["amount"] for p in payments if p["method"] == PaymentMethod.CASH), ZERO)
    if change > cash:
        raise PaymentTooMuch(excess=f"{round_money(change - cash, by.account.currency_exponent):f}")
    return change


def give_back(*, by: Membership, refund: Refund, amounts: Mapping[str, Decimal]) -> list[Payment]:
    """What goes back by which tender, as negative payments that are still to be written. Of what was on credit less is
    owed, and what has been paid of it since is kept in the wallet, like what goes there. Raises CustomerRequired."""
    _keep(by, refund, amounts.get(PaymentMethod.CUSTOMER_CREDIT, ZERO), amounts.get(PaymentMethod.WALLET, ZERO))
    return [
        Payment(
            account_id=refund.account_id,
            register_id=refund.register_id,
            shift_id=refund.shift_id,
            sale=refund.sale,
            refund=refund,
            method=method,
            amount=-amount,
            tendered=-amount,
            paid_at=refund.refunded_at,
        )
        for method, amount in amounts.items()
    ]


def _keep(by: Membership, refund: Refund, credit: Decimal, wallet: Decimal) -> None:
    if not credit and not wallet:
        return
    if refund.customer_id is None:
        raise CustomerRequired
    customer = by.account.customers.locked().get(pk=refund.customer_id)
    entries = []
    debts = by.account.debts.filter(source="sale", source_id__in=purse.sources_of(by, refund.sale))
    for debt in debts.order_by("due_on", "id") if credit else ():
        part = min(credit, debt.open_amount)
        if part:
            entries.append(Entry(EntryKind.REFUNDED, -part, debt=debt))
            credit -= part
    if credit + wallet:
        entries.append(Entry(EntryKind.REFUNDED, credit + wallet))
    customer_ledger.post(entries, by=by, customer=customer, source=refund, occurred_at=refund.refunded_at)
