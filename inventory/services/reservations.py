"""Stock promised to a cart. What is promised has an end; after it nobody needs to take it back."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Membership
from core import errors
from inventory.errors import HeldFirmly, InsufficientStock, NotStocked
from inventory.models import Reservation
from inventory.queries import Sellable
from inventory.services.issuing import Shelf
from inventory.services.places import find_place

MINUTES = 15

# Of all products together in primary-key order, so that two baskets never wait in a circle.
_LOCK = """
SELECT id FROM stock_products
WHERE account_id = %(account)s AND location_id = %(location)s AND product_id = ANY(%(products)s::uuid[])
  AND quantity > 0
ORDER BY id FOR NO KEY UPDATE
"""
# Whoever saw the shelf before sees by the count that it has to look again.
_NOTE_HOLD = """
UPDATE stock_products SET hold_count = hold_count + 1 WHERE account_id = %(account)s AND id = ANY(%(batches)s::uuid[])
"""
# A cart that bears the id of a paper does not get at what the paper holds.
_HOLD = """
INSERT INTO reservations AS r
  (id, account_id, location_id, product_id, cart, quantity, held_by_id, held_at, expires_at, is_firm)
SELECT id, %(account)s, %(location)s, product_id, %(cart)s, quantity, %(by)s, %(now)s, %(until)s, %(is_firm)s
FROM unnest(%(ids)s::uuid[], %(products)s::uuid[], %(quantities)s::numeric[]) AS w (id, product_id, quantity)
ON CONFLICT ON CONSTRAINT one_hold_per_cart DO UPDATE SET quantity = excluded.quantity,
  held_by_id = excluded.held_by_id, held_at = excluded.held_at, expires_at = excluded.expires_at
WHERE r.is_firm = excluded.is_firm
RETURNING r.*
"""


def hold_stock(
    *, by: Membership, location: UUID, product: UUID, cart: UUID, quantity: Decimal, minutes: int = MINUTES
) -> Reservation:
    """Promise a cart so much of a product, for so many minutes from now; what it was promised before is replaced.

    Raises InvalidInput for a place or product that is not there, and what `hold_all` raises.
    """
    place = find_place(by=by, location_id=location)
    until = timezone.now() + timedelta(minutes=minutes)
    (held,) = hold_all(by=by, location=place.pk, cart=cart, quantities={product: quantity}, until=until)
    return held


def hold_all(
    *,
    by: Membership,
    location: UUID,
    cart: UUID,
    quantities: Mapping[UUID, Decimal],
    until: datetime,
    is_firm: bool = False,
) -> list[Reservation]:
    """Promise a cart, or firmly a paper, so much of each of these products at a place that is the member's; all of it
    or nothing, in as many statements as for one product.

    Raises InvalidInput for a product that is not there, NotStocked, InsufficientStock, HeldFirmly.
    """
    noted = _note_hold(by=by, location_id=location, product_ids=quantities)
    now = timezone.now()
    shelf = Shelf(location, on=now.astimezone(by.account.zone).date(), cart=cart)
    _refuse_lacking(shelf.look(by, quantities), quantities, noted)
    wanted = {
        "account": by.account_id,
        "location": location,
        "cart": cart,
        "by": by.pk,
        "now": now,
        "until": until,
        "is_firm": is_firm,
        "ids": [uuid7() for _ in quantities],
        "products": list(quantities),
        "quantities": list(quantities.values()),
    }
    rows: Iterable[Reservation] = by.account.reservations.raw(_HOLD, wanted)
    held = list(rows)
    if len(held) < len(quantities):
        raise HeldFirmly
    return held


def _refuse_lacking(
    sellables: Mapping[UUID, Sellable], quantities: Mapping[UUID, Decimal], noted: Collection[UUID]
) -> None:
    if quantities.keys() - sellables.keys():
        raise errors.InvalidInput(errors=[errors.unknown_reference("product")])
    if not all(sellable.is_stocked for sellable in sellables.values()):
        raise NotStocked
    # A batch that has come since bears no note: who sells of it would not look again.
    free = {
        product: replace(sellable, batches=[batch for batch in sellable.batches if batch.id in noted]).available
        for product, sellable in sellables.items()
    }
    lacking = {str(product): f"{free[product]:f}" for product in quantities if quantities[product] > free[product]}
    if lacking:
        raise InsufficientStock(available=lacking)


def release_hold(*, by: Membership, reservation: Reservation) -> None:
    """Take back one promise, now. Raises HeldFirmly."""
    if reservation.is_firm:
        raise HeldFirmly
    _end(by.account.reservations.filter(pk=reservation.pk))


def release_cart(*, by: Membership, cart: UUID) -> None:
    """Take back all that a cart, or a paper, was promised where the member works: it has been sold, or given up."""
    _end(by.account.reservations.open_to(by).filter(cart=cart))


def keep_held(*, by: Membership, cart: UUID, product: UUID, quantity: Decimal) -> None:
    """Take back what a cart was promised of a product beyond so much: it wants no more."""
    held = by.account.reservations.filter(cart=cart, product=product, quantity__gt=quantity)
    if quantity:
        held.update(quantity=quantity)
    else:
        _end(held)


def _end(held: QuerySet[Reservation]) -> None:
    # The row stays for a while: a till that asks what has changed has to see that this can be had again.
    now = timezone.now()
    held.filter(expires_at__gt=now).update(expires_at=now)


def _note_hold(*, by: Membership, location_id: UUID, product_ids: Collection[UUID]) -> set[UUID]:
    """Count the hold on every batch of these shelves, locked to the end of the transaction; which they are."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"account": by.account_id, "location": location_id, "products": list(product_ids)})
        batches = [batch_id for (batch_id,) in cursor.fetchall()]
        cursor.execute(_NOTE_HOLD, {"account": by.account_id, "batches": batches})
    return set(batches)
