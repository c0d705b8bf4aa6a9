"""Everything of one business in a ZIP: all of it, nothing of anybody else, no secret, and right to the last unit."""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from secrets import token_hex

import psycopg
import pytest
import requests
from django.apps import apps
from django.db import connection, models
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services
from accounts.models import Account, SessionKind, User
from accounts.roles import Role
from accounts.services import takeout
from accounts.services.takeout import IN_MEMORY, ROWS_AT_ONCE, tables_of
from core import cells, tenancy, vault
from subscriptions.models import Subscription
from tests.bodies import fill
from tests.conftest import PASSWORD, open_shop
from tests.races import at_once
from tests.uploads import JPEG, PDF, PNG, kept

ADDRESS = "/api/v1/accounts/account/take-out/"
OWNED = [model for model in apps.get_models() if issubclass(model, tenancy.AccountOwned)]


class TakeOut:
    """The files of an answer, as a program that has never heard of us reads them."""

    def __init__(self, content):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            self.files = {name: archive.read(name) for name in archive.namelist()}
            assert len(self.files) == len(archive.namelist())
        self.manifest = json.loads(self.files["manifest.json"])

    def rows(self, table):
        text = self.files[f"{table}.csv"].decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def objects(self, table):
        return json.loads(self.files[f"{table}.json"])

    @property
    def tables(self):
        return {name.removesuffix(".json") for name in self.files if name.endswith(".json") and "/" not in name} - {
            "manifest"
        }


def take_out(shop, member=None):
    response = shop.client(member).get(ADDRESS)
    assert response.status_code == 200, response.content
    return TakeOut(response.getvalue())


def refused(shop, member=None, **headers):
    before = exports(shop)
    response = shop.client(member).get(ADDRESS, **headers)
    assert exports(shop) == before
    return response.status_code, response.json()["code"]


def exports(shop):
    with shop.inside():
        return shop.account.audit_events.filter(action="account.exported").count()


def rid_of_apostrophe(text):
    return text.removeprefix("'")


# --- What is in it ----------------------------------------------------------------------------------------------------


def test_every_table_that_has_an_account_is_in_it_twice_with_all_its_rows(shop):
    fill(shop)
    found = take_out(shop)
    assert found.tables == {model._meta.db_table for model in OWNED} | {"users", "accounts"}
    assert {name for name in found.files if not name.startswith("files/")} == {
        "README.txt",
        "manifest.json",
        *(f"{table}.{ending}" for table in found.tables for ending in ("csv", "json")),
    }
    with shop.inside():
        counts = {model._meta.db_table: model.across_accounts.count() for model in [*OWNED, User, Account]}
    assert len([table for table, count in counts.items() if count]) >= 18
    for table, count in counts.items():
        assert [len(found.rows(table)), len(found.objects(table))] == [count, count], table


def test_the_manifest_says_when_and_what_and_how_to_check_it(shop):
    before = timezone.now()
    found = take_out(shop)
    facts = {name: found.manifest[name] for name in ("business", "account_id", "currency", "time_zone")}
    assert facts == {
        "business": "Ama Provisions",
        "account_id": str(shop.id),
        "currency": "GHS",
        "time_zone": "Africa/Accra",
    }
    assert before <= datetime.fromisoformat(found.manifest["taken_at"]) <= timezone.now()
    assert found.manifest["taken_at"].endswith("Z")
    assert set(found.manifest["files"]) == set(found.files) - {"README.txt", "manifest.json"}
    for name, facts in found.manifest["files"].items():
        if name.startswith("files/"):
            continue
        assert facts["sha256"] == hashlib.sha256(found.files[name]).hexdigest(), name
        assert facts["rows"] == len(found.objects(name.rpartition(".")[0])), name
    readme = found.files["README.txt"].decode()
    assert "Ama Provisions" in readme
    assert "GHS" in readme


