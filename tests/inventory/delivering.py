"""Deliveries as they are sent, and what they leave behind."""

from decimal import Decimal

from uuid_utils.compat import uuid7

from inventory import services
from tests.conftest import Shop
from tests.inventory.requests import STOCK, delivery


def tracked(shop: Shop, tracking: str, sku: str = "TRACKED"):
    with shop.inside():
        return services.add_product(by=shop.owner, sku=sku, name=sku, retail_price=Decimal(9), tracking=tracking)


def body(shop: Shop, *items, **extra):
    """A delivery of (quantity, unit cost) per product of the shop."""
    sent = [
        {"product": str(product.pk), "quantity": quantity, "unit_cost": cost}
        for product, (quantity, cost) in zip(shop.products, items, strict=False)
    ]
    return {"id": str(uuid7()), "location": str(shop.storefront.pk), "items": sent, **extra}


def sent(shop: Shop, body, *, member=None):
    response = shop.client(member).post(STOCK, body)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def batches_of(shop: Shop, pk: str):
    with shop.inside():
        return list(shop.account.stock_products.filter(stock=pk).order_by("id"))


def of_pieces(shop: Shop, product, *numbers: str, quantity: str | None = None):
    return delivery(shop, quantity or str(len(numbers)), product=str(product.pk), serials=list(numbers))
