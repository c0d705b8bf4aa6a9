"""Prices beside the list: who gets them, where, when and from which quantity on."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.errors import CapabilityMissing
from accounts.roles import Role
from core import errors
from inventory import services as inventory
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.places import add_member, add_place
from tests.sales.calls import give_back, lines_of, money, sell
from tests.sales.offers import add_customer, add_group, add_rule, line
from tests.sales.requests import SALES
from tests.test_query_counts import statements
from tests.traces import refused_with

pytestmark = pytest.mark.django_db

RULES = "/api/v1/sales/price-rules/"


def price(shop, quantity="1", **extra):
    """What one of the first product costs in a sale of so many, and the rule that said so."""
    (row,) = lines_of(shop, sell(shop, quantity, **extra))
    return row.unit_price, row.price_rule_name


LISTED = (money("10.00"), "")


def test_the_answer_says_which_rule_made_the_price_and_what_the_list_says(shop):
    rule = add_rule(shop, "8.00", name="August")
    response = shop.client(shop.cashier).post(SALES, shop.basket())
    assert response.status_code == 201, response.content
    first, second, _ = response.json()["data"]["lines"]
    assert (first["unit_price"], first["list_price"], first["total"]) == ("8.00", "10.00", "8.00")
    assert (first["price_rule"], first["price_rule_name"]) == (str(rule.pk), "August")
    assert (second["unit_price"], second["price_rule"], second["price_rule_name"]) == ("3.33", None, "")


def test_a_rule_keeps_the_name_that_it_had_when_it_made_the_price(shop):
    rule = add_rule(shop, name="August")
    sale = sell(shop, "1")
    response = shop.client().patch(f"{RULES}{rule.pk}/", {"name": "September", "unit_price": "7"})
    assert (response.status_code, response.json()["data"]["version"]) == (200, 2)
    shown = shop.client().get(f"{SALES}{sale.pk}/").json()["data"]["lines"][0]
    assert (shown["price_rule"], shown["price_rule_name"], shown["unit_price"]) == (str(rule.pk), "August", "8.00")


def test_customers_of_the_group_get_its_price_and_nobody_else(shop):
    group = add_group(shop)
    inside, outside = add_customer(shop, "Efua", group=group), add_customer(shop, "Kofi")
    add_rule(shop, "7.00", name="Group", customer_group=group)
    assert price(shop, customer=inside.pk) == (money("7.00"), "Group")
    assert price(shop, customer=outside.pk) == LISTED
    assert price(shop) == LISTED


def test_a_price_of_one_storefront_holds_there_only(shop):
    there = add_place(shop)
    add_rule(shop, "12.00", name="Here", storefront=shop.storefront)
    assert price(shop) == (money("12.00"), "Here")
    assert price(there) == LISTED


def test_a_wholesale_rule_is_for_wholesale_and_asks_for_its_right(shop):
    add_rule(shop, "6.00", name="Dozen", price_level="WHOLESALE", min_quantity=Decimal(12))
    assert price(shop, "12", price_level="WHOLESALE") == (money("6.00"), "Dozen")
    assert price(shop, "11.999", price_level="WHOLESALE") == LISTED
    assert price(shop, "12") == LISTED
    refused_with(shop, CapabilityMissing, lambda: sell(shop, "12", by=shop.cashier, price_level="WHOLESALE"))


def test_what_is_scanned_one_by_one_reaches_the_break_as_what_is_typed_at_once(shop):
    add_rule(shop, "8.00", min_quantity=Decimal(3))
    sale = sell(shop, lines=[line(shop.products[0]) for _ in range(3)])
    assert [row.unit_price for row in lines_of(shop, sale)] == [money("8.00")] * 3
    assert sale.total == money("24.00")


def test_a_rule_is_for_the_base_unit_or_for_one_pack(shop):
    product = shop.products[0]
    with shop.inside():
        pack = inventory.add_pack(
            by=shop.owner, product=product, name="Carton", factor=Decimal(12), retail_price=Decimal(100)
        )
        other = inventory.add_pack(
            by=shop.owner, product=shop.products[1], name="Carton", factor=Decimal(12), retail_price=Decimal(30)
        )
    add_rule(shop, "90.00", name="Carton", pack=pack, min_quantity=Decimal(2))
    cartons = {"lines": [line(product, "2", pack=pack.pk), line(product, "24")]}
    of_pack, of_units = lines_of(shop, sell(shop, **cartons))
    assert (of_pack.unit_price, of_units.unit_price) == (money("90.00"), money("10.00"))
    error = refused_with(shop, errors.InvalidInput, lambda: add_rule(shop, pack=other))
    assert [(e.field, e.code) for e in error.errors] == [("pack", "does_not_exist")]


def test_a_rule_that_is_switched_off_makes_no_price(shop):
    rule = add_rule(shop)
    assert shop.client().patch(f"{RULES}{rule.pk}/", {"is_active": False}).status_code == 200
    assert price(shop) == LISTED


def test_the_first_and_the_last_day_end_at_midnight_of_the_shops_zone():
    shop = open_shop("Nairobi", country="KE", currency="KES", time_zone="Africa/Nairobi", prices=("10.00",))
    add_rule(shop, "8.00", name="Easter", starts_on=date(2026, 4, 3), ends_on=date(2026, 4, 4))
    easter = (money("8.00"), "Easter")
    moments = {  # Nairobi is three hours ahead of UTC
        datetime(2026, 4, 2, 20, 59, 59, tzinfo=UTC): LISTED,
        datetime(2026, 4, 2, 21, 0, tzinfo=UTC): easter,
        datetime(2026, 4, 4, 20, 59, 59, tzinfo=UTC): easter,
        datetime(2026, 4, 4, 21, 0, tzinfo=UTC): LISTED,
    }
    assert {moment: price(shop, sold_at=moment) for moment in moments} == moments


def test_what_was_sold_offline_costs_what_it_cost_that_day(shop):
    today = timezone.localdate(timezone=shop.account.zone)
    yesterday = today - timedelta(days=1)
    add_rule(shop, "8.00", name="Then", ends_on=yesterday)
    add_rule(shop, "7.00", name="Now", starts_on=today)
    assert price(shop, by=shop.cashier) == (money("7.00"), "Now")
    late = timezone.now() - timedelta(days=1)
    assert price(shop, by=shop.cashier, sold_at=late) == (money("8.00"), "Then")


def test_s37_the_shops_own_price_needs_no_right_and_any_other_does(shop):
    """S37."""
    add_rule(shop, "8.00")
    one = shop.products[0]
    assert sell(shop, lines=[line(one, unit_price=money("8.00"))], by=shop.cashier).total == money("8.00")
    for own in ("7.99", "8.01", "10.00"):
        body = {"lines": [line(one, unit_price=money(own))]}
        refused_with(shop, CapabilityMissing, lambda body=body: sell(shop, by=shop.cashier, **body))
    row = lines_of(shop, sell(shop, lines=[line(one, unit_price=money("7.00"))]))[0]
    assert (row.unit_price, row.list_price, row.price_rule_id) == (money("7.00"), money("10.00"), None)


def test_the_limit_of_a_discount_is_taken_of_the_shops_price_and_not_of_the_list(shop):
    add_rule(shop, "1.00")
    manager = add_member(shop, Role.MANAGER, name="Manager")
    body = {"lines": [{"product": str(shop.products[0].pk), "quantity": "1", "discount": "0.31"}]}
    told = refused(shop, lambda: shop.client(manager).post(SALES, shop.basket(**body)), 403, "approval_required")
    assert paths_of(told) == [("lines.0.discount", "approval_required")]


def test_a_price_of_nothing_is_a_price(shop):
    add_rule(shop, "0.00", name="Gift")
    assert price(shop, payments=[]) == (0, "Gift")


def test_s41_where_money_has_no_decimals_a_rule_has_none(db):
    """S41."""
    shop = open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("1500",))
    body = {"name": "Soldes", "product": str(shop.products[0].pk), "unit_price": "999.5"}
    told = refused(shop, lambda: shop.client().post(RULES, body), 400, "invalid_input")
    assert paths_of(told) == [("unit_price", "currency")]
    assert shop.client().post(RULES, {**body, "unit_price": "999"}).status_code == 201
    shown = shop.client().post(SALES, shop.basket("0.5")).json()["data"]["lines"][0]
    assert (shown["unit_price"], shown["total"]) == ("999", "500")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"unit_price": "-0.01"}, "unit_price"),
        ({"unit_price": "1000000000000.00"}, "unit_price"),
        ({"unit_price": "1.005"}, "unit_price"),
        ({"min_quantity": "-1"}, "min_quantity"),
        ({"min_quantity": "0.0005"}, "min_quantity"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"price_level": "STAFF"}, "price_level"),
        ({"starts_on": "2026-02-30"}, "starts_on"),
    ],
)
def test_what_is_no_price_or_no_date_is_refused(shop, change, path):
    body = {"name": "Août ☀", "product": str(shop.products[0].pk), "unit_price": "9", **change}
    told = refused(shop, lambda: shop.client().post(RULES, body), 400, "invalid_input")
    assert [field for field, _ in paths_of(told)] == [path]


def test_a_rule_does_not_end_before_it_starts(shop):
    body = {"name": "R", "product": str(shop.products[0].pk), "unit_price": "9", "starts_on": "2026-02-02"}
    told = refused(shop, lambda: shop.client().post(RULES, {**body, "ends_on": "2026-02-01"}), 409, "ends_before_start")
    assert told["success"] is False
    assert shop.client().post(RULES, {**body, "ends_on": "2026-02-02"}).status_code == 201


def test_a_rule_of_another_business_is_no_price_here(shop, stranger):
    add_rule(stranger, "1.00", name="Theirs")
    assert price(shop) == LISTED
    assert shop.client().get(RULES).json()["count"] == 0
    body = {"name": "R", "product": str(stranger.products[0].pk), "unit_price": "9"}
    told = refused(shop, lambda: shop.client().post(RULES, body), 400, "invalid_input")
    assert paths_of(told) == [("product", "does_not_exist")]


def test_who_works_at_one_place_makes_prices_there_and_nowhere_else(shop):
    there = add_place(shop)
    manager = add_member(shop, Role.MANAGER, shop.storefront, name="Manager")
    everywhere, elsewhere = add_rule(shop, name="All"), add_rule(there, name="There", storefront=there.storefront)
    client = shop.client(manager)
    assert [row["name"] for row in client.get(RULES).json()["results"]] == ["All"]
    body = {"name": "Mine", "product": str(shop.products[0].pk), "unit_price": "9"}
    for storefront, code in ((None, "required"), (str(there.storefront.pk), "does_not_exist")):
        sent = {**body, "storefront": storefront}
        told = refused(shop, lambda sent=sent: client.post(RULES, sent), 400, "invalid_input")
        assert paths_of(told) == [("storefront", code)]
    mine = client.post(RULES, {**body, "storefront": str(shop.storefront.pk)}).json()["data"]["id"]
    refused(shop, lambda: client.patch(f"{RULES}{mine}/", {"storefront": None}), 400, "invalid_input")
    refused(shop, lambda: client.patch(f"{RULES}{everywhere.pk}/", {"unit_price": "1"}), 400, "invalid_input")
    refused(shop, lambda: client.patch(f"{RULES}{elsewhere.pk}/", {"unit_price": "1"}), 404, "not_found")
    assert client.patch(f"{RULES}{mine}/", {"unit_price": "8"}).status_code == 200


def test_what_came_at_a_rules_price_goes_back_at_it(shop):
    add_rule(shop, "8.00", min_quantity=Decimal(3))
    sale = sell(shop, "3")
    (row,) = lines_of(shop, sale)
    assert give_back(shop, sale, [(row, "1", "SHELF")]).total == money("8.00")


def test_five_hundred_lines_with_five_hundred_rules_cost_no_statement_more_than_one_with_none(db):
    shop = open_shop("Long Receipts", prices=("10.00",) * 500)

    def cost(count):
        basket = shop.basket()
        body = {**basket, "lines": basket["lines"][:count]}
        client, answers = shop.client(), []
        client.get(SALES)  # what is looked up once in a process is looked up now
        found = statements(lambda: answers.append(client.post(SALES, body)))
        assert answers[0].status_code == 201, answers[0].content
        return found, answers[0].json()["data"]["lines"]

    few, _ = cost(1)
    with shop.inside():
        group = shop.account.customer_groups.create(name="All")
        shop.account.price_rules.bulk_create(
            type(add_rule(shop))(
                account_id=shop.id, name="R", product=product, customer_group=group, unit_price=Decimal(5)
            )
            for product in shop.products
        )
        shop.account.price_rules.update(customer_group=None)
    many, lines = cost(500)
    assert len(many) <= len(few), "\n\n".join(many)
    assert len(few) <= 12
    assert {row["unit_price"] for row in lines} == {"5.00"}
