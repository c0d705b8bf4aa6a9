"""Phones, each with a serial number of its own: bought, sold, and looked for."""

from decimal import Decimal
from typing import Any

from uuid_utils.compat import uuid7

from inventory import services as inventory
from inventory.models import Product
from tests.conftest import Shop

SALES = "/api/v1/sales/sales/"
PIECES = "/api/v1/inventory/serial-numbers/"


def add_phone(shop: Shop, *, cost: str = "600", numbers: tuple[str, ...] = ("A1", "A2", "A3", "A4")) -> Product:
    """A phone at 900.00, of which these pieces came two at a time, the older the cheaper by one."""
    with shop.inside():
        phone = inventory.add_product(
            by=shop.owner, sku="PHONE", name="Phone", retail_price=Decimal(900), tracking="SERIAL"
        )
    for first in range(0, len(numbers), 2):
        deliver(shop, phone, *numbers[first : first + 2], cost=str(Decimal(cost) + first // 2))
    return phone


def deliver(shop: Shop, phone: Product, *numbers: str, cost: str = "600", **item: Any) -> Any:
    goods = {"product": phone.pk, "quantity": Decimal(len(numbers)), "unit_cost": Decimal(cost), **item}
    with shop.inside():
        return inventory.receive_stock(
            by=shop.owner, location=shop.storefront.pk, items=[{**goods, "serials": list(numbers)}]
        )


def line(phone: Product, *numbers: str, quantity: str = "", **extra: Any) -> dict[str, Any]:
    return {"product": str(phone.pk), "quantity": quantity or str(len(numbers)), "serials": list(numbers), **extra}


def ask(shop: Shop, *lines: dict[str, Any], member: Any = None, **extra: Any) -> Any:
    """The answer to a sale of these lines."""
    return shop.client(member).post(SALES, shop.basket(lines=list(lines), **extra))


def sold(shop: Shop, phone: Product, *numbers: str, **extra: Any) -> Any:
    """A sale of these pieces on one line."""
    response = ask(shop, line(phone, *numbers), **extra)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def ask_back(shop: Shop, sale: Any, *numbers: str, index: int = 0, quantity: str = "", **extra: Any) -> Any:
    """The answer to a refund of these pieces of a line."""
    item = {"line": sale["lines"][index]["id"], "quantity": quantity or str(len(numbers)), "serials": list(numbers)}
    body = {"id": str(uuid7()), "lines": [{**item, **extra}]}
    return shop.client().post(f"{SALES}{sale['id']}/refunds/", body)


def refunded(shop: Shop, sale: Any, *numbers: str, **extra: Any) -> Any:
    response = ask_back(shop, sale, *numbers, **extra)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def whereabouts(shop: Shop) -> dict[str, str | None]:
    """At which place each piece is, or that it is at none."""
    with shop.inside():
        return dict(shop.account.serial_numbers.values_list("number", "stock_product__location__name"))


def way(shop: Shop, number: str) -> list[tuple[str, Decimal]]:
    """What became of a piece, as the ledger has it."""
    with shop.inside():
        steps = shop.account.stock_movements.filter(serial__number=number).order_by("id")
        return list(steps.values_list("kind", "quantity"))


def batch_of(shop: Shop, number: str) -> Any:
    with shop.inside():
        return shop.account.serial_numbers.get(number=number).stock_product_id
