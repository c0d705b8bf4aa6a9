"""Tables of the till for a spreadsheet: the same figures as the API's, and nobody's but those who may see them."""

from decimal import Decimal

import pytest

from accounts.roles import Role
from sales.exports import SalesExport
from tests.answers import refused
from tests.conftest import Shop
from tests.inventory.made import make, read, table
from tests.places import add_member, add_place
from tests.sales.requests import CUSTOMERS, refund, sell

EXPORTS = "/api/v1/sales/exports/"


def export(shop: Shop, what: str, format: str = "CSV", *, by=None, **asked):
    """The rows by their headings."""
    _, content = make(shop, EXPORTS, {"what": what, "format": format, **asked}, by=by)
    return table(read(content, format))


@pytest.fixture
def day(shop):
    """A sale to somebody, and a part of it that came back the day after."""
    kofi = shop.client().post(CUSTOMERS, {"name": "=Kofi", "phone": "0244000001"}).json()["data"]
    sold = sell(shop, "2", customer=kofi["id"], sold_at="2026-03-10T23:59:59Z")
    back = refund(shop, sold, "0.5", refunded_at="2026-03-11T00:00:00Z").json()["data"]
    return sold, back


@pytest.mark.parametrize("format", ["CSV", "XLSX"])
def test_the_figures_are_those_of_the_receipts(shop, day, format):
    sold, back = day
    [row] = export(shop, "SALES", format)
    assert (row["receipt_number"], row["status"], Decimal(str(row["total"]))) == (
        sold["receipt_number"],
        "PARTLY_REFUNDED",
        Decimal(sold["total"]),
    )
    lines = export(shop, "SALE_LINES", format)
    assert sum(Decimal(str(line["total"])) for line in lines) == Decimal(sold["total"])
    assert [Decimal(str(line["refunded_quantity"])) for line in lines].count(Decimal("0.5")) == 1
    payments = export(shop, "PAYMENTS", format)
    assert sum(Decimal(str(paid["amount"])) for paid in payments) == Decimal(sold["total"]) - Decimal(back["total"])
    [returned] = export(shop, "REFUNDS", format)
    assert Decimal(str(returned["total"])) == Decimal(back["total"])


def test_a_customers_name_is_no_formula(shop, day):
    [row] = export(shop, "CUSTOMERS")
    assert (row["name"], row["phone"], row["debt"]) == ("'=Kofi", "0244000001", "0.00")


def test_the_days_are_those_of_the_shops_calendar(shop, day):
    for what, first, second in (("SALES", 1, 0), ("SALE_LINES", 3, 0), ("PAYMENTS", 1, 1), ("REFUNDS", 0, 1)):
        for on, count in (("2026-03-10", first), ("2026-03-11", second), ("2026-03-12", 0)):
            assert len(export(shop, what, first_on=on, last_on=on)) == count, (what, on)


@pytest.mark.parametrize("what", SalesExport.values)
def test_nothing_of_another_business_is_in_them(shop, stranger, what):
    sold = sell(stranger)
    refund(stranger, sold)
    stranger.client().post(CUSTOMERS, {"name": "Esi"})
    assert export(shop, what) == []


def test_a_limited_manager_gets_what_happened_where_they_work(shop, day):
    there = add_place(shop)
    manager = add_member(shop, Role.MANAGER, there.storefront)
    sell(there)
    assert len(export(shop, "SALES")) == 2
    assert len(export(shop, "SALES", by=manager)) == 1
    assert len(export(shop, "REFUNDS", by=manager)) == 0
    assert len(export(shop, "PAYMENTS", by=manager)) == 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"what": "CUSTOMERS", "first_on": "2026-03-01"}, "invalid_input"),
        ({"what": "SALES", "first_on": "2026-03-02", "last_on": "2026-03-01"}, "invalid_input"),
        ({"what": "SECRETS"}, "invalid_input"),
        ({"what": "SALES", "format": "PDF"}, "invalid_input"),
    ],
)
def test_what_cannot_be_asked_is_400(shop, asked, code):
    refused(shop, lambda: shop.client().post(EXPORTS, {"format": "CSV", **asked}), 400, code)


def test_a_cashier_exports_nothing(shop):
    body = {"what": "SALES", "format": "CSV"}
    refused(shop, lambda: shop.client(shop.cashier).post(EXPORTS, body), 403, "capability_missing")
