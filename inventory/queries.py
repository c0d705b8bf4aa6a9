"""Reads that span models: what can be had here now, and what the pages of papers show beside their rows."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from accounts.models import Account, Membership
from core.amounts import ONE, SMALLEST_QUANTITY, ZERO
from inventory.availability import IS_FRESH, IS_OPEN
from inventory.barcodes import InStoreCode
from inventory.models import Adjustment, Product, ProductPack, SerialNumber, StockProduct, Tracking, Transfer


@dataclass(frozen=True)
class Batch:
    id: UUID
    quantity: Decimal
    unit_cost: Decimal
    hold_count: int = 0
    expires_on: date | None = None


@dataclass(frozen=True)
class Sellable:
    """A product as the till sees it, with its batches at one place: unexpired, the first to expire first.

    `held` is what other carts have been promised of them.
    """

    product_id: UUID
    name: str
    sku: str
    retail_price: Decimal
    wholesale_price: Decimal | None
    tax_class: str
    is_stocked: bool
    tracking: str
    held: Decimal
    batches: list[Batch] = field(default_factory=list)

    @property
    def available(self) -> Decimal:
        """On hand less what is held: the one figure for what can be had."""
        on_hand = sum((batch.quantity for batch in self.batches), ZERO)
        return max(on_hand - self.held, ZERO).quantize(SMALLEST_QUANTITY)

    def free_batches(self) -> Iterator[tuple[Batch, Decimal]]:
        """How much of each batch can be had: who holds some takes of those that expire first."""
        held = self.held
        for batch in self.batches:
            promised = min(held, batch.quantity)
            held -= promised
            yield batch, batch.quantity - promised


_SELLABLE = f"""
SELECT p.id, p.name, p.sku, p.retail_price, p.wholesale_price, p.tax_class, p.is_stocked, p.tracking,
  (SELECT coalesce(sum(r.quantity), 0) FROM reservations r
   WHERE r.account_id = p.account_id AND r.location_id = %(location)s AND r.product_id = p.id
     AND {IS_OPEN} AND r.cart IS DISTINCT FROM %(cart)s::uuid),
  b.id, b.quantity, b.unit_cost, b.hold_count, b.expires_on
FROM products p LEFT JOIN stock_products b ON b.account_id = p.account_id AND b.product_id = p.id
  AND b.location_id = %(location)s AND b.quantity > 0 AND {IS_FRESH}
