"""check_tenancy: each wall taken down and each row put where it should not be, as a superuser could, is named."""

import json
import subprocess
from contextlib import contextmanager
from io import StringIO

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from psycopg.conninfo import make_conninfo
from uuid_utils.compat import uuid7

from core import binaries, provision, tenancy
from tests.bodies import fill
from tests.conftest import Shop, open_shop
from tests.core.test_tenancy import SAME, connected_as_owner
from tests.races import administrator
from tests.sales.calls import give_back, lines_of, sell

pytestmark = pytest.mark.usefixtures("committed")


def run(*options):
    """The exit code of the command and what it printed."""
    out = StringIO()
    try:
        call_command("check_tenancy", *options, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def found():
    return run()[1].splitlines()


def administer(*statements):
    with administrator() as admin:
        for statement in statements:
            admin.execute(statement)


def corrupt(statement, *parameters):
    """What only a superuser can do, with every trigger and foreign key asleep."""
    with administrator() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement, parameters).rowcount == 1


def declared(beginning):
    """The statement of a model's rule that begins so: by it the migration made what a test takes down."""
    statements = [
        statement
        for model in apps.get_models()
        for rule in model._meta.constraints
        if isinstance(rule, tenancy.Rule)
        for statement in rule.statements(model, str)
    ]
    return next(statement for statement in statements if statement.startswith(beginning))


def definition(name):
    with administrator() as admin:
        find = "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname LIKE %s"
        return admin.execute(find, [name]).fetchone()


@contextmanager
def broken(breaking, *mending):
    administer(breaking)
    try:
        yield
    finally:
        administer(*mending)


# --- Where all is well ------------------------------------------------------------------------------------------------


def test_a_database_in_which_all_is_well_is_said_to_be(committed):
    assert run() == (0, "The walls stand, and all sums agree.\n")
    for name in ("Ama Provisions", "Stranger Stores"):
        fill(open_shop(name))
    assert run() == (0, "The walls stand, and all sums agree.\n")
    code, report = run("--json")
    assert (code, json.loads(report)) == (0, {"findings": []})


# --- Walls ------------------------------------------------------------------------------------------------------------

PRODUCTS = "CREATE POLICY inventory_product_tenant ON"
PAID = "ALTER TABLE payments ADD CONSTRAINT sales_payment_sale_same_account"
WALLS = {
    "row-level security switched off": (
        "ALTER TABLE products DISABLE ROW LEVEL SECURITY",
        ["ALTER TABLE products ENABLE ROW LEVEL SECURITY"],
        "products: row-level security is not enabled.",
    ),
    "row-level security not forced": (
        "ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY",
        ["ALTER TABLE accounts FORCE ROW LEVEL SECURITY"],
        "accounts: row-level security is not forced.",
    ),
    "a table with an account that no model knows": (
        "CREATE TABLE loot (id int, account_id uuid NOT NULL)",
        ["DROP TABLE loot"],
        "loot: row-level security is not enabled.",
    ),
    "the tenant's policy dropped": (
        "DROP POLICY inventory_product_tenant ON products",
        [declared(PRODUCTS)],
        "products: the policy inventory_product_tenant is missing.",
    ),
    "the staff's policy dropped": (
        "DROP POLICY inventory_product_tenant_staff ON products",
        [declared("CREATE POLICY inventory_product_tenant_staff")],
        "products: the policy inventory_product_tenant_staff is missing.",
    ),
    "the tenant's policy widened": (
        "ALTER POLICY inventory_product_tenant ON products USING (true)",
        ["DROP POLICY inventory_product_tenant ON products", declared(PRODUCTS)],
        "products: the policy inventory_product_tenant is not as its model declares it.",
    ),
    "the tenant's policy given to everybody": (
        "ALTER POLICY inventory_product_tenant ON products TO PUBLIC",
        ["DROP POLICY inventory_product_tenant ON products", declared(PRODUCTS)],
        "products: the policy inventory_product_tenant is not as its model declares it.",
    ),
    "the policy of signing in widened": (
        "ALTER POLICY users_by_login ON users USING (email <> '')",
        ["DROP POLICY users_by_login ON users", declared("CREATE POLICY users_by_login")],
        "users: the policy users_by_login is not as its model declares it.",
    ),
    "a policy beside ours": (
        "CREATE POLICY loot ON products FOR SELECT TO makola_app USING (true)",
        ["DROP POLICY loot ON products"],
        "products: the policy loot is none that a model declares.",
    ),
    "a composite foreign key dropped": (
        "ALTER TABLE payments DROP CONSTRAINT sales_payment_sale_same_account",
        [declared(PAID)],
        "payments: the constraint sales_payment_sale_same_account is missing.",
    ),
    "a composite foreign key not validated": (
        "ALTER TABLE payments DROP CONSTRAINT sales_payment_sale_same_account;" + declared(PAID) + " NOT VALID",
        ["ALTER TABLE payments VALIDATE CONSTRAINT sales_payment_sale_same_account"],
        "payments: the constraint sales_payment_sale_same_account is not validated.",
    ),
    "a composite foreign key to something else": (
        "ALTER TABLE payments DROP CONSTRAINT sales_payment_sale_same_account;"
        + declared(PAID).replace("sale_id", "refund_id"),
        ["ALTER TABLE payments DROP CONSTRAINT sales_payment_sale_same_account", declared(PAID)],
        "payments: the constraint sales_payment_sale_same_account is not as its model declares it.",
    ),
    "a primary key without the account": (
        "ALTER TABLE payments DROP CONSTRAINT payments_pkey, ADD CONSTRAINT payments_pkey PRIMARY KEY (id)",
        [
            "ALTER TABLE payments DROP CONSTRAINT payments_pkey",
            declared("ALTER TABLE payments ADD CONSTRAINT payments_pk"),
        ],
        "payments: the constraint payments_pkey is not as its model declares it.",
    ),
    "one user in two businesses": (
        "ALTER TABLE business_memberships DROP CONSTRAINT one_user_one_business",
        ["ALTER TABLE business_memberships ADD CONSTRAINT one_user_one_business UNIQUE (user_id)"],
        "business_memberships: the constraint one_user_one_business is missing.",
    ),
    "an index that makes unique": (
        "DROP INDEX one_open_invitation",
        [
            "CREATE UNIQUE INDEX one_open_invitation ON invitations (account_id, email)"
            " WHERE accepted_at IS NULL AND revoked_at IS NULL"
        ],
        "invitations: the constraint one_open_invitation is missing.",
    ),
    "a ledger's trigger dropped": (
        "DROP TRIGGER payments_append_only ON payments",
        [declared("CREATE TRIGGER payments_append_only")],
        "payments: the trigger payments_append_only is missing.",
    ),
    "a ledger's trigger disabled": (
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        ["ALTER TABLE audit_events ENABLE TRIGGER ALL"],
        "audit_events: the trigger audit_events_append_only is disabled.",
    ),
    "a ledger's trigger that looks away": (
        "DROP TRIGGER payments_append_only ON payments;"
        + declared("CREATE TRIGGER payments_append_only").replace("DELETE OR ", ""),
        ["DROP TRIGGER payments_append_only ON payments", declared("CREATE TRIGGER payments_append_only")],
        "payments: the trigger payments_append_only is not as its model declares it.",
    ),
    "the ledgers' function made toothless": (
        "CREATE OR REPLACE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NEW; END $$",
        [declared("CREATE OR REPLACE FUNCTION refuse_to_change_history")],
        "pg_proc: the function refuse_to_change_history is not as the models declare it.",
    ),
    "reference data that the app may write": (
        "GRANT UPDATE ON levies TO makola_app",
        ["REVOKE UPDATE ON levies FROM makola_app"],
        "levies: makola_app may UPDATE, although this is the same for everybody.",
    ),
    "an account that may be missing": (
        "ALTER TABLE users ALTER account_id DROP NOT NULL",
        ["ALTER TABLE users ALTER account_id SET NOT NULL"],
        "users: account_id may be NULL.",
    ),
}


