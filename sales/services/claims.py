"""The cart that a sale comes from: nobody else's while the sale is made, and closed by it."""

from uuid import UUID

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from sales.errors import CartClosed, CartState
from sales.models import GOING_ON, Cart, CartStatus, Sale


def refuse_unless(cart: Cart, *states: str) -> None:
    """Raises CartClosed, or CartState, for a locked cart with which the step cannot be taken now."""
    state = cart.state(timezone.now())
    if state not in GOING_ON:
        raise CartClosed(status=state)
    if state not in states:
        raise CartState(status=state)


def claim_cart(*, by: Membership, cart_id: UUID | None, storefront_id: UUID) -> Cart | None:
    """The cart, locked; None for an id that is none of ours, by which the till alone has held some stock.

    Raises InvalidInput for a cart of another storefront and for a layaway, CartClosed.
    """
    if cart_id is None:
        return None
    cart: Cart | None = by.account.carts.open_to(by).filter(pk=cart_id).locked().first()
    if cart is None:
        if not by.account.layaways.open_to(by).filter(pk=cart_id).exists():
            return None
    elif cart.storefront_id == storefront_id:
        refuse_unless(cart, *GOING_ON)
        return cart
    raise errors.InvalidInput(errors=[errors.unknown_reference("cart")])


def close_cart(*, by: Membership, cart: Cart | None, sale: Sale) -> None:
    """What was in the locked cart has been sold."""
    if cart is None:
        return
    cart.status, cart.sale, cart.touched_at = CartStatus.COMPLETED, sale, timezone.now()
    cart.version += 1
    cart.save(update_fields=["status", "sale", "touched_at", "version"])
    accounts.record(by=by, action="cart.completed", subject=cart, after={"sale": sale.pk})
