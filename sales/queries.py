"""Reads that span the till's models."""

from collections import defaultdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from core.amounts import ONE, ZERO
from sales.models import (
    Cart,
    CartLine,
    Layaway,
    Payment,
    PaymentMethod,
    Refund,
    Sale,
)

_HELD = ("product_id", "quantity", "expires_at")


def sum_taxes(document: Sale | Refund) -> list[dict[str, str]]:
    """Each levy of a sale, or of a refund, over all its lines."""
    sums: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    for line in document.lines.all():
        for tax in line.taxes:
            key = tax["code"], tax["name"], tax["rate"]
            base, amount = sums.get(key, (ZERO, ZERO))
            sums[key] = base + Decimal(tax["base"]), amount + Decimal(tax["amount"])
    return [
        {"code": code, "name": name, "rate": rate, "base": f"{base:f}", "amount": f"{amount:f}"}
        for (code, name, rate), (base, amount) in sums.items()
    ]


def find_tenders(sale: Sale) -> list[Payment]:
    """What was paid for a sale and went back, in that order; for what was laid aside, its instalments: their sum, which
    paid the sale, moved no money."""
    paid = list(
        sale.account.payments.filter(sale=sale).order_by("id")
    )  # also where those of refunds are not prefetched
    if all(payment.method != PaymentMethod.DEPOSIT for payment in paid):
        return paid
    before = sale.account.payments.filter(layaway__sale=sale).order_by("id")
    return [*before, *(payment for payment in paid if payment.method != PaymentMethod.DEPOSIT)]


def find_instalments(layaway: Layaway) -> QuerySet[Payment]:
    """What was paid for a layaway and went back, in that order."""
    paid: QuerySet[Payment] = layaway.payments.order_by("id")
    return paid


def find_cart_lines(cart: Cart) -> list[CartLine]:
    """The lines in the order in which they came, each told whether all that the cart wants of its product is `held`,
    and until when."""
    lines = list(cart.lines.select_related("product", "pack").order_by("id"))
    reserved = cart.account.reservations.filter(
        cart=cart.pk, location=cart.storefront_id, expires_at__gt=timezone.now()
    )
    held = {product: (quantity, until) for product, quantity, until in reserved.values_list(*_HELD)}
    wanted: dict[UUID, Decimal] = defaultdict(Decimal)
    for line in lines:
        wanted[line.product_id] += line.quantity * (line.pack.factor if line.pack else ONE)
    for line in lines:
        quantity, until = held.get(line.product_id, (ZERO, None))
        line.held_until = until if quantity >= wanted[line.product_id] else None
    return lines


def sum_discounts(sale: Sale) -> list[dict[str, Any]]:
    """Each discount of a sale over all its lines, in the order in which they were taken."""
    sums: dict[tuple[str, str | None, str], Decimal] = {}
    for line in sale.lines.all():
        for part in line.discounts:
            key = part["source"], part["id"], part["name"]
            sums[key] = sums.get(key, ZERO) + Decimal(part["amount"])
    return [
        {"source": source, "id": pk, "name": name, "amount": f"{amount:f}"}
        for (source, pk, name), amount in sums.items()
    ]