WHERE p.account_id = %(account)s AND p.id = ANY(%(products)s) AND (p.is_active OR %(withdrawn)s)
ORDER BY b.expires_on NULLS LAST, b.id
"""


def find_sellables(
    account: Account,
    *,
    location_id: UUID,
    product_ids: Collection[UUID],
    on: date,
    cart: UUID | None = None,
    withdrawn: bool = False,
) -> dict[UUID, Sellable]:
    """The active products among these, with what may be picked at the location on that day: one statement.

    A cart is not kept from what it holds itself. With `withdrawn` also what has left the catalogue.
    """
    wanted: dict[str, Any] = {
        "account": account.pk,
        "location": location_id,
        "products": list(product_ids),
        "today": on,
        "cart": cart,
        "withdrawn": withdrawn,
        "now": timezone.now(),
    }
    found: dict[UUID, Sellable] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SELLABLE, wanted)
        for product_id, *facts, batch_id, quantity, unit_cost, hold_count, expires_on in cursor.fetchall():
            sellable = found.setdefault(product_id, Sellable(product_id, *facts))
            if batch_id:
                sellable.batches.append(Batch(batch_id, quantity, unit_cost, hold_count, expires_on))
    return found


@dataclass(frozen=True)
class Availability:
    """How much of a product can be had at a place: on hand, less what has expired, less what carts hold."""

    product: UUID
    location: UUID
    on_hand: Decimal
    expired: Decimal
    held: Decimal
    available: Decimal
    batches: list[dict[str, Any]]


def find_availability(account: Account, *, location_id: UUID, product_id: UUID, on: date) -> Availability | None:
    """Of a product on sale, at a place, on a day; for a cart that holds nothing yet."""
    sellable = find_sellables(account, location_id=location_id, product_ids={product_id}, on=on).get(product_id)
    if sellable is None:
        return None
    gone = account.stock_products.filter(location=location_id, product=product_id, expires_on__lt=on)
    expired: Decimal = gone.aggregate(quantity=Sum("quantity", default=ZERO))["quantity"]
    fresh = sum((batch.quantity for batch in sellable.batches), ZERO)
    batches = [
        {"id": batch.id, "expires_on": batch.expires_on, "quantity": batch.quantity, "available": free}
        for batch, free in sellable.free_batches()
    ]
    return Availability(product_id, location_id, fresh + expired, expired, sellable.held, sellable.available, batches)


def find_newest_batches(account: Account, product_ids: Collection[UUID]) -> dict[UUID, StockProduct]:
    """Of each product the batch that came last, anywhere: what is found of it is taken to be like that."""
    if not product_ids:
        return {}
    batches = account.stock_products.filter(product__in=product_ids).order_by("product", "-received_at", "-pk")
    return {batch.product_id: batch for batch in batches.distinct("product")}


def find_packs(
    account: Account, pack_ids: Collection[UUID], *, withdrawn: bool = False
) -> dict[UUID | None, ProductPack]:
    """The packs on sale among these; with `withdrawn` also what has left the catalogue."""
    if not pack_ids:
        return {}
    packs: QuerySet[ProductPack] = account.product_packs.filter(pk__in=pack_ids)
    packs = packs if withdrawn else packs.filter(is_active=True)
    return {pack.pk: pack for pack in packs}


_BY_BARCODE = """
WITH found (rank, product_id, pack_id, kind) AS (
  SELECT 1, id, NULL::uuid, NULL::text FROM products
  WHERE account_id = %(account)s AND barcode = %(barcode)s AND barcode <> ''
  UNION ALL SELECT 2, product_id, id, NULL FROM product_packs
  WHERE account_id = %(account)s AND barcode = %(barcode)s AND barcode <> '' AND is_active
  UNION ALL SELECT 3, p.id, NULL, r.kind FROM barcode_rules r JOIN products p
    ON p.account_id = r.account_id AND p.item_code = %(item_code)s AND p.item_code <> ''
  WHERE r.account_id = %(account)s AND r.prefix = %(prefix)s
)
SELECT p.*, f.pack_id, f.kind, k.name AS pack_name, k.factor AS pack_factor, k.retail_price AS pack_retail_price,
  k.wholesale_price AS pack_wholesale_price,
  coalesce((SELECT sum(s.quantity) FROM stock_products s
            WHERE s.account_id = p.account_id AND s.product_id = p.id
              AND (%(everywhere)s OR s.location_id = ANY(%(places)s::uuid[]))
              AND s.location_id NOT IN (SELECT id FROM locations WHERE account_id = %(account)s AND kind = 'TRANSIT')
           ), 0) AS quantity
