"""The wall in the database, met as the web's role meets it, and as the roles above it do."""

from contextlib import contextmanager
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, connection, connections, transaction
from uuid_utils.compat import uuid7

from accounts.models import Account, User
from core import checks, tenancy
from core.provision import OWNER_ROLE
from inventory.models import Category, Product
from sales import services as sales
from tests.bodies import fill
from tests.conftest import open_shop
from tests.routes import routes

OWNED = [model for model in apps.get_models() if issubclass(model, tenancy.AccountOwned)]
SAME = [(model, rule) for model in OWNED for rule in model._meta.constraints if isinstance(rule, tenancy.SameAccount)]


def ask(sql, params=(), using="default"):
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def run(sql, params=(), using="default"):
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def current_account():
    return ask("SELECT nullif(current_setting('app.account_id', true), '')")


@contextmanager
def refused(pattern, kind=DatabaseError):
    with pytest.raises(kind, match=pattern), transaction.atomic():
        yield


# --- No context, no rows ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_s06_without_a_context_there_are_no_rows(shop):
    """S06."""
    with shop.inside():
        fill(shop)
    with shop.inside():
        assert {model.__name__ for model in OWNED if not model.across_accounts.exists()} == set()
        assert Account.across_accounts.count() == 1
        assert {user.account_id for user in User.across_accounts.all()} == {shop.id}
    for model in [*OWNED, Account, User]:
        assert model.across_accounts.count() == 0, model


@pytest.mark.django_db
def test_s06_without_a_context_nothing_is_inserted_changed_or_deleted(shop):
    """S06."""
    with refused("row-level security"):
        shop.account.categories.create(name="Shelf")
    with refused("row-level security"):
        Account.across_accounts.create(name="A", country="GH", currency="GHS", time_zone="Africa/Accra")
    assert shop.account.products.update(name="Gone") == 0
    assert run("DELETE FROM products") == 0
    with shop.inside():
        assert shop.account.categories.count() == 0
        assert sorted(shop.account.products.values_list("name", flat=True)) == ["Thing 0", "Thing 1", "Thing 2"]


@pytest.mark.django_db
def test_s06_one_context_neither_reads_nor_writes_the_rows_of_another(shop, stranger):
    """S06."""
    theirs = stranger.products[0]
    with shop.inside():
        assert set(Product.across_accounts.values_list("account_id", flat=True)) == {shop.id}
        assert not stranger.account.products.exists()
        assert run("UPDATE products SET name = 'Mine' WHERE id = %s", [theirs.pk]) == 0
        assert run("DELETE FROM products WHERE account_id = %s", [stranger.id]) == 0
        with refused("row-level security"):
            stranger.account.categories.create(name="Shelf")
        shop.account.categories.create(name="Own")
        with refused("row-level security"):
            run("UPDATE categories SET account_id = %s", [stranger.id])
    with stranger.inside():
        assert stranger.account.products.get(pk=theirs.pk).name == theirs.name
        assert stranger.account.categories.count() == 0


@pytest.mark.django_db
def test_s06_a_setting_that_is_no_uuid_shows_an_error_and_no_rows(shop):
    """S06."""
    with refused("invalid input syntax for type uuid", DataError):
        run("SET LOCAL app.account_id = 'nonsense'")
        run("SELECT * FROM products")
    for nonsense in ("nonsense", "' OR true --", ""):
        with pytest.raises(ValueError, match="badly formed"), tenancy.scope(nonsense):
            raise AssertionError("stood in the scope of no account")


@pytest.mark.django_db
@pytest.mark.parametrize("spelt", ["{}", "{{{}}}", "urn:uuid:{}"])
def test_s06_an_account_id_is_compared_as_a_uuid_however_it_is_spelt(shop, spelt):
    """S06."""
    with tenancy.scope(spelt.format(str(shop.id).upper())):
        assert Product.across_accounts.count() == len(shop.products)


# --- Scopes -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_s06_a_query_built_in_one_scope_and_run_in_another_reads_nothing_foreign(shop, stranger):
    """S06."""
    with shop.inside():
        mine, everybodys = shop.account.products.all(), Product.across_accounts.all()
    with stranger.inside():
        assert list(mine) == []
        assert {product.account_id for product in everybodys} == {stranger.id}
    assert list(mine.all()) == []
    with shop.inside():
        assert len(mine.all()) == len(shop.products)


