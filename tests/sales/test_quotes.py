"""What a basket would cost: as a sale would say, and nothing of it is kept."""

from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from tests.answers import paths_of, refused
from tests.places import add_member, add_place, approved_by, give_pin, limit
from tests.sales.offers import add_coupon, add_customer, add_group, add_rule, buy_get, threshold
from tests.sales.requests import SALES
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db

QUOTES = "/api/v1/sales/quotes/"


def quote(shop, member=None, headers=None, **extra):
    body = {"storefront": str(shop.storefront.pk), "lines": shop.basket()["lines"], **extra}
    return shop.client(member).post(QUOTES, body, **(headers or {}))


def ask(shop, **extra):
    response = quote(shop, **extra)
    assert response.status_code == 200, response.content
    return response.json()["data"]


@pytest.fixture
def offering(shop):
    """A shop with an offer of every kind, and a customer of the group."""
    group = add_group(shop)
    add_rule(shop, "8.00", name="Group", customer_group=group)
    add_rule(shop, "9.00", name="All")
    buy_get(shop, 2, 1, name="Three for two", percent="50")
    threshold(shop, "5", name="Much", percent=Decimal("2.5"))
    add_coupon(shop, amount=Decimal("0.55"), max_uses=1)
    return shop, str(add_customer(shop, group=group).pk)


def test_a_quote_is_what_the_sale_then_costs(offering):
    shop, customer = offering
    asked = {"customer": customer, "coupon": "ama-10", "discount": "0.10", "discount_percent": "5"}
    quoted = ask(shop, **asked)
    response = shop.client().post(SALES, shop.basket(**asked))
    assert response.status_code == 201, response.content
    sold = response.json()["data"]
    assert len(quoted.pop("discounts")) == 4
    for shown, row in zip(quoted.pop("lines"), sold["lines"], strict=True):
        assert shown == {name: row[name] for name in shown}
    assert quoted == {name: sold[name] for name in quoted}


def test_a_quote_says_which_rule_won_and_what_takes_how_much_off(offering):
    shop, customer = offering
    quoted = ask(shop, customer=customer, coupon="AMA-10")
    assert [row["price_rule_name"] for row in quoted["lines"]] == ["Group", "", ""]
    assert [(part["source"], part["name"]) for part in quoted["discounts"]] == [
        ("PROMOTION", "Much"),
        ("COUPON", "Coupon"),
        ("PROMOTION", "Three for two"),
    ]
    parts = [part for row in quoted["lines"] for part in row["discounts"]]
    for shown in quoted["discounts"]:
        same = [Decimal(part["amount"]) for part in parts if part["id"] == shown["id"]]
        assert sum(same) == Decimal(shown["amount"])
    assert sum(Decimal(part["amount"]) for part in parts) == Decimal(quoted["discount_total"])
    assert [row["price_rule_name"] for row in ask(shop)["lines"]] == ["All", "", ""]


def test_a_quote_writes_nothing_takes_no_number_and_uses_no_coupon(offering):
    shop, customer = offering
    shop.client().get(SALES)  # what is looked up once in a process is looked up now
    asked = {"customer": customer, "coupon": "AMA-10"}
    found = statements(lambda: ask(shop, **asked))
    assert not [sql for sql in found if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(found) <= 6, "\n\n".join(found)
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
    for _ in range(3):
        ask(shop, headers=key, **asked)
    with shop.inside():
        assert not shop.account.sales.exists()
        assert shop.account.coupons.get().use_count == 0
        assert shop.account.registers.get(pk=shop.register.pk).last_number == 0
        assert not shop.account.audit_events.filter(action__startswith="sale.").exists()


def test_a_long_basket_costs_no_statement_more_than_a_short_one(offering):
    shop, _ = offering
    shop.client().get(SALES)
    lines = shop.basket()["lines"]
    short, long = (statements(lambda some=some: ask(shop, lines=some)) for some in (lines[:1], lines * 100))
    assert len(long) == len(short)


def test_a_cashier_asks_and_what_they_may_not_give_is_refused_before_it_is_promised(shop):
    give_pin(shop, manager := add_member(shop, Role.MANAGER, name="Manager"))
    assert quote(shop, shop.cashier).status_code == 200
    for extra, code in (
        ({"discount": "0.01"}, "capability_missing"),
        ({"discount_percent": "1"}, "capability_missing"),
        ({"price_level": "WHOLESALE"}, "capability_missing"),
    ):
        refused(shop, lambda extra=extra: quote(shop, shop.cashier, **extra), 403, code)
    approved = quote(shop, shop.cashier, headers=approved_by(manager), discount_percent="10")
    assert approved.json()["data"]["total"] == "12.89"


def test_who_may_not_sell_asks_no_price(shop):
    keeper = add_member(shop, Role.WAREHOUSE, name="Keeper")
    refused(shop, lambda: quote(shop, keeper), 403, "capability_missing")


@pytest.mark.parametrize("name", ["storefront", "customer"])
def test_what_is_not_there_is_refused_whoevers_it_is(shop, stranger, name):
    theirs = {"storefront": stranger.storefront, "customer": add_customer(stranger)}[name]
    for value in (str(theirs.pk), str(uuid7())):
        told = refused(shop, lambda value=value: quote(shop, **{name: value}), 400, "invalid_input")
        assert paths_of(told) == [(name, "does_not_exist")]


def test_products_and_packs_that_are_not_there_are_refused(shop, stranger):
    lines = [{"product": str(stranger.products[0].pk), "quantity": "1"}]
    told = refused(shop, lambda: quote(shop, lines=lines), 400, "invalid_input")
    assert paths_of(told) == [("lines.0.product", "does_not_exist")]


def test_a_quote_is_for_a_place_where_the_member_works(shop):
    there = add_place(shop)
    cashier = limit(shop, shop.cashier, shop.storefront)
    assert quote(shop, cashier).status_code == 200
    told = refused(shop, lambda: quote(there, cashier), 400, "invalid_input")
    assert paths_of(told) == [("storefront", "does_not_exist")]


def test_a_warehouse_and_a_storefront_that_is_switched_off_sell_nothing(shop):
    there = add_place(shop)
    with shop.inside():
        shop.account.locations.filter(pk=there.storefront.pk).update(is_active=False)
    told = refused(shop, lambda: quote(there), 400, "invalid_input")
    assert paths_of(told) == [("storefront", "does_not_exist")]


def test_an_empty_basket_and_no_basket_have_no_price(shop):
    for lines in ([], None, [{"product": str(shop.products[0].pk), "quantity": "0"}]):
        refused(shop, lambda lines=lines: quote(shop, lines=lines), 400, "invalid_input")
