"""What a till keeps of the catalogue: all of it once, and from then on what has changed.

A cursor names the oldest transaction that was still open when the till looked. Whatever was committed since bears that
number or a higher one (`changed_in`), so nothing is missed however transactions overlap; a row may come twice.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import connection

from accounts.models import Account
from core import vault
from inventory.availability import IS_FRESH, IS_OPEN, available
from inventory.errors import CursorUnknown

PAGE = 5_000
# A hold ends by the clock, and whoever ended it by hand may have committed a little later.
OVERLAP = timedelta(minutes=10)
_NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Look:
    """A moment at which a till looked: the oldest transaction then open, and the time in seconds since 1970."""

    transaction: int
    second: int


@dataclass(frozen=True)
class Cursor:
    """What a till has: all up to `since`, and on the walk that began at `began`, all up to the product `after`.

    It is sealed: how many transactions there were is nobody's business.
    """

    since: Look
    began: Look | None = None
    after: UUID = _NOBODY

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises CursorUnknown for what is none of ours."""
        try:
            transaction, second, began_in, began_at, after = vault.unseal(text).split("-")
            since, began = Look(int(transaction), int(second)), Look(int(began_in), int(began_at))
            datetime.fromtimestamp(since.second, UTC)
            return cls(since, began if began.transaction else None, UUID(hex=after))
        except (ValueError, OverflowError, OSError):
            raise CursorUnknown from None

    def __str__(self) -> str:
        began = self.began or Look(0, 0)
        parts = (self.since.transaction, self.since.second, began.transaction, began.second, self.after.hex)
        return vault.seal("-".join(map(str, parts)))


@dataclass(frozen=True)
class CataloguePage:
    items: list[dict[str, Any]]
    cursor: Cursor
    has_more: bool


# What has changed for a till in this storefront: facts, packs, what is on the shelf, what was held, what went off.
_CHANGED = """
  AND p.id IN (
    SELECT id FROM products WHERE account_id = %(account)s AND changed_in >= %(since)s
    UNION SELECT product_id FROM product_packs WHERE account_id = %(account)s AND changed_in >= %(since)s
    UNION SELECT product_id FROM stock_products
      WHERE account_id = %(account)s AND location_id = %(location)s AND (changed_in >= %(since)s
        OR quantity > 0 AND expires_on >= %(looked_on)s AND expires_on < %(today)s)
    UNION SELECT product_id FROM reservations
      WHERE account_id = %(account)s AND location_id = %(location)s AND expires_at > %(looked_at)s
  )
"""
# Who has nothing yet need not be told what is gone.
_ALL = "AND p.is_active"
# Of a few products each is looked up; of all of them, what there is of each is summed up at one go.
_OF_EACH = "AND product_id = w.id"
# One statement, so that what is seen is of the very snapshot that the next look begins at; which comes even where there
# is nothing to see.
_CATALOGUE = """
WITH look AS (
  SELECT pg_snapshot_xmin(s)::text::bigint, extract(epoch FROM now())::bigint, pg_snapshot_xmax(s)::text::bigint
  FROM pg_current_snapshot() s
), wanted AS (
  SELECT p.* FROM products p WHERE p.account_id = %(account)s AND p.id > %(after)s {which}
  ORDER BY p.id LIMIT %(limit)s
)
SELECT look.*, w.id::text, w.is_active, w.sku, w.name, w.barcode, w.item_code, w.category_id::text, w.unit, w.tax_class,
  w.tracking, w.is_stocked, round(w.retail_price, %(exponent)s)::text, round(w.wholesale_price, %(exponent)s)::text,
  {available}::numeric(14,3)::text, packs.rows
FROM look LEFT JOIN wanted w ON true LEFT JOIN LATERAL (
  SELECT product_id, sum(quantity) AS quantity FROM stock_products
  WHERE account_id = %(account)s AND location_id = %(location)s AND quantity > 0
    AND {is_fresh} {of} GROUP BY product_id
) on_hand ON on_hand.product_id = w.id LEFT JOIN LATERAL (
  SELECT product_id, sum(quantity) AS quantity FROM reservations
  WHERE account_id = %(account)s AND location_id = %(location)s AND {is_open} {of} GROUP BY product_id
) held ON held.product_id = w.id LEFT JOIN LATERAL (
  SELECT product_id, json_agg(json_build_object('id', id, 'name', name, 'factor', factor::text, 'barcode', barcode,
      'retail_price', round(retail_price, %(exponent)s)::text,
      'wholesale_price', round(wholesale_price, %(exponent)s)::text) ORDER BY factor, id) AS rows
  FROM product_packs WHERE account_id = %(account)s AND is_active {of} GROUP BY product_id
) packs ON packs.product_id = w.id
ORDER BY w.id
"""
_RULES = {
    "is_fresh": IS_FRESH,
    "is_open": IS_OPEN,
    "available": available("on_hand.quantity", "held.quantity"),
}
_COLUMNS = (
    *("id", "is_deleted", "sku", "name", "barcode", "item_code", "category", "unit", "tax_class", "tracking"),
    *("is_stocked", "retail_price", "wholesale_price", "available"),
)


def read_catalogue(account: Account, *, location_id: UUID, cursor: Cursor | None, now: datetime) -> CataloguePage:
    """The next page for a till in this storefront: at most 5,000 products, in one statement.

    Without a cursor everything that is on sale; with one what has changed, what has left the catalogue included. Raises
    CursorUnknown for a cursor of a time to come: then the database is another than the one that gave it.
    """
    cursor = cursor or Cursor(Look(0, 0))
    look, youngest, rows = _read(account, location_id=location_id, cursor=cursor, now=now)
    if cursor.since.transaction > youngest or cursor.since.second > look.second:
        raise CursorUnknown
    began, has_more = cursor.began or look, len(rows) > PAGE
    items = [_item(*row) for row in rows[:PAGE]]
    following = Cursor(cursor.since, began, UUID(items[-1]["id"])) if has_more else Cursor(began)
    return CataloguePage(items, following, has_more)


def _read(
    account: Account, *, location_id: UUID, cursor: Cursor, now: datetime
) -> tuple[Look, int, list[tuple[Any, ...]]]:
    """The moment of the look, the number that the next transaction will have, and one row more than a page has."""
    looked_at = datetime.fromtimestamp(cursor.since.second, UTC) - OVERLAP
    wanted: dict[str, Any] = {
        "account": account.pk,
        "location": location_id,
        "after": cursor.after,
        "limit": PAGE + 1,
        "since": cursor.since.transaction,
        "looked_at": looked_at,
        "looked_on": looked_at.astimezone(account.zone).date(),
        "now": now,
        "today": now.astimezone(account.zone).date(),
        "exponent": account.currency_exponent,
    }
    which = {"which": _CHANGED, "of": _OF_EACH} if cursor.since.transaction else {"which": _ALL, "of": ""}
    with connection.cursor() as sent:
        sent.execute(_CATALOGUE.format(**which, **_RULES), wanted)
        found = sent.fetchall()
    oldest, second, youngest, first, *_ = found[0]
    return Look(oldest, second), youngest, [row[3:] for row in found] if first else []


def _item(product_id: str, is_active: bool, *facts: Any) -> dict[str, Any]:
    if not is_active:
        return {"id": product_id, "is_deleted": True}
    *texts, packs = facts
    return {**dict(zip(_COLUMNS, (product_id, False, *texts), strict=True)), "packs": packs or []}
