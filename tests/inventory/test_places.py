"""Stock and places, for people who work at some of them only. tests/test_places.py sweeps over what they can name."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from core import errors
from inventory import services
from tests.answers import refused
from tests.inventory.requests import BATCHES, LOOKUP, MOVEMENTS, STOCK, STOREFRONTS, WAREHOUSES, delivery
from tests.places import add_member, add_place, limit
from tests.test_query_counts import statements
from tests.traces import refused_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(shop):
    """The shop's second storefront, with 50 of every product; at the first there are 100."""
    return add_place(shop)


@pytest.fixture
def keeper(shop, there):
    """Somebody who receives stock at the first storefront."""
    return add_member(shop, Role.WAREHOUSE, shop.storefront)


def rows(shop, member, url):
    return shop.client(member).get(url).json()["results"]


def on_hand(shop, member) -> str:
    with shop.inside():
        shop.account.products.filter(pk=shop.products[0].pk).update(barcode="5901234123471")
    return shop.client(member).get(LOOKUP, {"barcode": "5901234123471"}).json()["data"]["quantity"]


def test_a_look_up_counts_what_is_on_hand_where_the_member_works(shop, there):
    both = add_member(shop, Role.CASHIER, shop.storefront, there.storefront, name="Both")
    nowhere = add_member(shop, Role.CASHIER, name="Nowhere", is_limited=True)
    assert on_hand(shop, shop.owner) == on_hand(shop, shop.cashier) == on_hand(shop, both) == "150.000"
    assert on_hand(shop, nowhere) == "0.000"
    assert on_hand(shop, limit(shop, shop.cashier, there.storefront)) == "50.000"
    assert on_hand(shop, limit(shop, shop.cashier, shop.storefront)) == "100.000"


def test_each_sees_the_stock_of_their_own_place(shop, there, keeper):
    other = add_member(shop, Role.WAREHOUSE, there.storefront, name="Other")
    for url in (BATCHES, STOCK, MOVEMENTS):
        for member, shown in ((keeper, {shop.storefront}), (other, {there.storefront})):
            assert {row["location"] for row in rows(shop, member, url)} == {str(place.pk) for place in shown}, url
    assert [row["quantity"] for row in rows(shop, other, BATCHES)] == ["50.000"] * 3
    assert [row["name"] for row in rows(shop, other, STOREFRONTS)] == ["Kumasi"]


def test_stock_is_received_at_ones_own_place(shop, there, keeper):
    client = shop.client(keeper)
    assert client.post(STOCK, delivery(shop)).status_code == 201
    for place in (there.storefront.pk, uuid7()):
        body = {**delivery(shop), "location": str(place)}
        told = refused(shop, lambda body=body: client.post(STOCK, body), 400, "invalid_input")
        assert [(error["field"], error["code"]) for error in told["errors"]] == [("location", "does_not_exist")]


def test_the_service_itself_refuses_a_place_elsewhere(shop, there, keeper):
    def receive():
        with shop.inside():
            item = {"product": shop.products[0].pk, "quantity": Decimal(1), "unit_cost": Decimal(1)}
            services.receive_stock(by=keeper, location=there.storefront.pk, items=[item])

    assert refused_with(shop, errors.InvalidInput, receive).errors == (errors.unknown_reference("location"),)


def test_who_is_moved_sees_another_place_with_the_next_request(shop, there, keeper):
    client = shop.client(keeper)
    assert {row["location"] for row in client.get(BATCHES).json()["results"]} == {str(shop.storefront.pk)}
    limit(shop, keeper, there.storefront)
    assert {row["location"] for row in client.get(BATCHES).json()["results"]} == {str(there.storefront.pk)}
    limit(shop, keeper)
    assert client.get(BATCHES).json()["results"] == []


def test_a_place_elsewhere_is_not_there_to_be_renamed(shop, there):
    manager = add_member(shop, Role.MANAGER, shop.storefront)
    client = shop.client(manager)
    url = f"{STOREFRONTS}{there.storefront.pk}/"
    told = refused(shop, lambda: client.patch(url, {"name": "Mine"}), 404, "not_found")
    never = refused(shop, lambda: client.patch(f"{STOREFRONTS}{uuid7()}/", {"name": "Mine"}), 404, "not_found")
    assert {**told, "request_id": ""} == {**never, "request_id": ""}
    assert client.patch(f"{STOREFRONTS}{shop.storefront.pk}/", {"name": "Mine"}).status_code == 200


def test_a_limited_manager_works_at_the_place_that_they_add(shop, there):
    client = shop.client(add_member(shop, Role.MANAGER, shop.storefront))
    added = client.post(WAREHOUSES, {"name": "Depot"}).json()["data"]
    assert [row["id"] for row in client.get(WAREHOUSES).json()["results"]] == [added["id"]]
    assert client.post(STOCK, {**delivery(shop), "location": added["id"]}).status_code == 201
    assert [row["id"] for row in client.get(STOREFRONTS).json()["results"]] == [str(shop.storefront.pk)]


def test_what_a_colleague_received_elsewhere_is_not_replayed(shop, there, keeper):
    body = {**delivery(shop), "location": str(there.storefront.pk)}
    assert shop.client().post(STOCK, body).status_code == 201
    refused(shop, lambda: shop.client(keeper).post(STOCK, body), 404, "not_found")
    mine = delivery(shop)
    first = shop.client().post(STOCK, mine)
    again = shop.client(keeper).post(STOCK, mine)
    assert (again.status_code, again["Idempotency-Replayed"], again.content) == (201, "true", first.content)


def test_to_be_limited_costs_no_statement(shop, there, keeper):
    for url in (BATCHES, STOCK, MOVEMENTS, STOREFRONTS, f"{LOOKUP}?barcode=none"):
        limited, unlimited = shop.client(keeper), shop.client()
        asked = [statements(lambda client=client, url=url: client.get(url)) for client in (limited, unlimited)]
        assert len(asked[0]) == len(asked[1]), url
        for found in asked:
            assert sum("location_members" in sql for sql in found) == 1, url  # where the places come with the identity
