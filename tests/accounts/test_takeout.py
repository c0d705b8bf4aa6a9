"""Everything of one business in a ZIP: all of it, nothing of anybody else, no secret, and right to the last unit."""

import csv
import hashlib
import io
import re
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services
from accounts.models import Account, SessionKind, User
from accounts.roles import Role
from accounts.services.takeout import tables_of
from core import tenancy, vault
from subscriptions.models import Subscription
from tests.accounts.leaving import ADDRESS, take_out
from tests.bodies import fill
from tests.conftest import PASSWORD
from tests.uploads import JPEG, PDF, PNG, kept

OWNED = [model for model in apps.get_models() if issubclass(model, tenancy.AccountOwned)]


def refused(shop, member=None, **headers):
    before = exports(shop)
    response = shop.client(member).get(ADDRESS, **headers)
    assert exports(shop) == before
    return response.status_code, response.json()["code"]


def exports(shop):
    with shop.inside():
        return shop.account.audit_events.filter(action="account.exported").count()


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
    everything = b"\n".join(found.files.values()).decode(errors="replace")
    assert [pk for pk in theirs if pk in everything] == []
    assert "stranger" not in everything.lower()
    taken = {row["id"] for table in found.tables for row in found.objects(table)}
    assert mine <= taken
    assert {row["account_id"] for table in found.tables for row in found.rows(table) if "account_id" in row} == {
        str(shop.id)
    }


# What a row speaks of, so that it is there once: of no use to open anything with.
KEYS_TO_NOTHING = {("notifications", "key"), ("credit_transactions", "key")}
SECRETIVE = re.compile(r"password|token|secret|hash|pin\b|key|totp|otp|recovery|fingerprint|refresh|sealed|^body$")


def test_no_column_that_sounds_like_a_secret_is_in_it(shop):
    found = take_out(shop)
    shown = {(table, column) for table in found.tables for column in header(found, table)}
    assert len(shown) >= 150
    assert {each for each in shown if SECRETIVE.search(each[1])} == KEYS_TO_NOTHING
    assert header(found, "users") == ["id", "email", "name"]


def header(found, table):
    return next(csv.reader(io.StringIO(found.files[f"{table}.csv"].decode("utf-8-sig"))))


def test_what_is_declared_as_secret_is_a_column_and_what_sounds_like_one_is_declared():
    for model in [*OWNED, User, Account]:
        columns = {field.name for field in model._meta.concrete_fields}
        assert columns >= model.SECRET | model.PERSONAL, model
        secretive = {name for name in columns if SECRETIVE.search(name)}
        harmless = {column for table, column in KEYS_TO_NOTHING if table == model._meta.db_table}
        assert secretive <= model.SECRET | harmless, model


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
