"""What the shop offers, written down: prices and promotions, each at one place or everywhere."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from inventory.models import Location, LocationKind, Product, ProductPack
from sales.models import PriceRule, Promotion, PromotionItem, Side
from sales.models.offers import Offer

Kind = TypeVar("Kind", bound=Offer)

# Which list of a promotion names which items.
ITEMS: Mapping[str, tuple[Side, str]] = {
    "buy_products": (Side.BUY, "product"),
    "buy_categories": (Side.BUY, "category"),
    "get_products": (Side.GET, "product"),
    "get_categories": (Side.GET, "category"),
}


def add_price_rule(*, by: Membership, product: Product, pack: ProductPack | None = None, **facts: Any) -> PriceRule:
    """Raises InvalidInput for a pack of something else and a storefront that is not the member's."""
    refuse_elsewhere(by=by, storefront=facts.get("storefront"))
    if pack and pack.product_id != product.pk:
        raise errors.InvalidInput(errors=[errors.unknown_reference("pack")])
    rule: PriceRule = by.account.price_rules.create(product=product, pack=pack, **facts)
    accounts.record(by=by, action="price_rule.added", subject=rule, after=_shown(rule, "name", "unit_price"))
    return rule


def change_price_rule(*, by: Membership, price_rule: PriceRule, **changes: Any) -> PriceRule:
    return change_offer(by=by, offer=price_rule, changes=changes)


def add_promotion(*, by: Membership, **facts: Any) -> Promotion:
    """Raises InvalidInput for products, categories and a storefront that are not there."""
    lists = {name: facts.pop(name) for name in ITEMS if name in facts}
    refuse_elsewhere(by=by, storefront=facts.get("storefront"))
    _refuse_unknown(by, lists)
    promotion: Promotion = by.account.promotions.create(**facts)
    _write_items(promotion, lists)
    accounts.record(by=by, action="promotion.added", subject=promotion, after=_shown(promotion, "name", "kind"))
    return promotion


def change_promotion(*, by: Membership, promotion: Promotion, **changes: Any) -> Promotion:
    """A list that is sent takes the place of the one that was. Raises InvalidInput."""
    lists = {name: changes.pop(name) for name in ITEMS if name in changes}
    _refuse_unknown(by, lists)
    change_offer(by=by, offer=promotion, changes=changes)
    if lists:
        for side, kind in (ITEMS[name] for name in lists):
            by.account.promotion_items.filter(promotion=promotion, side=side, **{f"{kind}__isnull": False}).delete()
        _write_items(promotion, lists)
        promotion.version += 1
        promotion.save(update_fields=["version"])
        accounts.record(by=by, action="promotion.items_changed", subject=promotion, after=lists)
    return promotion


def change_offer(*, by: Membership, offer: Kind, changes: Mapping[str, Any]) -> Kind:
    """Raises InvalidInput where it holds, or would hold, elsewhere than at the member's places."""
    refuse_elsewhere(by=by, storefront=offer.storefront)
    refuse_elsewhere(by=by, storefront=changes.get("storefront", offer.storefront))
    accounts.change(by=by, row=offer, changes=changes)
    return offer


def refuse_elsewhere(*, by: Membership, storefront: Location | None) -> None:
    """Who works at some places only offers nothing at others, nor everywhere. Raises InvalidInput."""
    if storefront is None and by.is_limited:
        required = errors.FieldError("storefront", "required", "Name one of the storefronts where you work.")
        raise errors.InvalidInput(errors=[required])
    if storefront and (storefront.kind != LocationKind.STOREFRONT or not by.works_at(storefront.pk)):
        raise errors.InvalidInput(errors=[errors.unknown_reference("storefront")])


def _refuse_unknown(by: Membership, lists: Mapping[str, Sequence[UUID]]) -> None:
    rows = {"product": by.account.products, "category": by.account.categories}
    unknown = []
    for name, ids in lists.items():
        known = set(rows[ITEMS[name][1]].filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
        unknown += [errors.unknown_reference(f"{name}.{index}") for index, pk in enumerate(ids) if pk not in known]
    if unknown:
        raise errors.InvalidInput(errors=unknown)


def _write_items(promotion: Promotion, lists: Mapping[str, Collection[UUID]]) -> None:
    PromotionItem.across_accounts.bulk_create(
        PromotionItem(account_id=promotion.account_id, promotion=promotion, side=side, **{f"{kind}_id": pk})
        for name, ids in lists.items()
        for side, kind in [ITEMS[name]]
        for pk in dict.fromkeys(ids)
    )
    promotion._prefetched_objects_cache = {}  # type: ignore[attr-defined]


def _shown(row: Offer, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
