"""Who exports what, of how much, and what becomes of an export that does not come to its end."""

from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from accounts.roles import Role
from core import listings
from inventory import services as inventory
from system.models import Task
from system.services import writing
from tests.access import put_in_state
from tests.accounts.tills import give_pin, register
from tests.inventory.made import EXPORTS, TASKS, ask, export, fetch, keep_files_in, make, read, run, table
from tests.places import add_member, add_place
from tests.test_query_counts import statements

FORMATS = ["CSV", "XLSX"]
WHATS = ["PRODUCTS", "STOCK", "MOVEMENTS", "SUPPLIERS"]


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch) -> Path:
    keep_files_in(tmp_path, monkeypatch)
    return tmp_path


def task_count(shop):
    with shop.inside():
        return shop.account.tasks.count()


def refused(shop, body, *, status=400, code="invalid_input", by=None):
    """The errors of a request that starts nothing."""
    before = task_count(shop)
    response = shop.client(by).post(EXPORTS, body)
    assert (response.status_code, response.json()["code"]) == (status, code), response.content
    assert task_count(shop) == before
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


# --- Who has them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("format", "content_type"), [
    ("CSV", "text/csv"), ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
])  # fmt: skip
def test_the_file_bears_the_name_of_the_business_in_all_its_letters(shop, format, content_type):
    with shop.inside():
        type(shop.account).across_accounts.filter(pk=shop.id).update(name="Ɛsi's Bière/Ŋ “Café” ₵")
    task = run(shop, ask(shop, EXPORTS, {"what": "PRODUCTS", "format": format}))
    response = shop.client().get(f"{TASKS}{task['id']}/file/")
    b"".join(response.streaming_content)
    said = response["Content-Disposition"]
    assert said.startswith("attachment; filename*=utf-8''")
    assert quote("Ɛsi's Bière_Ŋ “Café” ₵ products ", safe="'") in said.replace("%27", "'")
    assert said.endswith(f".{format.lower()}")
    assert response["Content-Type"] == content_type
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_name_as_long_as_it_may_be_keeps_its_ending(shop):
    with shop.inside():
        type(shop.account).across_accounts.filter(pk=shop.id).update(name="N" * 200)
    _, content = make(shop, EXPORTS, {"what": "PRODUCTS", "format": "CSV"})
    with shop.inside():
        kept = shop.account.private_files.get()
    assert kept.name.endswith(".csv")
    assert kept.size == len(content)


def test_nobody_but_who_asked_fetches_the_file(shop, stranger):
    manager = add_member(shop, Role.MANAGER, name="Abla")
    task, _ = make(shop, EXPORTS, {"what": "PRODUCTS", "format": "CSV"}, by=manager)
    address = f"{TASKS}{task['id']}/file/"
    for client in (shop.client(), shop.client(shop.cashier), stranger.client()):
        response = client.get(address)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert stranger.client().get(f"{TASKS}{task['id']}/").status_code == 404
    assert fetch(shop, task["id"], by=manager)


def demote(shop, member):
    with shop.inside():
        shop.account.memberships.filter(pk=member.pk).update(role=Role.CASHIER)


def test_who_has_lost_the_right_gets_no_export_that_was_asked_for_before(shop):
    manager = add_member(shop, Role.MANAGER, name="Abla")
    made, _ = make(shop, EXPORTS, {"what": "STOCK", "format": "CSV"}, by=manager)
    asked = ask(shop, EXPORTS, {"what": "STOCK", "format": "CSV"}, by=manager)
    demote(shop, manager)
    response = shop.client(manager).get(f"{TASKS}{made['id']}/file/")
    assert (response.status_code, response.json()["code"]) == (403, "capability_missing")
    task = run(shop, asked, by=manager)
    assert (task["state"], task["result"], task["has_file"]) == ("FAILED", {"code": "capability_missing"}, False)


def test_who_loses_the_right_while_rows_are_written_gets_none_of_them(shop, monkeypatch):
    manager = add_member(shop, Role.MANAGER, name="Abla")
    asked = ask(shop, EXPORTS, {"what": "STOCK", "format": "CSV"}, by=manager)
    monkeypatch.setattr(listings, "PORTION", 1)
    read_rows = listings.Listing.read

    def read_and_demote(listing, most):
        for rows in read_rows(listing, most):
            shop.account.memberships.filter(pk=manager.pk).update(role=Role.CASHIER)
            yield rows

    monkeypatch.setattr(listings.Listing, "read", read_and_demote)
    task = run(shop, asked, by=manager)
    assert (task["state"], task["done"], task["result"]) == ("FAILED", 1, {"code": "capability_missing"})


def test_by_pin_nobody_fetches_an_export(shop):
    task, _ = make(shop, EXPORTS, {"what": "STOCK", "format": "CSV"})
    give_pin(shop, shop.owner)
    response = register(shop).signed_in(shop.owner).get(f"{TASKS}{task['id']}/file/")
    assert (response.status_code, response.json()["code"]) == (403, "capability_missing")


