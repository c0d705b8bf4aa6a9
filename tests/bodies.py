"""A right body for every write, what it may name, and a business that is filled by sending them all.

A new write has to get a body in `BODIES`, with every key that it can send, or an empty one; and where not any row will
do for it, its row in `ROWS`.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any
from uuid import UUID
from zipfile import ZipFile

from django.core.files.base import ContentFile
from rest_framework.relations import RelatedField
from rest_framework.serializers import BaseSerializer, ListField, ListSerializer
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import SessionKind
from accounts.roles import Role
from core.api.fields import IdField
from core.api.views import AccountViewSet
from inventory import services as inventory
from inventory.barcodes import check_digit
from system import services as system
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
        address = route.url(pk, product=self.shop.products[0].pk)
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
        assert response.status_code in (200, 201, 202, 204), (name, response.content)
        return response.json()["data"] if response.content else {}


def by_name() -> dict[str, Route]:
    return {route.name: route for route in routes()}


def fill(shop: Any) -> Cast:
    cast = Cast(shop)
    for _ in range(2):
        for name in BODIES:
            if name.startswith("POST") and input_of(by_name()[name]):
                cast.send(name)
    add_pieces(cast)
    cast.send("PATCH accounts/memberships/{pk}/")  # which puts somebody at a place
    return cast


# --- A right body for every write; every key that can be sent is sent -------------------------------------------------


def product(cast):
    mark = next(serial)
    return {
        "sku": f"S{mark}",
        "name": f"Soap {mark}",
        "retail_price": "2.50",
        "barcode": barcode(),
        "item_code": f"{mark:05d}",
        "supplier": supplier(cast),
    }


def table(cast):
    """An uploaded table of what is there."""
    with cast.shop.inside():
        content = ContentFile(b"sku,quantity,unit_cost\nSKU-0,1,1\n", name="stock.csv")
        return str(system.keep_file(by=cast.shop.owner, file=content).pk)


def barcode():
    digits = f"590{next(serial):09d}"
    return digits + check_digit(digits)


def add_pieces(cast):
    """A product whose every piece has a number, and two of them."""
    with cast.shop.inside():
        by, serials = cast.shop.owner, [f"N{next(serial)}" for _ in range(2)]
        phone = inventory.add_product(
            by=by, sku=f"P{next(serial)}", name="Phone", retail_price=Decimal(900), tracking="SERIAL"
        )
        item = {"product": phone.pk, "quantity": Decimal(2), "unit_cost": Decimal(600), "serials": serials}
        inventory.receive_stock(by=by, location=cast.shop.storefront.pk, items=[item])


def pack(cast):
    """A pack of the first product."""
    with cast.shop.inside():
        packs = cast.shop.products[0].packs.filter(account=cast.shop.account)
        return str((packs.first() or add_pack(cast)).pk)


def add_pack(cast):
    return cast.shop.account.product_packs.create(
        product=cast.shop.products[0], name="Pair", factor=Decimal(2), retail_price=Decimal(19)
    )


def supplier(cast):
    with cast.shop.inside():
        suppliers = cast.shop.account.suppliers
        found = suppliers.filter(is_active=True).order_by("id").first()
        return str((found or suppliers.create(name=f"Trader {next(serial)}")).pk)


def order(cast):
    return {
        "supplier": supplier(cast),
        "location": str(cast.shop.storefront.pk),
        "expected_on": "2030-01-31",
        "lines": [{"product": str(cast.shop.products[0].pk), "quantity": "1000", "unit_cost": "1"}],
    }


def order_that_is(cast, *states):
    """One of the orders in these states, or else a new one."""
    place = str(cast.shop.storefront.pk)
    for row in cast.rows("inventory/purchase-orders/?page_size=200"):
        if row["location"] == place and row["status"] in states:
            return row["id"]
    pk = cast.send("POST inventory/purchase-orders/")["id"]
    if "DRAFT" not in states:
        cast.call(by_name()["POST inventory/purchase-orders/{pk}/order/"], pk)
    return pk


def returnable(cast):
    """A batch of which something can go back."""
    query = f"in_stock=true&page_size=200&location={cast.shop.storefront.pk}"
    rows = cast.rows(f"inventory/stock-products/?{query}")
    return next(row for row in rows if row["stock"] and Decimal(row["quantity"]) >= 1)


def sale(cast):
    basket = cast.shop.basket()
    basket["lines"][0]["pack"] = pack(cast)
    return {**basket, "customer": cast.first("sales/customers/"), "cart": str(uuid7())}


def refund(cast):
    sold = cast.client.get(f"/api/v1/sales/sales/{cast.first('sales/sales/')}/").json()["data"]
    free = [line for line in sold["lines"] if line["refunded_quantity"] == "0.000"]
    return {"id": str(uuid7()), "register": sold["register"], "lines": [{"line": free[0]["id"], "quantity": "1"}]}


def depot(cast):
    """A warehouse of the business, whoever of it looks, with plenty of the first product."""
    shop = cast.shop
    with shop.inside():
        place = shop.account.locations.filter(name="Depot").first()
        if place is None:
            place = inventory.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
            goods = {"product": shop.products[0].pk, "quantity": Decimal(1000), "unit_cost": Decimal(1)}
            inventory.receive_stock(by=shop.owner, location=place.pk, items=[goods])
        return str(place.pk)


def transfer(cast):
    return {
        "id": str(uuid7()),
        "source": str(cast.shop.storefront.pk),
        "destination": depot(cast),
        "reason": "They run low",
        "is_request": False,
        "lines": [{"product": str(cast.shop.products[0].pk), "quantity": "0.5"}],
    }


def drafted(cast):
    """A transfer that can leave the shop."""
    found = cast.rows(f"inventory/transfers/?status=DRAFT&source={cast.shop.storefront.pk}")
    return found[0]["id"] if found else cast.send("POST inventory/transfers/")["id"]


def requested(cast):
    """A transfer that another place asks the shop for."""
    shop, place = cast.shop, UUID(depot(cast))
    with shop.inside():
        asked = inventory.open_transfer(
            by=shop.owner,
            source=shop.storefront.pk,
            destination=place,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1)}],
            is_request=True,
        )
        return str(asked.pk)


def on_the_road(cast):
    """A transfer that is on the way to the shop."""
    shop = cast.shop
    coming = cast.rows(f"inventory/transfers/?destination={shop.storefront.pk}")
    for row in coming:
        if row["status"] in ("IN_TRANSIT", "PARTLY_RECEIVED"):
            return row["id"]
    there = UUID(depot(cast))
    with shop.inside():
        sent = inventory.open_transfer(
            by=shop.owner,
            source=there,
            destination=shop.storefront.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(10)}],
        )
        return str(inventory.dispatch_transfer(by=shop.owner, transfer=sent).pk)


def line_of(cast, transfer_id):
    return cast.client.get(f"/api/v1/inventory/transfers/{transfer_id}/").json()["data"]["lines"][0]["id"]


def adjustment(cast):
    query = f"in_stock=true&page_size=200&location={cast.shop.storefront.pk}"
    rows = cast.rows(f"inventory/stock-products/?{query}")
    plain = {str(product.pk) for product in cast.shop.products}
    batch = next(row for row in rows if Decimal(row["quantity"]) >= 1 and row["product"] in plain)
    return {
        "id": str(uuid7()),
        "location": str(cast.shop.storefront.pk),
        "kind": "DAMAGE",
        "reason": "It fell",
        "occurred_at": "2026-01-31T12:00:00Z",
        "lines": [{"product": batch["product"], "stock_product": batch["id"], "quantity": "0.5", "serials": []}],
    }


def undecided(cast):
    """An adjustment that is beyond the limit of whoever opened it."""
    shop = cast.shop
    waiting = cast.rows(f"inventory/adjustments/?status=PENDING&location={shop.storefront.pk}")
    if waiting:
        return waiting[0]["id"]
    with shop.inside():
        mark = next(serial)
        keeper = accounts.add_member(
            account=shop.account, name="Abla", email=f"keeper{mark}@x.example", password=PASSWORD, role=Role.WAREHOUSE
        )
        found = {"product": shop.products[0].pk, "quantity": Decimal(1), "unit_cost": Decimal(1000)}
        facts = {"location": shop.storefront.pk, "kind": "FOUND", "reason": "Behind the shelf", "lines": [found]}
        return str(inventory.adjust_stock(by=keeper, **facts).pk)


def expired_at(cast):
    """The shop, where something has expired."""
    shop = cast.shop
    with shop.inside():
        if not shop.account.stock_products.filter(location=shop.storefront, expires_on="2020-01-31", quantity__gt=0):
            goods = {"product": shop.products[0].pk, "quantity": Decimal(1), "unit_cost": Decimal(1)}
            old = {**goods, "expires_on": date(2020, 1, 31)}
            inventory.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[old])
    return str(shop.storefront.pk)


def free_prefix(cast):
    taken = {row["prefix"] for row in cast.rows("inventory/barcode-rules/")}
    return next(prefix for prefix in map(str, range(20, 30)) if prefix not in taken)


def unwatched(cast):
    """A product that has no reorder point at the place."""
    points = cast.rows(f"inventory/reorder-points/?page_size=200&location={cast.shop.storefront.pk}")
    watched = {row["product"] for row in points}
    return next(row["id"] for row in cast.rows("inventory/products/?page_size=200") if row["id"] not in watched)


def top_shelf(cast):
    return next(row["id"] for row in cast.rows("inventory/categories/?page_size=200") if not row["parent"])


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
    "POST inventory/packs/": lambda cast: {
        "id": str(uuid7()),
        "product": str(cast.shop.products[0].pk),
        "name": f"Pair {next(serial)}",
        "factor": "2",
        "barcode": barcode(),
        "retail_price": "19",
    },
    "PATCH inventory/packs/{pk}/": lambda cast: {"name": f"Pair {next(serial)}", "barcode": barcode()},
    "POST inventory/suppliers/": lambda cast: {
        "id": str(uuid7()),
        "name": f"Trader {next(serial)}",
        "phone": f"+233{next(serial)}",
    },
    "PATCH inventory/suppliers/{pk}/": lambda cast: {"name": f"Trader {next(serial)}", "contact": "Yaa"},
    "POST inventory/suppliers/{pk}/erase/": nothing,
    "POST inventory/barcode-rules/": lambda cast: {"prefix": free_prefix(cast), "kind": "WEIGHT"},
    "DELETE inventory/barcode-rules/{pk}/": nothing,
    "POST inventory/reorder-points/": lambda cast: {
        "product": unwatched(cast),
        "location": str(cast.shop.storefront.pk),
        "minimum": "3",
        "target": "10",
    },
    "PATCH inventory/reorder-points/{pk}/": lambda cast: {"minimum": "2", "target": f"{100 + next(serial)}"},
    "DELETE inventory/reorder-points/{pk}/": nothing,
    "POST inventory/storefronts/": lambda cast: {"name": f"Shop {next(serial)}"},
    "POST inventory/warehouses/": lambda cast: {"name": f"Store {next(serial)}"},
    "POST inventory/stock/": lambda cast: {
        "id": str(uuid7()),
        "location": str(cast.shop.storefront.pk),
        "supplier": supplier(cast),
        "items": [
            {"product": str(cast.shop.products[0].pk), "pack": pack(cast), "quantity": "5", "unit_cost": "1"},
        ],
    },
    "POST inventory/stock/{pk}/return/": lambda cast: {
        "id": str(uuid7()),
        "items": [{"batch": returnable(cast)["id"], "quantity": "1"}],
    },
    "POST inventory/purchase-orders/": lambda cast: {"id": str(uuid7()), **order(cast)},
    "PATCH inventory/purchase-orders/{pk}/": order,
    "POST inventory/purchase-orders/{pk}/order/": nothing,
    "POST inventory/purchase-orders/{pk}/receive/": lambda cast: {
        "items": [{"product": str(cast.shop.products[0].pk), "quantity": "1"}],
    },
    "POST inventory/purchase-orders/{pk}/close/": lambda cast: {"reason": "No more to come"},
    "POST inventory/purchase-orders/{pk}/cancel/": lambda cast: {"reason": "Too dear"},
    "POST inventory/reservations/": lambda cast: {
        "cart": str(uuid7()),
        "location": str(cast.shop.storefront.pk),
        "product": str(cast.shop.products[0].pk),
        "quantity": "0.5",
        "minutes": 5,
    },
    "DELETE inventory/reservations/{pk}/": nothing,
    "POST inventory/imports/": lambda cast: {
        "file": table(cast),
        "what": "OPENING_STOCK",
        "location": str(cast.shop.storefront.pk),
        "is_dry_run": True,
    },
    "POST inventory/stock-counts/": lambda cast: {
        "id": str(uuid7()),
        "location": str(cast.shop.storefront.pk),
        "reason": "Year's end",
        "is_blind": False,
    },
    "POST inventory/stock-counts/{pk}/scan/": lambda cast: {
        "items": [{"product": str(cast.shop.products[0].pk), "counted": "90"}]
    },
    "POST inventory/stock-counts/{pk}/approve/": nothing,
    "POST inventory/stock-counts/{pk}/cancel/": nothing,
    "POST inventory/stock-counts/{pk}/reverse/": nothing,
    "POST inventory/adjustments/": adjustment,
    "POST inventory/adjustments/write-off-expired/": lambda cast: {
        "location": expired_at(cast),
        "reason": "Past its day",
    },
    "POST inventory/adjustments/{pk}/approve/": nothing,
    "POST inventory/adjustments/{pk}/reject/": nothing,
    # Every fill leaves a draft that is not dispatched.
    "POST inventory/transfers/{pk}/dispatch/": lambda cast: {
        "lines": [{"line": line_of(cast, drafted(cast)), "serials": []}]
    },
    "POST inventory/transfers/": transfer,
    "POST inventory/transfers/{pk}/receive/": lambda cast: {
        "items": [
            {
                "line": line_of(cast, on_the_road(cast)),
                "accepted": "0.001",
                "damaged": "0.001",
                "missing": "0.001",
                "accepted_serials": [],
                "damaged_serials": [],
                "missing_serials": [],
            }
        ]
    },
    "POST inventory/transfers/{pk}/accept/": nothing,
    "POST inventory/transfers/{pk}/cancel/": nothing,
    "PATCH inventory/transfers/{pk}/": lambda cast: {
        "reason": f"Reason {next(serial)}",
        "lines": [{"product": str(cast.shop.products[0].pk), "quantity": "0.25"}],
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
    "PATCH inventory/categories/{pk}/": lambda cast: {"name": f"Shelf {next(serial)}", "parent": top_shelf(cast)},
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


def open_count(cast):
    return cast.send("POST inventory/stock-counts/")["id"]


def approved_count(cast):
    pk = open_count(cast)
    shop = cast.shop
    with shop.inside():
        inventory.approve_count(by=shop.owner, count=shop.account.stock_counts.locked().get(pk=pk))
    return pk


# Of each collection the first row will do, but for these.
ROWS = {
    "PATCH inventory/categories/{pk}/": lambda cast: cast.send("POST inventory/categories/")["id"],
    "PATCH accounts/memberships/{pk}/": lambda cast: str(cast.shop.cashier.pk),
    "POST accounts/memberships/{pk}/deactivate/": lambda cast: str(cast.shop.cashier.pk),
    "POST accounts/memberships/{pk}/reactivate/": lambda cast: str(cast.shop.cashier.pk),
    "POST accounts/memberships/{pk}/hand-over/": lambda cast: str(cast.shop.owner.pk),
    "POST accounts/memberships/{pk}/erase/": leaver,
    "POST accounts/invitations/{pk}/resend/": open_invitation,
    "PATCH inventory/transfers/{pk}/": drafted,
    "POST inventory/transfers/{pk}/accept/": requested,
    "POST inventory/transfers/{pk}/cancel/": requested,
    "POST inventory/transfers/{pk}/dispatch/": drafted,
    "POST inventory/transfers/{pk}/receive/": on_the_road,
    "POST accounts/invitations/{pk}/revoke/": open_invitation,
    "DELETE accounts/auth/sessions/{pk}/": another_session,
    "POST inventory/stock-counts/{pk}/scan/": open_count,
    "POST inventory/stock-counts/{pk}/approve/": open_count,
    "POST inventory/stock-counts/{pk}/cancel/": open_count,
    "POST inventory/stock-counts/{pk}/reverse/": approved_count,
    "POST inventory/adjustments/{pk}/approve/": undecided,
    "POST inventory/adjustments/{pk}/reject/": undecided,
    "POST inventory/stock/{pk}/return/": lambda cast: returnable(cast)["stock"],
    "PATCH inventory/purchase-orders/{pk}/": lambda cast: order_that_is(cast, "DRAFT"),
    "POST inventory/purchase-orders/{pk}/order/": lambda cast: order_that_is(cast, "DRAFT"),
    "POST inventory/purchase-orders/{pk}/receive/": lambda cast: order_that_is(cast, "ORDERED", "PARTLY_RECEIVED"),
    "POST inventory/purchase-orders/{pk}/close/": lambda cast: order_that_is(cast, "ORDERED"),
    "POST inventory/purchase-orders/{pk}/cancel/": lambda cast: order_that_is(cast, "ORDERED"),
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


OWN_IDS = {"id", "cart"}  # which the client makes up


def references(serializer: Any, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of all fields that take the id of a row which is already there."""
    found = []
    for name, field in serializer.fields.items():
        here = (*before, name)
        if field.read_only or name in OWN_IDS:
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
    """Status and body, but for what every answer has of its own: the request's id, a page's nonce, a cursor."""
    if response.streaming:
        return response.status_code, {name: text for name, text in files_of(response).items() if name not in OF_ITSELF}
    if response.headers.get("Content-Type", "").startswith("application/json"):
        body = response.json()
        if isinstance(body.get("data"), dict):
            body["data"].pop("cursor", None)  # sealed anew each time
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
