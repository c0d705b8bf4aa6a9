"""Goods for other goods: one document that takes back what was sold, and sells what is wanted instead."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import Membership
from accounts.roles import Capability
from core.amounts import ZERO
from core.errors import DomainError
from inventory import services as inventory
from sales.models import PriceLevel, Refund, RefundKind, Sale
from sales.services import mobile_payments, rights
from sales.services.complete import complete_sale
from sales.services.purse import open_purse
from sales.services.refund import TakenBack, take_back, write_refund
from sales.services.trade import Trade


@dataclass(frozen=True)
class Exchange:
    """What came back, and what was sold for it. They bear each other's ids; that of the exchange is the refund's."""

    refund: Refund
    sale: Sale

    @property
    def id(self) -> UUID:
        found: UUID = self.refund.pk
        return found


def exchange_goods(
    *,
    by: Membership,
    sale: Sale,
    lines: Sequence[Mapping[str, Any]],
    new_lines: Sequence[Mapping[str, Any]],
    reason: str,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    register: UUID | None = None,
    customer: UUID | None = None,
    payments: Sequence[Mapping[str, Any]] = (),
    given_back: Sequence[Mapping[str, Any]] | None = None,
    price_level: str = PriceLevel.RETAIL,
    discount: Decimal = ZERO,
    discount_percent: Decimal = ZERO,
    coupon: str | None = None,
    receipt_number: str | None = None,
    exchanged_at: datetime | None = None,
    shift: UUID | None = None,
) -> Exchange:
    """Take lines of a locked sale back for what was paid for them, and sell others there; all of it, or nothing, in the
    drawer of `register`, or of the one that sold, and in one shift of it.

    The new goods are priced, and their receipt is numbered, as of any sale. `payments` are for what they cost more, and
    by `given_back` goes back what they cost less. Raises what `take_back`, `complete_sale` and `refund_sale` raise.
    """
    mobile_payments.lock_attempts(by=by, payments=payments)
    taken = take_back(
        by=by,
        sale=sale,
        lines=lines,
        right=Capability.SALE_REFUND,
        kind=RefundKind.EXCHANGE,
        id=id,
        register=register,
        reason=reason,
        customer=customer,
        refunded_at=exchanged_at,
        shift=shift,
    )
    rights.check_right(by, Capability.SALE_COMPLETE)
    trade = Trade(by, taken.refund, open_purse(by=by, refund=taken.refund), given_back)
    _lock(by, taken, new_lines, coupon)
    with _about_new_lines():
        sold = complete_sale(
            by=by,
            storefront=taken.drawer.storefront_id,
            register=taken.drawer.pk,
            customer=taken.refund.customer_id,
            lines=new_lines,
            payments=payments,
            sold_at=taken.refund.refunded_at,
            shift=taken.refund.shift_id,
            price_level=price_level,
            discount=discount,
            discount_percent=discount_percent,
            coupon=coupon,
            receipt_number=receipt_number,
            trade=trade,
        )
    taken.refund.replacement = sold
    carried, given = trade.split(sold.total)
    return Exchange(write_refund(by=by, taken=taken, given=given, carried=carried), sold)


@contextmanager
def _about_new_lines() -> Iterator[None]:
    """What is wrong with lines of the sale is wrong with the new ones of the exchange."""
    try:
        yield
    except DomainError as error:
        error.errors = tuple(
            replace(each, field=f"new_{each.field}") if each.field.startswith("lines.") else each
            for each in error.errors
        )
        raise


def _lock(by: Membership, taken: TakenBack, new_lines: Sequence[Mapping[str, Any]], coupon: str | None) -> None:
    """The coupon and the customer, as a sale does, then what comes and what goes in one order: two who exchange the one
    for the other do not wait in a circle."""
    if coupon:
        by.account.coupons.filter(code__iexact=coupon).locked().first()
    if taken.refund.customer_id:
        by.account.customers.locked().get(pk=taken.refund.customer_id)
    inventory.lock_batches(
        by=by,
        location_id=taken.drawer.storefront_id,
        product_ids={line["product"] for line in new_lines},
        line_ids={row.line_id for row in taken.rows},
    )
