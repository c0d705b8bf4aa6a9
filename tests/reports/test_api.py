"""Reports as they are asked for: who may, of which days, and what stands in the answer."""

import pytest
from uuid_utils.compat import uuid7

from accounts import roles
from accounts.roles import Role
from reports.catalogue import REPORTS as CATALOGUE
from sales import services as sales
from tests.access import put_in_state
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.places import add_member
from tests.reports.asking import NAMES, REPORTS, ask, get
from tests.sales.requests import refund, sell
from tests.system.test_modules import switch
from tests.test_query_counts import statements

pytestmark = pytest.mark.django_db

DAY = "2026-03-10"
NOON = {"sold_at": f"{DAY}T12:00:00Z"}
MORE_THAN_REPORTS = {"cash": "shift:review", "receivables": "debt:read", "customers": "customer:read"}


def test_every_report_is_named_with_its_columns_and_answers_in_them(shop):
    told = shop.client().get(REPORTS).json()["data"]
    assert sorted(report["name"] for report in told) == sorted(NAMES) == sorted(CATALOGUE)
    sold = sell(shop, **NOON)
    refund(shop, sold, refunded_at=f"{DAY}T13:00:00Z")
    for report in told:
        answer = ask(shop, report["name"], DAY, DAY)
        assert {name: answer[name] for name in report} == report
        columns = [column["name"] for column in report["columns"]]
        assert all(list(row) == columns for row in answer["rows"]), report["name"]
        summed = {column["name"] for column in report["columns"] if column["is_summed"]}
        assert set(answer["totals"]) == summed
        assert report["chart"] is None or set(report["chart"]) <= set(columns)
        assert answer["row_count"] == len(answer["rows"])


def test_a_day_is_told_in_figures_of_the_currency(shop):
    sold = sell(shop, "2", **NOON)
    refund(shop, sold, refunded_at=f"{DAY}T13:00:00Z")
    answer = get(shop, "sales-by-day", DAY, DAY).json()["data"]
    assert answer["rows"] == [
        {
            "day": DAY,
            "sale_count": 1,
            "sale_total": "28.64",
            "discount_total": "0.00",
            "refund_count": 1,
            "refund_total": "10.00",
            "net_total": "18.64",
            "tax_total": "3.10",
        }
    ]
    assert answer["totals"]["net_total"] == "18.64"
    assert (answer["first_on"], answer["last_on"], answer["location"]) == (DAY, DAY, None)
    [margin] = [row for row in get(shop, "margin", DAY, DAY).json()["data"]["rows"] if row["sku"] == "SKU-0"]
    assert margin == {
        "sku": "SKU-0",
        "name": "Thing 0",
        "quantity": "1.000",
        "revenue": "8.34",
        "cost": "0.50",
        "margin": "7.84",
        "margin_rate": "0.9400",
    }


def test_an_hour_is_one_of_the_shops_own_clock():
    shop = open_shop("Night Shop", time_zone="Asia/Kolkata", prices=("10.00",))
    sell(shop, sold_at=f"{DAY}T18:45:00Z")  # a quarter past midnight there
    [row] = ask(shop, "sales-by-hour", "2026-03-11", "2026-03-11")["rows"]
    assert (row["hour"], row["net_total"]) == (0, 10)
    assert ask(shop, "sales-by-hour", DAY, DAY)["rows"] == []


def test_of_nothing_every_report_is_an_answer_of_no_rows(db):
    bare = open_shop("Bare Shelves", prices=(), stock="0")
    for name in NAMES:
        answer = get(bare, name, DAY, DAY).json()["data"]
        assert answer["row_count"] == (2 if name == "stock-value" else 0), name
        assert {*answer["totals"].values()} <= {0, "0.00"}, name


def test_a_report_has_as_many_rows_as_are_wanted_and_the_sums_of_all(shop):
    sell(shop, **NOON)
    one = ask(shop, "sales-by-product", DAY, DAY, most=1)
    every = ask(shop, "sales-by-product", DAY, DAY)
    assert (len(one["rows"]), one["row_count"], len(every["rows"])) == (1, 3, 3)
    assert one["totals"] == every["totals"]


def test_names_are_told_as_they_are_written(shop):
    with shop.inside():
        shop.account.products.update(name="Ɛmo & ɔdɔ <Ŋ> ₵ 🥭")
    sell(shop, **NOON)
    assert {row["name"] for row in ask(shop, "margin", DAY, DAY)["rows"]} == {"Ɛmo & ɔdɔ <Ŋ> ₵ 🥭"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"last_on": DAY}, [("first_on", "required")]),
        ({"first_on": "10.03.2026", "last_on": DAY}, [("first_on", "invalid")]),
        ({"first_on": DAY, "last_on": "2026-03-09"}, [("last_on", "invalid_span")]),
        ({"first_on": "2025-03-08", "last_on": DAY}, [("last_on", "invalid_span")]),
        ({"first_on": DAY, "last_on": DAY, "most": "0"}, [("most", "min_value")]),
        ({"first_on": DAY, "last_on": DAY, "most": "1001"}, [("most", "max_value")]),
        ({"first_on": DAY, "last_on": DAY, "location": "here"}, [("location", "invalid")]),
        ({"first_on": DAY, "last_on": DAY, "location": str(uuid7())}, [("location", "does_not_exist")]),
        ({"first_on": DAY, "last_on": DAY, "page": "1"}, [("page", "unknown_parameter")]),
    ],
)
def test_what_a_report_cannot_be_asked_is_400(shop, query, found):
    for name in NAMES:
        response = shop.client().get(f"{REPORTS}{name}/", query)
        assert (response.status_code, paths_of(response.json())) == (400, found), name


