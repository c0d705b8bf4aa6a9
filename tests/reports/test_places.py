"""A report shows the places where its member works, and nothing tells of another."""

import pytest

from accounts.roles import Role
from tests.conftest import Shop
from tests.places import add_member, add_place
from tests.reports.asking import NAMES, ask, get
from tests.reports.test_schedules import DAILY, SCHEDULES
from tests.sales.requests import refund, sell

pytestmark = pytest.mark.django_db

DAY = "2026-03-10"
NOON = {"sold_at": f"{DAY}T12:00:00Z"}
# What a customer has bought, and owes, is the business's affair; products and their shelves stand at no place.
OF_THE_WHOLE_BUSINESS = {"receivables"}
EMPTY_THERE = {"cash", "receivables", "customers", "shrinkage", "dead-stock"}


@pytest.fixture
def there(shop) -> Shop:
    return add_place(shop)


def trade(shop: Shop) -> None:
    sold = sell(shop, "2", **NOON)
    refund(shop, sold, refunded_at=f"{DAY}T13:00:00Z")


@pytest.mark.parametrize("name", sorted(set(NAMES) - OF_THE_WHOLE_BUSINESS))
def test_s08_what_happens_at_another_place_changes_no_report_of_a_limited_member(shop, there, name):
    """S08."""
    member = add_member(shop, Role.MANAGER, there.storefront)
    trade(there)
    mine, whole = (get(shop, name, DAY, DAY, member=by).json()["data"] for by in (member, shop.owner))
    trade(shop)
    assert get(shop, name, DAY, DAY, member=member).json()["data"] == mine
    if name not in EMPTY_THERE:
        assert mine["rows"]
        assert get(shop, name, DAY, DAY).json()["data"] != whole


@pytest.mark.parametrize("name", NAMES)
def test_s08_to_name_another_place_is_to_name_none(shop, there, name):
    """S08."""
    member = add_member(shop, Role.MANAGER, there.storefront)
    refused = get(shop, name, DAY, DAY, member=member, location=str(shop.storefront.pk))
    unknown = get(shop, name, DAY, DAY, member=member, location="01a1ffca-43aa-7350-a683-a03fb4665652")
    assert (refused.status_code, refused.json()["errors"]) == (400, unknown.json()["errors"])


@pytest.mark.parametrize("name", sorted(set(NAMES) - OF_THE_WHOLE_BUSINESS))
def test_of_one_place_the_owner_is_told_what_its_members_are_told(shop, there, name):
    member = add_member(shop, Role.MANAGER, there.storefront)
    trade(there)
    trade(shop)
    told = ask(shop, name, DAY, DAY, location=str(there.storefront.pk))
    mine = ask(shop, name, DAY, DAY, member=member)
    assert (told["rows"], told["totals"]) == (mine["rows"], mine["totals"])


@pytest.mark.parametrize("name", sorted(set(NAMES) - OF_THE_WHOLE_BUSINESS))
def test_s08_who_works_nowhere_is_told_of_nothing(shop, name):
    """S08."""
    trade(shop)
    told = ask(shop, name, DAY, DAY, member=add_member(shop, Role.MANAGER, is_limited=True))
    assert told["rows"] == []


def test_s08_the_schedules_of_a_limited_member_name_their_own_places_only(shop, there):
    """S08."""
    client = shop.client(add_member(shop, Role.MANAGER, there.storefront))
    here, away = ({**DAILY, "location": str(place.storefront.pk)} for place in (there, shop))
    assert client.post(SCHEDULES, here).status_code == 201
    assert client.post(SCHEDULES, away).status_code == 400
    assert [row["location"] for row in client.get(SCHEDULES).json()["results"]] == [str(there.storefront.pk)]


def test_what_stands_at_no_place_is_not_asked_of_one(shop):
    told = get(shop, "receivables", DAY, DAY, location=str(shop.storefront.pk)).json()
    assert [(error["field"], error["code"]) for error in told["errors"]] == [("location", "not_asked")]
