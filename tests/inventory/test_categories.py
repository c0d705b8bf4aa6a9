"""The tree of categories: what stands below what, and nothing below itself."""

import pytest

from tests.inventory.catalogue import NOWHERE, history, invalid, parents, plant, post, unchanged
from tests.inventory.requests import CATEGORIES

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree(shop) -> dict[str, str]:
    """Food, with drinks below, and tea below these; and tools."""
    return plant(shop)


def test_a_category_moves_with_all_below_it_and_back_to_the_top(shop, tree):
    client, url = shop.client(), f"{CATEGORIES}{tree['Drinks']}/"
    moved = client.patch(url, {"parent": tree["Tools"]}).json()["data"]
    assert (moved["parent"], moved["name"], moved["version"]) == (tree["Tools"], "Drinks", 2)
    assert parents(shop) == {"Food": None, "Drinks": "Tools", "Tea": "Drinks", "Tools": None}
    assert client.patch(f"{CATEGORIES}{tree['Food']}/", {"parent": tree["Tea"]}).status_code == 200
    assert client.patch(url, {"parent": None, "name": "Beverages"}).json()["data"]["parent"] is None
    assert parents(shop) == {"Food": "Tea", "Beverages": None, "Tea": "Beverages", "Tools": None}
    assert history(shop, "category")[-1][1:] == (
        {"parent": tree["Tools"], "name": "Drinks"},
        {"parent": None, "name": "Beverages"},
    )


@pytest.mark.parametrize("below", ["Food", "Drinks", "Tea"])
def test_a_category_does_not_stand_below_itself(shop, tree, below):
    body = {"name": "Renamed", "parent": tree[below]}
    unchanged(
        shop, CATEGORIES, lambda: shop.client().patch(f"{CATEGORIES}{tree['Food']}/", body), 409, "category_circle"
    )


def test_a_move_to_where_it_is_and_a_name_alone_change_nothing_else(shop, tree):
    client, url = shop.client(), f"{CATEGORIES}{tree['Drinks']}/"
    assert client.patch(url, {"parent": tree["Food"]}).json()["data"]["version"] == 1
    assert client.patch(url, {"name": "Beverages"}).json()["data"]["parent"] == tree["Food"]


def test_a_category_of_a_stranger_is_no_place_to_move_to(shop, stranger, tree):
    theirs = post(stranger, CATEGORIES, {"name": "Theirs"})["id"]
    client, url = shop.client(), f"{CATEGORIES}{tree['Tea']}/"
    for pk in (theirs, NOWHERE, "", 7):
        assert invalid(shop, CATEGORIES, lambda pk=pk: client.patch(url, {"parent": pk})) == ["parent"]