@pytest.mark.django_db
def test_nested_scopes_are_restored_also_after_an_error(shop, stranger):
    assert current_account() is None
    with shop.inside():
        with stranger.inside():
            assert current_account() == str(stranger.id)
            with shop.inside():
                assert current_account() == str(shop.id)
            assert current_account() == str(stranger.id)
        assert current_account() == str(shop.id)
        with pytest.raises(RuntimeError), stranger.inside():
            raise RuntimeError
        assert current_account() == str(shop.id)
    assert current_account() is None


@pytest.mark.django_db
def test_a_scope_that_fails_leaves_nothing_behind(shop):
    def fail():
        with shop.inside():
            shop.account.categories.create(name="Shelf")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with shop.inside():
        assert not shop.account.categories.exists()


def test_s06_a_scope_outside_a_transaction_ends_with_its_own(committed):
    """S06."""
    shop = open_shop("Ama Provisions")
    with shop.inside():
        assert Product.across_accounts.count() == len(shop.products)
    assert not connection.in_atomic_block
    assert current_account() is None
    assert Product.across_accounts.count() == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/inventory/products/", 200),
        ("/api/v1/inventory/products/01a1fc56-0000-7000-8000-000000000404/", 404),
        ("/api/v1/inventory/products/?nonsense=1", 400),
        ("/healthz", 200),
    ],
)
def test_s06_the_context_does_not_survive_the_request_on_a_connection_that_is_used_again(committed, path, status):
    """S06."""
    shop = open_shop("Ama Provisions")
    client = shop.client()
    server_process = ask("SELECT pg_backend_pid()")
    assert client.get(path).status_code == status
    assert ask("SELECT pg_backend_pid()") == server_process
    assert current_account() is None
    assert ask("SELECT nullif(current_setting('app.user_id', true), '')") is None
    assert Product.across_accounts.count() == 0


def test_s06_control_a_setting_of_the_session_would_survive(committed):
    """S06."""
    shop = open_shop("Ama Provisions")
    run(f"SET app.account_id = '{shop.id}'")
    assert Product.across_accounts.count() == len(shop.products)


def test_the_filter_alone_keeps_businesses_apart_for_a_role_that_row_level_security_does_not_bind(committed):
    mine, theirs = fill(open_shop("Ama Provisions")), fill(open_shop("Stranger Stores"))
    assert Product.across_accounts.using("owner").filter(account_id=theirs.shop.id).exists()
    swept = 0
    for route in routes():
        if route.action != "list":
            continue
        view = route.view(action="list", request=SimpleNamespace(membership=mine.shop.owner))
        found = view.rows(mine.shop.account).using("owner").values_list("account_id", flat=True)
        assert set(found) == {mine.shop.id}, route.name
        swept += 1
    assert swept >= 10


# --- Composite foreign keys -------------------------------------------------------------------------------------------


def filled(name):
    """A business with a row of every kind, with a cart that was sold, and with rows that nobody refers to yet."""
    shop = fill(open_shop(name)).shop
    with shop.inside():
        cart = sales.open_cart(by=shop.owner, storefront=shop.storefront, register=shop.register)
        sales.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            cart=cart.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1), "unit_price": Decimal(10)}],
            payments=[{"method": "CASH", "amount": Decimal(10)}],
        )
    for table in ("sales", "refunds", "payment_attempts"):
        assert link(table, "id", uuid7(), shop.id) == 1
    return shop


def free_user(shop):
    """A user of the business who has no seat any more: one_user_one_business."""
    free = shop.cashier.user_id
    run("UPDATE business_memberships SET user_id = NULL, is_active = false WHERE user_id = %s", [free], "owner")
    return free


def test_s09_no_row_can_be_linked_to_another_accounts_row_not_even_by_the_owner_of_the_tables(committed):
    """S09."""
    mine, theirs = filled("Ama Provisions"), filled("Stranger Stores")
    free = free_user(theirs)
    assert len(SAME) >= 150
    for model, rule in SAME:
        table, column = model._meta.db_table, model._meta.get_field(rule.field).column
        target = model._meta.get_field(rule.field).related_model._meta.db_table
        foreign = (
            free if target == "users" else ask(f"SELECT id FROM {target} WHERE account_id = %s", [theirs.id], "owner")
        )
        with pytest.raises(IntegrityError, match=f'"{rule.name}"'), transaction.atomic(using="owner"):
            link(table, column, foreign, mine.id)


