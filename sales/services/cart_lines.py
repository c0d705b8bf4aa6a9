"""What is in a cart: a thing at a time, also by what its barcode says."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability
from core import errors
from core.amounts import ONE, SMALLEST_QUANTITY, ZERO
from inventory import packs
from inventory import queries as inventory_queries
from inventory import services as inventory
from sales.errors import CartFull
from sales.models import Cart, CartLine, CartStatus
from sales.services import rights
from sales.services.carts import in_base_units, take_step
from sales.services.claims import refuse_unless

MOST_LINES = 500  # as many as a sale takes


@dataclass(frozen=True)
class Thing:
    """What is wanted: a product by its base unit, or a pack of it; `quantity` is what its label says."""

    product_id: UUID
    pack_id: UUID | None
    factor: Decimal
    quantity: Decimal = ONE


def add_cart_line(
    *,
    by: Membership,
    cart: Cart,
    quantity: Decimal = ONE,
    product: UUID | None = None,
    pack: UUID | None = None,
    barcode: str = "",
    serials: Sequence[str] = (),
    **terms: Any,
) -> Cart:
    """Put so many of a product, of a pack, or of what a barcode names into a locked draft; of what is there
    already, so many more.

    Raises InvalidInput for what is not on sale here, CapabilityMissing for a price or a discount of one's own,
    CartClosed, CartState, CartFull.
    """
    refuse_unless(cart, CartStatus.DRAFT)
    _check_terms(by, cart, terms)
    thing = _find_thing(by, product=product, pack=pack, barcode=barcode)
    line = cart.lines.filter(product=thing.product_id, pack=thing.pack_id).first()
    if line is None:
        if cart.lines.count() >= MOST_LINES:
            raise CartFull(most=MOST_LINES)
        line = CartLine(account_id=cart.account_id, cart=cart, product_id=thing.product_id, pack_id=thing.pack_id)
        line.quantity = ZERO
    line.quantity += _exact(quantity * thing.quantity, thing.factor)
    line.serials = [*line.serials, *serials]
    _set_terms(line, terms)
    line.save()
    return _noted(by, cart, "line_added", line)


def change_cart_line(*, by: Membership, cart: Cart, line: UUID, **changes: Any) -> Cart:
    """Change a line of a locked draft; what was promised of it and is no longer wanted is free again.

    Raises NotFound, InvalidInput for a quantity that is too fine, CapabilityMissing, CartClosed, CartState.
    """
    refuse_unless(cart, CartStatus.DRAFT)
    _check_terms(by, cart, changes)
    row = _find_line(cart, line)
    row.quantity = _exact(changes.pop("quantity", row.quantity), row.pack.factor if row.pack else ONE)
    row.serials = changes.pop("serials", row.serials)
    _set_terms(row, changes)
    row.save()
    _let_go(by, cart, row.product_id)
    return _noted(by, cart, "line_changed", row)


def remove_cart_line(*, by: Membership, cart: Cart, line: UUID) -> Cart:
    """Take a line out of a locked draft, and free what was promised of it. Raises NotFound, CartClosed,
    CartState."""
    refuse_unless(cart, CartStatus.DRAFT)
    row = _find_line(cart, line)
    cart.lines.filter(pk=row.pk).delete()
    _let_go(by, cart, row.product_id)
    return _noted(by, cart, "line_removed", row)


def _find_line(cart: Cart, line_id: UUID) -> CartLine:
    line: CartLine | None = cart.lines.select_related("pack").filter(pk=line_id).first()
    if line is None:
        raise errors.NotFound
    return line


def _find_thing(by: Membership, *, product: UUID | None, pack: UUID | None, barcode: str) -> Thing:
    """Raises InvalidInput for what is not on sale, and unless it is said either which product it is or which
    barcode."""
    if (product is None) != bool(barcode) or (barcode and pack):
        either = errors.FieldError("product", "product_or_barcode", "Give a product, or a barcode alone.")
        raise errors.InvalidInput(errors=[either])
    if product is None:
        return _scan(by, barcode)
    found = by.account.products.filter(pk=product, is_active=True).first()
    if found is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("product")])
    if pack is None:
        return Thing(found.pk, None, ONE)
    packed = inventory_queries.find_packs(by.account, {pack}).get(pack)
    if packed is None or packed.product_id != found.pk:
        raise errors.InvalidInput(errors=[errors.unknown_reference("pack")])
    return Thing(found.pk, packed.pk, packed.factor)


def _scan(by: Membership, barcode: str) -> Thing:
    found: Any = inventory_queries.find_by_barcode(by, barcode)
    if found is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("barcode")])
    if not found.scanned_quantity:
        silent = errors.FieldError("barcode", "quantity_unknown", "This label does not tell how much it is.")
        raise errors.InvalidInput(errors=[silent])
    if found.pack:
        return Thing(found.pk, found.pack["id"], found.pack["factor"])
    return Thing(found.pk, None, ONE, found.scanned_quantity)


def _exact(quantity: Decimal, factor: Decimal) -> Decimal:
    """Raises InvalidInput for what is finer than is counted, in packs or in base units."""
    exact = packs.in_base_units(quantity, ONE, field="quantity")
    packs.in_base_units(exact, factor, field="quantity")
    return exact.quantize(SMALLEST_QUANTITY)


def _check_terms(by: Membership, cart: Cart, terms: dict[str, Any]) -> None:
    """The right to a price or a discount of one's own; how far it goes is asked when it is sold."""
    accounts.dismiss_approver_elsewhere(by=by, location_id=cart.storefront_id)
    if terms.get("unit_price") is not None:
        rights.check_right(by, Capability.PRICE_OVERRIDE)
    if terms.get("discount"):
        rights.check_right(by, Capability.DISCOUNT_GIVE)


def _set_terms(line: CartLine, terms: dict[str, Any]) -> None:
    for name, value in terms.items():
        setattr(line, name, value)


def _let_go(by: Membership, cart: Cart, product_id: UUID) -> None:
    left = cart.lines.select_related("pack").filter(product=product_id)
    wanted = sum((in_base_units(line) for line in left), ZERO)
    inventory.keep_held(by=by, cart=cart.pk, product=product_id, quantity=wanted)


def _noted(by: Membership, cart: Cart, step: str, line: CartLine) -> Cart:
    facts = {"product": line.product_id, "pack": line.pack_id, "quantity": f"{line.quantity:f}"}
    return take_step(by, cart, step, noted=facts)
