"""To a member who is limited to some places, all that stands at another behaves as what does not exist: swept.

A new table with a way to a place fails here until it declares its `place`, a new reference in a body until it is known
whether it names something at a place.
"""

from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction
from uuid_utils.compat import uuid7

from accounts.roles import Role
from inventory.models import Location
from inventory.till import Cursor, Look
from tests.bodies import BODIES, Cast, at, everything, named, pk_for, said, with_value
from tests.conftest import Shop
from tests.places import add_member, add_place
from tests.routes import Route, by_name, routes

pytestmark = pytest.mark.django_db

APPS = ("inventory", "sales")
ROUTES = [route for route in routes() if route.path.startswith(APPS)]
LOOKUP = {"barcode": "5901234123471"}
SPAN = {"first_on": "2026-01-01", "last_on": "2026-12-31"}
PARAMETERS = {
    **LOOKUP,
    **SPAN,
    "on": "2026-01-01",
    "location": str(uuid7()),
    "cursor": str(Cursor(Look(1, 0))),
    "days": "30",
    "page": "1",
    "page_size": "25",
    "columns": "32",
    "most": "10",
}
AT_A_PLACE = {"attempt", "storefront", "register", "shift", "location", "line", "batch", "source", "stock_product"}
# What names every place to whoever may send something there.
NAMES_ALL = {"GET inventory/locations/"}
EVERYWHERE = {
    *("product", "customer", "category", "parent", "supplier", "pack", "destination", "file", "group", "debt", "to"),
    *("customer_group", "buy_products", "buy_categories", "get_products", "get_categories"),
}


# --- Models -----------------------------------------------------------------------------------------------------------


def reaches(model: type[models.Model]) -> bool:
    """Whether a chain of keys leads from the model to a location."""
    keys = {field.related_model for field in model._meta.concrete_fields if field.is_relation} - {model}
    own = {key for key in keys if key._meta.app_label in APPS}
    return model is Location or any(reaches(key) for key in own)


def end_of(model: Any, place: str) -> Any:
    for step in place.split("__"):
        field = model._meta.pk if step == "pk" else model._meta.get_field(step)
        model = field.related_model or model
    return model


def test_every_model_with_a_way_to_a_place_says_which():
    found = [model for name in APPS for model in apps.get_app_config(name).get_models()]
    assert {model.__name__ for model in found if reaches(model)} >= {"Location", "Register", "Sale", "StockMovement"}
    for model in found:
        assert bool(model.place) == reaches(model), model
        if model.place:
            assert end_of(model, model.place) is Location, model


# --- Reads ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(mine) -> Cast:
    """The business with rows of every kind at its first storefront, as its owner sees it."""
    with mine.shop.inside():
        mine.shop.account.products.filter(pk=mine.shop.products[0].pk).update(**LOOKUP)
    return mine


def sell_there(shop: Shop) -> Shop:
    """A second storefront and a warehouse, with rows of every kind that stand at a place."""
    there = add_place(shop)
    cast = Cast(there)
    cast.send("POST inventory/warehouses/")
    for _ in range(2):
        for name in ("stock/", "reorder-points/"):
            cast.send(f"POST inventory/{name}")
        for name in ("registers/", "shifts/", "sales/", "shifts/{pk}/cash-events/", "shifts/{pk}/close/"):
            cast.send(f"POST sales/{name}")
        for name in ("carts/", "carts/{pk}/lines/", "layaways/"):
            cast.send(f"POST sales/{name}")
        cast.send("POST sales/sales/{pk}/refunds/")
        for name in ("", "{pk}/receive/"):
            cast.send(f"POST inventory/purchase-orders/{name}")
        cast.send("POST inventory/stock/{pk}/return/")
        for name in ("", "{pk}/scan/"):
            cast.send(f"POST inventory/stock-counts/{name}")
        for name in ("", "{pk}/receive/"):
            cast.send(f"POST inventory/transfers/{name}")
        cast.send("POST inventory/adjustments/")
    return there


def at_place(cast: Cast, collection: str, place: Location) -> list[dict[str, Any]]:
    """The rows of a list at the place, as the owner sees them; those of what stands at no place not at all."""
    shown = cast.rows(f"{collection}?page_size=200")
    sales = {row["id"]: row["storefront"] for row in cast.rows("sales/sales/?page_size=200")}

    def place_of(row: dict[str, Any]) -> Any:
        return (
            row.get("storefront") or row.get("location") or row.get("source") or sales.get(row.get("sale")) or row["id"]
        )

    return [row for row in shown if place_of(row) == str(place.pk)]


def questions(cast: Cast, route: Route, place: Location) -> list[tuple[Route, str, dict[str, str]]]:
    """What can be asked of a route, in terms of what stands at the place, and at the member's own."""
    if route.is_detail:
        rows = [*at_place(cast, route.collection, place), cast.rows(route.collection)[-1]]
        return [(route, row["id"], {}) for row in rows]
    asked: list[dict[str, str]] = [{name: PARAMETERS[name] for name in route.parameters}]
    if route.action == "list":
        rows = at_place(cast, route.path, place)
        asked += [{"page_size": "1"}, {"page_size": "200"}]
        filters = getattr(route.declared("filterset_class"), "base_filters", {})
        asked += [{name: str(row[name])} for row in rows for name in filters if row.get(name) not in (None, True)]
        if rows and "cursor" in route.declared("pagination_class").parameters:
            asked.append({"cursor": rows[0]["id"]})
    return [(route, "", query) for query in asked]


