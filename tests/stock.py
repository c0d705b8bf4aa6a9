"""Batches in hand: what there is, and a way to move it past all services."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from inventory import ledger
from inventory.ledger import Entry
from inventory.models import MovementKind
from tests.conftest import Shop


def post(shop: Shop, *entries: tuple[UUID, Any]) -> bool:
    """Post (batch, quantity) to the ledger in this order. Call it inside the shop's scope."""
    kinds = {True: MovementKind.RETURNED, False: MovementKind.SOLD}
    wanted = [(batch, Decimal(quantity)) for batch, quantity in entries]
    return ledger.post(
        [Entry(batch, kinds[quantity > 0], quantity) for batch, quantity in wanted],
        by=shop.owner,
        source=shop.register,
        occurred_at=timezone.now(),
    )


def move(shop: Shop, *entries: tuple[UUID, Any]) -> bool:
    """The same in a transaction of its own."""
    with shop.inside():
        return post(shop, *entries)


def batches(shop: Shop) -> list[UUID]:
    with shop.inside():
        return list(shop.account.stock_products.order_by("id").values_list("id", flat=True))


def on_hand(shop: Shop) -> list[Decimal]:
    """Of every batch, the oldest first."""
    with shop.inside():
        return list(shop.account.stock_products.order_by("id").values_list("quantity", flat=True))
