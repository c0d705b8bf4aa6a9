"""What somebody should look at: what runs low or out, what expires, what to order, and what nobody buys."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.models import Membership
from core.amounts import SMALLEST_QUANTITY
from inventory.availability import IS_FRESH, IS_OPEN, available

USUAL_LEAD_DAYS = 7  # where the supplier's are not known
COVER_DAYS = 7  # how long an order should last beyond the time that it takes to come
MOST = 1000  # rows of an answer

# What can be had at every place where the member works: on hand, unexpired, less what carts hold.
_SHELVES = f"""
WITH places AS (
  SELECT id, name FROM locations WHERE account_id = %(account)s AND kind <> 'TRANSIT' AND is_active
    AND (%(everywhere)s OR id = ANY(%(places)s::uuid[])) AND (%(location)s::uuid IS NULL OR id = %(location)s::uuid)
), on_hand AS (
  SELECT location_id, product_id, min(received_at) FILTER (WHERE quantity > 0) AS since, sum(quantity) AS whole,
         sum(quantity * unit_cost) AS value, sum(quantity) FILTER (WHERE {IS_FRESH}) AS quantity
  FROM stock_products WHERE account_id = %(account)s AND location_id IN (SELECT id FROM places) GROUP BY 1, 2
), held AS (
  SELECT location_id, product_id, sum(quantity) AS quantity FROM reservations
  WHERE account_id = %(account)s AND location_id IN (SELECT id FROM places) AND {IS_OPEN} GROUP BY 1, 2
), points AS (
  SELECT location_id, product_id, minimum, target FROM reorder_points
  WHERE account_id = %(account)s AND location_id IN (SELECT id FROM places)
), shelves AS (
  SELECT location_id, product_id, {available("o.quantity", "h.quantity")} AS available,
         coalesce(o.whole, 0) AS whole, coalesce(o.value, 0) AS value, o.since, r.minimum, r.target
  FROM on_hand o FULL JOIN points r USING (location_id, product_id) LEFT JOIN held h USING (location_id, product_id)
)
"""
_SHORT = """
SELECT s.location_id, s.product_id, p.sku, p.name, s.available, s.minimum
FROM shelves s JOIN products p ON p.account_id = %(account)s AND p.id = s.product_id AND p.is_active AND p.is_stocked
WHERE s.available <= coalesce(s.minimum, 0)
ORDER BY s.available > 0, p.name, s.product_id, s.location_id LIMIT %(most)s
"""
_EXPIRING = """
SELECT b.location_id, b.product_id, p.sku, p.name, b.id, b.quantity, b.expires_on, b.expires_on < %(today)s
FROM stock_products b JOIN products p ON p.account_id = %(account)s AND p.id = b.product_id
WHERE b.account_id = %(account)s AND b.location_id IN (SELECT id FROM places) AND b.quantity > 0
  AND b.expires_on <= %(until)s
ORDER BY b.expires_on, p.name, b.id LIMIT %(most)s
"""


@dataclass(frozen=True)
class Short:
    """A product of which there is no more than its minimum at a place, or nothing where there was some."""

    location: UUID
    product: UUID
    sku: str
    product_name: str
    available: Decimal
    minimum: Decimal | None

    @property
    def kind(self) -> str:
        return "LOW" if self.available else "OUT"


@dataclass(frozen=True)
class Expiring:
    """A batch that expires soon, or has."""

    location: UUID
    product: UUID
    sku: str
    product_name: str
    stock_product: UUID
    quantity: Decimal
    expires_on: date
    has_expired: bool


@dataclass(frozen=True)
class Alerts:
    short: list[Short]
    expiring: list[Expiring]


def find_alerts(by: Membership, *, location: UUID | None = None, days: int) -> Alerts:
    """What is low, out, or expires within so many days where the member works; at most 1,000 of each."""
    wanted = _wanted(by, location)
    wanted["until"] = wanted["today"] + timedelta(days=days)
    return Alerts(
        short=[Short(*row) for row in _ask(_SHELVES + _SHORT, wanted)],
        expiring=[Expiring(*row) for row in _ask(_SHELVES + _EXPIRING, wanted)],
    )


_TO_ORDER = """
, sold AS (
  SELECT location_id, product_id, -sum(quantity) AS quantity FROM stock_movements
  WHERE account_id = %(account)s AND location_id IN (SELECT id FROM places) AND kind IN ('SOLD', 'RETURNED')
    AND occurred_at >= %(since)s GROUP BY 1, 2
), ordered AS (
  SELECT o.location_id, l.product_id, sum(greatest(l.quantity - l.received_quantity, 0)) AS quantity
  FROM purchase_order_lines l JOIN purchase_orders o ON o.account_id = l.account_id AND o.id = l.order_id
  WHERE l.account_id = %(account)s AND o.status IN ('ORDERED', 'PARTLY_RECEIVED') GROUP BY 1, 2
)
SELECT s.location_id, s.product_id, p.sku, p.name, p.supplier_id, s.available, coalesce(o.quantity, 0),
       greatest(coalesce(d.quantity, 0), 0), coalesce(u.lead_days, %(lead_days)s), coalesce(s.minimum, 0), s.target
