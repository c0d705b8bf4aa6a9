"""What a day brought: by tender, by cashier, by product; and the list of sales with its filters."""

from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from tests.answers import refused
from tests.conftest import Shop
from tests.places import add_member, add_place
from tests.sales import drawer
from tests.sales.requests import SALES, refund, sell

DAY = {"first_on": "2026-03-10", "last_on": "2026-03-10"}
NOON = {"sold_at": "2026-03-10T12:00:00Z"}


def summary(shop: Shop, name: str, member=None, **query):
    response = shop.client(member).get(f"{SALES}summary/{name}/", {**DAY, **query})
    assert response.status_code == 200, response.content
    return response.json()["data"]


def test_money_is_told_by_tender_as_it_came_and_went(shop):
    split = [{"method": "CARD", "amount": "10.00"}, {"method": "CASH", "amount": "5.00"}]
    sold = sell(shop, payments=split, **NOON)
    assert sold["total"] == "14.32"
    refund(shop, sold, payments=[{"method": "CARD", "amount": "10.00"}], refunded_at="2026-03-10T13:00:00Z")
    assert summary(shop, "tenders") == [
        {"method": "CARD", "count": 2, "received": "10.00", "returned": "10.00", "total": "0.00", "money": "0.00"},
        {"method": "CASH", "count": 1, "received": "4.32", "returned": "0.00", "total": "4.32", "money": "4.32"},
    ]


def test_the_sums_of_cashiers_products_and_tenders_are_the_same_total(shop):
    sell(shop, sold_at="2026-03-10T12:00:00Z")  # of another day
    sell(shop, "2")
    sold = sell(shop, member=shop.cashier)
    refund(shop, sold)
    today = timezone.localdate(timezone=shop.account.zone).isoformat()
    days = {"first_on": today, "last_on": today}
    cashiers, products = summary(shop, "cashiers", **days), summary(shop, "products", **days)
    assert [(row["name"], row["sale_count"], row["sale_total"]) for row in cashiers] == [
        (shop.owner.name, 1, "28.64"),
        (shop.cashier.name, 1, "14.32"),
    ]
    assert [row["refund_total"] for row in cashiers] == ["10.00", "0.00"]

    def net(rows):
        return sum(Decimal(row["sale_total"]) - Decimal(row["refund_total"]) for row in rows)

    taken = sum(Decimal(row["total"]) for row in summary(shop, "tenders", **days))
    assert net(cashiers) == net(products) == taken == Decimal("32.96")


def test_what_was_voided_was_never_sold_and_its_money_came_and_went(shop):
    sold = sell(shop)
    void = {"id": str(uuid7()), "reason": "Wrong goods"}
    assert shop.client().post(f"{SALES}{sold['id']}/void/", void).status_code == 201
    today = timezone.localdate(timezone=shop.account.zone).isoformat()
    days = {"first_on": today, "last_on": today}
    assert summary(shop, "cashiers", **days) == summary(shop, "products", **days) == []
    [cash] = summary(shop, "tenders", **days)
    assert (cash["received"], cash["returned"], cash["total"]) == ("14.32", "14.32", "0.00")


def test_products_are_told_in_base_units_the_ones_that_brought_most_first(shop):
    sold = sell(shop, "2", **NOON)
    refund(shop, sold, "0.5", refunded_at="2026-03-10T13:00:00Z")
    rows = summary(shop, "products")
    assert [(row["sku"], row["sold"], row["returned"], row["refund_total"]) for row in rows] == [
        ("SKU-0", "2.000", "0.500", "5.00"),
        ("SKU-1", "2.000", "0.000", "0.00"),
        ("SKU-2", "2.000", "0.000", "0.00"),
    ]
    assert [row["sku"] for row in summary(shop, "products", most=1)] == ["SKU-0"]


def test_what_was_only_refunded_that_day_is_told_as_well(shop):
    sold = sell(shop, sold_at="2026-03-09T12:00:00Z")
    refund(shop, sold, refunded_at="2026-03-10T13:00:00Z")
    [row] = summary(shop, "products")
    assert (row["sold"], row["returned"], row["refund_total"]) == ("0.000", "1.000", "10.00")
    [row] = summary(shop, "cashiers")
    assert (row["sale_count"], row["refund_count"], row["refund_total"]) == (0, 1, "10.00")


