"""A sale: priced, taxed, paid, numbered, and its goods taken from stock. All of it, or none of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.errors import CapabilityMissing
from accounts.models import Membership
from accounts.roles import Capability
from core import clock, errors
from core.amounts import ZERO
from inventory import packs, pieces
from inventory import services as inventory
from inventory.errors import SerialElsewhere
from inventory.services import Issue, Shelf
from sales.discounts import Source
from sales.errors import CartClosed, Oversold
from sales.models import Payment, PriceLevel, Sale, SaleLine
from sales.objections import REFUSING, Objections
from sales.offers import Customs
from sales.promotions import Voucher
from sales.services import claims, coupons, fiscal, mobile_payments, rights, tenders
from sales.services.baskets import Asked, Basket, fill_basket
from sales.services.receipts import open_receipt
from sales.services.trade import Trade
from system.errors import ModuleDisabled


def complete_sale(
    *,
    by: Membership,
    storefront: UUID,
    register: UUID,
    lines: Sequence[Mapping[str, Any]],
    payments: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    customer: UUID | None = None,
    sold_at: datetime | None = None,
    price_level: str = PriceLevel.RETAIL,
    discount: Decimal = ZERO,
    discount_percent: Decimal = ZERO,
    coupon: str | None = None,
    cart: UUID | None = None,
    keep_change: bool = False,
    receipt_number: str | None = None,
    shift: UUID | None = None,
    trade: Trade | None = None,
    objections: Objections = REFUSING,
) -> Sale:
    """Sell, also what `cart` holds, which ends with it, and in a `trade` for goods that came back. Prices, discounts,
    taxes and the receipt number are ours, but for a number that the till leased; the client's price and discount need a
    right. With `keep_change` the change goes to the customer's wallet.

    Raises InvalidInput for what is not this account's, or at a place that is not the member's, CapabilityMissing,
    ApprovalRequired, DiscountTooLarge, CouponNotValid, CouponUsedUp, PaymentShort, PaymentTooMuch, PaymentNotUsable,
    PaymentPending, RegisterInactive, ShiftRequired, ShiftClosed, SubscriptionExpired, RegisterLeased, NumberNotLeased,
    CartClosed, InsufficientStock, SerialsRequired, SerialElsewhere, ModuleDisabled, TryAgain where others keep being
    quicker, and what `tenders.settle_sale` raises.
    """
    if not by.works_at(storefront):
        raise errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    accounts.dismiss_approver_elsewhere(by=by, location_id=storefront)
    now = timezone.now()
    sold_at = sold_at or now
    clock.refuse_impossible("sold_at", sold_at, now=now)
    with objections.against(ModuleDisabled):
        rights.check_customer(by, customer)
    claimed = None
    with objections.against(CartClosed):
        claimed = claims.claim_cart(by=by, cart_id=cart, storefront_id=storefront)
    on = sold_at.astimezone(by.account.zone).date()
    shelf = Shelf(storefront, on=on, cart=cart, withdrawn=objections.has_happened)
    means = mobile_payments.use_mobile_payments(by=by, payments=payments, customer=customer, objections=objections)
    customs = Customs({line["product"] for line in lines}, price_level, customer)
    receipt = open_receipt(
        by=by,
        register_id=register,
        shelf=shelf,
        customs=customs,
        given_out=receipt_number,
        shift_id=shift,
        sold_at=sold_at,
        objections=objections,
    )
    with objections.against(CapabilityMissing):
        _check_clock(by=by, sold_at=sold_at, now=now)
    voucher = coupons.find_voucher(
        by=by, code=coupon, shelf=shelf, customer=customer, is_locked=True, objections=objections
    )
    basket = fill_basket(
        by=by,
        shelf=shelf,
        lines=lines,
        levies=receipt.levies,
        offers=receipt.offers,
        asked=Asked(price_level, discount, discount_percent, voucher),
        objections=objections,
    )
    sale = as_sale(by, basket, sold_at=sold_at, price_level=price_level)
    sale.id, sale.receipt_number = id or uuid7(), receipt.number
    sale.shift_id, sale.is_late = receipt.shift_id, receipt.is_late
    sale.storefront_id, sale.register_id, sale.customer_id = storefront, register, means.customer_id
    rows, payments = as_lines(sale, basket), means.payments
    if trade:
        sale.exchange_id, payments = trade.exchange_id, [*trade.pay(sale.total), *payments]
    taken = tenders.settle_sale(by=by, sale=sale, payments=payments, keep_change=keep_change, objections=objections)
    book_sale(
        by=by,
        sale=sale,
        rows=rows,
        taken=taken,
        shelf=shelf,
        basket=basket,
        voucher=voucher,
        objections=objections,
    )
    claims.close_cart(by=by, cart=claimed, sale=sale)
    return sale


def book_sale(
    *,
    by: Membership,
    sale: Sale,
    rows: Sequence[SaleLine],
    taken: Sequence[Payment],
    shelf: Shelf,
    basket: Basket,
    voucher: Voucher | None = None,
    objections: Objections = REFUSING,
) -> None:
    """Write a sale that is priced, numbered and paid, and take its goods from the shelf."""
    Sale.across_accounts.bulk_create([sale])
    Payment.across_accounts.bulk_create(taken)
    fiscal.open_document(by=by, sale=sale)
    if voucher:
        coupons.use_voucher(by=by, voucher=voucher, sale=sale, amount=basket.taken(Source.COUPON))
    total = by.account.show_money(sale.total)
    accounts.record(by=by, action="sale.completed", subject=sale, after={"total": total})
    _issue(by=by, sale=sale, shelf=shelf, rows=rows, basket=basket, objections=objections)
    SaleLine.across_accounts.bulk_create(rows)
    of_sale = [payment for payment in taken if payment.sale]
    sale._prefetched_objects_cache = {"lines": rows, "payments": of_sale}  # type: ignore[attr-defined]


def _check_clock(*, by: Membership, sold_at: datetime, now: datetime) -> None:
    """A till that was offline sells late; a far older date would choose its own taxes and expiry dates."""
    if clock.is_late(sold_at, now=now):
        rights.check_right(by, Capability.SALE_BACKDATE)


def as_sale(by: Membership, basket: Basket, *, sold_at: datetime, price_level: str) -> Sale:
    return Sale(
        account_id=by.account_id,
        price_level=price_level,
        currency=by.account.currency,
        prices_include_tax=by.account.prices_include_tax,
        subtotal=basket.total("subtotal"),
        discount_total=basket.total("discount"),
        tax_total=basket.total("tax_amount"),
        total=basket.total("total"),
        sold_by=by,
        approved_by=by.approver,
        sold_at=sold_at,
        recorded_at=timezone.now(),
    )


def as_lines(sale: Sale, basket: Basket) -> list[SaleLine]:
    return [
        SaleLine(
            account_id=sale.account_id,
            sale=sale,
            position=position,
            product_id=article.sellable.product_id,
            pack=article.pack,
            factor=article.factor,
            name=article.name,
            quantity=wanted.quantity,
            unit_price=wanted.unit_price,
            list_price=article.price(sale.price_level),
            price_rule_id=rule.id if rule else None,
            price_rule_name=rule.name if rule else "",
            discount=priced.discount,
            discounts=[part.as_kept() for part in priced.parts],
            tax_rate=priced.tax_rate,
            tax_amount=priced.tax_amount,
            taxes=priced.taxes,
            serials=list(article.serials),
            total=priced.total,
        )
        for position, (article, rule, wanted, priced) in enumerate(
            zip(basket.articles, basket.rules, basket.wanted, basket.priced, strict=True), start=1
        )
    ]


def _issue_of(row: SaleLine, path: str) -> Issue:
    quantity = packs.in_base_units(row.quantity, row.factor, field=f"{path}.quantity")
    return Issue(row.pk, row.product_id, quantity, path, row.serials)


def _issue(
    *, by: Membership, sale: Sale, shelf: Shelf, rows: Sequence[SaleLine], basket: Basket, objections: Objections
) -> None:
    issues = [
        _issue_of(row, f"lines.{row.position - 1}")
        for row in rows
        if basket.sellables[row.product_id].is_stocked or row.serials
    ]
    take = partial(_issue_gone, objections=objections) if objections.has_happened else inventory.issue_stock
    costs = take(
        by=by,
        source=sale,
        shelf=shelf,
        issues=issues,
        sellables=basket.sellables,
        occurred_at=sale.sold_at,
    )
    if shelf.cart:
        inventory.release_cart(by=by, cart=shelf.cart)
    for row in rows:
        row.cost = costs.get(row.pk, ZERO)


def _issue_gone(*, objections: Objections, **sold: Any) -> Mapping[UUID, Decimal]:
    """The goods have gone, whatever the books say."""
    gone = inventory.issue_gone(**sold)
    if gone.lacking:
        objections.note(Oversold(lacking={str(product): f"{lack:f}" for product, lack in gone.lacking.items()}))
    if gone.unknown:
        paths = [pieces.about(f"{issue.path}.serials", SerialElsewhere) for issue in gone.unknown]
        objections.note(SerialElsewhere(errors=paths))
    return gone.costs
