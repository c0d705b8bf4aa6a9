"""What a till does with carts."""

from typing import Any

from uuid_utils.compat import uuid7

from sales import services
from tests.conftest import Shop

CARTS = "/api/v1/sales/carts/"
SALES = "/api/v1/sales/sales/"


def ask(shop: Shop, path: str = "", body: Any = None, *, member: Any = None, key: str = "", **headers: Any) -> Any:
    """POST below carts/, with a key of its own unless told."""
    headers = {"HTTP_IDEMPOTENCY_KEY": key or str(uuid7()), **headers}
    return shop.client(member).post(f"{CARTS}{path}", {} if body is None else body, **headers)


def took(shop: Shop, path: str, body: Any = None, **facts: Any) -> Any:
    """The same, which is done; the cart."""
    response = ask(shop, path, body, **facts)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def body_of(shop: Shop, **facts: Any) -> dict[str, Any]:
    return {"storefront": str(shop.storefront.pk), "register": str(shop.register.pk), **facts}


def opened(shop: Shop, **facts: Any) -> str:
    """A new cart."""
    response = ask(shop, "", body_of(shop, **facts))
    assert response.status_code == 201, response.content
    return response.json()["data"]["id"]


def filled(shop: Shop, *quantities: str) -> str:
    """A new cart with so much of each product."""
    pk = opened(shop)
    for product, quantity in zip(shop.products, quantities, strict=False):
        added(shop, pk, product=str(product.pk), quantity=quantity)
    return pk


def added(shop: Shop, pk: str, **line: Any) -> Any:
    return took(shop, f"{pk}/lines/", line)


def shown(shop: Shop, pk: str) -> Any:
    response = shop.client().get(f"{CARTS}{pk}/")
    assert response.status_code == 200, response.content
    return response.json()["data"]


def quantities(cart: Any) -> list[str]:
    return [line["quantity"] for line in cart["lines"]]


def quoted(shop: Shop, pk: str, member: Any = None) -> Any:
    return shop.client(member).get(f"{CARTS}{pk}/quote/")


def sell(shop: Shop, pk: str, *quantities: str, **extra: Any) -> Any:
    """The sale of what is in a cart, as the till sends it."""
    lines = [
        {"product": str(product.pk), "quantity": quantity}
        for product, quantity in zip(shop.products, quantities, strict=False)
    ]
    return shop.client().post(SALES, shop.basket(lines=lines, cart=pk, **extra))


def beside(shop: Shop) -> str:
    """A second register in the storefront."""
    with shop.inside():
        register = services.add_register(by=shop.owner, storefront=shop.storefront, code="T2", name="Beside")
    return str(register.pk)
