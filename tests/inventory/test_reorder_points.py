"""At how much of a product a place orders more."""

import pytest

from accounts.roles import Role
from tests.answers import ids, refused
from tests.inventory.catalogue import NOWHERE, history, invalid, point, post, unchanged
from tests.inventory.requests import (
    PRODUCTS,
    REORDER_POINTS,
    STOREFRONTS,
    product,
)
from tests.places import add_member, add_place

pytestmark = pytest.mark.django_db


def test_a_reorder_point_is_added_shown_changed_and_taken_away(shop):
    client = shop.client()
    made = post(shop, REORDER_POINTS, point(shop))
    facts = point(shop, minimum="2.500", target="10.000")
    assert made == {"id": made["id"], **facts, "version": 1}
    url = f"{REORDER_POINTS}{made['id']}/"
    assert client.get(url).json()["data"] == made
    changed = client.patch(url, {"minimum": "0", "target": None}).json()["data"]
    assert changed == {**made, "minimum": "0.000", "target": None, "version": 2}
    assert client.delete(url).status_code == 204
    assert ids(shop, REORDER_POINTS) == set()
    refused(shop, lambda: client.delete(url), 404, "not_found")
    assert [action for action, _, _ in history(shop, "reorderpoint")] == [
        "reorder_point.added",
        "reorderpoint.changed",
        "reorder_point.removed",
    ]
    post(shop, REORDER_POINTS, point(shop))


def test_a_product_has_one_reorder_point_per_place(shop):
    there = add_place(shop)
    here = post(shop, REORDER_POINTS, point(shop))["id"]
    unchanged(
        shop,
        REORDER_POINTS,
        lambda: shop.client().post(REORDER_POINTS, point(shop, minimum="1")),
        409,
        "reorder_point_exists",
    )
    elsewhere = post(shop, REORDER_POINTS, point(there))["id"]
    other = post(shop, REORDER_POINTS, point(shop, product=str(shop.products[1].pk)))["id"]
    assert ids(shop, REORDER_POINTS, location=str(shop.storefront.pk)) == {here, other}
    assert ids(shop, REORDER_POINTS, product=str(shop.products[0].pk)) == {here, elsewhere}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"minimum": "-0.001"}, "minimum"),
        ({"minimum": "0.0001"}, "minimum"),
        ({"minimum": "NaN"}, "minimum"),
        ({"minimum": None}, "minimum"),
        ({"minimum": "100000000000"}, "minimum"),
        ({"target": "-1"}, "target"),
        ({"quantity": "1"}, "quantity"),
    ],
)
def test_a_reorder_point_that_is_not_right_is_400_whether_new_or_changed(shop, change, field):
    client, url = shop.client(), f"{REORDER_POINTS}{post(shop, REORDER_POINTS, point(shop))['id']}/"
    for call in (lambda: client.post(REORDER_POINTS, point(shop, **change)), lambda: client.patch(url, change)):
        assert invalid(shop, REORDER_POINTS, call) == [field]


def test_more_is_ordered_than_the_minimum(shop):
    client, url = shop.client(), f"{REORDER_POINTS}{post(shop, REORDER_POINTS, point(shop))['id']}/"
    other = str(shop.products[1].pk)
    for call in (
        lambda: client.post(REORDER_POINTS, point(shop, product=other, minimum="10")),
        lambda: client.post(REORDER_POINTS, point(shop, product=other, minimum="0", target="0")),
        lambda: client.patch(url, {"minimum": "10"}),
        lambda: client.patch(url, {"target": "2.5"}),
    ):
        unchanged(shop, REORDER_POINTS, call, 409, "target_too_low")


def test_a_service_never_runs_low(shop):
    service = post(shop, PRODUCTS, product(is_stocked=False))["id"]
    unchanged(
        shop,
        REORDER_POINTS,
        lambda: shop.client().post(REORDER_POINTS, point(shop, product=service)),
        409,
        "not_stocked",
    )


def test_the_road_a_closed_place_and_a_strangers_are_no_places_to_order_for(shop, stranger):
    closed = add_place(shop).storefront
    assert shop.client().patch(f"{STOREFRONTS}{closed.pk}/", {"is_active": False}).status_code == 200
    with shop.inside():
        road = shop.account.locations.get(kind="TRANSIT")
    for place in (road.pk, closed.pk, stranger.storefront.pk, NOWHERE):
        body = unchanged(
            shop,
            REORDER_POINTS,
            lambda place=place: shop.client().post(REORDER_POINTS, point(shop, location=str(place))),
            400,
            "invalid_input",
        )
        assert [(error["field"], error["code"]) for error in body["errors"]] == [("location", "does_not_exist")]


def test_a_limited_member_keeps_those_of_their_own_place_only(shop):
    there = add_place(shop)
    keeper = add_member(shop, Role.WAREHOUSE, shop.storefront)
    elsewhere = f"{REORDER_POINTS}{post(shop, REORDER_POINTS, point(there))['id']}/"
    client = shop.client(keeper)
    own = client.post(REORDER_POINTS, point(shop)).json()["data"]["id"]
    assert [row["id"] for row in client.get(REORDER_POINTS).json()["results"]] == [own]
    for call in (
        lambda: client.get(elsewhere),
        lambda: client.patch(elsewhere, {"minimum": "0"}),
        lambda: client.delete(elsewhere),
    ):
        unchanged(shop, REORDER_POINTS, call, 404, "not_found")
    other = point(there, product=str(shop.products[1].pk))
    unchanged(shop, REORDER_POINTS, lambda: client.post(REORDER_POINTS, other), 400, "invalid_input")
    assert client.patch(f"{REORDER_POINTS}{own}/", {"minimum": "1"}).status_code == 200
    assert client.delete(f"{REORDER_POINTS}{own}/").status_code == 204


def test_a_cashier_changes_none(shop):
    url = f"{REORDER_POINTS}{post(shop, REORDER_POINTS, point(shop))['id']}/"
    till = shop.client(shop.cashier)
    unchanged(shop, REORDER_POINTS, lambda: till.post(REORDER_POINTS, point(shop)), 403, "capability_missing")
    unchanged(shop, REORDER_POINTS, lambda: till.patch(url, {"minimum": "1"}), 403, "capability_missing")
    unchanged(shop, REORDER_POINTS, lambda: till.delete(url), 403, "capability_missing")