@pytest.mark.parametrize("role", [Role.CASHIER, Role.WAREHOUSE, Role.STAFF])
def test_who_may_not_export_starts_nothing(shop, role):
    body = {"what": "PRODUCTS", "format": "CSV"}
    refused(shop, body, status=403, code="capability_missing", by=add_member(shop, role))


def test_s08_a_limited_member_gets_the_rows_of_their_own_places(shop):
    """S08."""
    there = add_place(shop)
    manager = add_member(shop, Role.MANAGER, there.storefront, name="Abla")
    for what in ("STOCK", "MOVEMENTS"):
        assert {row["location"] for row in table(export(shop, what))} == {"Main", "Kumasi"}
        assert {row["location"] for row in table(export(shop, what, by=manager))} == {"Kumasi"}
        here = table(export(shop, what, location=str(there.storefront.pk)))
        assert {row["location"] for row in here} == {"Kumasi"}
        body = {"what": what, "format": "CSV"}
        unknown = [("location", "does_not_exist")]
        assert refused(shop, {**body, "location": str(shop.storefront.pk)}, by=manager) == unknown
        assert refused(shop, {**body, "location": str(uuid7())}, by=manager) == unknown


def test_s08_who_is_limited_after_asking_gets_what_they_may_see_by_then(shop):
    """S08."""
    there = add_place(shop)
    manager = add_member(shop, Role.MANAGER, name="Abla")
    asked = ask(shop, EXPORTS, {"what": "STOCK", "format": "CSV"}, by=manager)
    with shop.inside():
        shop.account.location_members.create(location=there.storefront, member=manager)
        shop.account.memberships.filter(pk=manager.pk).update(is_limited=True)
    run(shop, asked)
    rows = table(read(fetch(shop, asked, by=manager), "CSV"))
    assert {row["location"] for row in rows} == {"Kumasi"}


def test_s08_nothing_of_a_strangers_is_in_any_export(shop, stranger):
    """S08."""
    with stranger.inside():
        stranger.account.suppliers.create(name="Their trader")
        stranger.account.products.update(name="Theirs")
    for what in WHATS:
        said = str(export(shop, what))
        assert "Their" not in said
        assert "Stranger" not in said


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("what", "required"), ("format", "required")]),
        ({"what": "SALES", "format": "CSV"}, [("what", "invalid_choice")]),
        ({"what": "STOCK", "format": "PDF"}, [("format", "invalid_choice")]),
        ({"what": "STOCK", "format": "CSV", "pages": 1}, [("pages", "unknown_field")]),
        ({"what": "PRODUCTS", "format": "CSV", "location": "HERE"}, [("location", "not_asked")]),
        ({"what": "SUPPLIERS", "format": "CSV", "location": "HERE"}, [("location", "not_asked")]),
        ({"what": "STOCK", "format": "CSV", "last_on": "2026-01-01"}, [("last_on", "not_asked")]),
        ({"what": "MOVEMENTS", "format": "CSV", "first_on": "2026-02-30"}, [("first_on", "invalid")]),
        (
            {"what": "MOVEMENTS", "format": "CSV", "first_on": "2026-01-02", "last_on": "2026-01-01"},
            [("last_on", "before_first")],
        ),
    ],
)
def test_what_a_table_cannot_be_asked_is_refused(shop, body, found):
    if "location" in body:
        body = {**body, "location": str(shop.storefront.pk)}
    assert refused(shop, body) == found


def test_a_retry_with_the_same_key_starts_no_second_export(shop):
    client, body = shop.client(), {"what": "PRODUCTS", "format": "CSV"}
    told = [client.post(EXPORTS, body, HTTP_IDEMPOTENCY_KEY="k").json()["data"]["id"] for _ in range(2)]
    assert told[0] == told[1]
    assert task_count(shop) == 1


# --- What is paid for -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_in_the_days_of_grace_an_export_has_its_first_hundred_rows_and_says_so(shop, format):
    with shop.inside():
        for number in range(120):
            inventory.add_product(by=shop.owner, sku=f"P{number:03d}", name="Soap", retail_price=Decimal(1))
    put_in_state(shop, "GRACE")
    started = shop.client().post(EXPORTS, {"what": "PRODUCTS", "format": format}).json()["data"]
    assert started["message"].startswith("The first 100 rows only")
    task = run(shop, started["id"])
    assert task["message"] == started["message"]
    assert task["result"] == {"rows": 100, "is_sample": True}
    assert (task["done"], task["total"]) == (100, 100)
    rows = read(fetch(shop, task["id"]), format)
    assert [row[0] for row in rows] == ["sku", "SKU-0", "SKU-1", "SKU-2", *(f"P{number:03d}" for number in range(97))]
    put_in_state(shop, "ACTIVE")
    assert len(export(shop, "PRODUCTS", format)) == 124


