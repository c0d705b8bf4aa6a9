"""Stock promised to a cart. What is promised has an end; after it nobody needs to take it back."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Membership
from core import errors
from inventory.errors import InsufficientStock, NotStocked
from inventory.models import Reservation
from inventory.services.issuing import Shelf
from inventory.services.places import find_place

MINUTES = 15

_LOCK = """
SELECT id FROM stock_products
WHERE account_id = %(account)s AND location_id = %(location)s AND product_id = %(product)s AND quantity > 0
ORDER BY id FOR NO KEY UPDATE
"""
# Whoever saw the shelf before sees by the count that it has to look again.
_NOTE_HOLD = """
UPDATE stock_products SET hold_count = hold_count + 1 WHERE account_id = %(account)s AND id = ANY(%(batches)s::uuid[])
"""


def hold_stock(
    *, by: Membership, location: UUID, product: UUID, cart: UUID, quantity: Decimal, minutes: int = MINUTES
) -> Reservation:
    """Promise a cart so much of a product, for so many minutes from now; what it was promised before is replaced.

    Raises InvalidInput for a place or product that is not there, NotStocked, InsufficientStock.
    """
    place = find_place(by=by, location_id=location)
    noted = _note_hold(by=by, location_id=place.pk, product_id=product)
    now = timezone.now()
    shelf = Shelf(place.pk, on=now.astimezone(by.account.zone).date(), cart=cart)
    sellable = shelf.look(by, {product}).get(product)
    if sellable is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("product")])
    if not sellable.is_stocked:
        raise NotStocked
    # A batch that has come since bears no note: who sells of it would not look again.
    sellable = replace(sellable, batches=[batch for batch in sellable.batches if batch.id in noted])
    if quantity > sellable.available:
        raise InsufficientStock(available={str(product): f"{sellable.available:f}"})
    held: Reservation
    held, _ = by.account.reservations.update_or_create(
        cart=cart,
        location=place,
        product_id=product,
        defaults={
            "quantity": quantity,
            "held_by": by,
            "held_at": now,
            "expires_at": now + timedelta(minutes=minutes),
        },
    )
    return held


def release_hold(*, by: Membership, reservation: Reservation) -> None:
    """Take back one promise, now."""
    _end(by.account.reservations.filter(pk=reservation.pk))


def release_cart(*, by: Membership, cart: UUID) -> None:
    """Take back all that a cart was promised: it has been sold, or given up."""
    _end(by.account.reservations.filter(cart=cart))


def _end(held: QuerySet[Reservation]) -> None:
    # The row stays for a while: a till that asks what has changed has to see that this can be had again.
    now = timezone.now()
    held.filter(expires_at__gt=now).update(expires_at=now)


def _note_hold(*, by: Membership, location_id: UUID, product_id: UUID) -> set[UUID]:
    """Count the hold on every batch of the shelf, locked to the end of the transaction; which they are."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"account": by.account_id, "location": location_id, "product": product_id})
        batches = [batch_id for (batch_id,) in cursor.fetchall()]
        cursor.execute(_NOTE_HOLD, {"account": by.account_id, "batches": batches})
    return set(batches)