def test_what_people_have_sent_is_in_it_byte_by_byte_and_what_is_lost_is_not(shop, stranger, files_dir):
    sent = [
        kept(shop, content, name) for content, name in ((PNG, "Foto № 1.png"), (PDF * 9999, "=1+1.pdf"), (PDF, "x"))
    ]
    (files_dir / str(shop.id) / sent[2]["id"]).unlink()
    kept(stranger, JPEG)
    found = take_out(shop)
    names = [f"files/{file['id']}-{file['name']}" for file in sent]
    assert [name for name in found.files if name.startswith("files/")] == names[:2]
    assert [found.files[name] for name in names[:2]] == [PNG, PDF * 9999]
    assert [row["name"] for row in found.objects("private_files")] == ["Foto № 1.png", "=1+1.pdf", "x"]
    for name in names[:2]:
        content = found.files[name]
        assert found.manifest["files"][name] == {
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


def test_it_is_answered_as_a_file_of_known_length_that_nobody_keeps(shop):
    response = shop.client().get(ADDRESS)
    content = response.getvalue()
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Length"] == str(len(content))
    assert re.fullmatch(r'attachment; filename="take-out-\d{4}-\d\d-\d\d\.zip"', response["Content-Disposition"])
    assert response["Cache-Control"] == "private, no-store"


def test_what_a_row_refers_to_is_read_after_it(shop):
    """So that what a row refers to is there, whatever is written meanwhile."""
    with shop.inside():
        order = [table.name for table in tables_of(shop.account)]
    swept = 0
    for model in OWNED:
        for field in model._meta.concrete_fields:
            target = field.related_model._meta.db_table if field.is_relation else None
            if target in order and target != model._meta.db_table:
                assert order.index(model._meta.db_table) < order.index(target), field
                swept += 1
    assert swept >= 40


def test_it_is_on_record_who_took_it_out(shop):
    found = take_out(shop)
    with shop.inside():
        event = shop.account.audit_events.get(action="account.exported")
        assert (event.by, event.subject, event.subject_id) == (shop.owner, "account", shop.id)
    assert str(event.pk) in {row["id"] for row in found.rows("audit_events")}


# --- Nothing of anybody else, and no secret ---------------------------------------------------------------------------


def ids_of(shop):
    with shop.inside():
        return {
            str(pk) for model in [*OWNED, User, Account] for pk in model.across_accounts.values_list("pk", flat=True)
        }


def test_only_this_accounts_rows_are_in_it(shop, stranger):
    fill(shop)
    fill(stranger)
    mine, theirs = ids_of(shop), ids_of(stranger)
    found = take_out(shop)
    everything = b"\n".join(found.files.values()).decode()
    assert [pk for pk in theirs if pk in everything] == []
    assert "stranger" not in everything.lower()
    taken = {row["id"] for table in found.tables for row in found.objects(table)}
    assert mine <= taken
    assert {row["account_id"] for table in found.tables for row in found.rows(table) if "account_id" in row} == {
        str(shop.id)
    }


SECRETIVE = re.compile(r"password|token|secret|hash|pin\b|key|totp|otp|recovery|fingerprint|refresh|sealed|^body$")


def test_no_column_that_sounds_like_a_secret_is_in_it(shop):
    found = take_out(shop)
    shown = {(table, column) for table in found.tables for column in header(found, table)}
    assert len(shown) >= 150
    assert [each for each in shown if SECRETIVE.search(each[1])] == []
    assert header(found, "users") == ["id", "email", "name"]


def header(found, table):
    return next(csv.reader(io.StringIO(found.files[f"{table}.csv"].decode("utf-8-sig"))))


def test_what_is_declared_as_secret_is_a_column_and_what_sounds_like_one_is_declared():
    for model in [*OWNED, User, Account]:
        columns = {field.name for field in model._meta.concrete_fields}
        assert columns >= model.SECRET | model.PERSONAL, model
        assert {name for name in columns if SECRETIVE.search(name)} <= model.SECRET, model


def test_no_secret_that_we_keep_is_in_it(shop):
    client = shop.client()
    key = str(uuid7())
    token = client.post("/api/v1/accounts/devices/", {"name": "Phone"}).json()["data"]["token"]
    client.post("/api/v1/sales/customers/", {"name": "Kept answer"}, HTTP_IDEMPOTENCY_KEY=key)
    offer = {"email": "yaa@x.example", "role": "CASHIER"}
    assert client.post("/api/v1/accounts/invitations/", offer).status_code == 201
    with shop.inside():
        shop.account.users.filter(pk=shop.owner.user_id).update(
            totp_key=vault.seal("00" * 20), totp_confirmed_at=timezone.now(), recovery_codes=vault.digest("0000-0000")
        )
        services.change_pin(by=shop.cashier, password=PASSWORD, pin="7391")
        user, seat = User.across_accounts.get(pk=shop.owner.user_id), shop.account.memberships.get(pk=shop.cashier.pk)
        sessions, answer = list(shop.account.sessions.all()), shop.account.idempotency_keys.get(key=key)
        secrets = [token, key, user.password, user.totp_key, user.recovery_codes, seat.pin]
        secrets += [shop.account.devices.get().token_hash, shop.account.invitations.get().token_hash]
        secrets += [each.fingerprint for each in sessions] + [str(each.refresh_id) for each in sessions]
        secrets += [answer.fingerprint, answer.body]
    assert sessions
    assert all(secrets)
    everything = b"\n".join(take_out(shop).files.values()).decode()
    assert "Kept answer" in everything
    assert [secret for secret in secrets if secret in everything] == []


# --- Who may, and when ------------------------------------------------------------------------------------------------


def in_role(shop, role):
    with shop.inside():
        return services.add_member(
            account=shop.account, name=role, email=f"{role.lower()}@x.example", password=PASSWORD, role=Role(role)
        )


@pytest.mark.parametrize("role", ["MANAGER", "CASHIER", "WAREHOUSE", "STAFF"])
def test_who_has_not_the_right_gets_nothing(shop, role):
    assert refused(shop, in_role(shop, role)) == (403, "capability_missing")


def test_an_administrator_may(shop):
    assert take_out(shop, in_role(shop, "ADMIN")).rows("accounts")[0]["name"] == "Ama Provisions"


def test_a_pin_is_not_enough_even_an_owners(shop):
    with shop.inside():
        device = services.add_device(by=shop.owner, name="Phone")
        shop.sessions[shop.owner.pk] = services.open_session(by=shop.owner, kind=SessionKind.PIN, device=device)
        shop.owner.session = None
    assert refused(shop, HTTP_X_DEVICE_TOKEN=device.token) == (403, "capability_missing")


@pytest.mark.parametrize(
    "facts",
    [
        {"is_trial": False, "ends_on": -1},
        {"is_trial": False, "ends_on": -8},
        {"is_trial": True, "ends_on": -300},
        {"is_trial": False, "ends_on": 30, "suspended_at": timezone.now()},
        {"is_trial": False, "ends_on": -1, "cancelled_at": timezone.now()},
        None,
    ],
    ids=["grace", "expired", "trial over", "suspended", "cancelled", "none"],
)
def test_it_is_the_business_own_whatever_it_has_paid(shop, facts):
    with shop.inside():
        held = Subscription.across_accounts.filter(account=shop.account)
        if facts is None:
            held.delete()
        else:
            held.update(**{**facts, "ends_on": timezone.localdate() + timedelta(days=facts["ends_on"])})
    assert len(take_out(shop).rows("products")) == 3


def test_nobody_and_an_unknown_parameter_are_refused(shop, nobody):
    assert nobody.get(ADDRESS).status_code == 401
    response = shop.client().get(ADDRESS, {"account": str(uuid7())})
    assert (response.status_code, response.json()["code"]) == (400, "unknown_parameter")


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
        if not row["refund_id"]:
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