@pytest.mark.parametrize("state", ["EXPIRED", "SUSPENDED", "CANCELLED", "NONE"])
def test_who_does_not_pay_exports_nothing_but_has_what_was_made_before(shop, state):
    task, content = make(shop, EXPORTS, {"what": "PRODUCTS", "format": "CSV"})
    put_in_state(shop, state)
    refused(shop, {"what": "PRODUCTS", "format": "CSV"}, status=402, code="subscription_expired")
    assert fetch(shop, task["id"]) == content


# --- Killed, cancelled, too much --------------------------------------------------------------------------------------


class Killed(BaseException):
    """A worker's end: nothing may catch it."""


def kill_before(statement, nth):
    """End this process's work just before the nth statement that looks so."""
    seen = []

    def watch(execute, sql, params, many, context):
        if statement in sql:
            seen.append(sql)
            if len(seen) == nth:
                raise Killed
        return execute(sql, params, many, context)

    return connection.execute_wrapper(watch)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(("statement", "nth"), [('FROM "products"', 3), ('INSERT INTO "private_files"', 1)])
def test_an_export_that_is_killed_is_made_anew_and_leaves_one_whole_file(busy, monkeypatch, format, statement, nth):
    monkeypatch.setattr(listings, "PORTION", 4)
    with busy.inside():
        for number in range(9):
            inventory.add_product(by=busy.owner, sku=f"P{number}", name="Soap", retail_price=Decimal(1))
    asked = ask(busy, EXPORTS, {"what": "PRODUCTS", "format": format})
    with kill_before(statement, nth), pytest.raises(Killed):
        run(busy, asked)
    with busy.inside():
        left = busy.account.tasks.get()
        assert (left.state, left.file_id, busy.account.private_files.count()) == ("RUNNING", None, 0)
        assert left.done >= 4
    task = run(busy, asked)
    assert (task["state"], task["result"]["rows"]) == ("DONE", 10)
    assert task["done"] == task["total"] == left.done + 10
    rows = read(fetch(busy, asked), format)
    assert [row[0] for row in rows] == ["sku", "SKU-0", *(f"P{number}" for number in range(9))]
    with busy.inside():
        assert busy.account.private_files.count() == 1
    assert run(busy, asked) == task


def test_an_export_that_is_cancelled_half_way_leaves_no_file(busy, monkeypatch, files):
    monkeypatch.setattr(listings, "PORTION", 1)
    with busy.inside():
        inventory.add_product(by=busy.owner, sku="P", name="Soap", retail_price=Decimal(1))
    asked = ask(busy, EXPORTS, {"what": "PRODUCTS", "format": "XLSX"})
    with kill_before('FROM "products"', 3), pytest.raises(Killed):
        run(busy, asked)
    assert busy.client().post(f"{TASKS}{asked}/cancel/").status_code == 200
    assert run(busy, asked)["state"] == "CANCELLED"
    assert busy.client().get(f"{TASKS}{asked}/file/").status_code == 404
    assert [path for path in files.rglob("*") if path.is_file()] == []


def test_more_rows_than_a_sheet_has_are_refused_as_a_workbook_and_written_as_csv(shop, monkeypatch):
    monkeypatch.setitem(writing.MOST_ROWS, "XLSX", 2)
    task = run(shop, ask(shop, EXPORTS, {"what": "PRODUCTS", "format": "XLSX"}))
    assert (task["state"], task["result"], task["has_file"]) == ("FAILED", {"code": "sheet_full"}, False)
    assert task["message"] == "A sheet takes 2 rows: ask for CSV, or for fewer days."
    assert len(export(shop, "PRODUCTS")) == 4


def test_who_has_left_before_it_is_made_gets_nothing(shop):
    manager = add_member(shop, Role.MANAGER)
    asked = ask(shop, EXPORTS, {"what": "PRODUCTS", "format": "CSV"}, by=manager)
    with shop.inside():
        shop.account.memberships.filter(pk=manager.pk).update(is_active=False)
    assert run(shop, asked)["state"] == "FAILED"
    with shop.inside():
        assert Task.across_accounts.get(pk=asked).file is None


def test_the_number_of_statements_does_not_grow_with_the_rows_of_a_portion(shop):
    def cost():
        asked = ask(shop, EXPORTS, {"what": "PRODUCTS", "format": "CSV"})
        return len(statements(lambda: run(shop, asked)))

    few = cost()
    with shop.inside():
        shelf = inventory.add_category(by=shop.owner, name="Shelf")
        for number in range(50):
            facts = {"name": "Soap", "retail_price": Decimal(1), "category": shelf}
            inventory.add_product(by=shop.owner, sku=f"P{number}", **facts)
    assert cost() == few
