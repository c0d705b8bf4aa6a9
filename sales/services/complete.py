"""A sale: priced, taxed, paid, numbered, and its goods taken from stock. All of it, or none of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.errors import ApprovalRequired, CapabilityMissing
from accounts.models import Membership
from accounts.roles import Capability
from core import clock, errors
from core.amounts import ONE, ZERO, round_money
from inventory import packs, pieces
from inventory import queries as inventory_queries
from inventory import services as inventory
from inventory.errors import SerialElsewhere
from inventory.models import ProductPack
from inventory.queries import Sellable
from inventory.services import Issue, Shelf
from sales import pricing
from sales.errors import Oversold, PriceChanged, ShiftRequired
from sales.models import Payment, PriceLevel, Sale, SaleLine
from sales.objections import REFUSING, Objections
from sales.pricing import LevyRate, Priced, Wanted
from sales.services import drawers, rights, tenders
from sales.services.receipts import open_receipt


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
    objections: Objections = REFUSING,
) -> Sale:
    """Sell, also what `cart` holds. Prices, discounts, taxes and the receipt number are ours; the client's price and
    discount need a right.

    Raises InvalidInput for what is not this account's, or at a place that is not the member's, CapabilityMissing,
    ApprovalRequired, DiscountTooLarge, PaymentShort, PaymentTooMuch, RegisterInactive, ShiftRequired,
    InsufficientStock, SerialsRequired, SerialElsewhere, and TryAgain where others keep being quicker.
    """
    if not by.works_at(storefront):
        raise errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    accounts.dismiss_approver_elsewhere(by=by, location_id=storefront)
    now = timezone.now()
    sold_at = sold_at or now
    clock.refuse_impossible("sold_at", sold_at, now=now)
    on = sold_at.astimezone(by.account.zone).date()
    shelf = Shelf(storefront, on=on, cart=cart, withdrawn=objections.has_happened)
    receipt = open_receipt(by=by, register_id=register, shelf=shelf)
    with objections.against(CapabilityMissing, ShiftRequired):
        _check_clock(by=by, sold_at=sold_at, now=now)
        drawers.check_shift(by=by, shift_id=receipt.shift_id)
    basket = _fill_basket(
        by=by,
        shelf=shelf,
        lines=lines,
        levies=receipt.levies,
        price_level=price_level,
        discount=discount,
        objections=objections,
    )
    sale = _sale(by, basket, sold_at=sold_at, price_level=price_level)
    sale.id, sale.receipt_number, sale.shift_id = id or uuid7(), receipt.number, receipt.shift_id
    sale.storefront_id, sale.register_id, sale.customer_id = storefront, register, customer
    rows = _lines(sale, basket)
    taken = tenders.settle_sale(by=by, sale=sale, payments=payments)
    Sale.across_accounts.bulk_create([sale])
    Payment.across_accounts.bulk_create(taken)
    total = round_money(sale.total, by.account.currency_exponent)
    accounts.record(by=by, action="sale.completed", subject=sale, after={"total": f"{total:f}"})
    _issue(by=by, sale=sale, shelf=shelf, rows=rows, basket=basket, objections=objections)
    SaleLine.across_accounts.bulk_create(rows)
    sale._prefetched_objects_cache = {"lines": rows, "payments": taken}  # type: ignore[attr-defined]
    return sale


def _check_clock(*, by: Membership, sold_at: datetime, now: datetime) -> None:
    """A till that was offline sells late; a far older date would choose its own taxes and expiry dates."""
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
    objections: Objections,
) -> Basket:
    account = by.account
    sellables = shelf.look(by, {line["product"] for line in lines})
    articles = _find_articles(by, sellables, lines, withdrawn=shelf.withdrawn)
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
    with objections.against(CapabilityMissing, ApprovalRequired):
        rights.check_prices(by, wanted, list_prices, crumbles=crumbles, price_level=price_level, discount=discount)
    if objections.has_happened:
        _note_changed_prices(wanted, list_prices, objections)
    return Basket(sellables, articles, wanted, priced)


def _note_changed_prices(wanted: Sequence[Wanted], list_prices: Sequence[Decimal], objections: Objections) -> None:
    changed = [
        errors.FieldError(f"lines.{index}.unit_price", PriceChanged.code, f"The list says {price:f}.")
        for index, (line, price) in enumerate(zip(wanted, list_prices, strict=True))
        if line.unit_price != price
    ]
    if changed:
        objections.note(PriceChanged(errors=changed))


def _find_articles(
    by: Membership, sellables: Mapping[UUID, Sellable], lines: Sequence[Mapping[str, Any]], *, withdrawn: bool
) -> list[Article]:
    """What each line sells. Raises InvalidInput for a product, or a pack of it, that is not on sale."""
    wanted = {line["pack"] for line in lines if line.get("pack")}
    found = inventory_queries.find_packs(by.account, wanted, withdrawn=withdrawn)
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
