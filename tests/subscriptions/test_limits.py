"""A plan covers so many people, storefronts and products, and no more, however they come."""

from datetime import timedelta

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Invitation
from accounts.roles import Role
from core import vault
from inventory import services as inventory
from inventory.importing.rows import Row
from subscriptions import services as subscriptions
from subscriptions.models import SubscriptionPlan
from tests.conftest import PASSWORD
from tests.subscriptions.paying import hold
from tests.test_query_counts import statements
from tests.traces import state_of

pytestmark = pytest.mark.django_db

STOREFRONTS = "/api/v1/inventory/storefronts/"
PRODUCTS = "/api/v1/inventory/products/"
INVITATIONS = "/api/v1/accounts/invitations/"
STARTER = {"users": 5, "storefronts": 2, "products": 500}


@pytest.fixture
def small(shop):
    """A business on the starter plan."""
    hold(shop, "starter", is_trial=False)
    return shop


def refused(response, resource, used):
    body = response.json()
    assert (response.status_code, body["code"]) == (409, "limit_reached"), body
    assert body["meta"] == {"resource": resource, "limit": STARTER[resource], "used": used}


def fill_products(shop, count):
    """So many products, as somebody had them before there was a limit."""
    with shop.inside():
        there = shop.account.products.count()
        rows = [
            type(shop.products[0])(account=shop.account, sku=f"OLD-{i}", name="Old", retail_price=1)
            for i in range(count - there)
        ]
        type(shop.products[0]).across_accounts.bulk_create(rows)


def seat(shop, number):
    with shop.inside():
        return accounts.add_member(
            account=shop.account, name="Esi", email=f"esi{number}@x.example", password=PASSWORD, role=Role.CASHIER
        )


# --- Storefronts ------------------------------------------------------------------------------------------------------


def test_s21_a_storefront_beyond_the_plan_is_refused_and_nothing_else_is_counted(small):
    """S21."""
    client = small.client()
    assert client.post("/api/v1/inventory/warehouses/", {"name": "Depot"}).status_code == 201
    assert client.post(STOREFRONTS, {"name": "Second"}).status_code == 201
    before = state_of(small)
    refused(client.post(STOREFRONTS, {"name": "Third"}), "storefronts", 2)
    assert state_of(small) == before
    assert client.post("/api/v1/inventory/warehouses/", {"name": "Another"}).status_code == 201
    assert client.get("/api/v1/subscriptions/status/").json()["data"]["limits"][1] == {
        "resource": "storefronts",
        "limit": 2,
        "used": 2,
    }


def test_a_storefront_that_is_closed_makes_room_and_does_not_open_again_without(small):
    client = small.client()
    second = client.post(STOREFRONTS, {"name": "Second"}).json()["data"]["id"]
    assert client.patch(f"{STOREFRONTS}{second}/", {"is_active": False}).status_code == 200
    third = client.post(STOREFRONTS, {"name": "Third"})
    assert third.status_code == 201
    refused(client.patch(f"{STOREFRONTS}{second}/", {"is_active": True}), "storefronts", 2)
    assert client.patch(f"{STOREFRONTS}{second}/", {"name": "Renamed", "is_active": False}).status_code == 200
    assert client.patch(f"{STOREFRONTS}{third.json()['data']['id']}/", {"is_active": True}).status_code == 200


def test_a_trial_has_the_limits_of_its_plan(shop):
    hold(shop, "starter", is_trial=True)
    client = shop.client()
    assert client.post(STOREFRONTS, {"name": "Second"}).status_code == 201
    refused(client.post(STOREFRONTS, {"name": "Third"}), "storefronts", 2)


def test_s18_a_plan_without_limits_refuses_nothing_and_does_not_crash(shop):
    """S18."""
    hold(shop, "unlimited", is_trial=False)
    client = shop.client()
    assert [client.post(STOREFRONTS, {"name": f"Shop {i}"}).status_code for i in range(30)] == [201] * 30
    data = client.get("/api/v1/subscriptions/status/").json()["data"]
    assert [(each["limit"], each["used"]) for each in data["limits"]] == [(None, 2), (None, 31), (None, 3)]


def test_the_limits_are_those_of_the_plan_that_has_begun(small):
    with small.inside():
        larger = SubscriptionPlan.objects.get(code="standard")
    today = timezone.localdate()
    hold(small, "starter", next_plan=larger, next_from=today + timedelta(days=1))
    client = small.client()
    assert client.post(STOREFRONTS, {"name": "Second"}).status_code == 201
    refused(client.post(STOREFRONTS, {"name": "Third"}), "storefronts", 2)
    hold(small, "starter", next_plan=larger, next_from=today)
    assert client.post(STOREFRONTS, {"name": "Third"}).status_code == 201


# --- People -----------------------------------------------------------------------------------------------------------


