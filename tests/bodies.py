"""A right body for every write, what it may name, and a business that is filled by sending them all.

A new write has to get a body in `BODIES`, with every key that it can send, or an empty one; and where not any row will
do for it, its row in `ROWS`.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import Any
from zipfile import ZipFile

from rest_framework.relations import RelatedField
from rest_framework.serializers import BaseSerializer, ListField, ListSerializer
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import SessionKind
from accounts.roles import Role
from core.api.fields import IdField
from core.api.views import AccountViewSet
from tests.conftest import PASSWORD
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
        assert response.status_code in (200, 201, 204), (name, response.content)
        return response.json()["data"] if response.content else {}


def by_name() -> dict[str, Route]:
    return {route.name: route for route in routes()}


def fill(shop: Any) -> Cast:
    cast = Cast(shop)
    for _ in range(2):
        for name in BODIES:
            if name.startswith("POST") and input_of(by_name()[name]):
                cast.send(name)
    cast.send("PATCH accounts/memberships/{pk}/")  # which puts somebody at a place
    return cast


# --- A right body for every write; every key that can be sent is sent -------------------------------------------------


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


def nothing(cast):
    return {}


BODIES = {
    "POST accounts/invitations/": lambda cast: {
        "email": f"yaa{next(serial)}@x.example",
        "name": "Yaa",
        "role": "CASHIER",
        "locations": [str(cast.shop.storefront.pk)],
    },
    "POST accounts/devices/": lambda cast: {"name": f"Phone {next(serial)}"},
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
    "PATCH accounts/memberships/{pk}/": lambda cast: {
        "name": f"Kofi {next(serial)}",
        "role": "CASHIER",
        "is_limited": True,
        "locations": [str(cast.shop.storefront.pk)],
    },
    "POST accounts/memberships/{pk}/deactivate/": nothing,
    "POST accounts/memberships/{pk}/reactivate/": nothing,
    "POST accounts/memberships/{pk}/remove-pin/": nothing,
    "POST accounts/memberships/{pk}/hand-over/": nothing,
    "POST accounts/memberships/{pk}/erase/": nothing,
    "POST accounts/invitations/{pk}/resend/": nothing,
    "POST accounts/invitations/{pk}/revoke/": nothing,
    "PATCH accounts/devices/{pk}/": lambda cast: {"name": f"Phone {next(serial)}", "is_active": True},
    "DELETE accounts/auth/sessions/{pk}/": nothing,
    "DELETE accounts/auth/sessions/": nothing,
    "PATCH inventory/categories/{pk}/": lambda cast: {"name": f"Shelf {next(serial)}"},
    "PATCH inventory/products/{pk}/": lambda cast: {
        **product(cast),
        "category": cast.first("inventory/categories/"),
    },
    "PATCH inventory/storefronts/{pk}/": lambda cast: {"name": f"Shop {next(serial)}"},
    "PATCH inventory/warehouses/{pk}/": lambda cast: {"name": f"Store {next(serial)}"},
    "PATCH sales/registers/{pk}/": lambda cast: {"name": f"Till {next(serial)}"},
    "PATCH sales/customers/{pk}/": lambda cast: {"name": f"Efua {next(serial)}"},
    "POST sales/customers/{pk}/erase/": nothing,
}


def open_invitation(cast):
    return next(row["id"] for row in cast.rows("accounts/invitations/") if row["state"] == "OPEN")


def leaver(cast):
    shop, mark = cast.shop, next(serial)
    with shop.inside():
        person = accounts.add_member(
            account=shop.account, name="Abla", email=f"abla{mark}@x.example", password=PASSWORD, role=Role.STAFF
        )
        return str(accounts.deactivate_member(by=shop.owner, member=person).pk)


def another_session(cast):
    owner = cast.shop.owner
    with cast.shop.inside():
        session = accounts.open_session(by=owner, kind=SessionKind.TOKEN)
    owner.session = None
    return str(session.pk)


# Of each collection the first row will do, but for these.
ROWS = {
    "PATCH accounts/memberships/{pk}/": lambda cast: str(cast.shop.cashier.pk),
    "POST accounts/memberships/{pk}/deactivate/": lambda cast: str(cast.shop.cashier.pk),
    "POST accounts/memberships/{pk}/reactivate/": lambda cast: str(cast.shop.cashier.pk),
    "POST accounts/memberships/{pk}/hand-over/": lambda cast: str(cast.shop.owner.pk),
    "POST accounts/memberships/{pk}/erase/": leaver,
    "POST accounts/invitations/{pk}/resend/": open_invitation,
    "POST accounts/invitations/{pk}/revoke/": open_invitation,
    "DELETE accounts/auth/sessions/{pk}/": another_session,
}


def pk_for(cast: Cast, route: Route) -> str:
    if route.name in ROWS:
        return ROWS[route.name](cast)
    return cast.first(route.collection) if route.is_detail else ""


# --- What a body may name, found by introspection ---------------------------------------------------------------------


def writes() -> list[Route]:
    """What changes rows of a business; signing in and what is about oneself alone come before any row is named."""
    return [route for route in routes() if route.method != "GET" and issubclass(route.view, AccountViewSet)]


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
        child, first = field.child, (*here, "0")
        if isinstance(child, IdField | RelatedField):
            return [first]
        return references(child, first) if hasattr(child, "fields") else []
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
    *before, last = path
    at(body, tuple(before))[int(last) if last.isdigit() else last] = value
    return body


# In a take-out, what tells of the take-out itself.
OF_ITSELF = {"README.txt", "manifest.json", "audit_events.csv", "audit_events.json"}


def said(response: Any) -> tuple[int, Any]:
    """Status and body, but for what every answer has of its own: the request's id, or a page's nonce."""
    if response.streaming:
        return response.status_code, {name: text for name, text in files_of(response).items() if name not in OF_ITSELF}
    if response.headers.get("Content-Type", "").startswith("application/json"):
        body = response.json()
        return response.status_code, {key: value for key, value in body.items() if key != "request_id"}
    return response.status_code, re.sub(r' nonce="[^"]*"', "", response.content.decode())


def text_of(response: Any) -> str:
    """All that an answer says."""
    return "\n".join(files_of(response).values()) if response.streaming else response.content.decode()


def files_of(response: Any) -> dict[str, str]:
    """What is in the archive that is answered."""
    archive = ZipFile(BytesIO(b"".join(response.streaming_content)))
    return {name: archive.read(name).decode() for name in archive.namelist()}


def everything(cast: Cast) -> dict[str, Any]:
    """All that every list of the business shows, but its own history."""
    lists = [route for route in routes() if route.method == "GET" and route.action == "list"]
    return {
        route.name: cast.rows(route.path + "?page_size=200")
        for route in lists
        if route.path != "accounts/audit-events/"
    }
