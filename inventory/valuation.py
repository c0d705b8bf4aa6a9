"""What stock is worth: every movement of a product against what is there, and the value of all on any past day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import Membership
from core import errors
from core.amounts import ZERO
from inventory.models import LOST, MOVED, LocationKind, MovementKind, Product

SMALLEST_COST = Decimal("0.0001")
ON_HAND = "ON_HAND"


@dataclass(frozen=True)
class Flow:
    """What came and went, without signs but for `moved`, which is what came from other places less what left for them;
    and what is there."""

    received: Decimal = ZERO
    sent_back: Decimal = ZERO
    sold: Decimal = ZERO
    returned: Decimal = ZERO
    lost: Decimal = ZERO
    found: Decimal = ZERO
    moved: Decimal = ZERO
    on_hand: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What should be there."""
        return self.received + self.returned + self.found + self.moved - self.sent_back - self.sold - self.lost


@dataclass(frozen=True)
class PlaceFlow:
    """A product at one place; on the road, the place is what is in transit."""

    location: UUID
    name: str
    kind: str
    quantity: Flow
    value: Flow

    @property
    def adds_up(self) -> bool:
        return self.quantity.on_hand == self.quantity.left and self.value.on_hand == self.value.left

    @property
    def average_cost(self) -> Decimal | None:
        return average_cost(self.quantity.on_hand, self.value.on_hand)


@dataclass(frozen=True)
class TotalFlow(Flow):
    """Over several places; `on_hand` is without what is on the road."""

    in_transit: Decimal = ZERO


@dataclass(frozen=True)
class Total:
    quantity: TotalFlow
    value: TotalFlow
    adds_up: bool

    @property
    def average_cost(self) -> Decimal | None:
        return average_cost(self.quantity.on_hand, self.value.on_hand)


@dataclass(frozen=True)
class Reconciliation:
    """A product at every place where the member works; for who works everywhere, the road is one of them."""

    product: UUID
    places: list[PlaceFlow]
    total: Total


def average_cost(quantity: Decimal, value: Decimal) -> Decimal | None:
    """The moving average per base unit, half up to four digits; of nothing there is none."""
    return (value / quantity).quantize(SMALLEST_COST, rounding=ROUND_HALF_UP) if quantity else None


# One statement, so that all of it is seen at one instant.
_FLOWS = """
SELECT l.id, l.name, l.kind, f.kind, f.is_more, f.quantity, f.value
FROM (
  SELECT location_id, kind, quantity > 0 AS is_more, sum(quantity) AS quantity, sum(value) AS value
  FROM stock_movements WHERE account_id = %(account)s AND product_id = %(product)s GROUP BY 1, 2, 3
  UNION ALL
  SELECT location_id, 'ON_HAND', true, sum(quantity), sum(quantity * unit_cost)
  FROM stock_products WHERE account_id = %(account)s AND product_id = %(product)s GROUP BY 1
) f JOIN locations l ON l.account_id = %(account)s AND l.id = f.location_id
WHERE %(everywhere)s OR l.id = ANY(%(places)s::uuid[])
ORDER BY l.name, l.id
"""


