"""Businesses and people that have lost each other, and what the command says of them."""

import json
from io import StringIO

from django.core.management import CommandError, call_command
from django.db import connections
from uuid_utils.compat import uuid7

from accounts.models import Account, AuditEvent
from tests.races import administrator


def run(*options):
    """The exit code of the command and what it printed."""
    out = StringIO()
    try:
        call_command("fix_orphaned_users", *options, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def report(*options):
    code, text = run("--json", *options)
    return code, json.loads(text)


def faults(*options):
    return [(fault["fault"], fault["account"], fault["user"]) for fault in report(*options)[1]["faults"]]


def corrupt(statement, *parameters):
    """What no constraint of ours would let pass."""
    with administrator() as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement, parameters).rowcount == 1


def staff(model):
    return model.across_accounts.using("staff")


def events(account_id, action):
    return list(staff(AuditEvent).filter(account_id=account_id, action=action))


INSERT_USER = (
    "INSERT INTO users (id, account_id, email, name, password, is_active, created_at, totp_key, totp_step,"
    " recovery_codes) VALUES (%s, %s, %s, 'Ada', '', true, now(), '', 0, '')"
)


def a_user(account_id, email="ada@x.com"):
    """A user row and nothing else, as a data migration of old might have left it."""
    user_id = uuid7()
    corrupt(INSERT_USER, user_id, account_id, email)
    return user_id


def an_account(name="Empty"):
    facts = {"name": name, "country": "GH", "currency": "GHS", "time_zone": "Africa/Accra"}
    return Account.across_accounts.using("owner").create(**facts).pk


def demote_the_owner(shop):
    corrupt("UPDATE business_memberships SET is_active = false WHERE id = %s", shop.owner.pk)


def everything():
    """Every row that a repair could touch."""
    found = {}
    with connections["staff"].cursor() as cursor:
        for table in ("users", "accounts", "business_memberships", "sessions", "audit_events", "locations"):
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = cursor.fetchall()
    assert any(found.values())
    return found
