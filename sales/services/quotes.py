"""What a basket would cost, asked before it is paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from core.amounts import ZERO
from inventory.services import Shelf
from sales.models import PriceLevel, Sale, SaleLine
from sales.offers import Customs
from sales.services import coupons, rights
from sales.services.baskets import Asked, Basket, fill_basket
from sales.services.complete import as_lines, as_sale
from sales.services.receipts import look_up_terms


@dataclass(frozen=True)
class Quote:
    """A sale as it would be, and is not."""

    sale: Sale
    rows: Sequence[SaleLine]
    basket: Basket


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
    rights.check_customer(by, customer)
    now = timezone.now()
    shelf = Shelf(storefront, on=now.astimezone(by.account.zone).date())
    voucher = coupons.find_voucher(by=by, code=coupon, shelf=shelf, customer=customer)
    asked = Asked(price_level, discount, discount_percent, voucher)
    return make_quote(by=by, shelf=shelf, lines=lines, customer=customer, asked=asked, at=now).sale


def make_quote(
    *,
    by: Membership,
    shelf: Shelf,
    lines: Sequence[Mapping[str, Any]],
    customer: UUID | None,
    asked: Asked,
    at: datetime,
) -> Quote:
    """Price lines as a sale at this moment would. Raises what they are refused for there."""
    customs = Customs({line["product"] for line in lines}, asked.price_level, customer)
    terms = look_up_terms(by=by, shelf=shelf, customs=customs)
    basket = fill_basket(by=by, shelf=shelf, lines=lines, levies=terms.levies, offers=terms.offers, asked=asked)
    sale = as_sale(by, basket, sold_at=at, price_level=asked.price_level)
    sale.storefront_id, sale.customer_id = shelf.location_id, customer
    rows = as_lines(sale, basket)
    sale._prefetched_objects_cache = {"lines": rows}  # type: ignore[attr-defined]
    return Quote(sale, rows, basket)
