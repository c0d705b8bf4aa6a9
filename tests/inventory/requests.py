"""What is sent to the catalogue and the stock."""

from uuid_utils.compat import uuid7

from tests.conftest import Shop

PRODUCTS = "/api/v1/inventory/products/"
LOOKUP = f"{PRODUCTS}lookup/"
STOCK = "/api/v1/inventory/stock/"
BATCHES = "/api/v1/inventory/stock-products/"
MOVEMENTS = "/api/v1/inventory/stock-movements/"
CATEGORIES = "/api/v1/inventory/categories/"
STOREFRONTS = "/api/v1/inventory/storefronts/"
WAREHOUSES = "/api/v1/inventory/warehouses/"
ALL = [PRODUCTS, STOCK, BATCHES, MOVEMENTS, CATEGORIES, STOREFRONTS, WAREHOUSES]


def delivery(shop: Shop, quantity="5", **item):
    first = {"product": str(shop.products[0].pk), "quantity": quantity, "unit_cost": "1.2345", **item}
    return {"id": str(uuid7()), "location": str(shop.storefront.pk), "items": [first]}


def product(sku: str = "NEW", **extra):
    return {"sku": sku, "name": "New", "retail_price": "5.00", **extra}
