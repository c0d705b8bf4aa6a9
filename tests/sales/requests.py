"""What a till sends."""

from uuid_utils.compat import uuid7

from tests.conftest import Shop

SALES = "/api/v1/sales/sales/"
REGISTERS = "/api/v1/sales/registers/"
CUSTOMERS = "/api/v1/sales/customers/"
REFUNDS = "/api/v1/sales/refunds/"
PRODUCTS = "/api/v1/inventory/products/"


def sell(shop: Shop, quantity: str = "1", *, member=None, **extra):
    response = shop.client(member).post(SALES, shop.basket(quantity, **extra))
    assert response.status_code == 201, response.content
    return response.json()["data"]


def back(line: str, quantity: str = "1", **extra):
    return {"lines": [{"line": line, "quantity": quantity}], **extra}


def refund(shop: Shop, sale, quantity: str = "1", *, member=None, headers=None, **extra):
    url, body = f"{SALES}{sale['id']}/refunds/", back(sale["lines"][0]["id"], quantity, id=str(uuid7()))
    return shop.client(member).post(url, {**body, **extra}, **(headers or {}))
