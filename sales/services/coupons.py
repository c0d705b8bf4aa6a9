"""Coupons: made by the shop, used up by sales."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts import services as accounts
from accounts.models import Membership
from inventory.services import Shelf
from sales.errors import CouponNotValid, CouponUsedUp
from sales.models import Coupon, Sale
from sales.objections import REFUSING, Objections
from sales.promotions import Voucher
from sales.services import offering


def add_coupon(*, by: Membership, **facts: Any) -> Coupon:
    """Raises InvalidInput for a storefront that is not the member's."""
    offering.refuse_elsewhere(by=by, storefront=facts.get("storefront"))
    coupon: Coupon = by.account.coupons.create(**facts)
    accounts.record(by=by, action="coupon.added", subject=coupon, after={"code": coupon.code})
    return coupon


def change_coupon(*, by: Membership, coupon: Coupon, **changes: Any) -> Coupon:
    return offering.change_offer(by=by, offer=coupon, changes=changes)


def find_voucher(
    *,
    by: Membership,
    code: str | None,
    shelf: Shelf,
    customer: UUID | None,
    is_locked: bool = False,
    objections: Objections = REFUSING,
) -> Voucher | None:
    """What a coupon is worth, in whatever letters its code is written; locked where it is about to be used, so that
    its uses are counted one after another. Raises CouponNotValid, CouponUsedUp."""
    if not code:
        return None
    coupons = by.account.coupons.filter(code__iexact=code)
    coupon: Coupon | None = (coupons.locked() if is_locked else coupons).first()
    reason = "unknown" if coupon is None else _why_not(coupon, shelf, customer)
    if reason:
        objections.note(CouponNotValid(reason=reason))
    if coupon is None:
        return None
    is_over = coupon.max_uses is not None and coupon.use_count >= coupon.max_uses
    if is_over or _has_used_up(coupon, customer):
        objections.note(CouponUsedUp())
    return Voucher(coupon.pk, coupon.name, coupon.percent, coupon.amount, coupon.min_basket, is_over=is_over)


def use_voucher(*, by: Membership, voucher: Voucher, sale: Sale, amount: Decimal) -> None:
    """Count a use of a locked coupon, for good: a void or a refund does not give it back."""
    over = {"over_count": F("over_count") + 1} if voucher.is_over else {}
    by.account.coupons.filter(pk=voucher.id).update(use_count=F("use_count") + 1, **over)
    by.account.coupon_uses.create(coupon_id=voucher.id, sale=sale, customer_id=sale.customer_id, amount=amount)


def _why_not(coupon: Coupon, shelf: Shelf, customer: UUID | None) -> str:
    if not coupon.is_active:
        return "switched_off"
    if coupon.storefront_id not in (None, shelf.location_id):
        return "not_here"
    if coupon.starts_on and shelf.on < coupon.starts_on:
        return "not_yet"
    if coupon.ends_on and shelf.on > coupon.ends_on:
        return "over"
    return "customer_required" if coupon.max_uses_per_customer is not None and customer is None else ""


def _has_used_up(coupon: Coupon, customer: UUID | None) -> bool:
    most = coupon.max_uses_per_customer
    return most is not None and bool(coupon.uses.filter(account=coupon.account, customer=customer).count() >= most)
