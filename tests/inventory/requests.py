"""What is sent to the catalogue and the stock."""

from uuid_utils.compat import uuid7

from inventory.barcodes import check_digit
from tests.conftest import Shop

PRODUCTS = "/api/v1/inventory/products/"
LOOKUP = f"{PRODUCTS}lookup/"
STOCK = "/api/v1/inventory/stock/"
BATCHES = "/api/v1/inventory/stock-products/"
MOVEMENTS = "/api/v1/inventory/stock-movements/"
CATEGORIES = "/api/v1/inventory/categories/"
PACKS = "/api/v1/inventory/packs/"
SUPPLIERS = "/api/v1/inventory/suppliers/"
BARCODE_RULES = "/api/v1/inventory/barcode-rules/"
REORDER_POINTS = "/api/v1/inventory/reorder-points/"
STOREFRONTS = "/api/v1/inventory/storefronts/"
WAREHOUSES = "/api/v1/inventory/warehouses/"
ALL = [PRODUCTS, STOCK, BATCHES, MOVEMENTS, CATEGORIES, STOREFRONTS, WAREHOUSES]


def delivery(shop: Shop, quantity="5", **item):
    first = {"product": str(shop.products[0].pk), "quantity": quantity, "unit_cost": "1.2345", **item}
    return {"id": str(uuid7()), "location": str(shop.storefront.pk), "items": [first]}


def product(sku: str = "NEW", **extra):
    return {"sku": sku, "name": "New", "retail_price": "5.00", **extra}


def weighed(prefix: str, item_code: str, number: int) -> str:
    """What the shop's scale prints."""
    digits = f"{prefix}{item_code}{number:05d}"
    return digits + check_digit(digits)
