"""check_tenancy: each wall taken down and each row put where it should not be, as a superuser could, is named."""

import json

import pytest
from django.apps import apps

from core import tenancy
from tests.bodies import fill
from tests.conftest import open_shop
from tests.core.test_tenancy import connected_as_owner
from tests.core.walls import broken, found, run
from tests.races import administrator

pytestmark = pytest.mark.usefixtures("committed")


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
