"""Carts: opened, parked and taken up again, their stock promised, given up in the end; sold by `complete_sale`."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability
from core import errors
from core.amounts import ONE, ZERO
from inventory import packs
from inventory import services as inventory
from inventory.models import Location
from inventory.services import Shelf
from sales.errors import RegisterInactive
from sales.models import GOING_ON, Cart, CartLine, CartStatus, PriceLevel, Register, Sale
from sales.services import coupons, quotes, rights
from sales.services.baskets import Asked
from sales.services.claims import refuse_unless

MINUTES = 15


def open_cart(
    *,
    by: Membership,
    storefront: Location,
    register: Register,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    price_level: str = PriceLevel.RETAIL,
    **facts: Any,
) -> Cart:
    """A new cart at a register; there may be several. Raises InvalidInput for a register of another storefront,
    RegisterInactive, CapabilityMissing for a price level that is not everybody's."""
    _check_register(register, storefront.pk)
    _check_level(by, storefront.pk, price_level)
    rights.check_customer(by, facts.get("customer"))
    cart: Cart = by.account.carts.create(
        id=id or uuid7(),
        storefront=storefront,
        register=register,
        price_level=price_level,
        opened_by=by,
        touched_at=timezone.now(),
        **facts,
    )
    accounts.record(by=by, action="cart.opened", subject=cart)
    return cart


def change_cart(*, by: Membership, cart: Cart, **changes: Any) -> Cart:
    """Change whose a draft is, what it is called, or at which level it is priced. Raises CartClosed, CartState,
    CapabilityMissing."""
    refuse_unless(cart, CartStatus.DRAFT)
    _check_level(by, cart.storefront_id, changes.get("price_level", cart.price_level))
    rights.check_customer(by, changes.get("customer"))
    accounts.change(by=by, row=cart, changes=changes)
    _touch(cart)
    return cart


def park_cart(*, by: Membership, cart: Cart) -> Cart:
    """Put a locked cart aside: the customer comes back. Raises CartClosed, CartState."""
    refuse_unless(cart, CartStatus.DRAFT)
    return take_step(by, cart, "parked", status=CartStatus.PARKED)


def resume_cart(*, by: Membership, cart: Cart, register: Register | None = None) -> Cart:
    """Go on with a parked one, at any register of its storefront. Raises CartClosed, CartState for one that somebody
    has taken up already, InvalidInput, RegisterInactive."""
    refuse_unless(cart, CartStatus.PARKED)
    register = register or cart.register
    _check_register(register, cart.storefront_id)
    return take_step(by, cart, "resumed", status=CartStatus.DRAFT, register=register)


def hold_cart(*, by: Membership, cart: Cart, minutes: int = MINUTES) -> Cart:
    """Promise a locked cart all that is in it, for so many minutes from now. Raises CartClosed, InsufficientStock, and
    InvalidInput for what is no longer on sale."""
    refuse_unless(cart, *GOING_ON)
    until = timezone.now() + timedelta(minutes=minutes)
    quantities = _wanted(cart)
    if quantities:
        inventory.hold_all(by=by, location=cart.storefront_id, cart=cart.pk, quantities=quantities, until=until)
    return take_step(by, cart, "held", noted={"until": until})


def release_held(*, by: Membership, cart: Cart) -> Cart:
    """Let go of what a locked cart was promised. Raises CartClosed."""
    refuse_unless(cart, *GOING_ON)
    inventory.release_cart(by=by, cart=cart.pk)
    return take_step(by, cart, "released")


def abandon_cart(*, by: Membership, cart: Cart, reason: str = "") -> Cart:
    """Give a locked cart up, and what it was promised. Raises CartClosed."""
    refuse_unless(cart, *GOING_ON)
    inventory.release_cart(by=by, cart=cart.pk)
    return take_step(by, cart, "abandoned", status=CartStatus.ABANDONED, closing_reason=reason)


def quote_cart(
    *,
    by: Membership,
    cart: Cart,
    discount: Decimal = ZERO,
    discount_percent: Decimal = ZERO,
    coupon: str | None = None,
) -> Sale:
    """What is in a cart, priced and taxed as a sale would now; nothing is written. Raises what that is refused for."""
    accounts.dismiss_approver_elsewhere(by=by, location_id=cart.storefront_id)
    now = timezone.now()
    shelf = Shelf(cart.storefront_id, on=now.astimezone(by.account.zone).date(), cart=cart.pk)
    lines = [_as_sent(line) for line in cart.lines.order_by("id")]
    voucher = coupons.find_voucher(by=by, code=coupon, shelf=shelf, customer=cart.customer_id)
    asked = Asked(cart.price_level, discount, discount_percent, voucher)
    quote = quotes.make_quote(by=by, shelf=shelf, lines=lines, customer=cart.customer_id, asked=asked, at=now)
    return quote.sale


def take_step(by: Membership, cart: Cart, step: str, *, noted: Mapping[str, Any] | None = None, **facts: Any) -> Cart:
    """Write the next version of a locked cart with the facts that the step brings, and what was done to its history."""
    before = cart.status
    for name, value in facts.items():
        setattr(cart, name, value)
    cart.version += 1
    _touch(cart, *facts, "version")
    moved = {"status": cart.status} if cart.status != before else {}
    why = {"reason": cart.closing_reason} if cart.closing_reason else {}
    accounts.record(
        by=by,
        action=f"cart.{step}",
        subject=cart,
        before={"status": before} if moved else {},
        after={**moved, **why, **(noted or {})},
    )
    return cart


def _touch(cart: Cart, *written: str) -> None:
    cart.touched_at = timezone.now()
    cart.save(update_fields=[*written, "touched_at"])


def _check_register(register: Register, storefront_id: UUID) -> None:
    if register.storefront_id != storefront_id:
        raise errors.InvalidInput(errors=[errors.unknown_reference("register")])
    if not register.is_active:
        raise RegisterInactive


def _check_level(by: Membership, storefront_id: UUID, price_level: str) -> None:
    accounts.dismiss_approver_elsewhere(by=by, location_id=storefront_id)
    if price_level == PriceLevel.WHOLESALE:
        rights.check_right(by, Capability.PRICE_WHOLESALE)


def _wanted(cart: Cart) -> dict[UUID, Decimal]:
    """How much of each product that is kept in stock, in base units."""
    quantities: dict[UUID, Decimal] = defaultdict(Decimal)
    for line in cart.lines.select_related("product", "pack").order_by("id"):
        if line.product.is_stocked:
            quantities[line.product_id] += in_base_units(line)
    return quantities


def in_base_units(line: CartLine) -> Decimal:
    return packs.in_base_units(line.quantity, line.pack.factor if line.pack else ONE, field="quantity")


def _as_sent(line: CartLine) -> dict[str, Any]:
    """The line as a till would send it with a sale."""
    own_price = {} if line.unit_price is None else {"unit_price": line.unit_price}
    return {
        "product": line.product_id,
        "pack": line.pack_id,
        "quantity": line.quantity,
        "discount": line.discount or ZERO,
        "serials": line.serials,
        **own_price,
    }
