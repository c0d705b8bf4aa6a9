"""The files of a take-out: exact to the letter, however large, while the shop sells."""

import re
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from secrets import token_hex

import psycopg
import pytest
import requests
from django.db import connection, models

from accounts.services import takeout
from accounts.services.takeout import IN_MEMORY, ROWS_AT_ONCE
from core import cells
from tests.accounts.leaving import ADDRESS, TakeOut, take_out
from tests.bodies import fill
from tests.conftest import open_shop
from tests.races import at_once


def rid_of_apostrophe(text):
    return text.removeprefix("'")


# --- To the letter ----------------------------------------------------------------------------------------------------

TRICKY = [
    "=HYPERLINK(0)",
    "+233 24",
    "-1+1",
    "@SUM(A1)",
    "\tTab",
    "\rReturn",
    "\nNewline",
    "'quoted",
    "''=twice",
    'She said "no", twice',
    "one\r\ntwo\nthree",
    "Ɛfua Ŋkrumah – 阿玛 🛒",
    "x" * 200,
    "a;b,c|d",
    " spaces ",
]


def test_s48_texts_survive_and_none_can_be_taken_for_a_formula(shop):
    """S48."""
    with shop.inside():
        pks = {str(shop.account.customers.create(name=name).pk): name for name in TRICKY}
    found = take_out(shop)
    assert {row["id"]: row["name"] for row in found.objects("customers")} == pks
    in_csv = {row["id"]: row["name"] for row in found.rows("customers")}
    assert {pk: rid_of_apostrophe(name) for pk, name in in_csv.items()} == pks
    assert {name[0] for name in in_csv.values()} & set("=+-@\t\r\n") == set()
    assert found.rows("customers")[0]["is_active"] == "true"


def test_s48_nor_where_a_semicolon_is_what_parts_cells(shop):
    """S48."""
    with shop.inside():
        shop.account.customers.create(name="Esi;=cmd|' /c calc'!A1;\t@x;-1;fine")
    (name,) = [row["name"] for row in take_out(shop).rows("customers")]
    assert name == "Esi;'=cmd|' /c calc'!A1;\t'@x;'-1;fine"


def test_s48_no_cell_of_any_table_but_a_number_begins_as_a_formula_does(shop):
    """S48."""
    fill(shop)
    found = take_out(shop)
    number = re.compile(r"-?\d+(\.\d+)?")
    begun = 0
    for table in found.tables:
        for row in found.rows(table):
            for column, text in row.items():
                if text[:1] in tuple("=+-@\t\r\n"):
                    assert number.fullmatch(text), (table, column, text)
                    begun += 1
    assert begun  # what was sold stands in the ledger with a minus


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("-0.500"), "-0.500"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.0000000"), "0.0000000"),
        (-7, "-7"),
        (True, "true"),
        (None, ""),
        ("", ""),
        ("-0.5", "'-0.5"),
        ({"name": "Ɛfua"}, '{"name": "Ɛfua"}'),
    ],
)
def test_a_value_in_a_cell(value, shown):
    assert cells.cell(value) == shown


def test_amounts_are_exact_texts_and_times_are_utc(shop):
    sold = shop.client().post("/api/v1/sales/sales/", shop.basket("0.5")).json()["data"]
    found = take_out(shop)
    sale = next(row for row in found.objects("sales") if row["id"] == sold["id"])
    assert [type(sale["total"]), Decimal(sale["total"])] == [str, Decimal(sold["total"])]
    moved = [row["quantity"] for row in found.objects("stock_movements") if row["kind"] == "SOLD"]
    assert moved == ["-0.500"] * 3
    with shop.inside():
        kept = shop.account.sales.get(pk=sold["id"]).recorded_at
    assert sale["recorded_at"].endswith("Z")
    assert datetime.fromisoformat(sale["recorded_at"]) == kept