FROM shelves s JOIN products p ON p.account_id = %(account)s AND p.id = s.product_id AND p.is_active AND p.is_stocked
LEFT JOIN suppliers u ON u.account_id = %(account)s AND u.id = p.supplier_id
LEFT JOIN sold d ON d.location_id = s.location_id AND d.product_id = s.product_id
LEFT JOIN ordered o ON o.location_id = s.location_id AND o.product_id = s.product_id
ORDER BY p.name, s.product_id, s.location_id
"""


@dataclass(frozen=True)
class Suggestion:
    """How much of a product to order for a place. `velocity` is what is sold of it a day."""

    location: UUID
    product: UUID
    sku: str
    product_name: str
    supplier: UUID | None
    available: Decimal
    on_order: Decimal
    velocity: Decimal
    lead_days: int
    quantity: Decimal


def suggest_orders(by: Membership, *, location: UUID | None = None, days: int) -> list[Suggestion]:
    """What would run out, or below its minimum, before an order could come, by the sales of so many days past.

    What is suggested fills up to the target, or lasts for the lead time and a week more, whichever is more; in whole
    units. At most 1,000.
    """
    wanted = _wanted(by, location)
    midnight = by.account.midnight(wanted["today"] - timedelta(days=days))
    wanted |= {"since": midnight, "lead_days": USUAL_LEAD_DAYS}
    found = (_suggestion(days, *row) for row in _ask(_SHELVES + _TO_ORDER, wanted))
    return [suggestion for suggestion in found if suggestion][:MOST]


def _suggestion(days: int, *row: Any) -> Suggestion | None:
    location, product, sku, name, supplier, available, on_order, sold, lead_days, minimum, target = row
    velocity = sold / days
    coming = available + on_order
    if coming > max(minimum, velocity * lead_days):
        return None
    wanted = max(target or minimum, velocity * (lead_days + COVER_DAYS)) - coming
    quantity = wanted.to_integral_value(rounding=ROUND_CEILING)
    if quantity <= 0:
        return None
    return Suggestion(
        location=location,
        product=product,
        sku=sku,
        product_name=name,
        supplier=supplier,
        available=available,
        on_order=on_order,
        velocity=velocity.quantize(SMALLEST_QUANTITY),
        lead_days=lead_days,
        quantity=quantity,
    )


_DEAD = """
SELECT s.location_id, s.product_id, p.sku, p.name, s.whole, s.value,
  (SELECT max(m.occurred_at) FROM stock_movements m WHERE m.account_id = %(account)s AND m.product_id = s.product_id
     AND m.location_id = s.location_id AND m.kind = 'SOLD')
FROM shelves s JOIN products p ON p.account_id = %(account)s AND p.id = s.product_id
WHERE s.whole > 0 AND s.since < %(since)s AND NOT EXISTS (
  SELECT 1 FROM stock_movements m WHERE m.account_id = %(account)s AND m.product_id = s.product_id
    AND m.location_id = s.location_id AND m.kind = 'SOLD' AND m.occurred_at >= %(since)s)
ORDER BY s.value DESC, s.product_id, s.location_id LIMIT %(most)s
"""


@dataclass(frozen=True)
class Dead:
    """A product that lies at a place and that nobody has bought there for long; `value` is at cost."""

    location: UUID
    product: UUID
    sku: str
    product_name: str
    quantity: Decimal
    value: Decimal
    last_sold_at: datetime | None


def find_dead_stock(by: Membership, *, location: UUID | None = None, days: int) -> list[Dead]:
    """What has been there for so many days and not sold since, the most expensive first; at most 1,000."""
    wanted = _wanted(by, location)
    wanted["since"] = by.account.midnight(wanted["today"] - timedelta(days=days))
    return [Dead(*row) for row in _ask(_SHELVES + _DEAD, wanted)]


def _wanted(by: Membership, location: UUID | None) -> dict[str, Any]:
    now = timezone.now()
    return {
        "account": by.account_id,
        "everywhere": not by.is_limited,
        "places": list(by.location_ids),
        "location": location,
        "now": now,
        "today": now.astimezone(by.account.zone).date(),
        "most": MOST,
    }


def _ask(statement: str, wanted: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, wanted)
        return list(cursor.fetchall())
