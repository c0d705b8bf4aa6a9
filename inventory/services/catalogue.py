"""What is sold, in which packs and under which barcodes, on which shelf of the catalogue, and from whom it comes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from inventory.errors import CategoryCircle, StillInStock
from inventory.models import BarcodeRule, Category, Product, ProductPack, Supplier
from subscriptions import services as subscriptions


def add_category(*, by: Membership, name: str, parent: Category | None = None) -> Category:
    category: Category = by.account.categories.create(name=name, parent=parent)
    accounts.record(by=by, action="category.added", subject=category, after={"name": name})
    return category


def change_category(*, by: Membership, category: Category, **changes: Any) -> Category:
    """Rename a locked category, or move it with all below it. Raises CategoryCircle for a move to below itself."""
    parent = changes.get("parent")
    if parent is not None and parent.pk != category.parent_id:
        # Two that move below each other at once would both find the way free. Who has the account's lock waits for no
        # category, so this may come after the category's own.
        accounts.lock_account(by.account)
        if _stands_below(parent, category):
            raise CategoryCircle
    accounts.change(by=by, row=category, changes=changes)
    return category


_BELOW = """
WITH RECURSIVE above AS (
  SELECT id, parent_id FROM categories WHERE account_id = %(account)s AND id = %(lower)s
  UNION SELECT c.id, c.parent_id FROM categories c JOIN above a ON c.account_id = %(account)s AND c.id = a.parent_id
)
SELECT EXISTS (SELECT FROM above WHERE id = %(upper)s)
"""


def _stands_below(lower: Category, upper: Category) -> bool:
    """Whether the one is, or stands anywhere below, the other."""
    with connection.cursor() as cursor:
        cursor.execute(_BELOW, {"account": upper.account_id, "lower": lower.pk, "upper": upper.pk})
        return bool(cursor.fetchone()[0])


def add_product(*, by: Membership, id: UUID | None = None, **facts: Any) -> Product:  # noqa: A002 - the client's own id
    """A new thing to sell. The constraints refuse a SKU, a barcode or an item code that is taken.

    Raises LimitReached.
    """
    if facts.get("is_active", True):
        subscriptions.check_limit(by=by, resource="products")
    product: Product = by.account.products.create(id=id or uuid7(), **facts)
    accounts.record(by=by, action="product.added", subject=product, after={"sku": product.sku})
    return product


def change_product(*, by: Membership, product: Product, **changes: Any) -> Product:
    """Change a locked product.

    Raises StillInStock where the way it is kept in stock would change under some of it, LimitReached where one too many
    would be sold again.
    """
    if changes.get("is_active") and not product.is_active:
        subscriptions.check_limit(by=by, resource="products")
    on_hand = by.account.stock_products.filter(product=product, quantity__gt=0)
    if is_kept_otherwise(product, changes) and on_hand.exists():
        raise StillInStock
    accounts.change(by=by, row=product, changes=changes)
    return product


def is_kept_otherwise(product: Product, changes: Mapping[str, Any]) -> bool:
    """Whether after these changes it would be followed in another way, or not be kept in stock at all."""
    kept = (changes.get("is_stocked", True), changes.get("tracking", product.tracking))
    return kept != (True, product.tracking)


def add_pack(
    *,
    by: Membership,
    product: Product,
    factor: Decimal,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    **facts: Any,
) -> ProductPack:
    """A pack of `factor` base units, for ever: what was sold in it is counted by it."""
    pack: ProductPack = by.account.product_packs.create(id=id or uuid7(), product=product, factor=factor, **facts)
    accounts.record(by=by, action="pack.added", subject=pack, after={"product": product.pk, "name": pack.name})
    return pack


def change_pack(*, by: Membership, pack: ProductPack, **changes: Any) -> ProductPack:
    accounts.change(by=by, row=pack, changes=changes)
    return pack


def add_supplier(
    *,
    by: Membership,
    name: str,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    **facts: Any,
) -> Supplier:
    supplier: Supplier = by.account.suppliers.create(id=id or uuid7(), name=name, **facts)
    accounts.record(by=by, action="supplier.added", subject=supplier)
    return supplier


def change_supplier(*, by: Membership, supplier: Supplier, **changes: Any) -> Supplier:
    accounts.change(by=by, row=supplier, changes=changes)
    return supplier


def erase_supplier(*, by: Membership, supplier: Supplier) -> Supplier:
    """Forget who a locked supplier is; what was bought there stays."""
    accounts.erase(by=by, row=supplier, name=f"Erased supplier {supplier.pk}", is_active=False)
    return supplier


def add_barcode_rule(*, by: Membership, prefix: str, kind: str) -> BarcodeRule:
    """From now on, what the shop's own scale prints under this prefix is a weight, or a price."""
    rule: BarcodeRule = by.account.barcode_rules.create(prefix=prefix, kind=kind)
    accounts.record(by=by, action="barcode_rule.added", subject=rule, after={"prefix": prefix, "kind": kind})
    return rule


def remove_barcode_rule(*, by: Membership, rule: BarcodeRule) -> None:
    before = {"prefix": rule.prefix, "kind": rule.kind}
    accounts.record(by=by, action="barcode_rule.removed", subject=rule, before=before)
    rule.delete()