def offer(shop, email):
    """An invitation, as it was sent before the business was full, and its token."""
    token = vault.mint(shop.account.pk)
    with shop.inside():
        Invitation(
            account=shop.account,
            email=email,
            role=Role.CASHIER,
            invited_by=shop.owner,
            token_hash=vault.digest(token),
            expires_at=timezone.now() + timedelta(days=7),
        ).save(force_insert=True)
    return f"/api/v1/accounts/auth/invitations/{token}/accept/"


def test_an_invitation_is_not_accepted_where_the_plan_is_full_and_is_later_when_there_is_room(small, nobody):
    address = offer(small, "yaa@x.example")
    people = [seat(small, i) for i in range(3)]  # with owner and cashier five
    body = {"name": "Yaa", "password": "a-long-password"}
    refused(nobody.post(address, body), "users", 5)
    with small.inside():
        assert not small.account.users.filter(email="yaa@x.example").exists()
    client = small.client()
    refused(client.post(INVITATIONS, {"email": "efo@x.example", "role": "CASHIER"}), "users", 5)
    one = f"/api/v1/accounts/memberships/{people[0].pk}/"
    assert client.post(f"{one}deactivate/").status_code == 200
    assert nobody.post(address, body).status_code == 201
    refused(client.post(f"{one}reactivate/"), "users", 5)


def test_who_is_active_already_and_the_platforms_staff_take_no_room(small):
    for i in range(3):
        seat(small, i)
    with small.inside():
        small.account.memberships.create(staff=small.owner.user, name="Support", role=Role.SUPPORT)
    client = small.client()
    again = client.post(f"/api/v1/accounts/memberships/{small.cashier.pk}/reactivate/")
    assert again.status_code == 200
    assert client.get("/api/v1/subscriptions/status/").json()["data"]["limits"][0]["used"] == 5


# --- Products ---------------------------------------------------------------------------------------------------------


def thing(number):
    return {"sku": f"NEW-{number}", "name": "New", "retail_price": "5"}


def test_a_product_beyond_the_plan_is_refused_and_one_that_is_put_away_makes_room(small):
    fill_products(small, 499)
    client = small.client()
    assert client.post(PRODUCTS, thing(1)).status_code == 201
    refused(client.post(PRODUCTS, thing(2)), "products", 500)
    one = f"{PRODUCTS}{small.products[0].pk}/"
    assert client.patch(one, {"is_active": False}).status_code == 200
    assert client.post(PRODUCTS, thing(2)).status_code == 201
    refused(client.patch(one, {"is_active": True}), "products", 500)
    assert client.patch(one, {"name": "Still away"}).status_code == 200


def test_what_there_is_too_much_of_stays_and_may_be_changed(small):
    fill_products(small, 510)
    client = small.client()
    refused(client.post(PRODUCTS, thing(1)), "products", 510)
    assert client.patch(f"{PRODUCTS}{small.products[0].pk}/", {"name": "Renamed"}).status_code == 200
    assert client.post("/api/v1/sales/sales/", small.basket()).status_code == 201


def rows(count, start=0):
    return [Row(i, {"sku": f"IN-{i}", "name": "In", "retail_price": 5}) for i in range(start, start + count)]


def test_an_import_takes_as_many_as_the_plan_covers_and_says_of_each_of_the_others_why_not(small):
    fill_products(small, 495)
    with small.inside():
        outcome = inventory.import_products(by=small.owner, rows=rows(8))
        assert (outcome.created, sorted(outcome.refused)) == (5, [5, 6, 7])
        assert {error.code for errors in outcome.refused.values() for error in errors} == {"limit_reached"}
        assert small.account.products.count() == 500
        known = [Row(1, {"sku": "IN-1", "name": "Renamed"}), Row(2, {"sku": "IN-99", "name": "New", "retail_price": 5})]
        outcome = inventory.import_products(by=small.owner, rows=known)
        assert (outcome.updated, list(outcome.refused)) == (1, [2])


def test_an_import_counts_once_for_a_portion_however_many_rows_it_has(small):
    def cost(count, start):
        with small.inside():
            return len(statements(lambda: inventory.import_products(by=small.owner, rows=rows(count, start))))

    cost(1, 0)
    assert cost(2, 10) == cost(60, 100)


def test_a_plan_without_a_limit_is_neither_locked_nor_counted(shop):
    hold(shop, "unlimited", is_trial=False)
    client = shop.client()
    client.post(PRODUCTS, {"id": str(uuid7()), **thing(0)})
    seen = statements(lambda: client.post(PRODUCTS, {"id": str(uuid7()), **thing(1)}))
    assert not [sql for sql in seen if 'FROM "subscriptions"' in sql or "COUNT(" in sql]


def test_a_room_that_is_asked_for_what_no_plan_counts_is_a_mistake(shop):
    with shop.inside(), pytest.raises(ValueError, match="registers"):
        subscriptions.check_limit(by=shop.owner, resource="registers")
