"""check_tenancy names the rows that are another business's, that lead nowhere, or do not add up."""

import json
import subprocess
from contextlib import contextmanager
from io import StringIO

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import make_conninfo
from uuid_utils.compat import uuid7

from core import binaries, provision
from tests.bodies import fill
from tests.conftest import Shop, open_shop
from tests.core.test_tenancy import SAME, filled, free_user
from tests.core.walls import broken, found, run
from tests.races import administrator
from tests.sales import requests
from tests.sales.calls import give_back, lines_of, sell
from tests.sales.returning import exchanged, thing

pytestmark = pytest.mark.usefixtures("committed")


def corrupt(statement, *parameters):
    """What only a superuser can do, with every trigger and foreign key asleep."""
    with administrator() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement, parameters).rowcount == 1


# --- Rows -------------------------------------------------------------------------------------------------------------


def first(table, account_id, *, after=0, naming="id"):
    """The first row of an account, if possible of those that name something there, or one that comes so many after."""
    rows = f"SELECT id FROM {table} WHERE account_id = %s ORDER BY {naming} IS NULL, id OFFSET {after} LIMIT 1"
    with connections["owner"].cursor() as cursor:
        cursor.execute(rows, [account_id])
        return cursor.fetchone()[0]


def test_s09_every_reference_to_another_accounts_row_is_named(committed):
    """S09."""
    mine, theirs = filled("Ama Provisions"), filled("Stranger Stores")
    free = free_user(theirs)
    wanted = set()
    for model, rule in SAME:
        field = model._meta.get_field(rule.field)
        table, target = model._meta.db_table, field.related_model._meta.db_table
        is_other_end = (table, field.name) == ("transfers", "destination")  # a transfer goes elsewhere
        foreign = free if target == "users" else first(target, theirs.id, after=int(is_other_end))
        row = first(table, mine.id, naming=field.column)
        corrupt(f"UPDATE {table} SET {field.column} = %s WHERE account_id = %s AND id = %s", foreign, mine.id, row)
        wanted.add(
            f"{table} {row} of account {mine.id}: its {field.column} is {foreign} of {target},"
            f" which belongs to account {theirs.id}."
        )
    assert len(wanted) == len(SAME)
    assert wanted <= set(found())


def test_a_user_whose_seat_is_in_another_account_is_named(committed):
    shop, other = open_shop("Ama Provisions"), open_shop("Stranger Stores")
    corrupt("UPDATE users SET account_id = %s WHERE id = %s", other.id, shop.cashier.user_id)
    assert found() == [
        f"business_memberships {shop.cashier.pk} of account {shop.id}: its user_id is {shop.cashier.user_id} of users,"
        f" which belongs to account {other.id}."
    ]


def test_a_row_whose_account_does_not_exist_is_named(committed):
    shop, gone = open_shop("Ama Provisions"), uuid7()
    row = shop.products[0].pk
    corrupt("UPDATE products SET account_id = %s WHERE id = %s", gone, row)
    wrong = f"products {row} of account {gone}: its account_id is {gone} of accounts, which does not exist."
    assert wrong in found()
    code, report = run("--json")
    assert code == 1
    assert {
        "table": "products",
        "id": str(row),
        "account": str(gone),
        "problem": f"its account_id is {gone} of accounts, which does not exist",
    } in json.loads(report)["findings"]


def test_a_row_without_an_account_is_named(committed):
    shop = open_shop("Ama Provisions")
    user_id = shop.cashier.user_id
    with broken(
        "ALTER TABLE users ALTER account_id DROP NOT NULL",
        "DELETE FROM business_memberships WHERE user_id IN (SELECT id FROM users WHERE account_id IS NULL)",
        "DELETE FROM users WHERE account_id IS NULL",
        "ALTER TABLE users ALTER account_id SET NOT NULL",
    ):
        corrupt("UPDATE users SET account_id = NULL WHERE id = %s", user_id)
        assert f"users {user_id}: it belongs to no account." in found()


def test_a_reference_to_what_does_not_exist_is_named(committed):
    shop, gone = open_shop("Ama Provisions"), uuid7()
    row = first("subscriptions", shop.id)
    corrupt("UPDATE subscriptions SET plan_id = %s WHERE id = %s", gone, row)
    assert found() == [
        f"subscriptions {row} of account {shop.id}: its plan_id is {gone} of subscription_plans, which does not exist."
    ]


# --- Sums -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sold(committed) -> Shop:
    """A sale of 2 at 10.00 and 1 at 3.33, of whose first line 1 came back."""
    shop = open_shop("Ama Provisions")
    sale = sell(shop, "2", "1")
    give_back(shop, sale, [(lines_of(shop, sale)[0], "1", "SHELF")])
    return shop