def test_stock_and_sales_can_be_reckoned_again_from_the_files(shop):
    fill(shop)
    found = take_out(shop)
    on_hand, batches, totals, lines, paid = (defaultdict(Decimal) for _ in range(5))
    for row in found.rows("stock_movements"):
        on_hand[row["stock_product_id"]] += Decimal(row["quantity"])
    for row in found.rows("stock_products"):
        batches[row["id"]] = Decimal(row["quantity"])
    for row in found.rows("sales"):
        totals[row["id"]] = Decimal(row["total"])
    for row in found.rows("sale_lines"):
        lines[row["sale_id"]] += Decimal(row["total"])
    for row in found.rows("payments"):
        if row["sale_id"] and not row["refund_id"]:
            paid[row["sale_id"]] += Decimal(row["amount"])
    assert len(batches) >= 5
    assert len(totals) >= 2
    assert on_hand == batches
    assert lines == totals == paid
    with shop.inside():
        stock, sales = shop.account.stock_products, shop.account.sales
        assert sum(batches.values()) == stock.aggregate(sum=models.Sum("quantity"))["sum"]
        assert sum(totals.values()) == sales.aggregate(sum=models.Sum("total"))["sum"]
        assert len(totals) == sales.count()


# --- Large, and at the same time --------------------------------------------------------------------------------------


def test_rows_come_in_portions_from_the_server_however_many_there_are(shop):
    count = ROWS_AT_ONCE * 2 + 1
    with shop.inside():
        customers = [shop.account.customers.model(account=shop.account, name=f"C{i}") for i in range(count)]
        shop.account.customers.bulk_create(customers)
    asked = {}

    def note(execute, sql, params, many, context):
        asked[sql] = isinstance(context["cursor"].cursor, psycopg.ServerCursor)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        found = take_out(shop)
    reads = {sql: by_server for sql, by_server in asked.items() if sql.startswith("SELECT") and '"customers"' in sql}
    assert list(reads.values()) == [True]
    assert found.manifest["files"]["customers.csv"]["rows"] == count
    assert [row["name"] for row in found.rows("customers")] == [f"C{i}" for i in range(count)]


def test_a_real_server_sends_the_whole_file_also_one_that_is_on_disk(server):
    shop = open_shop("Ama Provisions")
    with shop.inside():
        noise = [shop.account.customers.model(account=shop.account, name=token_hex(100)) for _ in range(10_000)]
        shop.account.customers.bulk_create(noise)
    response = requests.get(f"{server}{ADDRESS}", headers={"Authorization": shop.bearer()}, timeout=60)
    assert response.status_code == 200
    assert int(response.headers["Content-Length"]) == len(response.content) > IN_MEMORY
    assert len(TakeOut(response.content).rows("customers")) == 10_000


READS = ("payments", "stock_movements", "sale_lines", "sales")
REFERENCES = [
    ("payments", "sale_id", "sales"),
    ("sale_lines", "sale_id", "sales"),
    ("stock_movements", "stock_product_id", "stock_products"),
]


def dangling_after_sales_meanwhile(busy):
    """Which references lead nowhere in a take-out during which something is sold before each table of sales is read."""
    client, seller, met = busy.client(), busy.client(), []

    def sell_before(execute, sql, params, many, context):
        table = next((name for name in READS if sql.startswith(f'SELECT "{name}"."id"')), None)
        if table and isinstance(context["cursor"].cursor, psycopg.ServerCursor):
            sold = at_once([lambda: seller.post("/api/v1/sales/sales/", busy.basket()).status_code])
            met.append((table, *sold))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(sell_before):
        found = TakeOut(client.get(ADDRESS).getvalue())
    assert sorted(met) == sorted((table, 201) for table in READS)
    keys = {table: {row["id"] for row in found.rows(table)} for table in found.tables}
    return {
        (table, target)
        for table, column, target in REFERENCES
        if not {row[column] for row in found.rows(table)} <= keys[target]
    }


def test_what_is_sold_meanwhile_leaves_no_reference_that_leads_nowhere(busy):
    assert dangling_after_sales_meanwhile(busy) == set()


def test_control_in_the_other_order_references_lead_nowhere(busy, monkeypatch):
    monkeypatch.setattr(takeout, "reversed", list, raising=False)
    assert dangling_after_sales_meanwhile(busy) >= {("payments", "sales"), ("sale_lines", "sales")}
