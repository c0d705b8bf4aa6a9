"""The walls as PostgreSQL itself has them: read from its catalogue, so that a table to come cannot forget them."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from billing import services as billing
from core import tenancy
from sales import customer_ledger
from sales import services as sales
from sales.models import EntryKind
from tests.conftest import open_shop
from tests.subscriptions.paying import pay

MINE = "(account_id = (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid)"
# Tables that no business owns: what everybody reads, the counters of tries, and Django's own.
SHARED = {
    "accounts",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "credit_costs",
    "credit_packs",
    "django_admin_log",  # empty: the console's acts are in the history of the business that they are about
    "django_content_type",
    "django_migrations",
    "django_session",
    "levies",
    "platform_settings",
    "procrastinate_events",  # jobs name the account and the task that they are about, and nothing else
    "procrastinate_jobs",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
    "rate_limits",
    "invoice_counters",
    "subscription_charges",
    "subscription_plans",
    "subscription_pricing_tiers",
    "subscription_taxes",
}
# A person is one in all businesses; everything else that is unique is so within a business.
ABOUT_PEOPLE = {"one_user_one_business", "one_user_per_email", "users_pkey"}
LEDGERS = [
    rule_of._meta.db_table
    for rule_of in apps.get_models()
    if any(isinstance(rule, tenancy.AppendOnly) for rule in rule_of._meta.constraints)
]


def ask(sql, params=(), alias="default"):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


# The platform's staff sit in the businesses that they act for, and belong to none of them.
PLAIN_KEYS = {
    ("business_memberships", "users", "FOREIGN KEY (staff_id) REFERENCES users(id) DEFERRABLE INITIALLY DEFERRED")
}


@pytest.fixture
def owned(db):
    """Every table that has an account."""
    found = ask(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        " AND a.attname = 'account_id' AND NOT a.attisdropped"
    )
    assert len(found) >= 15
    return {name for (name,) in found}


def test_every_table_belongs_to_accounts_or_is_known_to_be_shared(owned):
    tables = ask(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')"
        " AND relnamespace = 'public'::regnamespace"
    )
    assert {name for (name,) in tables} - owned == SHARED


def test_s06_every_table_with_an_account_has_row_level_security_enabled_and_forced(owned):
    """S06."""
    bare = ask(
        "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND NOT (relrowsecurity AND relforcerowsecurity)",
        [[*owned, "accounts"]],
    )
    assert bare == []


def test_s06_every_table_with_an_account_has_the_tenants_policy_and_no_wider_one(owned):
    """S06."""
    rows = ask(
        "SELECT tablename, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
        " WHERE roles <> '{makola_staff}'"
    )
    policies = {}
    for table, *policy in rows:
        policies.setdefault(table, []).append(policy)
    assert policies.keys() == owned | {"accounts"}
    tenant = ["PERMISSIVE", ["makola_app"], "ALL", MINE, MINE]
    for table in owned - {"users"}:
        assert policies[table] == [tenant], table
    by_id = MINE.replace("account_id", "id", 1)
    assert policies["accounts"] == [["PERMISSIVE", ["makola_app"], "ALL", by_id, by_id]]
    # Signing in comes before the account: the one person who is named by id or by address may be read. Who moves may be
    # brought from the account that they leave, but to where the tenant's policy lets them, for this one lets nothing.
    extra = sorted(policy for policy in policies["users"] if policy != tenant)
    named = "(({})::text = NULLIF(current_setting('{}'::text, true), ''::text))"
    assert extra == sorted(
        [
            ["PERMISSIVE", ["makola_app"], "SELECT", named.format("id", "app.user_id"), None],
            ["PERMISSIVE", ["makola_app"], "SELECT", named.format("email", "app.login"), None],
            ["PERMISSIVE", ["makola_app"], "UPDATE", named.format("id", "app.moving_user"), "false"],
        ]
    )


def test_nobody_but_staff_sees_all_rows_by_policy(db):
    assert ask("SELECT DISTINCT roles::text[] FROM pg_policies WHERE qual = 'true'") == [(["makola_staff"],)]


def test_every_account_column_is_required_and_leads_the_primary_key(owned):
    nullable = ask(
        "SELECT attrelid::regclass::text FROM pg_attribute WHERE attname = 'account_id' AND NOT attnotnull"
        " AND attrelid::regclass::text = ANY(%s)",
        [list(owned)],
    )
    assert nullable == []
    keys = dict(
        ask(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'p' AND conrelid::regclass::text = ANY(%s)",
            [list(owned)],
        )
    )
    assert keys == dict.fromkeys(owned, "PRIMARY KEY (account_id, id)") | {"users": "PRIMARY KEY (id)"}


def test_every_index_of_a_table_with_an_account_begins_with_the_account(owned):
    others = ask(
        "SELECT i.indexrelid::regclass::text FROM pg_index i"
        " LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indrelid::regclass::text = ANY(%s) AND a.attname IS DISTINCT FROM 'account_id'",
        [list(owned)],
    )
    assert {name for (name,) in others} == ABOUT_PEOPLE


def test_s09_every_foreign_key_between_tables_with_an_account_is_composite(owned):
    """S09."""
    keys = ask(
        "SELECT conrelid::regclass::text, confrelid::regclass::text, pg_get_constraintdef(oid), convalidated"
        " FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
        [list(owned)],
    )
    plain = {key[:3] for key in keys if key[:3] in PLAIN_KEYS}
    assert plain == PLAIN_KEYS
    between = [key for key in keys if key[1] in owned and key[:3] not in plain]
    assert len(between) >= 30
    for table, target, definition, is_valid in between:
        assert definition.startswith("FOREIGN KEY (account_id, "), (table, definition)
        assert definition.endswith(f"REFERENCES {target}(account_id, id)"), (table, definition)
        assert is_valid, (table, definition)
    assert {target for _, target, _, _ in keys} - owned == {"accounts", "credit_packs", "subscription_plans"}


def test_there_is_no_float_no_sequence_and_no_function_with_its_makers_rights(owned):
    floats = ask(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type IN ('real', 'double precision', 'money')"
    )
    assert floats == []
    numbered = ask(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND (is_identity = 'YES' OR column_default LIKE 'nextval%%') AND table_name = ANY(%s)",
        [list(owned)],
    )
    assert numbered == []
    definers = ask(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        " UNION ALL SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
    )
    assert definers == []


# --- Ledgers ----------------------------------------------------------------------------------------------------------


def _move_cash_and_owe(shop):
    now, one = timezone.now(), Decimal(1)
    with shop.inside():
        shift = shop.register.shifts.create(account=shop.account, opened_by=shop.owner, opened_at=now)
        facts = {"kind": "DROP", "amount": -one, "reason": "safe", "by": shop.owner}
        shop.account.cash_events.create(shift=shift, occurred_at=now, recorded_at=now, **facts)
        people = {"given_by": shop.owner, "taken_by": shop.cashier}
        noted = {"counted": one, "expected": one, "occurred_at": now, "recorded_at": now}
        shop.account.hand_overs.create(shift=shift, **people, **noted)
        customer = shop.account.customers.create(name="Kofi")
        entry = customer_ledger.Entry(EntryKind.TOPPED_UP, one)
        customer_ledger.post([entry], by=shop.owner, customer=customer, source=customer, occurred_at=now)
        cash = [{"method": "CASH", "amount": one}]
        sales.sell_gift_card(by=shop.owner, register=shop.register.pk, amount=one, payments=cash)
        billing.add_credits(by=shop.owner, account=shop.account, credits=1)
        sales.print_receipt(by=shop.owner, document=shop.account.sales.with_receipt().get(), format="JSON")


@pytest.mark.parametrize("alias", ["default", "owner", "staff"])
@pytest.mark.parametrize("change", ["UPDATE {} SET account_id = account_id", "DELETE FROM {}"])
def test_s22_a_ledger_refuses_update_and_delete_to_every_role(committed, alias, change):
    """S22."""
    shop = open_shop("Ama Provisions")
    assert shop.client().post("/api/v1/sales/sales/", shop.basket(), format="json").status_code == 201
    _move_cash_and_owe(shop)
    pay(shop)
    assert sorted(LEDGERS) == [
        *("audit_events", "cash_events", "credit_transactions", "customer_entries", "gift_card_entries", "hand_overs"),
        *("invoices", "payments", "receipt_prints", "stock_movements"),
    ]
    for table in LEDGERS:
        with tenancy.scope(shop.id, using=alias):
            before = ask(f"SELECT * FROM {table} ORDER BY id", alias=alias)
            assert before
            with (
                pytest.raises(DatabaseError, match=f"table {table} is append-only"),
                transaction.atomic(using=alias),
            ):
                ask(change.format(table), alias=alias)
            assert ask(f"SELECT * FROM {table} ORDER BY id", alias=alias) == before


@pytest.mark.parametrize("alias", ["default", "owner", "staff"])
@pytest.mark.parametrize(
    "change", ["UPDATE shifts SET closed_at = NULL WHERE id = %s", "DELETE FROM shifts WHERE id = %s"]
)
def test_a_closed_shift_refuses_update_and_delete_to_every_role_and_an_open_one_does_not(committed, alias, change):
    shop = open_shop("Ama Provisions")
    with shop.inside():
        closed = sales.open_shift(by=shop.owner, register=shop.register.pk)
        sales.close_shift(by=shop.owner, shift=closed, denominations=[])
        going = sales.open_shift(by=shop.owner, register=shop.register.pk)
    with tenancy.scope(shop.id, using=alias), connections[alias].cursor() as cursor:
        cursor.execute(change, [going.pk])
        assert cursor.rowcount == 1
    with tenancy.scope(shop.id, using=alias):
        before = ask("SELECT * FROM shifts WHERE id = %s", [closed.pk], alias=alias)
        with pytest.raises(DatabaseError, match="table shifts is sealed"), transaction.atomic(using=alias):
            ask(change, [closed.pk], alias=alias)
        assert ask("SELECT * FROM shifts WHERE id = %s", [closed.pk], alias=alias) == before


@pytest.mark.parametrize("alias", ["default", "owner", "staff"])
def test_s22_control_a_table_that_is_no_ledger_lets_each_role_update(committed, alias):
    """S22."""
    shop = open_shop("Ama Provisions")
    with tenancy.scope(shop.id, using=alias), connections[alias].cursor() as cursor:
        cursor.execute("UPDATE products SET name = name")
        assert cursor.rowcount == len(shop.products)


# --- Data for everybody -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["subscription_plans", "levies"])
@pytest.mark.parametrize(
    "change",
    ["UPDATE {} SET code = code", "DELETE FROM {}", "INSERT INTO {} SELECT * FROM {} LIMIT 0", "TRUNCATE {}"],
)
def test_what_everybody_reads_the_app_cannot_write(db, table, change):
    assert ask(f"SELECT count(*) FROM {table}")[0][0] > 0
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(change.replace("{}", table))


def test_reference_data_is_all_that_is_shared_among_our_own_tables():
    reference = {
        model._meta.db_table
        for model in apps.get_models()
        if any(isinstance(rule, tenancy.ReferenceData) for rule in model._meta.constraints)
    }
    assert reference == {
        *("credit_costs", "credit_packs", "levies", "platform_settings", "subscription_charges", "subscription_plans"),
        *("subscription_pricing_tiers", "subscription_taxes"),
    }
