from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from accounts.models import Membership
from core import errors
from inventory.errors import ExpiryRequired, NotStocked, SerialsRequired
from inventory.importing.rows import Outcome, Row
from inventory.models import Product, Tracking
from inventory.services.deliveries import receive_stock
from inventory.services.import_products import find_products

REFERENCE = "Opening stock"


def import_opening_stock(*, by: Membership, rows: Sequence[Row], location: UUID) -> Outcome:
    """One delivery of all that there is, a batch per row, of the product with its SKU, or else its barcode."""
    outcome, items = Outcome(), []
    products = find_products(by, rows)  # locked: what is right of them now stays so
    for row in rows:
        try:
            items.append(_item(row.facts, products))
        except errors.DomainError as refusal:
            outcome.refuse(row.number, refusal)
    if items:
        receive_stock(by=by, location=location, items=items, reference=REFERENCE)
    outcome.created = len(items)
    return outcome


def _item(facts: Mapping[str, Any], products: Mapping[tuple[str, str], Product]) -> Mapping[str, Any]:
    """Raises InvalidInput for a product that is none, NotStocked, ExpiryRequired, and SerialsRequired: a table has no
    room for the numbers of pieces."""
    key = "sku" if "sku" in facts else "barcode"
    product = products.get((key, facts.get(key, "")))
    if product is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference(key)])
    if not product.is_stocked:
        raise NotStocked
    if product.tracking == Tracking.BATCH and "expires_on" not in facts:
        raise ExpiryRequired(errors=[errors.FieldError("expiry_date", ExpiryRequired.code, ExpiryRequired.detail)])
    if product.tracking == Tracking.SERIAL:
        raise SerialsRequired
    told = {name: facts[name] for name in ("quantity", "unit_cost", "expires_on") if name in facts}
    return {**told, "product": product.pk}