@pytest.mark.parametrize(
    ("statement", "table", "problem"),
    [
        ("UPDATE stock_products SET quantity = 7", "stock_products", "holds 7.000, but its movements sum to"),
        (
            "UPDATE sales SET total = 20, change_due = paid - 20",
            "sales",
            "its total is 20.00, but its lines sum to 23.33",
        ),
        (
            "UPDATE sales SET total = 20, change_due = paid - 20",
            "sales",
            "its total is 20.00, but its payments settle 23.33",
        ),
        ("UPDATE sales SET subtotal = 20", "sales", "its total is 23.33, but 20.00 less 0.00 is not"),
        ("UPDATE sales SET tax_total = 1", "sales", "its tax is 1.00, but that of its lines is"),
        ("UPDATE sales SET discount_total = 1", "sales", "its discount is 1.00, but that of its lines is 0.00"),
        (
            "UPDATE sales SET paid = 30, change_due = 30 - total",
            "sales",
            "30.00 was paid, but its payments say 100000.00",
        ),
        ("UPDATE sales SET status = 'REFUNDED'", "sales", "it is REFUNDED, but by its lines PARTLY_REFUNDED"),
        ("DELETE FROM payments", "sales", "its total is 23.33, but its payments settle 0"),
        (
            "UPDATE sale_lines SET refunded_quantity = 2",
            "sale_lines",
            "2.000 came back of it, but its refunds say 1.000",
        ),
        ("UPDATE refunds SET total = 9", "refunds", "its total is 9.00, but its lines sum to 10.00"),
        ("UPDATE refunds SET total = 9", "refunds", "its total is 9.00, but 10.00 went back"),
        ("UPDATE refunds SET tax_total = 9", "refunds", "its tax is 9.00, but that of its lines is"),
        (
            "UPDATE registers SET last_number = 2",
            "registers",
            "its last number is 2, but it issued or leased 1 numbers up to 1",
        ),
        (
            "UPDATE sales SET receipt_number = 'R1-000007'",
            "registers",
            "its last number is 1, but it issued or leased 1 numbers up to 7",
        ),
        (
            "UPDATE registers SET last_refund_number = 2",
            "registers",
            "its last refund number is 2, but it made 1 refunds up to number 1",
        ),
        ("UPDATE sales SET status = 'VOIDED'", "sales", "it is VOIDED, but by its lines PARTLY_REFUNDED"),
        ("UPDATE refunds SET kind = 'VOID'", "sales", "it is PARTLY_REFUNDED, but by its lines VOIDED"),
        ("UPDATE refunds SET kind = 'VOID'", "refunds", "it voids 10.00, but the sale came to 23.33"),
        ("UPDATE sales SET exchange_id = id", "sales", "it is of exchange"),
    ],
)
def test_what_does_not_add_up_is_named_with_its_row(sold, statement, table, problem):
    assert run()[0] == 0
    changed = statement.split()[2 if statement.startswith("DELETE") else 1]
    chosen = "refund_id IS NULL" if changed == "payments" else "true"
    corrupt(f"{statement} WHERE id = (SELECT id FROM {changed} WHERE {chosen} ORDER BY id LIMIT 1)")
    code, text = run()
    assert code == 1
    assert any(
        line.startswith(f"{table} {first(table, sold.id)} of account {sold.id}: {problem}")
        for line in text.splitlines()
    ), text


def test_an_exchange_of_which_the_ends_differ_is_named(committed):
    shop = open_shop("Ama Provisions")
    new = exchanged(shop, requests.sell(shop), thing(shop, 1))["sale"]["id"]
    assert run()[0] == 0
    less = "UPDATE payments SET amount = amount - 1, tendered = tendered - 1 WHERE sale_id = %s AND method = 'EXCHANGE'"
    corrupt(less, new)
    wrong = f"sales {new} of account {shop.id}: what was exchanged for it, once paid by CASH, is off by -1.00"
    assert wrong in run()[1]


# --- Restored ---------------------------------------------------------------------------------------------------------


@contextmanager
def restored():
    """A dump of the database, restored into a fresh one, which every connection uses meanwhile."""
    name = connections["default"].settings_dict["NAME"]
    admin_dsn, fresh, programs = settings.DATABASE_ADMIN_DSN, f"{name}_restored", binaries.find_binaries()
    dump = subprocess.run(
        [programs / "pg_dump", "--format=custom", make_conninfo(admin_dsn, dbname=name)],
        capture_output=True,
        check=True,
    ).stdout
    provision.drop_database(admin_dsn=admin_dsn, database=fresh)
    provision.provision(admin_dsn=admin_dsn, database=fresh, passwords=settings.DATABASE_PASSWORDS)
    try:
        target = make_conninfo(admin_dsn, dbname=fresh)
        restore = [programs / "pg_restore", "--exit-on-error", "--single-transaction", "--dbname", target]
        subprocess.run(restore, input=dump, check=True)
        use(fresh)
        yield
    finally:
        use(name)
        provision.drop_database(admin_dsn=admin_dsn, database=fresh)


def use(database):
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = database


def counts():
    tables = sorted({model._meta.db_table for model in apps.get_models()})
    with connections["owner"].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables))
        return dict(cursor.fetchall())


def test_s50_a_database_restored_from_its_dump_has_its_walls_its_sums_and_every_row(committed):
    """S50."""
    shops = [fill(open_shop(name)).shop for name in ("Ama Provisions", "Stranger Stores")]
    before = counts()
    assert before["accounts"] == len(shops)
    assert before["sales"] >= 2
    with restored():
        assert run()[0] == 0
        call_command("verify_ledger", stdout=StringIO())
        assert counts() == before
        corrupt("UPDATE registers SET last_number = 99 WHERE id = %s", shops[0].register.pk)
        assert run()[0] == 1
    assert run()[0] == 0
