"""Z reports and receivables for a spreadsheet: the API's figures, and nobody's but those who may see them."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.roles import Role
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.places import add_member, add_place
from tests.sales.drawer import close, move, ok, report, start
from tests.sales.owing import add_customer, owe, pay, sold
from tests.sales.requests import refund, sell
from tests.sales.test_receivables import AGEING
from tests.sales.test_sales_exports import EXPORTS, export
from tests.sales.test_shift_reports import at, cash
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db

BUCKETS = ("not_due", "days_1_to_30", "days_31_to_60", "days_61_to_90", "over_90_days")


def amounts(row, *names):
    return [f"{Decimal(str(row[name])):.2f}" for name in names]


@pytest.fixture
def closed(shop):
    """A shift with sales by cash and card, a refund, a void of nothing, and what came when it was closed."""
    shift = start(shop, "50", opened_at=at(5))
    sale = sell(shop, sold_at=at(4), payments=cash("20"))
    sell(shop, sold_at=at(4), discount="1.32", payments=[{"method": "CARD", "amount": "13.00"}])
    assert refund(shop, sale, "0.5", refunded_at=at(3)).status_code == 201
    ok(move(shop, shift, "PAID_IN", "5", occurred_at=at(3)), 201)
    ok(close(shop, shift, ("64.00", 1), closed_at=at(1)))
    return shift, sale


@pytest.mark.parametrize("format", ["CSV", "XLSX"])
def test_s38_a_z_report_is_one_row_with_the_figures_that_were_sealed(shop, closed, format):
    """S38."""
    shift, sale = closed
    z = report(shop, shift, "z")
    late = sell(shop, sold_at=at(2), shift=shift["id"], payments=cash("20"))
    back = ok(refund(shop, sale, "0.1", refunded_at=at(1.5), shift=shift["id"]), 201)
    [row] = export(shop, "Z_REPORTS", format)
    assert (row["register"], int(row["z_number"]), row["storefront"]) == ("R1", 1, "Main")
    assert (row["opened_by"], row["closed_by"]) == (shop.owner.name, shop.owner.name)
    assert (row["first_receipt_number"], row["last_receipt_number"]) == ("R1-000001", "R1-000002")
    assert (int(row["sales"]), int(row["voids"]), int(row["refunds"])) == (2, 0, 1)
    names = ("subtotal", "discount_total", "tax_total", "total")
    assert amounts(row, *names) == [z["sales"][name] for name in names]
    assert amounts(row, "refund_total", "opening_float") == [z["refunds"]["total"], "50.00"]
    tenders = {paid["method"]: paid["total"] for paid in z["payments"]}
    assert amounts(row, "cash", "card", "wallet", "gift_card") == [tenders["CASH"], tenders["CARD"], "0.00", "0.00"]
    assert amounts(row, "expected", "counted", "difference") == [z["expected"], "64.00", z["difference"]]
    assert z["difference"] == "-0.32"
    assert amounts(row, "late_sales", "late_refunds") == [late["total"], back["total"]]


def test_a_shift_in_which_nothing_was_sold_has_a_row_of_nothing(shop):
    ok(close(shop, start(shop, "0")))
    start(shop)
    [row] = export(shop, "Z_REPORTS")
    assert (row["first_receipt_number"], row["sales"], row["total"], row["late_sales"]) == ("", "0", "0.00", "")


def test_z_reports_are_those_of_the_days_on_which_shifts_were_closed(shop):
    shift = start(shop, opened_at="2026-03-09T23:00:00Z")
    ok(close(shop, shift, closed_at="2026-03-10T23:59:59Z"))
    found = {on: len(export(shop, "Z_REPORTS", first_on=on, last_on=on)) for on in ("2026-03-09", "2026-03-10")}
    assert found == {"2026-03-09": 0, "2026-03-10": 1}


def test_a_limited_manager_gets_the_z_reports_of_their_places(shop, closed):
    there = add_place(shop)
    ok(close(there, start(there)))
    manager = add_member(shop, Role.MANAGER, there.storefront)
    assert [row["register"] for row in export(shop, "Z_REPORTS", by=manager)] == [there.register.code]
    assert len(export(shop, "Z_REPORTS")) == 2


def test_s41_a_z_report_without_decimals(db):
    """S41."""
    shop = open_shop("Boutique", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("1000",))
    shift = start(shop, "500")
    sell(shop, payments=[{"method": "CASH", "amount": "5000"}])
    ok(close(shop, shift, ("500", 3)))
    [row] = export(shop, "Z_REPORTS")
    assert (row["total"], row["cash"], row["expected"], row["difference"]) == ("1000", "1000", "1500", "0")


# --- Receivables ------------------------------------------------------------------------------------------------------


@pytest.fixture
def owed(one):
    """One who owes since long, two of one name, and one who has paid."""
    early, late = add_customer(one, name="Abena", terms_days=0), add_customer(one, name="Efua", phone="0244000001")
    other, paid_up = add_customer(one, name="Efua"), add_customer(one, name="=Yaw")
    sold(owe(one, early, sold_at="2026-03-10T12:00:00Z"))
    for customer, quantity in ((late, "2"), (other, "3"), (paid_up, "1")):
        sold(owe(one, customer, quantity=quantity))
    sold(pay(one, late, "4"))
    sold(pay(one, paid_up, "10"))
    return one


@pytest.mark.parametrize("format", ["CSV", "XLSX"])
def test_receivables_are_the_ages_that_the_api_shows(owed, format):
    rows = export(owed, "RECEIVABLES", format)
    shown = owed.client().get(AGEING).json()["data"]
    assert [(row["customer"], amounts(row, "total", *BUCKETS)) for row in rows] == [
        (each["name"], [each["total"], *(each[name] for name in BUCKETS)]) for each in shown["customers"]
    ]
    assert [row["customer"] for row in rows] == ["Abena", "Efua", "Efua"]
    assert sum(Decimal(str(row["total"])) for row in rows) == Decimal(shown["total"]["total"]) == 56


def test_receivables_are_those_at_the_end_of_a_day(owed):
    [row] = export(owed, "RECEIVABLES", last_on="2026-03-10")
    assert (row["customer"], row["total"], row["not_due"]) == ("Abena", "10.00", "10.00")
    [row] = export(owed, "RECEIVABLES", last_on="2026-04-10")
    assert (row["not_due"], row["days_31_to_60"]) == ("0.00", "10.00")
    assert export(owed, "RECEIVABLES", last_on="2026-03-09") == []


def test_receivables_in_portions_have_every_customer_once(owed, monkeypatch):
    monkeypatch.setattr("core.listings.PORTION", 1)
    assert sorted(row["total"] for row in export(owed, "RECEIVABLES")) == ["10.00", "16.00", "30.00"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"first_on": "2026-03-10"}, ("first_on", "not_asked")),
        ({"last_on": str(date.max)}, ("last_on", "invalid_span")),
        ({"last_on": str(date.min)}, ("last_on", "invalid_span")),
    ],
)
def test_receivables_of_such_days_are_not_asked(shop, asked, found):
    body = {"what": "RECEIVABLES", "format": "CSV", **asked}
    told = refused(shop, lambda: shop.client().post(EXPORTS, body), 400, "invalid_input")
    assert paths_of(told) == [found]


def test_the_days_without_end_are_days_of_z_reports(shop, closed):
    assert len(export(shop, "Z_REPORTS", first_on=str(date.min), last_on=str(date.max))) == 1


@pytest.mark.parametrize("what", ["Z_REPORTS", "RECEIVABLES"])
def test_nothing_of_a_strangers_is_in_them_and_a_cashier_asks_for_none(shop, stranger, what):
    ok(close(stranger, start(stranger)))
    customer = add_customer(stranger)
    sold(owe(stranger, customer, payments=[{"method": "CUSTOMER_CREDIT", "amount": "14.32"}]))
    assert len(export(stranger, what)) == 1
    assert export(shop, what) == []
    body = {"what": what, "format": "CSV"}
    refused(shop, lambda: shop.client(shop.cashier).post(EXPORTS, body), 403, "capability_missing")


@pytest.mark.parametrize("what", ["Z_REPORTS", "RECEIVABLES"])
def test_the_number_of_statements_does_not_grow_with_the_rows(one, what):
    def fill(count):
        for _ in range(count):
            ok(close(one, start(one)))
            sold(owe(one, add_customer(one)))

    fill(1)
    few = len(statements(lambda: export(one, what)))
    fill(5)
    assert len(statements(lambda: export(one, what))) == few
