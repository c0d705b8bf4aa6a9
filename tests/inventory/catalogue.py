"""What is asked of the catalogue, and what is left of a refusal."""

from collections.abc import Callable
from typing import Any

from tests.answers import fields_of, refused
from tests.conftest import Shop
from tests.inventory.requests import CATEGORIES

NOWHERE = "019a0000-0000-7000-8000-0000000000ff"  # an id that no row has
MILO = "5901234123457"


def unchanged(shop: Shop, url: str, call: Callable[[], Any], status: int, code: str) -> Any:
    """The call is refused, and the list is as it was before; the body."""
    before = shop.client().get(url).json()["results"]
    body = refused(shop, call, status, code)
    assert shop.client().get(url).json()["results"] == before
    return body


def invalid(shop: Shop, url: str, call: Callable[[], Any]) -> list[str]:
    """The call is refused as not valid, and the list is as it was before; the fields that are wrong."""
    return fields_of(unchanged(shop, url, call, 400, "invalid_input"))


def post(shop: Shop, url: str, body: Any) -> Any:
    response = shop.client().post(url, body)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def history(shop: Shop, subject: str) -> list[tuple[str, Any, Any]]:
    with shop.inside():
        events = shop.account.audit_events.filter(subject=subject).order_by("id")
        return list(events.values_list("action", "before", "after"))


def carton(shop: Shop, **facts: Any) -> dict[str, Any]:
    first = str(shop.products[0].pk)
    return {"product": first, "name": "Carton", "factor": "24", "retail_price": "200.00", **facts}


def plant(shop: Shop) -> dict[str, str]:
    pks: dict[str, str] = {}
    for name, parent in (("Food", None), ("Drinks", "Food"), ("Tea", "Drinks"), ("Tools", None)):
        pks[name] = post(shop, CATEGORIES, {"name": name, "parent": pks.get(parent or "")})["id"]
    return pks


def parents(shop: Shop) -> dict[str, str | None]:
    with shop.inside():
        return dict(shop.account.categories.values_list("name", "parent__name"))


def point(shop: Shop, **facts: Any) -> dict[str, Any]:
    first = str(shop.products[0].pk)
    return {"product": first, "location": str(shop.storefront.pk), "minimum": "2.5", "target": "10", **facts}
