"""A right body for every write, what it may name, and a business that is filled by sending them all.

A new write has to get a body in `BODIES`, with every key that it can send.
"""

from dataclasses import dataclass
from itertools import count
from typing import Any

from rest_framework.relations import RelatedField
from rest_framework.serializers import BaseSerializer, ListField, ListSerializer
from uuid_utils.compat import uuid7

from core.api.fields import IdField
from tests.routes import Route, routes

serial = count(1)


@dataclass
class Cast:
    """A business with at least two rows of every kind, as its owner's till sees it."""

    shop: Any

    def __post_init__(self):
        self.client = self.shop.client()

    def call(self, route: Route, pk: Any = "", body: Any = None, **query: str):
        address = route.url(pk)
        if route.method == "GET":
            return self.client.get(address, query)
        key = {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
        return getattr(self.client, route.method.lower())(address, body if body is not None else {}, **key)

    def rows(self, collection: str) -> list[dict[str, Any]]:
        response = self.client.get(f"/api/v1/{collection}")
        assert response.status_code == 200, (collection, response.content)
        return response.json()["results"]

    def first(self, collection: str) -> str:
        return self.rows(collection)[0]["id"]

    def send(self, name: str, body: Any = None) -> dict[str, Any]:
        route = by_name()[name]
        response = self.call(route, pk_for(self, route), body or BODIES[name](self))
        assert response.status_code in (200, 201), (name, response.content)
        return response.json()["data"]


def by_name() -> dict[str, Route]:
    return {route.name: route for route in routes()}


def fill(shop: Any) -> Cast:
    cast = Cast(shop)
    for _ in range(2):
        for name in BODIES:
            if name.startswith("POST"):
                cast.send(name)
    return cast


# --- A right body for every write that names rows; every key that can be sent is sent ---------------------------------


def product(cast):
    mark = next(serial)
    return {"sku": f"S{mark}", "name": f"Soap {mark}", "retail_price": "2.50", "barcode": f"590{mark:010d}"}


def sale(cast):
    return {
        **cast.shop.basket(),
        "customer": cast.first("sales/customers/"),
    }


def refund(cast):
    sold = cast.client.get(f"/api/v1/sales/sales/{cast.first('sales/sales/')}/").json()["data"]
    free = [line for line in sold["lines"] if line["refunded_quantity"] == "0.000"]
    return {"id": str(uuid7()), "register": sold["register"], "lines": [{"line": free[0]["id"], "quantity": "1"}]}


BODIES = {
    "POST inventory/categories/": lambda cast: {
        "name": f"Shelf {next(serial)}",
        "parent": next((row["id"] for row in cast.rows("inventory/categories/")), None),
    },
    "POST inventory/products/": lambda cast: {
        "id": str(uuid7()),
        **product(cast),
        "category": cast.first("inventory/categories/"),
    },
    "POST inventory/storefronts/": lambda cast: {"name": f"Shop {next(serial)}"},
    "POST inventory/warehouses/": lambda cast: {"name": f"Store {next(serial)}"},
    "POST inventory/stock/": lambda cast: {
        "id": str(uuid7()),
        "location": str(cast.shop.storefront.pk),
        "items": [{"product": str(cast.shop.products[0].pk), "quantity": "5", "unit_cost": "1"}],
    },
    "POST sales/registers/": lambda cast: {
        "storefront": str(cast.shop.storefront.pk),
        "code": f"T{next(serial)}",
        "name": "Till",
    },
    "POST sales/customers/": lambda cast: {
        "id": str(uuid7()),
        "name": f"Efua {next(serial)}",
        "phone": f"+233{next(serial)}",
    },
    "POST sales/sales/": sale,
    "POST sales/sales/{pk}/refunds/": refund,
    "PATCH accounts/account/": lambda cast: {"name": f"Name {next(serial)}"},
    "PATCH inventory/categories/{pk}/": lambda cast: {"name": f"Shelf {next(serial)}"},
    "PATCH inventory/products/{pk}/": lambda cast: {
        **product(cast),
        "category": cast.first("inventory/categories/"),
    },
    "PATCH inventory/storefronts/{pk}/": lambda cast: {"name": f"Shop {next(serial)}"},
    "PATCH inventory/warehouses/{pk}/": lambda cast: {"name": f"Store {next(serial)}"},
    "PATCH sales/registers/{pk}/": lambda cast: {"name": f"Till {next(serial)}"},
    "PATCH sales/customers/{pk}/": lambda cast: {"name": f"Efua {next(serial)}"},
}


def pk_for(cast: Cast, route: Route) -> str:
    return cast.first(route.collection) if route.is_detail else ""


# --- What a body may name, found by introspection ---------------------------------------------------------------------


def input_of(route: Route) -> BaseSerializer[Any] | None:
    found = (route.declared("input_classes") or {}).get(route.action)
    return found(context={"view": route.view()}) if found else None


def references(serializer: Any, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of all fields that take the id of a row which is already there."""
    found = []
    for name, field in serializer.fields.items():
        here = (*before, name)
        if field.read_only or name == "id":
            continue
        found += [here] if isinstance(field, IdField | RelatedField) else nested(field, here)
    return found


def nested(field: Any, here: tuple[str, ...]) -> list[tuple[str, ...]]:
    if isinstance(field, ListField | ListSerializer):
        child = field.child
        return references(child, (*here, "0")) if hasattr(child, "fields") else []
    return references(field, here) if hasattr(field, "fields") else []


def takes_id(route: Route) -> bool:
    serializer = input_of(route)
    return serializer is not None and "id" in serializer.fields and not serializer.fields["id"].read_only


def named() -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for route in routes():
        serializer = input_of(route)
        found += [(route.name, path) for path in references(serializer)] if serializer else []
    return found


def at(body: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        body = body[int(step) if step.isdigit() else step]
    return body


def with_value(body: Any, path: tuple[str, ...], value: Any) -> Any:
    at(body, path[:-1])[path[-1]] = value
    return body


def said(response: Any) -> tuple[int, Any]:
    """Status and body, but for the request's id."""
    if response["Content-Type"].startswith("application/json"):
        body = response.json()
        return response.status_code, {key: value for key, value in body.items() if key != "request_id"}
    return response.status_code, response.content.decode()


def everything(cast: Cast) -> dict[str, Any]:
    """All that every list of the business shows, but its own history."""
    lists = [route for route in routes() if route.method == "GET" and route.action == "list"]
    return {
        route.name: cast.rows(route.path + "?page_size=200")
        for route in lists
        if route.path != "accounts/audit-events/"
    }
