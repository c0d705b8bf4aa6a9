"""Pages: by number where people leaf, by key where a ledger grows."""

import pytest
from uuid_utils.compat import uuid7

from inventory import services as inventory
from tests.conftest import Shop, receive

pytestmark = pytest.mark.django_db

CATEGORIES = "/api/v1/inventory/categories/"
MOVEMENTS = "/api/v1/inventory/stock-movements/"


@pytest.fixture
def seven(shop) -> Shop:
    """Seven categories, by name."""
    with shop.inside():
        for letter in "gfedcba":
            inventory.add_category(by=shop.owner, name=letter)
    return shop


def page(shop: Shop, url: str):
    response = shop.client().get(url)
    assert response.status_code == 200, response.content
    return response.json()


def test_leafing_forward_and_back_shows_every_row_once_in_order(seven):
    body, names, links = page(seven, f"{CATEGORIES}?page_size=3"), [], []
    while True:
        names += [row["name"] for row in body["results"]]
        links.append(body["previous"])
        assert body["count"] == 7
        if body["next"] is None:
            break
        body = page(seven, body["next"])
    assert names == list("abcdefg")
    assert links[0] is None
    assert [row["name"] for row in page(seven, links[1])["results"]] == ["a", "b", "c"]
    assert [row["name"] for row in page(seven, links[2])["results"]] == ["d", "e", "f"]


def test_the_links_keep_the_filters(shop):
    body = page(shop, "/api/v1/inventory/products/?search=thing&page_size=1")
    assert "search=thing" in body["next"]
    assert len(page(shop, body["next"])["results"]) == 1


def test_a_list_without_rows_has_one_empty_page(shop):
    body = page(shop, CATEGORIES)
    assert (body["count"], body["next"], body["previous"], body["results"]) == (0, None, None, [])


def test_a_page_past_the_end_is_empty(seven):
    body = page(seven, f"{CATEGORIES}?page=99&page_size=3")
    assert (body["count"], body["results"], body["next"]) == (7, [], None)


def test_a_page_has_25_rows_unless_told(shop):
    with shop.inside():
        for number in range(26):
            inventory.add_category(by=shop.owner, name=f"{number:02d}")
    body = page(shop, CATEGORIES)
    assert len(body["results"]) == 25
    assert len(page(shop, body["next"])["results"]) == 1


@pytest.mark.parametrize("size", ["1", "200"])
def test_the_bounds_of_a_page_are_taken(seven, size):
    assert len(page(seven, f"{CATEGORIES}?page_size={size}")["results"]) == min(7, int(size))


@pytest.mark.parametrize("url", [CATEGORIES, MOVEMENTS])
@pytest.mark.parametrize("size", ["0", "201", "-1", "1.0", "ten", "", "٣", "1_0", " 5", "9" * 30])
def test_a_page_size_out_of_bounds_is_400(shop, url, size):
    response = shop.client().get(url, {"page_size": size})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")
    assert [error["field"] for error in response.json()["errors"]] == ["page_size"]


@pytest.mark.parametrize("number", ["0", "-1", "last", "1e1", "", "٣", "9" * 30])
def test_a_page_that_is_no_number_is_400(shop, number):
    response = shop.client().get(CATEGORIES, {"page": number})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")
    assert [error["field"] for error in response.json()["errors"]] == ["page"]


def test_a_ledger_is_read_by_key_newest_first_and_what_comes_meanwhile_shifts_nothing(shop):
    with shop.inside():
        receive(shop, "1")
        expected = [str(pk) for pk in shop.account.stock_movements.order_by("-id").values_list("id", flat=True)]
    body, found = page(shop, f"{MOVEMENTS}?page_size=2"), []
    while True:
        found += [row["id"] for row in body["results"]]
        with shop.inside():
            receive(shop, "1")
        if body["next"] is None:
            break
        body = page(shop, body["next"])
    assert found == expected


def test_a_full_last_page_has_no_next(shop):
    assert page(shop, f"{MOVEMENTS}?page_size=3")["next"] is None
    assert page(shop, f"{MOVEMENTS}?page_size=2")["next"] is not None


@pytest.mark.parametrize("cursor", ["", "7", "last", "x" * 300])
def test_a_cursor_that_is_none_is_400(shop, cursor):
    response = shop.client().get(MOVEMENTS, {"cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")
    assert [error["field"] for error in response.json()["errors"]] == ["cursor"]


def test_the_cursor_of_a_strangers_row_shows_only_ones_own(shop, stranger):
    with stranger.inside():
        theirs = stranger.account.stock_movements.order_by("-id").values_list("id", flat=True)[0]
    with shop.inside():
        own = {str(pk) for pk in shop.account.stock_movements.values_list("id", flat=True)}
    assert {row["id"] for row in page(shop, f"{MOVEMENTS}?cursor={theirs}")["results"]} == own
    assert page(shop, f"{MOVEMENTS}?cursor={uuid7()}")["results"] != []


def test_a_ledger_has_no_numbered_pages_and_a_list_has_no_cursor(shop):
    for url, query in ((MOVEMENTS, {"page": "1"}), (CATEGORIES, {"cursor": str(uuid7())})):
        response = shop.client().get(url, query)
        assert (response.status_code, response.json()["code"]) == (400, "unknown_parameter")
