"""Transfers as a till sends them, and what has to hold of what is on the road at every moment."""

from decimal import Decimal
from typing import Any

from django.db.models import F, Sum
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import sums
from inventory.models import MOVED, LocationKind
from tests.conftest import Shop

TRANSFERS = "/api/v1/inventory/transfers/"


def wanted(shop: Shop, there: Shop, quantity: Any = "10", **extra: Any) -> dict[str, Any]:
    """The body of a transfer of this quantity of every product, from the shop to the other place."""
    return {
        "id": str(uuid7()),
        "source": str(shop.storefront.pk),
        "destination": str(there.storefront.pk),
        "lines": [{"product": str(product.pk), "quantity": quantity} for product in shop.products],
        **extra,
    }


def draft(shop: Shop, there: Shop, quantity: Any = "10", **extra: Any) -> dict[str, Any]:
    return shown(shop.client().post(TRANSFERS, wanted(shop, there, quantity, **extra)), 201)


def request(shop: Shop, there: Shop, quantity: Any = "10") -> dict[str, Any]:
    """What the other place asks the shop for."""
    return draft(shop, there, quantity, is_request=True)


def sent(shop: Shop, there: Shop, quantity: Any = "10") -> dict[str, Any]:
    return shown(step(shop, draft(shop, there, quantity), "dispatch"))


def step(shop: Shop, transfer: Any, name: str, body: Any = None, *, by: Any = None, key: str = "") -> Any:
    """Take a step with a key of its own, as the owner unless told."""
    url = f"{TRANSFERS}{transfer['id']}/{name}/"
    return shop.client(by).post(url, body or {}, HTTP_IDEMPOTENCY_KEY=key or str(uuid7()))


def arrival(transfer: Any, **found: Any) -> dict[str, Any]:
    """The same was found of every line."""
    return {"items": [{"line": line["id"], **found} for line in transfer["lines"]]}


def shown(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return response.json()["data"]


def seen(shop: Shop, transfer: Any) -> Any:
    return shown(shop.client().get(f"{TRANSFERS}{transfer['id']}/"))


def told(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def at(shop: Shop, place: Shop) -> list[Decimal]:
    """How much of every product is at a place."""
    with shop.inside():
        held = shop.account.stock_products.filter(location=place.storefront).order_by("product_id")
        by_product = dict(held.values_list("product_id").annotate(Sum("quantity")))
    return [by_product.get(product.pk, Decimal(0)) for product in shop.products]


def on_the_road(shop: Shop) -> dict[Any, Decimal]:
    """What lies at the place between all others, by product; what is not there at all is left out."""
    with shop.inside():
        lying = shop.account.stock_products.filter(location__kind=LocationKind.TRANSIT, quantity__gt=0)
        return dict(lying.order_by("product_id").values_list("product_id").annotate(Sum("quantity")))


def adds_up(shop: Shop) -> bool:
    """Nothing was gained or lost by moving, and on the road is what was sent and has not come; the ledger agrees."""
    with shop.inside():
        moved = shop.account.stock_movements.filter(kind__in=MOVED).order_by("product_id")
        per_product = moved.values("product_id").annotate(quantities=Sum("quantity"), values=Sum("value"))
        is_even = all(row["quantities"] == row["values"] == 0 for row in per_product)
        left = F("quantity") - F("accepted") - F("damaged") - F("missing")
        picks = shop.account.transfer_picks.order_by("batch__product_id").values_list("batch__product_id")
        expected = {product: quantity for product, quantity in picks.annotate(left=Sum(left)) if quantity}
        agrees = not list(sums.find_disagreements(using="default"))
    return is_even and agrees and on_the_road(shop) == expected


def today(shop: Shop):
    return timezone.localdate(timezone=shop.account.zone)
