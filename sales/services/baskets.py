"""What is in a basket and what it costs: by the list, by the shop's own offers, and by what the till asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from accounts.errors import ApprovalRequired, CapabilityMissing
from accounts.models import Membership
from core import errors
from core.amounts import ONE, ZERO, percent_of, round_money
from inventory import queries as inventory_queries
from inventory.models import ProductPack
from inventory.queries import Sellable
from inventory.services import Shelf
from sales import pricing
from sales.discounts import Source
from sales.errors import CouponNotValid, PriceChanged
from sales.models import PriceLevel
from sales.objections import REFUSING, Objections
from sales.offers import Offers
from sales.precedence import Rule, find_winner
from sales.pricing import LevyRate, Priced, Wanted
from sales.promotions import Voucher
from sales.services import rights


@dataclass(frozen=True)
class Asked:
    """What the till asks for the whole of a sale: a price level, and discounts of its own and of a coupon."""

    price_level: str = PriceLevel.RETAIL
    discount: Decimal = ZERO
    discount_percent: Decimal = ZERO
    voucher: Voucher | None = None


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
    def sold(self) -> tuple[UUID, UUID | None]:
        return self.sellable.product_id, self.pack.pk if self.pack else None

    @property
    def factor(self) -> Decimal:
        return self.pack.factor if self.pack else ONE

    def price(self, level: str) -> Decimal:
        """The price of the level by the list; what has no wholesale price has one price."""
        priced = self.pack or self.sellable
        if level == PriceLevel.WHOLESALE and priced.wholesale_price is not None:
            return priced.wholesale_price
        return priced.retail_price


@dataclass(frozen=True)
class Basket:
    """The lines of a sale with what each turned out to be and to cost, in the order in which they were sent."""

    sellables: Mapping[UUID, Sellable]
    articles: Sequence[Article]
    rules: Sequence[Rule | None]
    wanted: Sequence[Wanted]
    priced: Sequence[Priced]

    def total(self, name: str) -> Decimal:
        return sum((getattr(line, name) for line in self.priced), ZERO)

    def taken(self, source: Source) -> Decimal:
        """What this took off, over all lines."""
        return sum((part.amount for line in self.priced for part in line.parts if part.source == source), ZERO)


def fill_basket(
    *,
    by: Membership,
    shelf: Shelf,
    lines: Sequence[Mapping[str, Any]],
    levies: Mapping[str, tuple[LevyRate, ...]],
    offers: Offers,
    asked: Asked,
    objections: Objections = REFUSING,
) -> Basket:
    """Price the lines. Raises InvalidInput for what is not on sale, CapabilityMissing, ApprovalRequired,
    DiscountTooLarge, CouponNotValid."""
    account = by.account
    sellables = shelf.look(by, {line["product"] for line in lines})
    articles = _find_articles(by, sellables, lines, withdrawn=shelf.withdrawn)
    rules = _find_rules(articles, lines, offers)
    prices = [
        rule.unit_price if rule else article.price(asked.price_level)
        for rule, article in zip(rules, articles, strict=True)
    ]
    wanted = [
        _wanted(line, article, price, levies, account.currency_exponent)
        for line, article, price in zip(lines, articles, prices, strict=True)
    ]
    price = partial(
        pricing.price_lines,
        wanted,
        discount=asked.discount,
        discount_percent=asked.discount_percent,
        deals=offers.deals,
        prices_include_tax=account.prices_include_tax,
        exponent=account.currency_exponent,
    )
    priced: list[Priced] = []
    with objections.against(CouponNotValid):
        priced = price(voucher=asked.voucher)
    priced = priced or price(voucher=asked.voucher and replace(asked.voucher, minimum=ZERO))
    basket = Basket(sellables, articles, _winners(rules, wanted), wanted, priced)
    with objections.against(CapabilityMissing, ApprovalRequired):
        _check_rights(by, basket, prices, lines, asked)
    if objections.has_happened:
        _note_changed_prices(wanted, prices, objections)
    return basket


def _check_rights(
    by: Membership, basket: Basket, prices: Sequence[Decimal], lines: Sequence[Mapping[str, Any]], asked: Asked
) -> None:
    """What the shop itself offers needs no right; what the till leaves off beyond that does."""
    sold = [line.get("pack") or line["product"] for line in lines]
    rights.check_prices(
        by,
        basket.wanted,
        prices,
        crumbles=pricing.loses_by_rounding(basket.wanted, sold, by.account.currency_exponent),
        price_level=asked.price_level,
        discount=basket.taken(Source.SALE),
        offered=basket.taken(Source.PROMOTION) + basket.taken(Source.COUPON),
    )


def _note_changed_prices(wanted: Sequence[Wanted], prices: Sequence[Decimal], objections: Objections) -> None:
    changed = [
        errors.FieldError(f"lines.{index}.unit_price", PriceChanged.code, f"The list says {price:f}.")
        for index, (line, price) in enumerate(zip(wanted, prices, strict=True))
        if line.unit_price != price
    ]
    if changed:
        objections.note(PriceChanged(errors=changed))


def _wanted(
    line: Mapping[str, Any],
    article: Article,
    price: Decimal,
    levies: Mapping[str, tuple[LevyRate, ...]],
    exponent: int,
) -> Wanted:
    quantity, unit_price = line["quantity"], line.get("unit_price", price)
    subtotal = round_money(quantity * unit_price, exponent)
    return Wanted(
        quantity=quantity,
        unit_price=unit_price,
        discount=line.get("discount", ZERO) + percent_of(subtotal, line.get("discount_percent", ZERO), exponent),
        levies=levies.get(article.sellable.tax_class, ()),
        product=article.sellable.product_id,
    )


def _find_rules(articles: Sequence[Article], lines: Sequence[Mapping[str, Any]], offers: Offers) -> list[Rule | None]:
    """Of each line the rule that makes its price, by the quantity of the same that all lines together sell."""
    quantities: dict[tuple[UUID, UUID | None], Decimal] = {}
    for article, line in zip(articles, lines, strict=True):
        quantities[article.sold] = quantities.get(article.sold, ZERO) + line["quantity"]
    winners = {sold: find_winner(offers.rules.get(sold, ()), quantity) for sold, quantity in quantities.items()}
    return [winners[article.sold] for article in articles]


def _winners(rules: Sequence[Rule | None], wanted: Sequence[Wanted]) -> list[Rule | None]:
    """The rules without those whose price the till has overridden."""
    return [
        rule if rule and rule.unit_price == line.unit_price else None for rule, line in zip(rules, wanted, strict=True)
    ]


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
