"""Two who add the last thing that a plan covers, at the same instant. Every race has its control, without the guard."""

import threading
from contextlib import nullcontext

import pytest
from rest_framework.test import APIClient

from core.tenancy import OwnedQuerySet
from inventory import services as inventory
from inventory.importing.rows import Row
from subscriptions.models import Subscription, SubscriptionPlan
from tests.conftest import open_shop
from tests.races import at_once, count_of, meeting_before
from tests.subscriptions.test_limits import fill_products, offer, seat, thing


@pytest.fixture
def small(committed):
    """A business on the starter plan: two storefronts, of which it has one, 500 products and five people."""
    shop = open_shop("Ama Provisions", prices=("10.00",), stock="0")
    with shop.inside():
        Subscription.across_accounts.update(is_trial=False, plan=SubscriptionPlan.objects.get(code="starter"))
    return shop


def said(response):
    return response.status_code, response.json().get("code")


def race(calls, statement, *, meets):
    """What they are answered who come at once; in a control they all wait for one another before this statement."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        with meeting_before(statement, barrier) if meets else nullcontext():
            return said(call())

    return at_once([lambda call=call: run(call) for call in calls])


ONE_OF_TWO = [(201, None), (409, "limit_reached")]


@pytest.fixture(params=[False, True], ids=["guarded", "control"])
def unguarded(request, monkeypatch):
    """Whether nobody holds the subscription."""
    if request.param:
        monkeypatch.setattr(OwnedQuerySet, "locked", lambda rows: rows)
    return request.param


def expect(results, wanted, *, unguarded):
    if unguarded:
        assert count_of(results, (201, None)) == len(results), results
    else:
        assert sorted(results) == wanted


def test_s21_of_two_storefronts_that_are_opened_at_once_where_there_is_room_for_one_one_is(small, unguarded):
    """S21."""
    clients = [small.client(), small.client()]
    calls = [
        lambda client=client, name=name: client.post("/api/v1/inventory/storefronts/", {"name": name})
        for client, name in zip(clients, ("North", "South"), strict=True)
    ]
    results = race(calls, 'INSERT INTO "locations"', meets=unguarded)
    expect(results, ONE_OF_TWO, unguarded=unguarded)
    with small.inside():
        assert small.account.locations.storefronts().count() == 2 + unguarded


def test_of_two_products_that_are_added_at_once_where_there_is_room_for_one_one_is(small, unguarded):
    fill_products(small, 499)
    clients = [small.client(), small.client()]
    calls = [
        lambda client=client, i=i: client.post("/api/v1/inventory/products/", thing(i))
        for i, client in enumerate(clients)
    ]
    expect(race(calls, 'INSERT INTO "products"', meets=unguarded), ONE_OF_TWO, unguarded=unguarded)
    with small.inside():
        assert small.account.products.filter(is_active=True).count() == 500 + unguarded


def test_of_two_invitations_that_are_accepted_at_once_where_there_is_room_for_one_one_is(small, unguarded):
    for i in range(2):
        seat(small, i)
    people = [offer(small, f"new{i}@x.example") for i in range(2)]
    calls = [
        lambda address=address: APIClient(raise_request_exception=False).post(
            address, {"name": "Yaa", "password": "a-long-password"}
        )
        for address in people
    ]
    expect(race(calls, 'INSERT INTO "business_memberships"', meets=unguarded), ONE_OF_TWO, unguarded=unguarded)
    with small.inside():
        assert small.account.memberships.filter(is_active=True).count() == 5 + unguarded


def test_an_import_and_a_product_that_come_at_once_do_not_both_take_the_last_room(small, unguarded):
    fill_products(small, 499)
    client, barrier = small.client(), threading.Barrier(2)

    def meeting():
        return meeting_before('INSERT INTO "products"', barrier) if unguarded else nullcontext()

    def add():
        with meeting():
            return client.post("/api/v1/inventory/products/", thing(1)).status_code == 201

    def load():
        rows = [Row(1, {"sku": "IN-1", "name": "In", "retail_price": 5})]
        with small.inside(), meeting():
            return bool(inventory.import_products(by=small.owner, rows=rows).created)

    results = at_once([add, load])
    assert count_of(results, True) == 1 + unguarded, results
    with small.inside():
        assert small.account.products.count() == 500 + unguarded