FROM found f JOIN products p ON p.account_id = %(account)s AND p.id = f.product_id AND p.is_active
LEFT JOIN product_packs k ON k.account_id = %(account)s AND k.id = f.pack_id
ORDER BY f.rank LIMIT 1
"""
_OF_PACK = ("id", "name", "factor", "retail_price", "wholesale_price")


def find_by_barcode(by: Membership, barcode: str) -> Product | None:
    """The active product that the barcode names: its own, a pack's, or one that the shop's scale printed.

    It comes with `pack`, with `scanned_quantity` in packs or base units (None where a price does not tell it), and with
    `quantity`, what is on hand of it where the member works.
    """
    code = InStoreCode.read(barcode)
    wanted = {
        "account": by.account_id,
        "barcode": barcode,
        "prefix": code.prefix if code else "",
        "item_code": code.item_code if code else "",
        "everywhere": not by.is_limited,
        "places": list(by.location_ids),
    }
    products: Iterable[Any] = by.account.products.raw(_BY_BARCODE, wanted)
    product = next(iter(products), None)
    if product is None:
        return None
    product.pack = {name: getattr(product, f"pack_{name}") for name in _OF_PACK} if product.pack_id else None
    product.scanned_quantity = ONE
    if code and product.kind:
        exponent = by.account.currency_exponent
        product.scanned_quantity = code.quantity(product.kind, unit_price=product.retail_price, exponent=exponent)
    return product  # type: ignore[no-any-return]


_ON_THE_ROAD = F("quantity") - F("accepted") - F("damaged") - F("missing")


def find_transfer_lines(transfer: Transfer) -> list[dict[str, Any]]:
    """The lines with what became of them, and with the `serials` of the pieces that are on the road."""
    facts = ("id", "position", "product_id", "product__name", "product__sku", "product__tracking", "quantity")
    lines = list(transfer.account.transfer_lines.filter(transfer=transfer).order_by("position").values(*facts))
    picks = transfer.account.transfer_picks.filter(line__transfer=transfer)
    sums = picks.values("line_id").annotate(
        sent=Sum("quantity"),
        accepted_sum=Sum("accepted"),
        damaged_sum=Sum("damaged"),
        missing_sum=Sum("missing"),
        on_the_road=Sum(_ON_THE_ROAD),
    )
    parts = {of_line["line_id"]: of_line for of_line in sums.order_by("line_id")}
    nothing = dict.fromkeys(("sent", "accepted_sum", "damaged_sum", "missing_sum", "on_the_road"), ZERO)
    serials: dict[UUID, list[str]] = {line["id"]: [] for line in lines}
    if any(line["product__tracking"] == Tracking.SERIAL for line in lines):
        number = "in_transit__serial_numbers__number"
        pieces = picks.filter(**{f"{number}__isnull": False}).order_by(number)
        for line_id, serial in pieces.values_list("line_id", number):
            serials[line_id].append(serial)
    return [{**line, **parts.get(line["id"], nothing), "serials": serials[line["id"]]} for line in lines]


def find_steps(by: Membership, piece: SerialNumber) -> list[dict[str, Any]]:
    """The way of a piece, the first step first, as far as it led through places where the member works."""
    facts = ("id", "kind", "quantity", "stock_product_id", "location_id", "location__name", "source", "source_id")
    steps = by.account.stock_movements.open_to(by).filter(serial=piece).order_by("id")
    return list(steps.values(*facts, "line_id", "by_id", "occurred_at", "recorded_at"))


def find_adjustment_lines(adjustment: Adjustment) -> list[dict[str, Any]]:
    """The lines with the names of what they are about."""
    facts = ("id", "position", "product_id", "product__name", "product__sku", "stock_product_id", "quantity")
    lines = adjustment.account.adjustment_lines.filter(adjustment=adjustment).order_by("position")
    return list(lines.values(*facts, "unit_cost", "serials"))


def find_attachments(document: Any) -> QuerySet[Any]:
    """What is attached to a document, each with its file, in the order in which it was."""
    attached: QuerySet[Any] = document.attachments.select_related("file").order_by("id")
    return attached


_NAMED = """
SELECT n, r.id FROM unnest(%s::text[]) n JOIN {table} r ON r.account_id = %s AND lower(r.name) = lower(n)
"""


def find_named(account: Account, rows: QuerySet[Any], names: Collection[str]) -> dict[str, Any]:
    """Those of an account's rows that have one of these names, by the name as it was asked for.

    Which letters are the same, large and small, the database says, as it does where names are unique.
    """
    if not names:
        return {}
    table = connection.ops.quote_name(rows.model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(_NAMED.format(table=table), [list(names), account.pk])
        ids: dict[str, UUID] = dict(cursor.fetchall())
    found = {row.pk: row for row in rows.filter(pk__in=ids.values())}
    return {name: found[pk] for name, pk in ids.items() if pk in found}
