"""How far a role may go alone: the discount in percent of what it is taken from, the refund at once."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from accounts.roles import Limits, Role
from core.amounts import round_money
from inventory import services as inventory
from sales.pricing import Wanted, loses_by_rounding, reductions
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.places import add_member, approved_by, give_pin
from tests.sales.requests import SALES, back, sell

pytestmark = pytest.mark.django_db

unhurried = settings(deadline=None)  # a busy machine is no failure


@pytest.fixture
def manager(one):
    """May leave off 30 percent, and give back 2,000.00 at once."""
    return add_member(one, Role.MANAGER, name="Manager")


def lines(shop, **line):
    return [{"product": str(shop.products[0].pk), "quantity": "10", **line}]


def sold(shop, member, **extra):
    return shop.client(member).post(SALES, shop.basket(**extra))


# --- Discounts --------------------------------------------------------------------------------------------------------

# Of ten at 10.00, the most that a manager may leave off is 30.00.
WITHIN = [
    {"discount": "30.00"},
    {"lines": {"discount": "30.00"}},
    {"lines": {"unit_price": "7.00"}},
    {"lines": {"unit_price": "8.00", "discount": "10.00"}},
    {"lines": {"unit_price": "9.00", "discount": "10.00"}, "discount": "10.00"},
    {"lines": {"unit_price": "12.00", "discount": "20.00"}},
]
BEYOND = [
    ({"discount": "30.01"}, ["discount"], "30.01"),
    ({"discount": "100.00"}, ["discount"], "100.00"),
    ({"lines": {"discount": "30.01"}}, ["lines.0.discount"], "30.01"),
    ({"lines": {"unit_price": "6.99"}}, ["lines.0.unit_price"], "30.10"),
    ({"lines": {"unit_price": "0.00"}}, ["lines.0.unit_price"], "100.00"),
    ({"lines": {"unit_price": "8.00", "discount": "10.01"}}, ["lines.0.discount"], "30.01"),
    ({"lines": {"unit_price": "9.00", "discount": "10.00"}, "discount": "10.01"}, ["discount"], "30.01"),
    ({"lines": {"discount": "30.00"}, "discount": "0.01"}, ["discount"], "30.01"),
]


def asked(shop, extra):
    return {**extra, "lines": lines(shop, **extra.get("lines", {}))}


@pytest.mark.parametrize("extra", WITHIN)
def test_s37_a_manager_leaves_off_as_much_as_the_limit(one, manager, extra):
    """S37."""
    assert sold(one, manager, **asked(one, extra)).status_code == 201


@pytest.mark.parametrize(("extra", "fields", "percent"), BEYOND)
def test_s37_beyond_the_limit_a_discount_needs_approval_however_it_is_split(one, manager, extra, fields, percent):
    """S37."""
    told = refused(one, lambda: sold(one, manager, **asked(one, extra)), 403, "approval_required")
    assert paths_of(told) == [(field, "approval_required") for field in fields]
    assert told["meta"] == {"limit": "30", "asked": percent}
    assert sold(one, one.owner, **asked(one, extra)).status_code == 201


def test_s37_a_dear_line_does_not_pay_for_a_discount_on_another(shop):
    """S37."""
    manager = add_member(shop, Role.MANAGER)
    dear, cheap, _ = ({"product": str(product.pk), "quantity": "1"} for product in shop.products)
    body = {"lines": [{**dear, "unit_price": "20.00"}, {**cheap, "unit_price": "1.00"}]}
    told = refused(shop, lambda: sold(shop, manager, **body), 403, "approval_required")
    assert paths_of(told) == [("lines.1.unit_price", "approval_required")]


def test_s37_the_discount_is_measured_by_the_price_level_of_the_sale(one, manager):
    """S37."""
    with one.inside():
        product = one.account.products.locked().get(pk=one.products[0].pk)
        inventory.change_product(by=one.owner, product=product, wholesale_price=Decimal("8.00"))
    body = {"price_level": "WHOLESALE", "lines": lines(one, unit_price="5.60")}
    assert sold(one, manager, **body).status_code == 201
    body["lines"] = lines(one, unit_price="5.59")
    refused(one, lambda: sold(one, manager, **body), 403, "approval_required")


def test_s37_goods_cut_into_crumbs_that_round_down_are_a_discount_too(db):
    """S37."""
    shop = open_shop("Crumbs", prices=("1.49", "1.40"))
    manager = add_member(shop, Role.MANAGER)
    third, less = ([{"product": str(product.pk), "quantity": "0.010"} for _ in range(100)] for product in shop.products)
    told = refused(shop, lambda: sold(shop, manager, lines=third), 403, "approval_required")
    assert told["meta"] == {"limit": "30", "asked": "32.89"}
    assert paths_of(told)[0] == ("lines.0.quantity", "approval_required")
    assert sold(shop, manager, lines=less).status_code == 201
    refused(shop, lambda: sold(shop, shop.cashier, lines=less), 403, "capability_missing")


def test_s37_the_weight_of_goods_may_round_down_without_anybodys_approval(one):
    """S37."""
    assert sold(one, one.cashier, lines=lines(one, quantity="0.333")).status_code == 201
    with one.inside():
        assert one.account.sales.get().total == Decimal("3.33")


def test_of_two_limits_the_wider_counts_and_none_is_the_widest():
    narrow, wide = Limits(Decimal(5), Decimal(100), None), Limits(Decimal(30), Decimal(50), Decimal(7))
    assert narrow.or_wider(wide) == wide.or_wider(narrow) == Limits(Decimal(30), Decimal(100), None)


# --- The arithmetic ---------------------------------------------------------------------------------------------------


@st.composite
def baskets(draw: st.DrawFn):
    count = draw(st.integers(min_value=1, max_value=6))
    prices = [Decimal(draw(st.integers(min_value=0, max_value=10_000))).scaleb(-2) for _ in range(count)]
    wanted = []
    for _ in prices:
        quantity = Decimal(draw(st.integers(min_value=1, max_value=5000))).scaleb(-3)
        price = Decimal(draw(st.integers(min_value=0, max_value=10_000))).scaleb(-2)
        most = int(round_money(quantity * price, 2).scaleb(2))
        discount = Decimal(draw(st.integers(min_value=0, max_value=most))).scaleb(-2)
        wanted.append(Wanted(quantity, price, discount, ()))
    left = sum((round_money(w.quantity * w.unit_price, 2) - w.discount for w in wanted), Decimal(0))
    return wanted, prices, Decimal(draw(st.integers(min_value=0, max_value=int(left.scaleb(2))))).scaleb(-2)


@unhurried
@given(baskets(), st.integers(min_value=0, max_value=100))
def test_whoever_stays_within_a_limit_asks_for_at_least_the_rest_of_the_list_price(basket, limit):
    wanted, prices, discount = basket
    crumbles = loses_by_rounding(wanted, list(range(len(wanted))), 2)
    found = reductions(wanted, prices, discount=discount, crumbles=crumbles, exponent=2)
    assert all(0 <= each.amount <= each.base for each in found)
    asked_for = sum((round_money(w.quantity * w.unit_price, 2) - w.discount for w in wanted), -discount)
    listed = sum((round_money(w.quantity * price, 2) for w, price in zip(wanted, prices, strict=True)), Decimal(0))
    if all(each.amount * 100 <= limit * each.base for each in found) and not crumbles:
        assert asked_for * 100 >= (100 - limit) * listed


# --- Refunds ----------------------------------------------------------------------------------------------------------


def give_back(shop, member, sale, *quantities, **headers):
    body = {
        "id": str(uuid7()),
        "lines": [
            {"line": line["id"], "quantity": quantity}
            for line, quantity in zip(sale["lines"], quantities, strict=False)
        ],
    }
    return shop.client(member).post(f"{SALES}{sale['id']}/refunds/", body, **headers)


@pytest.mark.parametrize(
    ("country", "currency", "price", "limit", "beyond"),
    [
        ("GH", "GHS", "1000.00", "2000.00", "2010.00"),
        ("SN", "XOF", "100000", "200000", "201000"),
    ],
)
def test_the_refund_limit_is_kept_in_the_currencys_smallest_unit(db, country, currency, price, limit, beyond):
    shop = open_shop("Dear", country=country, currency=currency, prices=(price, price), stock="9")
    manager = add_member(shop, Role.MANAGER)
    enough = [{"method": "CASH", "amount": "9000000"}]
    sale = sell(shop, "2", payments=enough)
    told = refused(shop, lambda: give_back(shop, manager, sale, "1", "1.01"), 403, "approval_required")
    assert told["meta"] == {"limit": limit, "asked": beyond}
    assert paths_of(told) == [("lines", "approval_required")]
    assert give_back(shop, manager, sale, "1", "1").status_code == 201


def test_an_owner_gives_back_without_a_limit_and_lends_that(one, manager):
    big = {"payments": [{"method": "CASH", "amount": "9000000"}], "lines": lines(one, quantity="90", unit_price="900")}
    sale = sell(one, **big)
    refused(one, lambda: give_back(one, manager, sale, "90"), 403, "approval_required")
    give_pin(one, one.owner)
    assert give_back(one, manager, sale, "90", **approved_by(one.owner)).status_code == 201
    assert give_back(one, one.owner, sell(one, **big), "90").status_code == 201


def test_a_cashier_with_a_managers_approval_has_the_managers_limit(one, manager):
    big = {"payments": [{"method": "CASH", "amount": "9000000"}], "lines": lines(one, quantity="90", unit_price="900")}
    sale = sell(one, **big)
    give_pin(one, manager)
    told = refused(
        one, lambda: give_back(one, one.cashier, sale, "90", **approved_by(manager)), 403, "approval_required"
    )
    assert told["meta"] == {"limit": "2000.00", "asked": "81000.00"}
    body = back(sale["lines"][0]["id"], "2", id=str(uuid7()))
    url = f"{SALES}{sale['id']}/refunds/"
    assert one.client(one.cashier).post(url, body, **approved_by(manager)).status_code == 201
