"""What the tests ask of the till's services, each call in a transaction of its own."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from sales import services
from sales.services import drawers
from sales.services import refund as refund_service
from tests.conftest import Shop, receive

CASH = [{"method": "CASH", "amount": Decimal(100_000)}]


def money(text: str) -> Decimal:
    return Decimal(text)


def sell(shop: Shop, *quantities: str, by=None, payments=CASH, lines=None, **extra):
    """Sell these quantities of the products in their order."""
    with shop.inside():
        return services.complete_sale(
            by=by or shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            lines=lines
            or [
                {"product": product.pk, "quantity": Decimal(quantity)}
                for product, quantity in zip(shop.products, quantities, strict=False)
            ],
            payments=payments,
            **extra,
        )


def give_back(shop: Shop, sale, lines, **extra):
    """Refund (line, quantity, restock) of a sale."""
    with shop.inside():
        locked = shop.account.sales.locked().get(pk=sale.pk)
        return services.refund_sale(
            by=shop.owner,
            sale=locked,
            lines=[{"line": line.pk, "quantity": Decimal(q), "restock": restock} for line, q, restock in lines],
            **extra,
        )


def unlock_refunds(monkeypatch) -> None:
    """Without the locks on the products of the lines and on the drawer that the money comes from."""
    monkeypatch.setattr(refund_service, "_lock_lines", lambda sale: sale.lines.select_related("product"))
    monkeypatch.setattr(
        drawers, "lock_register", lambda *, by, register_id, **_: by.account.registers.get(pk=register_id)
    )


def lines_of(shop: Shop, sale):
    with shop.inside():
        return list(shop.account.sale_lines.filter(sale=sale).order_by("position"))


def movements(shop: Shop, *kinds: str):
    with shop.inside():
        found = shop.account.stock_movements.filter(kind__in=kinds).order_by("id")
        return [(m.kind, m.stock_product_id, m.quantity) for m in found]


def batches_by_expiry(shop: Shop, **days: int | None):
    """Deliveries of 5 each, in this order; days to expiry from today. Unit costs are 1, 2, 3 in order of delivery."""
    today, found = timezone.localdate(timezone=shop.account.zone), {}
    for cost, (name, left) in enumerate(days.items(), start=1):
        with shop.inside():
            expires_on = None if left is None else today + timedelta(days=left)
            stock = receive(shop, "5", unit_cost=Decimal(cost), expires_on=expires_on)
            found[name] = stock.batches.get(account=shop.account).pk
    return found