def test_s09_control_rows_of_the_same_account_can_be_linked(committed):
    """S09."""
    mine = filled("Ama Provisions")
    free_user(mine)  # for whom there is a seat, then
    for model, rule in SAME:
        field = model._meta.get_field(rule.field)
        table, target = model._meta.db_table, field.related_model._meta.db_table
        taken = f"coalesce(id IN (SELECT {field.column} FROM {table} WHERE account_id = t.account_id), false)"
        own = ask(f"SELECT id FROM {target} t WHERE account_id = %s ORDER BY {taken}, id", [mine.id], "owner")
        with transaction.atomic(using="owner"):
            assert link(table, field.column, own, mine.id) == 1, rule.name
            transaction.set_rollback(True, using="owner")


def link(table, column, value, account_id):
    """Copy a row of the account, with another value in one column and fresh ones where they have to be unique.

    If possible, a row that has a value in this column: what may be there often depends on the rest of the row.
    """
    changes = f"jsonb_build_object('id', %s::text, '{column}', %s::text)"
    for name, unique in FRESH.get(table, {}).items():
        changes += f" || jsonb_build_object('{name}', {unique})" if name != column else ""
    return run(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, {changes})).* FROM {table} t"
        f" WHERE account_id = %s ORDER BY t.{column} IS NULL, t.id LIMIT 1",
        [str(uuid7()), str(value), account_id],
        "owner",
    )


def free(target, table, column):
    """SQL for the first row of a table that no row of another one, of the same account, names in its column."""
    return f"""(SELECT u.id::text FROM {target} u WHERE u.account_id = t.account_id AND NOT EXISTS
      (SELECT 1 FROM {table} n WHERE n.account_id = t.account_id AND n.{column} = u.id) ORDER BY u.id LIMIT 1)"""


def free_if_any(target, table, column):
    """The same for a column that may be empty, and then stays so."""
    return f"CASE WHEN t.{column} IS NOT NULL THEN {free(target, table, column)} END"


ANYTHING = "left(gen_random_uuid()::text, 8)"
FRESH = {
    "invoices": {"number": "'FRESH'"},
    "notifications": {"key": "gen_random_uuid()::text"},
    "attachments": {"file_id": free("private_files", "attachments", "file_id")},
    "carts": {"sale_id": free_if_any("sales", "carts", "sale_id")},
    "categories": {"name": "'a fresh name'"},
    "coupons": {"code": "'FRESH'"},
    "coupon_uses": {"sale_id": free("sales", "coupon_uses", "sale_id")},
    "credit_transactions": {"sequence": "1000000", "key": "gen_random_uuid()::text"},
    "customers": {"phone": "'+233555000999'"},
    "customer_entries": {"sequence": "999999"},
    "debts": {"source_id": "gen_random_uuid()"},
    "fiscal_documents": {
        "sale_id": free("sales", "fiscal_documents", "sale_id"),
        "refund_id": free_if_any("refunds", "fiscal_documents", "refund_id"),
    },
    "gateway_notices": {"digest": "'fresh'"},
    "gift_cards": {"code_hash": "'fresh'"},
    "gift_card_entries": {"sequence": "999999"},
    "incoming_transfers": {"reference": "'fresh'"},
    "sync_issues": {"item_id": "gen_random_uuid()"},
    "invitations": {"email": "'fresh@x.example'", "token_hash": "'fresh'"},
    "layaways": {"sale_id": free_if_any("sales", "layaways", "sale_id")},
    "location_members": {"member_id": free("business_memberships", "location_members", "member_id")},
    "mobile_payments": {"attempt_id": free("payment_attempts", "mobile_payments", "attempt_id")},
    "number_leases": {"register_id": free("registers", "number_leases", "register_id")},
    "payments": {"attempt_id": free_if_any("mobile_payments", "payments", "attempt_id")},
    "products": {"sku": "'FRESH'", "barcode": "''", "item_code": "''"},
    "receipt_prints": {"number": "999"},
    "refunds": {
        "number": ANYTHING,
        "sale_id": free("sales", "refunds", "sale_id"),
        "replacement_id": free_if_any("sales", "refunds", "replacement_id"),
    },
    "registers": {"code": "'FRESH'"},
    "reorder_points": {"product_id": free("products", "reorder_points", "product_id")},
    "sales": {"receipt_number": ANYTHING},
    "shifts": {"z_number": "CASE WHEN t.z_number IS NOT NULL THEN 999999 END"},
    "sale_lines": {"position": "999"},
    "layaway_lines": {"position": "999"},
    "cart_lines": {"product_id": "(SELECT max(p.id::text) FROM products p WHERE p.account_id = t.account_id)"},
    "stock_movements": {"sequence": "999999"},
    "product_packs": {"name": "'a fresh name'", "barcode": "''"},
    "serial_numbers": {"number": "'FRESH'"},
    "reservations": {"cart": "gen_random_uuid()"},
    **{
        table: {"product_id": "(SELECT max(p.id::text) FROM products p WHERE p.account_id = t.account_id)"}
        for table in ("purchase_order_lines", "transfer_lines", "stock_count_lines")
    },
    "transfers": {
        "number": "'FRESH-1'",
        "source_id": "(SELECT max(l.id::text) FROM locations l WHERE l.account_id = t.account_id)",
        "destination_id": "(SELECT min(l.id::text) FROM locations l WHERE l.account_id = t.account_id)",
    },
    **{
        table: {"number": "'FRESH-1'"}
        for table in ("stock", "purchase_orders", "supplier_returns", "adjustments", "stock_counts")
    },
}