def reconcile(by: Membership, product: Product) -> Reconciliation:
    """What came and went of a product against what is there, where the member works."""
    quantities: dict[tuple[UUID, str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    values: dict[tuple[UUID, str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    with connection.cursor() as cursor:
        cursor.execute(_FLOWS, {**_scope(by), "product": product.pk})
        for location, name, kind, movement, is_more, quantity, value in cursor.fetchall():
            place, (column, sign) = (location, name, kind), _column(movement, is_more=is_more)
            quantities[place][column] += sign * quantity
            values[place][column] += sign * value
    places = [PlaceFlow(*place, Flow(**quantities[place]), Flow(**values[place])) for place in quantities]
    return Reconciliation(product.pk, places, _total(places, is_whole=not by.is_limited))


def _total(places: Sequence[PlaceFlow], *, is_whole: bool) -> Total:
    """The sum of all places; what left one of the whole business for another has come there, or is on the road."""
    road = [place for place in places if place.kind == LocationKind.TRANSIT]
    quantity = _sum([place.quantity for place in places], road=[place.quantity for place in road])
    value = _sum([place.value for place in places], road=[place.value for place in road])
    is_balanced = not is_whole or quantity.moved == value.moved == 0
    return Total(quantity, value, adds_up=is_balanced and all(place.adds_up for place in places))


def _sum(flows: Sequence[Flow], *, road: Iterable[Flow]) -> TotalFlow:
    in_transit = sum((flow.on_hand for flow in road), ZERO)
    sums = {each.name: sum((getattr(flow, each.name) for flow in flows), ZERO) for each in fields(Flow)}
    return TotalFlow(**{**sums, "on_hand": sums["on_hand"] - in_transit}, in_transit=in_transit)


def _column(movement: str, *, is_more: bool) -> tuple[str, int]:
    if movement == ON_HAND:
        return "on_hand", 1
    if movement in MOVED:
        return "moved", 1
    if movement in LOST:
        return ("found", 1) if is_more else ("lost", -1)
    is_out = movement in (MovementKind.SENT_BACK, MovementKind.SOLD)
    return movement.lower(), -1 if is_out else 1


def _scope(by: Membership) -> dict[str, Any]:
    return {"account": by.account_id, "everywhere": not by.is_limited, "places": list(by.location_ids)}


@dataclass(frozen=True)
class PlaceValue:
    location: UUID
    name: str
    kind: str
    value: Decimal


@dataclass(frozen=True)
class Valuation:
    """The exact value at cost of all stock at the end of a day; without a day, now."""

    on: date | None
    places: list[PlaceValue]

    @property
    def total(self) -> Decimal:
        return sum((place.value for place in self.places), ZERO)


# What is there now less all that has come since, or with what has gone since: the sum of what came and went before.
_VALUES = """
WITH now AS (
  SELECT location_id, sum(quantity * unit_cost) AS value FROM stock_products
  WHERE account_id = %(account)s AND (%(location)s::uuid IS NULL OR location_id = %(location)s::uuid) GROUP BY 1
), since AS (
  SELECT location_id, sum(value) AS value FROM stock_movements
  WHERE account_id = %(account)s AND occurred_at >= %(until)s::timestamptz
    AND (%(location)s::uuid IS NULL OR location_id = %(location)s::uuid) GROUP BY 1
)
SELECT l.id, l.name, l.kind, coalesce(n.value, 0) - coalesce(s.value, 0)
FROM locations l LEFT JOIN now n ON n.location_id = l.id LEFT JOIN since s ON s.location_id = l.id
WHERE l.account_id = %(account)s AND (%(everywhere)s OR l.id = ANY(%(places)s::uuid[]))
  AND (%(location)s::uuid IS NULL OR l.id = %(location)s::uuid)
ORDER BY l.name, l.id
"""


def value_stock(by: Membership, *, on: date | None = None, location: UUID | None = None) -> Valuation:
    """The value of the stock where the member works, at the end of a past day of the account's calendar, or now.

    Raises InvalidInput for a day that is still to come, and a place that is not there.
    """
    if on and on > by.account.today:
        raise errors.InvalidInput(errors=[errors.FieldError("on", "in_future", "That is still to come.")])
    wanted = {**_scope(by), "location": location, "until": _end_of(on, by) if on else None}
    with connection.cursor() as cursor:
        cursor.execute(_VALUES, wanted)
        places = [PlaceValue(*row) for row in cursor.fetchall()]
    if location and not places:
        raise errors.InvalidInput(errors=[errors.unknown_reference("location")])
    return Valuation(on, places)


def _end_of(day: date, by: Membership) -> datetime:
    return by.account.midnight(day + timedelta(days=1))
