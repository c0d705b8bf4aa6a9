"""Percentages are rounded half up, and nobody comes by rounding beyond what their role may leave off."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import Role
from core.amounts import ZERO, percent_of, smallest_unit
from sales.pricing import WHOLE, Wanted, beyond, price_lines, reductions
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.places import add_member
from tests.sales.offers import threshold
from tests.sales.requests import SALES
from tests.sales.test_pricing import unhurried

pytestmark = pytest.mark.django_db

ANY = st.integers(min_value=0, max_value=10_000).map(lambda number: Decimal(number).scaleb(-2))


@pytest.mark.parametrize(
    ("amount", "percent", "exponent", "expected"),
    [
        ("3.33", "10", 2, "0.33"),
        ("3.35", "10", 2, "0.34"),
        ("3.34", "10", 2, "0.33"),
        ("0.01", "49.99", 2, "0.00"),
        ("0.01", "50", 2, "0.01"),
        ("3", "50", 0, "2"),
        ("999999999999.99", "100", 2, "999999999999.99"),
        ("0", "100", 2, "0.00"),
    ],
)
def test_a_percentage_is_rounded_half_up(amount, percent, exponent, expected):
    assert str(percent_of(Decimal(amount), Decimal(percent), exponent)) == expected


@pytest.mark.parametrize(("price", "off", "total"), [("3.33", "0.33", "3.00"), ("3.35", "0.34", "3.01")])
@pytest.mark.parametrize("of_line", [True, False])
def test_ten_percent_of_a_line_and_of_the_whole_are_the_same(db, price, off, total, of_line):
    shop = open_shop("Tenth", prices=(price,))
    told = shop.client().post(SALES, asked(shop, {"discount_percent": "10"}, of_line=of_line)).json()["data"]
    assert (told["discount_total"], told["total"]) == (off, total)


# --- Limits -----------------------------------------------------------------------------------------------------------


def asked(shop, extra, *, of_line, count=1):
    lines = [{"product": str(product.pk), "quantity": "1"} for product in shop.products] * count
    return shop.basket(lines=[{**line, **extra} for line in lines]) if of_line else shop.basket(lines=lines, **extra)


@pytest.fixture
def dear(db):
    """Of 9.99 thirty percent are 2.997: all that a manager may leave off is 3.00. Of three such, it is 8.991."""
    return open_shop("Just Below", prices=("9.99", "9.99", "9.99"))


@pytest.mark.parametrize(
    ("extra", "of_line"),
    [
        ({"discount_percent": "30"}, True),
        ({"discount_percent": "30"}, False),
        ({"discount": "3.00"}, True),
        ({"unit_price": "6.99"}, True),
    ],
)
def test_s37_a_manager_leaves_off_all_of_their_percentage_however_it_is_rounded(dear, extra, of_line):
    """S37."""
    manager = add_member(dear, Role.MANAGER)
    response = dear.client(manager).post(SALES, asked(dear, extra, of_line=of_line))
    assert response.status_code == 201, response.content
    assert response.json()["data"]["total"] == ("20.97" if of_line else "20.98")


@pytest.mark.parametrize(
    ("extra", "of_line", "more", "fields"),
    [
        ({"discount": "3.01"}, True, {}, [f"lines.{i}.discount" for i in range(3)]),
        ({"unit_price": "6.98"}, True, {}, [f"lines.{i}.unit_price" for i in range(3)]),
        ({"discount": "9.00"}, False, {}, ["discount"]),
        ({"discount_percent": "30"}, True, {"discount": "0.01"}, ["discount"]),
    ],
)
def test_s37_and_not_a_coin_beyond_it(dear, extra, of_line, more, fields):
    """S37."""
    manager = add_member(dear, Role.MANAGER)
    body = {**asked(dear, extra, of_line=of_line), **more}
    told = refused(dear, lambda: dear.client(manager).post(SALES, body), 403, "approval_required")
    assert [path for path, _ in paths_of(told)] == fields


def test_s37_a_percentage_after_the_shops_own_offer_is_one_of_what_is_left(dear):
    """S37."""
    threshold(dear, "1", percent=Decimal(50))
    manager = add_member(dear, Role.MANAGER)
    sold = dear.client(manager).post(SALES, asked(dear, {"discount_percent": "30"}, of_line=False)).json()["data"]
    # Half of 29.97 is 14.99, half up; thirty percent of 14.98 are 4.49.
    assert (sold["discount_total"], sold["total"]) == ("19.48", "10.49")
    more = asked(dear, {"discount": "4.50"}, of_line=False)
    refused(dear, lambda: dear.client(manager).post(SALES, more), 403, "approval_required")


@pytest.mark.parametrize(
    ("country", "currency", "price", "quantity"), [("GH", "GHS", "10.00", "0.005"), ("SN", "XOF", "5", "1")]
)
def test_s37_halves_of_coins_do_not_add_up_over_goods_cut_into_many_lines(db, country, currency, price, quantity):
    """S37."""
    shop = open_shop("Crumbs", country=country, currency=currency, prices=(price,))
    manager = add_member(shop, Role.MANAGER)
    crumb = {"product": str(shop.products[0].pk), "quantity": quantity, "discount_percent": "30"}
    told = refused(
        shop, lambda: shop.client(manager).post(SALES, shop.basket(lines=[crumb] * 20)), 403, "approval_required"
    )
    # Of 5 coins 30 percent are 1.5: two each, where three in ten were meant.
    assert (paths_of(told), told["meta"]["asked"]) == ([(WHOLE, "approval_required")], "40.00")
    assert shop.client(manager).post(SALES, shop.basket(lines=[crumb])).status_code == 201


# --- The arithmetic ---------------------------------------------------------------------------------------------------


@st.composite
def baskets(draw: st.DrawFn):
    """Different goods at the list price, and the coins of the currency."""
    exponent = draw(st.sampled_from([0, 2]))
    coins = st.integers(min_value=1, max_value=20_000).map(lambda coin: Decimal(coin).scaleb(-exponent))
    prices = draw(st.lists(coins, min_size=1, max_size=6))
    return prices, exponent


def found_in(prices, discounts, exponent, *, percent=ZERO):
    offs = enumerate(zip(prices, discounts, strict=True))
    wanted = [Wanted(Decimal(1), price, off, (), UUID(int=i)) for i, (price, off) in offs]
    priced = price_lines(wanted, discount=ZERO, discount_percent=percent, prices_include_tax=True, exponent=exponent)
    whole = sum((part.amount for line in priced for part in line.parts if part.source == "SALE"), ZERO)
    return reductions(wanted, prices, discount=whole, crumbles=False, exponent=exponent)


@unhurried
@given(baskets(), ANY, ANY)
def test_s37_whoever_asks_for_no_more_percent_than_the_limit_is_within_it(basket, percent, limit):
    """S37."""
    prices, exponent = basket
    percent, limit = sorted([percent, limit])
    of_lines = [percent_of(price, percent, exponent) for price in prices]
    assert beyond(found_in(prices, of_lines, exponent), limit) == []
    assert beyond(found_in(prices, [ZERO] * len(prices), exponent, percent=percent), limit) == []


@unhurried
@given(baskets(), ANY, ANY)
def test_s37_whoever_is_within_it_is_at_most_half_a_coin_of_each_product_beyond(basket, percent, limit):
    """S37."""
    prices, exponent = basket
    found = found_in(prices, [percent_of(price, percent, exponent) for price in prices], exponent, percent=percent)
    if not beyond(found, limit):
        half = smallest_unit(exponent) / 2
        assert all(each.amount - each.most(limit) <= half for each in found[:-1])
        assert found[-1].amount - found[-1].most(limit) <= half * len(found)


@unhurried
@given(baskets(), ANY)
def test_s37_whoever_may_leave_off_nothing_leaves_off_not_even_a_coin(basket, percent):
    """S37."""
    prices, exponent = basket
    found = found_in(prices, [percent_of(price, percent, exponent) for price in prices], exponent)
    assert [each for each in beyond(found, ZERO) if each.field != WHOLE] == [each for each in found[:-1] if each.amount]
    found = found_in(prices, [ZERO] * len(prices), exponent, percent=percent)
    assert beyond(found, ZERO) == [each for each in found if each.amount]
