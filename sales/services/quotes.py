"""What a basket would cost, asked before it is paid."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from core.amounts import ZERO
from inventory.services import Shelf
from sales.models import PriceLevel, Sale
from sales.offers import Customs
from sales.services import coupons
from sales.services.baskets import Asked, fill_basket
from sales.services.complete import as_lines, as_sale
from sales.services.receipts import look_up_terms


def quote_sale(
    *,
    by: Membership,
    storefront: UUID,
    lines: Sequence[Mapping[str, Any]],
    customer: UUID | None = None,
    price_level: str = PriceLevel.RETAIL,
    discount: Decimal = ZERO,
    discount_percent: Decimal = ZERO,
    coupon: str | None = None,
) -> Sale:
    """The sale that these would be now, priced by the same rules and not written. Raises what pricing a sale raises."""
    if not by.works_at(storefront):
        raise errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    accounts.dismiss_approver_elsewhere(by=by, location_id=storefront)
    now = timezone.now()
    shelf = Shelf(storefront, on=now.astimezone(by.account.zone).date())
    customs = Customs({line["product"] for line in lines}, price_level, customer)
    terms = look_up_terms(by=by, shelf=shelf, customs=customs)
    voucher = coupons.find_voucher(by=by, code=coupon, shelf=shelf, customer=customer)
    basket = fill_basket(
        by=by,
        shelf=shelf,
        lines=lines,
        levies=terms.levies,
        offers=terms.offers,
        asked=Asked(price_level, discount, discount_percent, voucher),
    )
    sale = as_sale(by, basket, sold_at=now, price_level=price_level)
    sale.storefront_id, sale.customer_id = storefront, customer
    sale._prefetched_objects_cache = {"lines": as_lines(sale, basket)}  # type: ignore[attr-defined]
    return sale