def answers(client: Any, asked: list[tuple[Route, str, dict[str, str]]]) -> dict[str, Any]:
    return {f"{route.name} {pk} {query}": said(client.get(route.url(pk), query)) for route, pk, query in asked}


@pytest.mark.parametrize("role", [Role.CASHIER, Role.MANAGER, Role.WAREHOUSE])
def test_s08_nothing_that_a_limited_member_reads_changes_when_another_place_comes_and_goes(here, still, role):
    """S08."""
    shop = here.shop
    client = shop.client(add_member(shop, role, shop.storefront))
    reads = [route for route in ROUTES if route.method == "GET" and route.name not in NAMES_ALL]
    with transaction.atomic():
        place = sell_there(shop).storefront
        asked = [question for route in reads for question in questions(here, route, place)]
        with_it, to_the_owner = answers(client, asked), answers(here.client, asked)
        transaction.set_rollback(True)
    assert with_it == answers(client, asked)
    changed = [question for question in with_it if to_the_owner[question] != with_it[question]]
    assert len(changed) > len(reads), "what the owner reads does not tell of the other place"
    assert sum(status == 200 for status, _ in with_it.values()) >= 20


@pytest.mark.parametrize("role", [Role.CASHIER, Role.MANAGER])
def test_s08_a_member_limited_to_nothing_sees_nothing_that_stands_at_a_place(here, role):
    """S08."""
    client = here.shop.client(add_member(here.shop, role, is_limited=True))
    swept = 0
    for route in ROUTES:
        if route.action == "list" and stands_at_a_place(route, here.shop):
            assert here.rows(route.path), route.name
            told = client.get(route.url())
            assert told.status_code == 403 or told.json()["results"] == [], route.name
            swept += told.status_code == 200
    assert swept >= 7


def stands_at_a_place(route: Route, shop: Shop) -> bool:
    return bool(route.view(action="list").rows(shop.account).model.place)


def test_what_stands_at_no_place_is_everybodys(here):
    client = here.shop.client(add_member(here.shop, Role.CASHIER, is_limited=True))
    for path in ("inventory/products/", "inventory/categories/", "sales/customers/"):
        assert client.get(f"/api/v1/{path}").json()["results"] == here.rows(path)


# --- Writes -----------------------------------------------------------------------------------------------------------


def test_of_every_reference_in_a_body_it_is_known_whether_it_names_something_at_a_place():
    fields = {[step for step in path if not step.isdigit()][-1] for name, path in named() if is_ours(name)}
    assert fields == AT_A_PLACE | EVERYWHERE


def is_ours(name: str) -> bool:
    return name.partition(" ")[2].startswith(APPS)


def references() -> list[tuple[str, tuple[str, ...]]]:
    """Every path of every body that names something at a place."""
    return [(name, path) for name, path in named() if is_ours(name) and AT_A_PLACE & set(path)]


def test_s08_what_stands_at_another_place_is_as_unknown_in_a_body_as_what_never_was(here):
    """S08."""
    there = Cast(sell_there(here.shop))
    mine = as_member(here, add_member(here.shop, Role.MANAGER, here.shop.storefront))
    assert len(references()) >= 5
    asked = []
    for name, path in references():
        values = at(BODIES[name](there), path), str(uuid7())
        bodies = [with_value(BODIES[name](mine), path, value) for value in values]
        asked.append((name, path, pk_for(mine, by_name()[name]), bodies))
    before = everything(here)
    for name, path, pk, bodies in asked:
        told = [said(mine.call(by_name()[name], pk, body)) for body in bodies]
        assert told[0] == told[1], (name, path)
        unknown = {"field": ".".join(path), "code": "does_not_exist", "detail": "There is no such object."}
        assert (told[0][0], told[0][1]["errors"]) == (400, [unknown]), (name, path)
    assert everything(here) == before


def test_s08_a_write_to_what_stands_at_another_place_is_404(here):
    """S08."""
    there = sell_there(here.shop)
    mine = as_member(here, add_member(here.shop, Role.MANAGER, here.shop.storefront))
    writes = [route for route in ROUTES if route.is_detail and route.method != "GET"]
    bodies = {route.name: BODIES[route.name](here) for route in writes}
    before, swept = everything(here), 0
    for route in writes:
        rows, body = at_place(here, route.collection, there.storefront), bodies[route.name]
        if rows:
            told = [said(mine.call(route, pk, body)) for pk in (rows[0]["id"], uuid7())]
            assert told[0] == told[1], route.name
            assert (told[0][0], told[0][1]["code"]) == (404, "not_found"), route.name
            swept += 1
    assert swept >= 3
    assert everything(here) == before


def as_member(cast: Cast, member: Any) -> Cast:
    """The same business, as this member's till sees it."""
    seen = Cast(cast.shop)
    seen.client = cast.shop.client(member)
    return seen


def test_with_what_stands_at_their_own_place_the_same_bodies_are_accepted(here):
    mine = as_member(here, add_member(here.shop, Role.MANAGER, here.shop.storefront))
    for name, path in references():
        assert mine.send(name), (name, path)
