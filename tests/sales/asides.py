"""What a till does with layaways."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from uuid_utils.compat import uuid7

from sales import services
from tests.conftest import Shop

LAYAWAYS = "/api/v1/sales/layaways/"


def customer_of(shop: Shop, name: str = "Efua") -> str:
    with shop.inside():
        found = shop.account.customers.filter(name=name).first() or services.add_customer(by=shop.owner, name=name)
    return str(found.pk)


def due(shop: Shop, days: int = 30) -> str:
    return str(timezone.localdate(timezone=shop.account.zone) + timedelta(days=days))


def paying(*payments: tuple[str, str]) -> list[dict[str, str]]:
    return [{"method": method, "amount": amount} for method, amount in payments]


def body_of(shop: Shop, *quantities: str, paid: str = "0", days: int = 30, **facts: Any) -> dict[str, Any]:
    """So much of the products in their order; paid in cash, if anything."""
    return {
        "storefront": str(shop.storefront.pk),
        "register": str(shop.register.pk),
        "customer": customer_of(shop),
        "due_on": due(shop, days),
        "lines": [
            {"product": str(product.pk), "quantity": quantity}
            for product, quantity in zip(shop.products, quantities, strict=False)
        ],
        "payments": paying(("CASH", paid)) if paid != "0" else [],
        **facts,
    }


def ask(shop: Shop, path: str = "", body: Any = None, *, member: Any = None, key: str = "", **headers: Any) -> Any:
    """POST below layaways/, with a key of its own unless told."""
    headers = {"HTTP_IDEMPOTENCY_KEY": key or str(uuid7()), **headers}
    return shop.client(member).post(f"{LAYAWAYS}{path}", {} if body is None else body, **headers)


def took(response: Any) -> Any:
    assert response.status_code in (200, 201), response.content
    return response.json()["data"]


def laid(shop: Shop, *quantities: str, **facts: Any) -> Any:
    return took(ask(shop, "", body_of(shop, *quantities, **facts)))


def pay(shop: Shop, pk: str, *payments: tuple[str, str], register: Any = None, **facts: Any) -> Any:
    register = str(register or shop.register.pk)
    return ask(shop, f"{pk}/payments/", {"register": register, "payments": paying(*payments)}, **facts)


def complete(shop: Shop, pk: str, *lines: Any, register: Any = None, **facts: Any) -> Any:
    body = {"register": str(register or shop.register.pk), "lines": list(lines)}
    return ask(shop, f"{pk}/complete/", body, **facts)


def cancel(shop: Shop, pk: str, *, back: Any = None, register: Any = None, fee: str = "0", **facts: Any) -> Any:
    split = {} if back is None else {"payments": paying(*back)}
    body = {"register": str(register or shop.register.pk), "reason": "Moved away", "fee": fee, **split}
    return ask(shop, f"{pk}/cancel/", body, **facts)


def shown(shop: Shop, pk: str) -> Any:
    return took(shop.client().get(f"{LAYAWAYS}{pk}/"))


def money(rows: Any) -> list[tuple[str, str]]:
    return [(row["method"], row["amount"]) for row in rows]


def in_drawer(shop: Shop, shift: Any) -> Any:
    """The cash that payments brought into the drawer during a shift."""
    with shop.inside():
        cash = shop.account.payments.filter(shift=shift, method="CASH").values_list("amount", flat=True)
        return sum(cash)