@pytest.mark.parametrize("wall", WALLS)
def test_a_wall_that_is_down_is_named_and_the_exit_is_one(wall):
    breaking, mending, sentence = WALLS[wall]
    with broken(breaking, *mending):
        code, text = run()
    assert code == 1
    assert sentence in text.splitlines()
    assert run()[0] == 0


def test_a_foreign_key_to_the_account_that_is_gone_is_named():
    name = definition_name("products", "accounts")
    table, said = definition(name)
    with broken(f"ALTER TABLE {table} DROP CONSTRAINT {name}", f"ALTER TABLE {table} ADD CONSTRAINT {name} {said}"):
        assert found() == ["products: the foreign key from account_id to accounts is missing or not validated."]
    assert run()[0] == 0


def definition_name(table, target):
    with administrator() as admin:
        find = (
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass"
            " AND confrelid = %s::regclass"
        )
        return admin.execute(find, [table, target]).fetchone()[0]


def test_a_role_that_row_level_security_does_not_bind_is_named():
    with connected_as_owner():
        assert "pg_roles: the database role of 'default' bypasses row-level security." in found()
    assert run()[0] == 0


def test_a_table_that_is_missing_is_all_that_is_said():
    with broken("ALTER TABLE payments RENAME TO gone", "ALTER TABLE gone RENAME TO payments"):
        assert run() == (1, "payments: the table is missing: run manage.py migrate --database owner.\n")
    assert run()[0] == 0


# --- Rows -------------------------------------------------------------------------------------------------------------


def first(table, account_id, *, after=0):
    """The first row of an account, or one that comes so many after it."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} WHERE account_id = %s ORDER BY id OFFSET {after} LIMIT 1", [account_id])
        return cursor.fetchone()[0]


def test_s09_every_reference_to_another_accounts_row_is_named(committed):
    """S09."""
    mine, theirs = fill(open_shop("Ama Provisions")).shop, fill(open_shop("Stranger Stores")).shop
    free = theirs.cashier.user_id
    corrupt("UPDATE business_memberships SET user_id = NULL, is_active = false WHERE user_id = %s", free)
    wanted = set()
    for model, rule in SAME:
        field = model._meta.get_field(rule.field)
        table, target = model._meta.db_table, field.related_model._meta.db_table
        is_other_end = (table, field.name) == ("transfers", "destination")  # a transfer goes elsewhere
        foreign = free if target == "users" else first(target, theirs.id, after=int(is_other_end))
        row = first(table, mine.id)
        corrupt(f"UPDATE {table} SET {field.column} = %s WHERE account_id = %s AND id = %s", foreign, mine.id, row)
        wanted.add(
            f"{table} {row} of account {mine.id}: its {field.column} is {foreign} of {target},"
            f" which belongs to account {theirs.id}."
        )
    assert len(wanted) >= 20
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
            "its last number is 2, but it issued 1 receipts up to number 1",
        ),
        (
            "UPDATE sales SET receipt_number = 'R1-000007'",
            "registers",
            "its last number is 1, but it issued 1 receipts up to number 7",
        ),
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