# --- The role ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE makola_owner",
        "SET ROLE makola_staff",
        "SET SESSION AUTHORIZATION makola_owner",
        "GRANT makola_owner TO makola_app",
        "ALTER ROLE makola_app BYPASSRLS",
        "ALTER TABLE products DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE products NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE stock_movements DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE POLICY mine ON products USING (true)",
        "DROP POLICY inventory_product_tenant ON products",
        "ALTER POLICY inventory_product_tenant ON products USING (true)",
        "TRUNCATE products CASCADE",
        "CREATE TABLE loot (id int)",
        "CREATE FUNCTION loot() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW loot AS SELECT 1",
        "DROP TABLE products",
        "COPY products TO PROGRAM 'true'",
    ],
)
def test_s47_the_webs_role_may_not(statement):
    """S47."""
    with refused("permission denied|must be owner|must have admin option|must be superuser"):
        run(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("alias", ["default", "staff"])
def test_s47_switching_row_security_off_is_an_error_and_not_a_way_around(shop, alias):
    """S47."""
    with refused("would be affected by row-level security"), shop.inside():
        run("SET LOCAL row_security = off")
        run("SELECT * FROM products")


@pytest.mark.django_db(databases=["default", "staff", "owner"])
def test_s47_the_roles_own_nothing_and_bypass_nothing_but_the_owner_does():
    """S47."""
    assert checks.role_problems("default") == []
    assert checks.role_problems("staff") == []
    assert checks.check_roles(["default", "staff"]) == []
    problems = checks.role_problems("owner")
    assert "bypasses row-level security" in problems
    assert "owns the table products" in problems


@contextmanager
def connected_as_owner():
    """The web process, misconfigured to use the role that owns the tables."""
    facts = connections["default"].settings_dict
    kept = facts["USER"], facts["PASSWORD"]
    connections["default"].close()
    facts["USER"], facts["PASSWORD"] = OWNER_ROLE, settings.DATABASE_PASSWORDS[OWNER_ROLE]
    try:
        yield
    finally:
        connections["default"].close()
        facts["USER"], facts["PASSWORD"] = kept


def test_s47_the_check_and_readyz_refuse_a_web_process_whose_role_is_not_bound(committed, nobody):
    """S47."""
    with connected_as_owner():
        errors = checks.check_roles(["default"])
        answer = nobody.get("/readyz")
    assert {error.id for error in errors} == {"core.E002"}
    assert any("bypasses row-level security" in error.msg for error in errors)
    assert answer.status_code == 503
    assert "bypasses row-level security" in answer.json()["problems"]
    assert nobody.get("/readyz").status_code == 200


def test_s47_readyz_fails_while_a_migration_is_not_applied(committed, nobody):
    """S47."""
    ready = nobody.get("/readyz").json()
    assert (ready["status"], ready["problems"]) == ("ok", [])
    last = "app = 'sales' AND name = (SELECT max(name) FROM django_migrations WHERE app = 'sales')"
    name = ask(f"SELECT name FROM django_migrations WHERE {last}", using="owner")
    applied = ask(f"DELETE FROM django_migrations WHERE {last} RETURNING applied", using="owner")
    try:
        answer = nobody.get("/readyz")
    finally:
        run("INSERT INTO django_migrations (app, name, applied) VALUES ('sales', %s, %s)", [name, applied], "owner")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "problems": [f"The migration sales.{name} is not applied."],
        "warnings": [],
    }
    assert nobody.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_row_keeps_the_id_it_was_given_before_it_was_saved_and_ids_grow_with_time(shop):
    made = [Category(account=shop.account, name=str(number)) for number in range(3)]
    assert [row.pk for row in made] == sorted(row.pk for row in made)
    assert {row.pk.version for row in made} == {7}