def test_a_limited_member_sees_what_was_sold_where_they_work(shop, stranger):
    sell(shop, **NOON)
    sell(stranger, "7", **NOON)
    there = add_place(shop)
    manager = add_member(shop, Role.MANAGER, there.storefront)
    for name in ("tenders", "cashiers", "products"):
        hidden = summary(shop, name, member=manager)
        before = summary(shop, name)
        sell(there, **NOON)
        assert summary(shop, name, member=manager) not in (hidden, summary(shop, name))
        assert summary(shop, name) != before
    assert len(summary(shop, "tenders", member=manager)) == 1


@pytest.mark.parametrize("most", ["0", "1001", "x", "1_0"])
def test_a_summary_of_too_many_products_is_400(shop, most):
    refused(shop, lambda: shop.client().get(f"{SALES}summary/products/", {**DAY, "most": most}), 400, "invalid_input")


# --- The list of sales ------------------------------------------------------------------------------------------------


def found(shop: Shop, **query):
    response = shop.client().get(SALES, query)
    assert response.status_code == 200, response.content
    return {row["id"] for row in response.json()["results"]}


def test_sales_are_found_by_tender_product_total_and_words(shop):
    card = sell(shop, payments=[{"method": "CARD", "amount": "14.32"}])
    first = [{"product": str(shop.products[0].pk), "quantity": "9"}]
    large = sell(shop, lines=first)
    assert found(shop, method="CARD") == {card["id"]}
    assert found(shop, method="CASH") == {large["id"]}
    assert found(shop, method="BANK") == set()
    assert found(shop, product=shop.products[1].pk) == {card["id"]}
    assert found(shop, product=shop.products[0].pk) == {card["id"], large["id"]}
    assert found(shop, total_from="14.33") == {large["id"]}
    assert found(shop, total_to="14.32") == {card["id"]}
    assert found(shop, total_from="90", total_to="90.00") == {large["id"]}
    assert found(shop, search=large["receipt_number"]) == {large["id"]}


def test_sales_are_found_by_the_shift_in_which_they_were_sold(shop):
    sell(shop)
    shift = drawer.start(shop)
    mine = sell(shop)
    drawer.close(shop, shift)
    other = drawer.start(shop)
    sell(shop)
    assert found(shop, shift=shift["id"]) == {mine["id"]}
    assert found(shop, shift=shift["id"], register=shop.register.pk) == {mine["id"]}
    assert len(found(shop, shift=other["id"])) == 1
    assert found(shop, shift=uuid7()) == set()


def test_sales_are_found_by_the_level_of_their_prices(shop):
    with shop.inside():
        shop.account.products.update(wholesale_price=Decimal("0.50"))
    retail, wholesale = sell(shop), sell(shop, price_level="WHOLESALE")
    assert found(shop, price_level="WHOLESALE") == {wholesale["id"]}
    assert found(shop, price_level="RETAIL") == {retail["id"]}
    assert found(shop) == {retail["id"], wholesale["id"]}


def test_sales_are_found_by_the_customers_name_and_phone(shop):
    kofi = shop.client().post("/api/v1/sales/customers/", {"name": "Kofi Mensah", "phone": "0244 000 001"})
    sold = sell(shop, customer=kofi.json()["data"]["id"])
    sell(shop)
    assert found(shop, search="mensah kofi") == found(shop, search="0244000001") == {sold["id"]}
    assert found(shop, search="nobody") == set()


@pytest.mark.parametrize(
    "query",
    [{"method": "GOLD"}, {"total_from": "NaN"}, {"total_to": "\u0661"}, {"product": "1"}, {"total_from": "1_0"}],
)
def test_a_filter_that_makes_no_sense_is_400(shop, query):
    refused(shop, lambda: shop.client().get(SALES, query), 400, "invalid_input")


def test_a_product_of_another_business_finds_nothing(shop, stranger):
    sell(shop)
    sell(stranger)
    assert found(shop, product=stranger.products[0].pk) == set()