@pytest.mark.parametrize("name", ["sales-by-moon", "%00", "x" * 300])
def test_a_report_that_there_is_not_is_404(shop, name):
    refused(shop, lambda: get(shop, name, DAY, DAY), 404, "not_found")
    body = {"format": "CSV", "first_on": DAY, "last_on": DAY}
    refused(shop, lambda: shop.client().post(f"{REPORTS}{name}/exports/", body), 404, "not_found")


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "right"), MORE_THAN_REPORTS.items())
def test_cash_debts_and_customers_ask_for_their_right_as_well(shop, monkeypatch, name, right):
    manager = add_member(shop, Role.MANAGER)
    assert get(shop, name, DAY, DAY, member=manager).status_code == 200
    take_away(monkeypatch, Role.MANAGER, right)
    refused(shop, lambda: get(shop, name, DAY, DAY, member=manager), 403, "capability_missing")
    client = shop.client(manager)
    body = {"format": "CSV", "first_on": DAY, "last_on": DAY}
    refused(shop, lambda: client.post(f"{REPORTS}{name}/exports/", body), 403, "capability_missing")
    asked = {"report": name, "period": "DAY", "format": "CSV"}
    refused(shop, lambda: client.post(f"{REPORTS}schedules/", asked), 403, "capability_missing")
    assert name not in {report["name"] for report in client.get(REPORTS).json()["data"]}
    assert get(shop, "margin", DAY, DAY, member=manager).status_code == 200


def take_away(monkeypatch, role, right):
    monkeypatch.setitem(roles.CAPABILITIES, role, roles.CAPABILITIES[role] - {right})


@pytest.mark.parametrize("role", [Role.CASHIER, Role.WAREHOUSE, Role.STAFF])
def test_who_reads_no_reports_is_not_told_their_names(shop, role):
    member = add_member(shop, role)
    for path in ("", "sales-by-day/", "sales-by-moon/"):
        url = f"{REPORTS}{path}"
        refused(shop, lambda url=url: shop.client(member).get(url), 403, "capability_missing")


@pytest.mark.parametrize(
    ("state", "status"), [("TRIAL", 200), ("ACTIVE", 200), ("GRACE", 200), ("EXPIRED", 402), ("NONE", 402)]
)
def test_reports_are_read_in_grace_and_not_after(shop, state, status):
    put_in_state(shop, state)
    for response in (shop.client().get(REPORTS), get(shop, "margin", DAY, DAY)):
        assert response.status_code == status
        assert status == 200 or response.json()["code"] == "subscription_expired"


def test_s44_with_the_module_off_no_report_is_told_and_on_again_all_are_as_before(shop):
    """S44."""
    sell(shop, **NOON)
    before = [ask(shop, name, DAY, DAY) for name in NAMES]
    switch(shop, reports=False)
    for url in (REPORTS, f"{REPORTS}margin/", f"{REPORTS}schedules/"):
        refused(shop, lambda url=url: shop.client().get(url), 403, "module_disabled")
    switch(shop, reports=True)
    assert [ask(shop, name, DAY, DAY) for name in NAMES] == before


def test_s08_what_a_stranger_sells_changes_no_report_of_mine(shop, stranger):
    """S08."""
    sell(shop, **NOON)
    with stranger.inside():
        sales.add_customer(by=stranger.owner, name="Their customer")
    before = [get(shop, name, DAY, DAY).json()["data"] for name in NAMES]
    sold = sell(stranger, "3", **NOON)
    refund(stranger, sold, refunded_at=f"{DAY}T13:00:00Z")
    assert [get(shop, name, DAY, DAY).json()["data"] for name in NAMES] == before
    for name in NAMES:
        foreign = get(shop, name, DAY, DAY, location=str(stranger.storefront.pk))
        never = get(shop, name, DAY, DAY, location=str(uuid7()))
        assert (foreign.status_code, foreign.json()["errors"]) == (never.status_code, never.json()["errors"])
        assert foreign.status_code == 400


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_statements_does_not_grow_with_what_was_sold(shop, name):
    def cost():
        return len(statements(lambda: get(shop, name, DAY, DAY)))

    sold = sell(shop, **NOON)
    few = cost()
    for _ in range(3):
        refund(shop, sell(shop, **NOON), refunded_at=f"{DAY}T13:00:00Z")
    assert sold
    assert cost() == few
