"""Reports as files: whole, exact, harmless, and nobody's but those who may see what is in them."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings

from accounts.roles import Role
from inventory import services as inventory
from tests.access import put_in_state
from tests.answers import paths_of, refused
from tests.conftest import open_shop, receive
from tests.inventory.made import TASKS, ask, fetch, make, read, run, table
from tests.inventory.pdf import streams, texts
from tests.places import add_member, add_place, limit
from tests.reports.asking import NAMES, REPORTS, get
from tests.reports.test_api import take_away
from tests.sales.requests import refund, sell
from tests.system.test_modules import switch

pytestmark = pytest.mark.django_db

DAY = "2026-03-10"
DAYS = {"first_on": DAY, "last_on": DAY}
NOON = {"sold_at": f"{DAY}T12:00:00Z"}


def url(name: str) -> str:
    return f"{REPORTS}{name}/exports/"


def export(shop, name, format="CSV", *, by=None, **asked):
    return read(make(shop, url(name), {**DAYS, "format": format, **asked}, by=by)[1], format)


def pages(content: bytes) -> list[str]:
    """What is written on each."""
    return [" ".join(texts(drawn)) for head, drawn in streams(content) if b"/Subtype /Form" not in head]


@pytest.fixture
def busy_day(shop):
    refund(shop, sell(shop, "2", **NOON), refunded_at=f"{DAY}T13:00:00Z")
    return shop


# --- What is in them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_what_the_answer_says(busy_day, name):
    told = get(busy_day, name, DAY, DAY, most=1000).json()["data"]
    rows = table(export(busy_day, name))
    assert [[*row] for row in rows] == [[column["name"] for column in told["columns"]] for _ in rows]
    assert [[*row.values()] for row in rows] == [
        ["" if value is None else str(value) for value in row.values()] for row in told["rows"]
    ]


def test_a_workbook_has_numbers_and_days(busy_day):
    [row] = table(export(busy_day, "sales-by-day", "XLSX"))
    assert row["day"].date() == date(2026, 3, 10)
    assert (row["sale_count"], row["net_total"]) == (1, 18.64)


def test_a_name_that_a_spreadsheet_would_reckon_is_a_text(busy_day):
    with busy_day.inside():
        busy_day.account.products.filter(sku="SKU-0").update(name="=1+1")
    names = {row["sku"]: row["name"] for row in table(export(busy_day, "margin"))}
    assert names["SKU-0"] == "'=1+1"
    assert {row["name"] for row in table(export(busy_day, "margin", "XLSX"))} == {"'=1+1", "Thing 1", "Thing 2"}


def test_pages_bear_the_business_the_days_the_rows_and_their_sums(busy_day):
    task, content = make(busy_day, url("sales-by-product"), {**DAYS, "format": "PDF"})
    assert content.startswith(b"%PDF")
    assert (task["done"], task["total"], task["result"]) == (3, 3, {"rows": 3, "is_sample": False})
    [text] = pages(content)
    for said in ("Sales by product", "Ama Provisions", DAY, "GHS", "Thing 0", "SKU-2", "18.64"):
        assert said in text, said
    response = busy_day.client().get(f"{TASKS}{task['id']}/file/")
    assert response["Content-Type"] == "application/pdf"
    assert ".pdf" in response["Content-Disposition"]
    assert b"".join(response.streaming_content) == content


@pytest.mark.parametrize("name", NAMES)
def test_every_report_has_pages_also_with_nothing_in_it(busy_day, name):
    for days in (DAYS, {"first_on": "2020-01-01", "last_on": "2020-01-31"}):
        _, content = make(busy_day, url(name), {**days, "format": "PDF"})
        assert "Ama Provisions" in pages(content)[0]


def test_a_currency_without_decimals_has_none_in_a_file(db):
    shop = open_shop("Boutique", country="BJ", currency="XOF", time_zone="Africa/Porto-Novo", prices=("1000",))
    sell(shop, "3", **NOON)
    [row] = table(export(shop, "sales-by-day"))
    assert (row["net_total"], row["discount_total"]) == ("3000", "0")
    [margin] = table(export(shop, "margin", "XLSX"))
    assert margin["cost"] == 2  # of three at 0.5, half up


# --- What is paid for ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["CSV", "XLSX", "PDF"])
def test_in_the_days_of_grace_a_report_has_its_first_hundred_rows_and_says_so(shop, format):
    with shop.inside():
        shop.products = [
            inventory.add_product(by=shop.owner, sku=f"P{number:03d}", name="Soap", retail_price=Decimal(1))
            for number in range(120)
        ]
        receive(shop, "1")
    put_in_state(shop, "GRACE")
    started = shop.client().post(url("dead-stock"), {**DAYS, "format": format}).json()["data"]
    assert started["message"].startswith("The first 100 rows only")
    task = run(shop, started["id"])
    assert (task["message"], task["result"]) == (started["message"], {"rows": 100, "is_sample": True})
    content = fetch(shop, task["id"])
    if format == "PDF":
        text = "".join(pages(content))
        assert "The first 100 of 123 rows; the sums are of all." in text
        rows = "".join(text.split("Received on")[1:])
        assert (rows.count("Soap"), rows.count("Thing")) == (97, 3)
    else:
        assert len(table(read(content, format))) == 100


@pytest.mark.parametrize("state", ["EXPIRED", "SUSPENDED", "CANCELLED", "NONE"])
def test_who_does_not_pay_has_no_report_made_but_has_what_was_made_before(busy_day, state):
    task, content = make(busy_day, url("margin"), {**DAYS, "format": "CSV"})
    put_in_state(busy_day, state)
    body = {**DAYS, "format": "CSV"}
    refused(busy_day, lambda: busy_day.client().post(url("margin"), body), 402, "subscription_expired")
    assert fetch(busy_day, task["id"]) == content


def test_s44_with_the_module_off_nothing_is_made_nor_what_was_asked_for_before(busy_day):
    """S44."""
    asked = ask(busy_day, url("margin"), {**DAYS, "format": "CSV"})
    switch(busy_day, reports=False)
    body = {**DAYS, "format": "CSV"}
    refused(busy_day, lambda: busy_day.client().post(url("margin"), body), 403, "module_disabled")
    task = run(busy_day, asked)
    assert (task["state"], task["result"], task["has_file"]) == ("FAILED", {"code": "module_disabled"}, False)


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.CASHIER, Role.WAREHOUSE, Role.STAFF])
def test_who_may_not_export_has_nothing_made(shop, role):
    client = shop.client(add_member(shop, role))
    body = {**DAYS, "format": "CSV"}
    refused(shop, lambda: client.post(url("margin"), body), 403, "capability_missing")


def test_who_has_lost_the_right_of_a_report_gets_none_that_was_asked_for_before(busy_day, monkeypatch):
    manager = add_member(busy_day, Role.MANAGER)
    asked = ask(busy_day, url("cash"), {**DAYS, "format": "CSV"}, by=manager)
    take_away(monkeypatch, Role.MANAGER, "shift:review")
    task = run(busy_day, asked, by=manager)
    assert (task["state"], task["result"], task["has_file"]) == ("FAILED", {"code": "capability_missing"}, False)


def test_s08_who_is_limited_after_asking_gets_what_they_may_see_by_then(busy_day):
    """S08."""
    there = add_place(busy_day)
    sell(there, **NOON)
    manager = add_member(busy_day, Role.MANAGER)
    body = {**DAYS, "format": "CSV"}
    both = ask(busy_day, url("sales-by-storefront"), body, by=manager)
    asked = [ask(busy_day, url("sales-by-storefront"), body, by=manager) for _ in range(2)]
    named = ask(busy_day, url("margin"), {**body, "location": str(busy_day.storefront.pk)}, by=manager)

    def rows(task):
        run(busy_day, task, by=manager)
        return [row["storefront"] for row in table(read(fetch(busy_day, task, by=manager), "CSV"))]

    assert rows(both) == ["Kumasi", "Main"]
    limit(busy_day, manager, there.storefront)
    assert rows(asked[0]) == ["Kumasi"]
    assert run(busy_day, named, by=manager)["state"] == "FAILED"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("first_on", "required"), ("format", "required"), ("last_on", "required")]),
        ({**DAYS, "format": "DOC"}, [("format", "invalid_choice")]),
        ({**DAYS, "format": "CSV", "most": 3}, [("most", "unknown_field")]),
        ({**DAYS, "format": "CSV", "last_on": "2027-12-31"}, [("last_on", "invalid_span")]),
    ],
)
def test_what_a_file_cannot_be_asked_is_400(shop, body, found):
    told = refused(shop, lambda: shop.client().post(url("margin"), body), 400, "invalid_input")
    assert sorted(paths_of(told)) == found


def test_a_retry_with_the_same_key_has_one_file_made(shop):
    client, body = shop.client(), {**DAYS, "format": "CSV"}
    told = [client.post(url("margin"), body, HTTP_IDEMPOTENCY_KEY="k").json()["data"]["id"] for _ in range(2)]
    assert told[0] == told[1]
    other = client.post(url("tax"), body, HTTP_IDEMPOTENCY_KEY="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_every_kind_of_work_asks_for_the_right_to_export():
    assert {kind: settings.TASK_RIGHTS[kind] for kind in settings.TASKS if kind.startswith("reports.")} == {
        "reports.export": "report:export",
        "reports.mail": "report:export",
    }
