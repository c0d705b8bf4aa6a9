"""Reads that span models: what can be sold here now, and whether the ledger adds up."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import connection, connections

from accounts.models import Account, Membership
from core.amounts import SMALLEST_QUANTITY, ZERO
from inventory.models import Product


@dataclass(frozen=True)
class Batch:
    id: UUID
    quantity: Decimal
    unit_cost: Decimal


@dataclass(frozen=True)
class Sellable:
    """A product as the till sees it, with its batches at one place: unexpired, the first to expire first."""

    product_id: UUID
    name: str
    sku: str
    retail_price: Decimal
    wholesale_price: Decimal | None
    tax_class: str
    is_stocked: bool
    batches: list[Batch] = field(default_factory=list)

    @property
    def available(self) -> Decimal:
        return sum((batch.quantity for batch in self.batches), ZERO.quantize(SMALLEST_QUANTITY))


_SELLABLE = """
SELECT p.id, p.name, p.sku, p.retail_price, p.wholesale_price, p.tax_class, p.is_stocked, b.id, b.quantity, b.unit_cost
FROM products p LEFT JOIN stock_products b ON b.account_id = p.account_id AND b.product_id = p.id
  AND b.location_id = %s AND b.quantity > 0 AND (b.expires_on >= %s OR b.expires_on IS NULL)
WHERE p.account_id = %s AND p.id = ANY(%s) AND p.is_active
ORDER BY b.expires_on NULLS LAST, b.id
"""


def find_sellables(
    account: Account, *, location_id: UUID, product_ids: Collection[UUID], on: date
) -> dict[UUID, Sellable]:
    """The active products among these, with what may be picked at the location on that day: one statement."""
    found: dict[UUID, Sellable] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SELLABLE, [location_id, on, account.pk, list(product_ids)])
        for product_id, *facts, batch_id, quantity, unit_cost in cursor.fetchall():
            sellable = found.setdefault(product_id, Sellable(product_id, *facts))
            if batch_id:
                sellable.batches.append(Batch(batch_id, quantity, unit_cost))
    return found


_BY_BARCODE = """
SELECT p.*, coalesce((SELECT sum(s.quantity) FROM stock_products s
                      WHERE s.account_id = p.account_id AND s.product_id = p.id
                        AND (%(everywhere)s OR s.location_id = ANY(%(places)s::uuid[]))), 0) AS quantity
FROM products p WHERE p.account_id = %(account)s AND p.barcode = %(barcode)s AND p.is_active
"""


def find_by_barcode(by: Membership, barcode: str) -> Product | None:
    """The active product that bears the barcode, with `quantity`, what is on hand of it where the member works."""
    wanted = {
        "account": by.account_id,
        "barcode": barcode,
        "everywhere": not by.is_limited,
        "places": list(by.location_ids),
    }
    products: Iterable[Product] = by.account.products.raw(_BY_BARCODE, wanted)
    return next(iter(products), None)


@dataclass(frozen=True)
class Disagreement:
    """A batch whose count is not the sum of its ledger lines, or a line whose balance is not the sum up to it."""

    account_id: UUID
    batch_id: UUID
    problem: str


_VERIFY = """
WITH running AS (
  SELECT account_id, stock_product_id, sequence, balance_after, value, quantity, unit_cost,
         sum(quantity) OVER batch AS balance, row_number() OVER batch AS position
  FROM stock_movements WINDOW batch AS (PARTITION BY account_id, stock_product_id ORDER BY sequence)
), sums AS (
  SELECT account_id, stock_product_id, sum(quantity) AS quantity, count(*) AS lines FROM stock_movements GROUP BY 1, 2
)
SELECT s.account_id, s.id, -1, format('holds %s, but its movements sum to %s', s.quantity, coalesce(m.quantity, 0))
FROM stock_products s LEFT JOIN sums m ON m.account_id = s.account_id AND m.stock_product_id = s.id
WHERE s.quantity <> coalesce(m.quantity, 0)
UNION ALL
SELECT s.account_id, s.id, 0, format('counts %s movements, but there are %s', s.movement_count, coalesce(m.lines, 0))
FROM stock_products s LEFT JOIN sums m ON m.account_id = s.account_id AND m.stock_product_id = s.id
WHERE s.movement_count <> coalesce(m.lines, 0)
UNION ALL
SELECT account_id, stock_product_id, sequence,
       format('movement %s says %s is left after it, not %s', sequence, balance_after, balance)
FROM running WHERE balance <> balance_after OR position <> sequence
UNION ALL
SELECT account_id, stock_product_id, sequence,
       format('movement %s is worth %s, not quantity times unit cost', sequence, value)
FROM running WHERE value <> quantity * unit_cost
ORDER BY 1, 2, 3
"""


def find_disagreements(*, using: str) -> Iterator[Disagreement]:
    """Every place where the stock ledger and the counts disagree, over all accounts that the role may see."""
    with connections[using].cursor() as cursor:
        cursor.execute(_VERIFY)
        for account_id, batch_id, _, problem in cursor:
            yield Disagreement(account_id, batch_id, problem)
