"""Where goods can be sent to: a list of names for whoever moves stock, whichever places are their own."""

import pytest

from accounts.roles import Role
from inventory import services
from tests.answers import refused
from tests.inventory.shipping import shown, wanted
from tests.places import add_member, add_place
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db

LOCATIONS = "/api/v1/inventory/locations/"
TRANSFERS = "/api/v1/inventory/transfers/"


@pytest.fixture
def there(shop):
    """The shop's second storefront."""
    return add_place(shop)


@pytest.fixture
def keeper(shop, there):
    """Somebody who moves stock at the first storefront."""
    return add_member(shop, Role.WAREHOUSE, shop.storefront)


def listed(shop, member=None):
    response = shop.client(member).get(LOCATIONS)
    assert response.status_code == 200, response.content
    return response.json()["data"]["locations"]


def row(place):
    return {"id": str(place.pk), "name": place.name, "kind": place.kind}


def add_depot(shop, name="Depot – Ɔkaa 🧺"):
    with shop.inside():
        return services.add_location(by=shop.owner, kind="WAREHOUSE", name=name)


def switch_off(shop, place):
    with shop.inside():
        locked = shop.account.locations.locked().get(pk=place.pk)
        services.change_location(by=shop.owner, location=locked, is_active=False)


def test_who_is_limited_to_one_place_reads_the_names_of_all_and_nothing_else(shop, there, keeper):
    depot = add_depot(shop)
    everywhere = [row(depot), row(there.storefront), row(shop.storefront)]
    assert listed(shop) == listed(shop, keeper) == everywhere
    assert listed(shop, add_member(shop, Role.MANAGER, name="Nowhere", is_limited=True)) == everywhere


def test_the_road_and_what_is_switched_off_are_not_listed(shop, there, keeper):
    switch_off(shop, there.storefront)
    assert listed(shop) == listed(shop, keeper) == [row(shop.storefront)]
    with shop.inside():
        assert shop.account.locations.filter(kind="TRANSIT").count() == 1


def test_another_businesss_places_are_not_listed(shop, stranger):
    assert listed(shop) == [row(shop.storefront)]
    assert listed(stranger) == [row(stranger.storefront)]


def test_all_that_is_listed_can_be_named_by_a_transfer_and_nothing_more_is_learnt(shop, there, keeper):
    client = shop.client(keeper)
    (other,) = [each["id"] for each in listed(shop, keeper) if each["id"] != str(shop.storefront.pk)]
    assert client.get(f"/api/v1/inventory/storefronts/{other}/").status_code == 404
    body = {**wanted(shop, there), "destination": other}
    made = shown(client.post(TRANSFERS, body, HTTP_IDEMPOTENCY_KEY="a"), 201)
    assert made["destination"] == other
    asked = {**wanted(there, shop), "source": other, "is_request": True}
    assert shown(client.post(TRANSFERS, asked, HTTP_IDEMPOTENCY_KEY="b"), 201)["status"] == "REQUESTED"


def test_a_place_that_is_no_longer_listed_can_no_longer_be_named(shop, there, keeper):
    switch_off(shop, there.storefront)
    body = wanted(shop, there)
    told = refused(
        shop,
        lambda: shop.client(keeper).post(TRANSFERS, body, HTTP_IDEMPOTENCY_KEY="a"),
        400,
        "invalid_input",
    )
    assert [error["field"] for error in told["errors"]] == ["destination"]


@pytest.mark.parametrize("role", [Role.CASHIER, Role.STAFF])
def test_who_moves_no_stock_is_not_told(shop, there, role):
    looker = add_member(shop, role, shop.storefront, name="Looker")
    refused(shop, lambda: shop.client(looker).get(LOCATIONS), 403, "capability_missing")


def test_the_list_is_only_read_and_knows_no_parameters(shop):
    client = shop.client()
    for call in (client.post, client.patch, client.delete):
        refused(shop, lambda call=call: call(LOCATIONS, {"name": "X"}), 405, "method_not_allowed")
    refused(shop, lambda: client.get(LOCATIONS, {"kind": "TRANSIT"}), 400, "unknown_parameter")


def test_twenty_places_cost_what_one_costs(shop):
    client = shop.client()
    client.get(LOCATIONS)
    few = len(statements(lambda: client.get(LOCATIONS)))
    for number in range(20):
        add_depot(shop, f"Depot {number}")
    assert len(statements(lambda: client.get(LOCATIONS))) == few
    assert len(listed(shop)) == 21
