"""What stock is worth, what moved it, what was lost, what sells and what does not; all at cost."""

from datetime import timedelta
from decimal import Decimal

from accounts.models import Membership
from inventory import valuation
from inventory.models import LOST
from reports.report import Column, Kind, Report, counts, money, quantities, texts
from sales import summaries
from sales.summaries import Row, Span
from system.modules import Module

_HERE = """
  account_id = %(account)s AND (%(places)s::uuid[] IS NULL OR location_id = ANY(%(places)s::uuid[]))
"""
_MOVED = f"{_HERE} AND occurred_at >= %(start)s AND occurred_at < %(end)s"
_MOVEMENTS = f"""
SELECT kind, count(*) AS movement_count, sum(quantity) AS quantity, sum(value) AS value
FROM stock_movements WHERE {_MOVED} GROUP BY 1 ORDER BY 1
"""
_SHRINKAGE = f"""
SELECT p.sku, p.name, m.* FROM (
  SELECT product_id, kind, -sum(quantity) AS lost_quantity, -sum(value) AS lost_value
  FROM stock_movements WHERE {_MOVED} AND kind = ANY(%(kinds)s) GROUP BY 1, 2
) m JOIN products p ON p.account_id = %(account)s AND p.id = m.product_id
ORDER BY m.lost_value DESC, p.sku, m.kind
"""
_PACE = f"""
WITH sold AS (
  SELECT product_id, -sum(quantity) AS sold FROM stock_movements
  WHERE {_MOVED} AND kind IN ('SOLD', 'RETURNED') GROUP BY 1
), here AS (
  SELECT product_id, sum(quantity) AS on_hand, sum(quantity * unit_cost) AS value, max(received_at) AS received_at
  FROM stock_products WHERE {_HERE} AND quantity > 0 GROUP BY 1
)
SELECT p.sku, p.name, coalesce(h.on_hand, 0) AS on_hand, coalesce(h.value, 0) AS value,
  coalesce(s.sold, 0) AS sold, (h.received_at AT TIME ZONE %(zone)s)::date AS received_on
FROM products p LEFT JOIN sold s ON s.product_id = p.id LEFT JOIN here h ON h.product_id = p.id
WHERE p.account_id = %(account)s
"""
_FAST = f"{_PACE} AND s.sold > 0 ORDER BY s.sold DESC, p.sku"
_DEAD = f"{_PACE} AND h.on_hand > 0 AND coalesce(s.sold, 0) <= 0 ORDER BY h.value DESC, p.sku"


def _value(by: Membership, span: Span) -> list[Row]:
    today = by.account.today
    found = valuation.value_stock(by, on=min(span.last, today), location=span.location)
    return [{"location": place.name, "kind": place.kind, "value": place.value} for place in found.places]


def _movements(by: Membership, span: Span) -> list[Row]:
    return summaries.ask(_MOVEMENTS, span.as_params(by))


def _shrinkage(by: Membership, span: Span) -> list[Row]:
    return summaries.ask(_SHRINKAGE, {**span.as_params(by), "kinds": [str(kind) for kind in LOST]})


def _fast(by: Membership, span: Span) -> list[Row]:
    days = (span.last - span.first + timedelta(days=1)).days
    rows = summaries.ask(_FAST, {**span.as_params(by), "zone": by.account.time_zone})
    return [{**row, **_pace(row["sold"], row["on_hand"], days)} for row in rows]


def _pace(sold: Decimal, on_hand: Decimal, days: int) -> Row:
    """How much is sold in a day, and for how many days what is there will do."""
    return {"sold_per_day": sold / days, "days_left": int(on_hand * days / sold)}


def _dead(by: Membership, span: Span) -> list[Row]:
    return summaries.ask(_DEAD, {**span.as_params(by), "zone": by.account.time_zone})


REPORTS = (
    Report(
        "stock-value",
        "Stock value at the end of the last day",
        [*texts("location", "kind"), *money("value")],
        _value,
        Module.INVENTORY,
        chart=("location", "value"),
    ),
    Report(
        "stock-movements",
        "Stock movements by kind",
        [*texts("kind"), *counts("movement_count"), *quantities("quantity"), *money("value")],
        _movements,
        Module.INVENTORY,
        chart=("kind", "value"),
    ),
    Report(
        "shrinkage",
        "What was lost, and found again",
        [*texts("sku", "name", "kind"), *quantities("lost_quantity"), *money("lost_value")],
        _shrinkage,
        Module.INVENTORY,
        chart=("name", "lost_value"),
    ),
    Report(
        "fast-stock",
        "What sells, and how long what is there now will do",
        [
            *texts("sku", "name"),
            *quantities("sold", "sold_per_day", "on_hand"),
            Column("days_left", Kind.COUNT),
            *money("value"),
        ],
        _fast,
        Module.INVENTORY,
        chart=("name", "sold"),
    ),
    Report(
        "dead-stock",
        "What is there now, and was not sold in these days",
        [*texts("sku", "name"), *quantities("on_hand"), *money("value"), Column("received_on", Kind.DAY)],
        _dead,
        Module.INVENTORY,
        chart=("name", "value"),
    ),
)
