"""How a sale is paid: what each tender takes, what the change is, and what is left to owe."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from accounts.models import Membership
from core.amounts import ZERO, round_money
from sales.errors import PaymentShort, PaymentTooMuch
from sales.models import Payment, PaymentMethod, Sale


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
                attempt_id=payment.get("attempt"),
                method=payment["method"],
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
