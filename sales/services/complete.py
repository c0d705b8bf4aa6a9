"""A sale: priced, taxed, paid, numbered, and its goods taken from stock. All of it, or none of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability
from core import clock, errors
from core.amounts import ONE, ZERO, round_money
from inventory import packs
from inventory import queries as inventory_queries
from inventory import services as inventory
from inventory.models import ProductPack
from inventory.queries import Sellable
from inventory.services import Issue, Shelf
from sales import pricing
from sales.models import Payment, PriceLevel, Sale, SaleLine
from sales.pricing import LevyRate, Priced, Wanted
from sales.services import claims, fiscal, mobile_payments, rights, tenders
from sales.services.receipts import find_levies, open_receipt
from sales.services.trade import Trade


@dataclass(frozen=True)
class Article:
    """What a line sells: a product by its base unit, or a pack of it; of what is tracked so, these very pieces."""

    sellable: Sellable
    pack: ProductPack | None
    serials: Sequence[str] = ()

    @property
    def name(self) -> str:
        return f"{self.sellable.name}, {self.pack.name}" if self.pack else self.sellable.name

    @property
    def factor(self) -> Decimal:
        return self.pack.factor if self.pack else ONE

    def price(self, level: str) -> Decimal:
        """The price of the level; what has no wholesale price has one price."""
        priced = self.pack or self.sellable
        if level == PriceLevel.WHOLESALE and priced.wholesale_price is not None:
            return priced.wholesale_price
        return priced.retail_price


@dataclass(frozen=True)
class Basket:
    """The lines of a sale with what each turned out to be and to cost, in the order in which they were sent."""

    sellables: Mapping[UUID, Sellable]
    articles: Sequence[Article]
    wanted: Sequence[Wanted]
    priced: Sequence[Priced]

    def total(self, name: str) -> Decimal:
        return sum((getattr(line, name) for line in self.priced), ZERO)


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
    cart: UUID | None = None,
    keep_change: bool = False,
    receipt_number: str | None = None,
    shift: UUID | None = None,
    trade: Trade | None = None,
) -> Sale:
    """Sell, also what `cart` holds, which ends with it, and in a `trade` for goods that came back. Prices, discounts,
    taxes and the receipt number are ours, but for a number that the till leased; the client's price and discount need a
    right. With `keep_change` the change goes to the customer's wallet.

    Raises InvalidInput for what is not this account's, or at a place that is not the member's, CapabilityMissing,
    ApprovalRequired, DiscountTooLarge, PaymentShort, PaymentTooMuch, PaymentNotUsable, RegisterInactive, ShiftRequired,
    ShiftClosed, SubscriptionExpired, RegisterLeased, NumberNotLeased, CartClosed, InsufficientStock, SerialsRequired,
    SerialElsewhere, TryAgain where others keep being quicker, and what `tenders.settle_sale` raises.
    """
    if not by.works_at(storefront):
        raise errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    accounts.dismiss_approver_elsewhere(by=by, location_id=storefront)
    now = timezone.now()
    sold_at = sold_at or now
    _check_clock(by=by, sold_at=sold_at, now=now)
    claimed = claims.claim_cart(by=by, cart_id=cart, storefront_id=storefront)
    shelf = Shelf(storefront, on=sold_at.astimezone(by.account.zone).date(), cart=cart)
    mobile_payments.use_mobile_payments(by=by, payments=payments)
    receipt = open_receipt(
        by=by, register_id=register, shelf=shelf, given_out=receipt_number, shift_id=shift, sold_at=sold_at
    )
    basket = _fill_basket(
        by=by,
        shelf=shelf,
        lines=lines,
        levies=receipt.levies,
        price_level=price_level,
        discount=discount,
    )
    sale = _sale(by, basket, sold_at=sold_at, price_level=price_level)
    sale.id, sale.receipt_number = id or uuid7(), receipt.number
    sale.shift_id, sale.is_late = receipt.shift_id, receipt.is_late
    sale.storefront_id, sale.register_id, sale.customer_id = storefront, register, customer
    rows = _lines(sale, basket)
    if trade:
        sale.exchange_id, payments = trade.exchange_id, [*trade.pay(sale.total), *payments]
    taken = tenders.settle_sale(by=by, sale=sale, payments=payments, keep_change=keep_change)
    book_sale(by=by, sale=sale, rows=rows, taken=taken, shelf=shelf, basket=basket)
    claims.close_cart(by=by, cart=claimed, sale=sale)
    return sale


def book_sale(
    *, by: Membership, sale: Sale, rows: Sequence[SaleLine], taken: Sequence[Payment], shelf: Shelf, basket: Basket
) -> None:
    """Write a sale that is priced, numbered and paid, and take its goods from the shelf."""
    Sale.across_accounts.bulk_create([sale])
    Payment.across_accounts.bulk_create(taken)
    fiscal.open_document(by=by, sale=sale)
    total = round_money(sale.total, by.account.currency_exponent)
    accounts.record(by=by, action="sale.completed", subject=sale, after={"total": f"{total:f}"})
    _issue(by=by, sale=sale, shelf=shelf, rows=rows, basket=basket)
    SaleLine.across_accounts.bulk_create(rows)
    of_sale = [payment for payment in taken if payment.sale]
    sale._prefetched_objects_cache = {"lines": rows, "payments": of_sale}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Quote:
    """A sale as it would be, and is not."""

    sale: Sale
    rows: Sequence[SaleLine]
    basket: Basket


def quote_sale(
    *,
    by: Membership,
    shelf: Shelf,
    lines: Sequence[Mapping[str, Any]],
    at: datetime,
    price_level: str,
    discount: Decimal = ZERO,
) -> Quote:
    """Price lines as a sale at this moment would. Raises what they are refused for there."""
    basket = _fill_basket(
        by=by,
        shelf=shelf,
        lines=lines,
        levies=find_levies(by=by, on=shelf.on),
        price_level=price_level,
        discount=discount,
    )
    sale = _sale(by, basket, sold_at=at, price_level=price_level)
    sale.storefront_id = shelf.location_id
    rows = _lines(sale, basket)
    sale._prefetched_objects_cache = {"lines": rows}  # type: ignore[attr-defined]
    return Quote(sale, rows, basket)


def _check_clock(*, by: Membership, sold_at: datetime, now: datetime) -> None:
    """A till that was offline sells late; a far older date would choose its own taxes and expiry dates."""
    clock.refuse_impossible("sold_at", sold_at, now=now)
    if clock.is_late(sold_at, now=now):
        rights.check_right(by, Capability.SALE_BACKDATE)


def _fill_basket(
    *,
    by: Membership,
    shelf: Shelf,
    lines: Sequence[Mapping[str, Any]],
    levies: Mapping[str, tuple[LevyRate, ...]],
    price_level: str,
    discount: Decimal,
) -> Basket:
    account = by.account
    sellables = shelf.look(by, {line["product"] for line in lines})
    articles = _find_articles(by, sellables, lines)
    list_prices = [article.price(price_level) for article in articles]
    wanted = [
        Wanted(
            quantity=line["quantity"],
            unit_price=line.get("unit_price", price),
            discount=line.get("discount", ZERO),
            levies=levies.get(article.sellable.tax_class, ()),
        )
        for line, article, price in zip(lines, articles, list_prices, strict=True)
    ]
    priced = pricing.price_lines(
        wanted,
        discount=discount,
        prices_include_tax=account.prices_include_tax,
        exponent=account.currency_exponent,
    )
    sold = [line.get("pack") or line["product"] for line in lines]
    crumbles = pricing.loses_by_rounding(wanted, sold, account.currency_exponent)
    rights.check_prices(by, wanted, list_prices, crumbles=crumbles, price_level=price_level, discount=discount)
    return Basket(sellables, articles, wanted, priced)


def _find_articles(
    by: Membership, sellables: Mapping[UUID, Sellable], lines: Sequence[Mapping[str, Any]]
) -> list[Article]:
    """What each line sells. Raises InvalidInput for a product, or a pack of it, that is not on sale."""
    found = inventory_queries.find_packs(by.account, {line["pack"] for line in lines if line.get("pack")})
    articles, unknown = [], []
    for index, line in enumerate(lines):
        sellable, pack = sellables.get(line["product"]), found.get(line.get("pack"))
        if sellable is None:
            unknown.append(errors.unknown_reference(f"lines.{index}.product"))
        elif line.get("pack") and (pack is None or pack.product_id != sellable.product_id):
            unknown.append(errors.unknown_reference(f"lines.{index}.pack"))
        else:
            articles.append(Article(sellable, pack, line.get("serials", ())))
    if unknown:
        raise errors.InvalidInput(errors=unknown)
    return articles


def _sale(by: Membership, basket: Basket, *, sold_at: datetime, price_level: str) -> Sale:
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
        sold_at=sold_at,
        recorded_at=timezone.now(),
    )


def _lines(sale: Sale, basket: Basket) -> list[SaleLine]:
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
            discount=priced.discount,
            tax_rate=priced.tax_rate,
            tax_amount=priced.tax_amount,
            taxes=priced.taxes,
            serials=list(article.serials),
            total=priced.total,
        )
        for position, (article, wanted, priced) in enumerate(
            zip(basket.articles, basket.wanted, basket.priced, strict=True), start=1
        )
    ]


def _issue_of(row: SaleLine, path: str) -> Issue:
    quantity = packs.in_base_units(row.quantity, row.factor, field=f"{path}.quantity")
    return Issue(row.pk, row.product_id, quantity, path, row.serials)


def _issue(*, by: Membership, sale: Sale, shelf: Shelf, rows: Sequence[SaleLine], basket: Basket) -> None:
    issues = [
        _issue_of(row, f"lines.{row.position - 1}")
        for row in rows
        if basket.sellables[row.product_id].is_stocked or row.serials
    ]
    costs = inventory.issue_stock(
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
