"""Buy some and get more, spend much and pay less: what promotions take off, from which lines, in which order."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from core import errors
from inventory import services as inventory
from sales.pricing import Wanted, price_lines
from sales.promotions import Deal
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.places import add_place
from tests.sales.calls import give_back, lines_of, money, sell
from tests.sales.offers import buy_get, line, parts, threshold
from tests.sales.requests import SALES
from tests.traces import refused_with

pytestmark = pytest.mark.django_db

PROMOTIONS = "/api/v1/sales/promotions/"
A, B, C = (UUID(int=number) for number in (1, 2, 3))


def deal(bought=0, got=0, *, percent="100", buys=None, gets=None, number=1, **extra):
    sides = [None if ids is None else frozenset(ids) for ids in (buys, gets)]
    return Deal(
        UUID(int=number), "Deal", Decimal(percent), bought=bought, got=got, buys=sides[0], gets=sides[1], **extra
    )


def over(minimum, *, percent="0", amount="0", number=9, **extra):
    return deal(percent=percent, amount=Decimal(amount), minimum=Decimal(minimum), number=number, **extra)


def off(deals, *lines, exponent=2):
    """What is left off each of these (product, quantity, price)."""
    wanted = [Wanted(Decimal(quantity), Decimal(price), Decimal(0), (), product) for product, quantity, price in lines]
    priced = price_lines(wanted, discount=Decimal(0), prices_include_tax=True, exponent=exponent, deals=deals)
    return [str(row.discount) for row in priced]


# --- The arithmetic ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "free"),
    [("1", 0), ("2", 0), ("2.999", 0), ("3", 1), ("5", 1), ("6", 2), ("300", 100), ("99999999999", 33333333333)],
)
def test_of_every_three_one_is_free_however_many_there_are(quantity, free):
    assert [Decimal(amount) for amount in off([deal(2, 1)], (A, quantity, "1.00"))] == [free]


@pytest.mark.parametrize(("quantity", "free"), [("2", 0), ("3", 1), ("4", 2), ("6", 2), ("7", 3), ("8", 4)])
def test_who_has_bought_enough_gets_as_much_of_what_is_given_as_there_is(quantity, free):
    assert [Decimal(amount) for amount in off([deal(2, 2)], (A, quantity, "1.00"))] == [free]


@pytest.mark.parametrize(
    ("deals", "lines", "expected"),
    [
        # The cheapest is free, the first of two alike.
        ([deal(2, 1)], [(A, "1", "3.00"), (B, "1", "1.00"), (C, "1", "2.00")], ["0", "1.00", "0"]),
        ([deal(2, 1)], [(A, "1", "3.00"), (B, "1", "3.00"), (C, "1", "3.00")], ["3.00", "0", "0"]),
        ([deal(2, 2)], [(A, "2", "3.00"), (B, "1", "1.00"), (C, "1", "2.00")], ["0", "1.00", "2.00"]),
        # Half the price of it, half up.
        ([deal(2, 1, percent="50")], [(A, "2", "5.00"), (B, "1", "0.99")], ["0", "0.50"]),
        # Of a line of several, some.
        ([deal(2, 1)], [(A, "4", "3.33")], ["3.33"]),
        ([deal(1, 1, percent="12.5")], [(A, "2", "10.00")], ["1.25"]),
        # Only of what is meant.
        ([deal(2, 1, buys=[A])], [(A, "2", "3.00"), (B, "1", "1.00")], ["0", "0"]),
        ([deal(2, 1, buys=[A])], [(A, "3", "3.00"), (B, "1", "1.00")], ["3.00", "0"]),
        # One thing is bought, another given.
        ([deal(2, 1, buys=[A], gets=[B])], [(A, "5", "3.00"), (B, "3", "1.00")], ["0", "2.00"]),
        ([deal(2, 1, buys=[A], gets=[B])], [(A, "1", "3.00"), (B, "3", "1.00")], ["0", "0"]),
        ([deal(2, 1, buys=[A], gets=[B])], [(A, "2", "3.00")], ["0"]),
        # What is given may be of what is bought: it is not counted twice.
        ([deal(2, 1, buys=[A, B], gets=[B])], [(A, "1", "3.00"), (B, "1", "1.00")], ["0", "0"]),
        ([deal(2, 1, buys=[A, B], gets=[B])], [(A, "1", "3.00"), (B, "2", "1.00")], ["0", "1.00"]),
        ([deal(2, 1, buys=[A, B], gets=[B])], [(A, "2", "3.00"), (B, "1", "1.00")], ["0", "1.00"]),
        ([deal(2, 1, buys=[], gets=[A])], [(A, "3", "3.00")], ["0"]),
        # A line takes part in one, the first; what took part in none is free for the next.
        ([deal(2, 1), deal(1, 1, number=2)], [(A, "3", "3.00")], ["3.00"]),
        ([deal(1, 1, number=2), deal(2, 1)], [(A, "4", "3.00")], ["6.00"]),
        ([deal(2, 1, buys=[A]), deal(1, 1, buys=[B])], [(A, "3", "3.00"), (B, "2", "1.00")], ["3.00", "1.00"]),
        ([deal(9, 1), deal(1, 1, number=2)], [(A, "2", "3.00")], ["3.00"]),
        # Who spends much pays less, in proportion, to the last coin.
        ([over("10", amount="1")], [(A, "1", "5.00"), (B, "1", "4.99")], ["0", "0"]),
        ([over("10", amount="1")], [(A, "1", "5.00"), (B, "1", "5.00")], ["0.50", "0.50"]),
        ([over("9.99", amount="1")], [(A, "1", "3.33"), (B, "1", "3.33"), (C, "1", "3.33")], ["0.34", "0.33", "0.33"]),
        ([over("10", percent="10")], [(A, "1", "9.99"), (B, "1", "9.99")], ["1.00", "1.00"]),
        ([over("10", amount="500")], [(A, "1", "10.00")], ["10.00"]),
        ([over("5", amount="1", buys=[A])], [(A, "1", "5.00"), (B, "1", "5.00")], ["1.00", "0"]),
        ([over("5", amount="1", buys=[A])], [(A, "1", "4.99"), (B, "1", "5.00")], ["0", "0"]),
        # One of them, the first that is reached; and after what was given.
        ([over("100", amount="9"), over("10", amount="1")], [(A, "1", "10.00")], ["1.00"]),
        ([over("10", amount="2"), over("10", amount="1")], [(A, "1", "10.00")], ["2.00"]),
        ([over("20", amount="2"), deal(1, 1)], [(A, "2", "10.00")], ["10.00"]),
        ([over("10", amount="2"), deal(1, 1)], [(A, "2", "10.00")], ["12.00"]),
    ],
)
def test_what_promotions_take_off(deals, lines, expected):
    assert [Decimal(amount) for amount in off(deals, *lines)] == [Decimal(amount) for amount in expected]


def test_s41_where_money_has_no_decimals_half_of_three_is_two():
    """S41."""
    assert off([deal(1, 1, percent="50")], (A, "2", "3"), exponent=0) == ["2"]


# --- At the till ------------------------------------------------------------------------------------------------------


def test_the_line_says_what_was_taken_off_by_which_promotion_and_nobody_needs_a_right(shop):
    promotion = buy_get(shop, 2, 1, name="Three for two")
    sale = sell(shop, "1", "1", "1", by=shop.cashier)
    assert (sale.subtotal, sale.discount_total, sale.total) == (money("14.32"), money("0.99"), money("13.33"))
    *others, cheapest = lines_of(shop, sale)
    assert cheapest.discounts == [
        {"source": "PROMOTION", "id": str(promotion.pk), "name": "Three for two", "amount": "0.99"}
    ]
    assert [row.discounts for row in others] == [[], []]


def test_a_shelf_means_all_on_it_and_on_the_shelves_within(shop):
    with shop.inside():
        drinks = inventory.add_category(by=shop.owner, name="Drinks")
        juices = inventory.add_category(by=shop.owner, name="Juices", parent=drinks)
        inventory.add_category(by=shop.owner, name="Empty")
        shop.account.products.filter(pk=shop.products[1].pk).update(category=juices)
    buy_get(shop, 1, 1, buy_categories=[drinks.pk])
    sale = sell(shop, "2", "2")
    assert [parts(row) for row in lines_of(shop, sale)] == [[], [("PROMOTION", "3.33")]]


def test_a_promotion_about_shelves_on_which_nothing_stands_gives_nothing(shop):
    with shop.inside():
        empty = inventory.add_category(by=shop.owner, name="Empty")
    buy_get(shop, 1, 1, buy_categories=[empty.pk])
    assert sell(shop, "2", "2").discount_total == 0


def test_the_lowest_priority_comes_first_and_then_the_older(shop):
    first, second = shop.products[:2]
    buy_get(shop, 1, 1, name="Late", priority=5, buy_products=[first.pk])
    buy_get(shop, 1, 1, name="Early", priority=4, percent="50", buy_products=[first.pk, second.pk])
    assert parts(lines_of(shop, sell(shop, "2"))[0]) == [("PROMOTION", "5.00")]
    threshold(shop, "5", amount=Decimal(1), name="Small")
    threshold(shop, "10", amount=Decimal(2), name="Large")
    assert parts(lines_of(shop, sell(shop, "1"))[0]) == [("PROMOTION", "2.00")]


def test_a_promotion_holds_at_its_place_and_on_its_days_by_the_shops_clock():
    shop = open_shop("Nairobi", country="KE", currency="KES", time_zone="Africa/Nairobi", prices=("10.00",))
    there = add_place(shop, "Mombasa")
    buy_get(shop, 1, 1, storefront=shop.storefront, starts_on=date(2026, 4, 3), ends_on=date(2026, 4, 3))
    before, on, after = (datetime(2026, 4, day, hour, 59, tzinfo=UTC) for day, hour in ((2, 20), (3, 20), (3, 21)))
    assert [sell(shop, "2", sold_at=moment).total for moment in (before, on, after)] == [20, 10, 20]
    assert sell(there, "2", sold_at=on).total == 20


def test_discounts_of_the_till_come_first_and_those_on_the_whole_last(shop):
    buy_get(shop, 1, 1, buy_products=[shop.products[0].pk])
    threshold(shop, "9", percent=Decimal(10))
    sale = sell(shop, lines=[line(shop.products[0], "2", discount=money("2.00"))], discount_percent=Decimal(10))
    # 20.00 - 2.00; one of two of that is free; ten percent of 9.00; ten percent of 8.10.
    assert parts(lines_of(shop, sale)[0]) == [
        ("LINE", "2.00"), ("PROMOTION", "9.00"), ("PROMOTION", "0.90"), ("SALE", "0.81"),
    ]  # fmt: skip
    assert sale.total == money("7.29")


def test_what_was_given_goes_back_at_its_part_of_what_was_paid(shop):
    buy_get(shop, 2, 1)
    sale = sell(shop, "3")
    (row,) = lines_of(shop, sale)
    refunds = [give_back(shop, sale, [(row, "1", "SHELF")]).total for _ in range(3)]
    assert refunds == [money("6.67"), money("6.66"), money("6.67")]


def test_a_promotion_of_another_business_gives_nothing_here(shop, stranger):
    buy_get(stranger, 1, 1)
    assert sell(shop, "2").discount_total == 0
    error = refused_with(shop, errors.InvalidInput, lambda: buy_get(shop, 1, 1, get_products=[stranger.products[0].pk]))
    assert [(e.field, e.code) for e in error.errors] == [("get_products.0", "does_not_exist")]


# --- What a promotion may be ------------------------------------------------------------------------------------------

WHOLE = {"name": "Zwölf ☀", "kind": "BUY_GET", "bought": 2, "got": 1, "percent": "100"}
LARGE = {"name": "Large", "kind": "THRESHOLD", "minimum": "100"}


@pytest.mark.parametrize(
    "body",
    [
        {**WHOLE, "bought": 0},
        {**WHOLE, "got": 0},
        {**WHOLE, "percent": "0"},
        {**WHOLE, "amount": "1"},
        {**WHOLE, "minimum": "1"},
        LARGE,
        {**LARGE, "percent": "5", "amount": "5"},
        {**LARGE, "percent": "5", "minimum": "0"},
        {**LARGE, "percent": "5", "got": 1},
    ],
)
def test_half_a_promotion_is_refused(shop, body):
    refused(shop, lambda: shop.client().post(PROMOTIONS, body), 409, "promotion_incomplete")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"percent": "100.01"}, "percent"),
        ({"percent": "-1"}, "percent"),
        ({"percent": "0.001"}, "percent"),
        ({"bought": -1}, "bought"),
        ({"bought": 1_000_001}, "bought"),
        ({"got": 1.5}, "got"),
        ({"priority": -1}, "priority"),
        ({"amount": "-1"}, "amount"),
        ({"kind": "GIFT"}, "kind"),
        ({"buy_products": ["x"]}, "buy_products.0"),
    ],
)
def test_what_makes_no_sense_in_a_promotion_is_refused(shop, change, path):
    told = refused(shop, lambda: shop.client().post(PROMOTIONS, {**WHOLE, **change}), 400, "invalid_input")
    assert [field for field, _ in paths_of(told)] == [path]


def test_the_lists_of_a_promotion_are_shown_and_replaced_one_by_one(shop):
    client, (first, second, third) = shop.client(), [str(product.pk) for product in shop.products]
    made = client.post(PROMOTIONS, {**WHOLE, "buy_products": [first, second, first], "get_products": [third]})
    assert made.status_code == 201, made.content
    shown = made.json()["data"]
    assert (shown["buy_products"], shown["get_products"]) == (sorted([first, second]), [third])
    url = f"{PROMOTIONS}{shown['id']}/"
    changed = client.patch(url, {"buy_products": [third]}).json()["data"]
    assert (changed["buy_products"], changed["get_products"], changed["version"]) == ([third], [third], 2)
    assert client.patch(url, {"name": "N", "buy_products": [third]}, HTTP_IF_MATCH='"1"').status_code == 412
    assert client.get(url).json()["data"] == changed
    refused(shop, lambda: client.patch(url, {"buy_products": [str(UUID(int=5))]}), 400, "invalid_input")


def test_a_promotion_that_is_switched_off_gives_nothing(shop):
    promotion = buy_get(shop, 1, 1)
    assert shop.client().patch(f"{PROMOTIONS}{promotion.pk}/", {"is_active": False}).status_code == 200
    body = shop.basket("2")
    assert shop.client().post(SALES, body).json()["data"]["discount_total"] == "0.00"
