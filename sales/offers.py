"""What the shop offers somewhere on a day to somebody, found in SQL: its own prices and its promotions.

These are columns for a statement that is there already, so that a sale asks nothing more for them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sales.precedence import Rule
from sales.promotions import Deal

_HOLDS = """q.account_id = %(account)s AND q.is_active
    AND (q.storefront_id IS NULL OR q.storefront_id = %(storefront)s)
    AND (q.starts_on IS NULL OR q.starts_on <= %(on)s) AND (q.ends_on IS NULL OR q.ends_on >= %(on)s)"""
_RULES = f"""ARRAY(
  SELECT json_build_array(q.product_id, q.pack_id, q.id, q.name, q.unit_price::text, q.min_quantity::text,
    q.customer_group_id IS NOT NULL, q.storefront_id IS NOT NULL, q.price_level <> '')
  FROM price_rules q
  WHERE {_HOLDS} AND q.product_id = ANY(%(products)s) AND q.price_level IN ('', %(level)s)
    AND (q.customer_group_id IS NULL OR q.customer_group_id = (
      SELECT group_id FROM customers WHERE account_id = %(account)s AND id = %(customer)s))
)"""
# The products of the basket that are meant on a side, by themselves or by a shelf on which they stand; NULL are all.
_MEANT = """CASE WHEN EXISTS (
      SELECT 1 FROM promotion_items i WHERE i.account_id = q.account_id AND i.promotion_id = q.id AND i.side = '{side}'
    ) THEN ARRAY(
      SELECT DISTINCT s.product_id FROM promotion_items i JOIN shelves s
      ON i.product_id = s.product_id OR i.category_id = s.category_id
      WHERE i.account_id = q.account_id AND i.promotion_id = q.id AND i.side = '{side}'
    ) END"""
_DEALS = f"""ARRAY(
  WITH RECURSIVE shelves (product_id, category_id) AS (
    SELECT id, category_id FROM products WHERE account_id = %(account)s AND id = ANY(%(products)s)
    UNION
    SELECT s.product_id, c.parent_id FROM shelves s
    JOIN categories c ON c.account_id = %(account)s AND c.id = s.category_id
  )
  SELECT json_build_array(q.id, q.name, q.percent::text, q.amount::text, q.minimum::text, q.bought, q.got,
    {_MEANT.format(side="BUY")}, {_MEANT.format(side="GET")})
  FROM promotions q WHERE {_HOLDS} ORDER BY q.priority, q.minimum DESC, q.id
)"""
COLUMNS = f"{_RULES}, {_DEALS}"


@dataclass(frozen=True)
class Customs:
    """For whom and for what offers are looked for."""

    products: Collection[UUID]
    price_level: str
    customer_id: UUID | None = None

    def as_wanted(self) -> dict[str, Any]:
        return {"products": list(self.products), "level": self.price_level, "customer": self.customer_id}


@dataclass(frozen=True)
class Offers:
    """What holds: the prices of each product or pack, and the promotions in the order in which they are taken."""

    rules: Mapping[tuple[UUID, UUID | None], Sequence[Rule]] = field(default_factory=dict)
    deals: Sequence[Deal] = ()


def read(rules: Sequence[Any], deals: Sequence[Any]) -> Offers:
    """The two columns, as they came."""
    found: dict[tuple[UUID, UUID | None], list[Rule]] = {}
    for product, pack, rule, name, price, quantity, *particulars in rules:
        sold = UUID(product), UUID(pack) if pack else None
        found.setdefault(sold, []).append(Rule(UUID(rule), name, Decimal(price), Decimal(quantity), *particulars))
    return Offers(found, [_deal(*row) for row in deals])


def _deal(pk: str, name: str, percent: str, amount: str, minimum: str, bought: int, got: int, *meant: Any) -> Deal:
    buys, gets = (None if ids is None else frozenset(map(UUID, ids)) for ids in meant)
    return Deal(UUID(pk), name, Decimal(percent), Decimal(amount), Decimal(minimum), bought, got, buys, gets)
