"""What a sale or a refund asks beyond the price list and the till's routine: whether the member may, and how far."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_UP, Decimal

from accounts.errors import ApprovalRequired, CapabilityMissing
from accounts.models import Membership
from accounts.roles import Capability
from core import clock, errors
from core.amounts import ZERO, round_money
from sales import pricing
from sales.models import PriceLevel
from sales.pricing import Reduction, Wanted
from system import modules
from system.modules import Module

_HUNDREDTH = Decimal("0.01")


def check_prices(
    by: Membership,
    wanted: Sequence[Wanted],
    list_prices: Sequence[Decimal],
    *,
    crumbles: bool,
    price_level: str,
    discount: Decimal,
    offered: Decimal = ZERO,
) -> None:
    """Raises CapabilityMissing for own prices and discounts without the right, ApprovalRequired beyond the limit."""
    own_price = any(line.unit_price != price for line, price in zip(wanted, list_prices, strict=True))
    gives_discount = discount > 0 or crumbles or any(line.discount > 0 for line in wanted)
    for is_used, capability in (
        (own_price, Capability.PRICE_OVERRIDE),
        (price_level == PriceLevel.WHOLESALE, Capability.PRICE_WHOLESALE),
        (gives_discount, Capability.DISCOUNT_GIVE),
    ):
        if is_used:
            check_right(by, capability)
    if own_price or gives_discount:
        exponent = by.account.currency_exponent
        found = pricing.reductions(
            wanted, list_prices, discount=discount, crumbles=crumbles, exponent=exponent, offered=offered
        )
        _check_discount(by, found)


def check_right(by: Membership, capability: Capability) -> None:
    if not by.may(capability):
        raise CapabilityMissing(capability=capability)


def check_customer(by: Membership, customer: object | None) -> None:
    """Raises ModuleDisabled where somebody names a customer and the business has no customers. What is owed to those
    whom it had goes on."""
    if customer is not None:
        modules.require_module(by.account, Module.CUSTOMERS)


def check_moment(by: Membership, field: str, moment: datetime | None, *, now: datetime) -> None:
    """Raises InvalidInput for a moment that cannot be, CapabilityMissing for one longer ago than a till is offline;
    without one it is now."""
    if moment is None:
        return
    clock.refuse_impossible(field, moment, now=now)
    if clock.is_late(moment, now=now):
        check_right(by, Capability.SALE_BACKDATE)


def check_refund(by: Membership, total: Decimal) -> None:
    """Raises ApprovalRequired where more goes back at once than the member may give back."""
    limit, exponent = by.limits.refund, by.account.currency_exponent
    if limit is None:
        return
    most = round_money(limit.scaleb(-exponent), exponent)
    if total > most:
        beyond = _beyond("lines", f"At most {most:f} at once.")
        raise ApprovalRequired(errors=[beyond], limit=f"{most:f}", asked=by.account.show_money(total))


def _check_discount(by: Membership, reductions: Sequence[Reduction]) -> None:
    limit = by.limits.discount
    if limit is None:
        return
    beyond = pricing.beyond(reductions, limit)
    if beyond:
        named = [reduction for reduction in beyond if reduction.field != pricing.WHOLE] or beyond
        asked = max(reduction.percent for reduction in named).quantize(_HUNDREDTH, rounding=ROUND_UP)
        paths = [_beyond(reduction.field, f"At most {limit:f} percent.") for reduction in named]
        raise ApprovalRequired(errors=paths, limit=f"{limit:f}", asked=f"{asked:f}")


def _beyond(field: str, sentence: str) -> errors.FieldError:
    return errors.FieldError(field, ApprovalRequired.code, sentence)
