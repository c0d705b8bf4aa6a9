"""The data that is measured on: one busy shop among many, made once and kept until the tables or the wish change."""

import hashlib
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import make_conninfo
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import provision, tenancy
from inventory import services as inventory
from inventory.models import LocationKind
from sales import services as sales
from subscriptions.models import Subscription
from tests.bench import rows

PASSWORD = "correct-horse-battery"
REGISTERS = 32  # one per client: no till waits for another's counter
FAR_OFF = date(2100, 1, 1)


@dataclass(frozen=True)
class Size:
    """So many businesses, of which the first has `busy` products and the others `usual` ones each."""

    accounts: int
    busy: int
    usual: int

    @property
    def stock_rows(self) -> int:
        return rows.DELIVERIES * (self.busy + (self.accounts - 1) * self.usual)


FULL = Size(accounts=100, busy=5_000, usual=960)
QUICK = Size(accounts=3, busy=200, usual=50)


def email_of(number: int) -> str:
    return f"owner-{number}@bench.example"


def ensure(size: Size) -> None:
    """Have the database of the settings hold exactly these data, made anew only where they are not there yet."""
    wanted, name = mark(size), settings.DATABASE_NAME
    if found_mark(name) == wanted:
        _provision(name)  # the passwords of this checkout, which may be another than the one that seeded
        return
    started = time.monotonic()
    sys.stderr.write(f"Seeding {size.accounts} accounts with {size.stock_rows:,} stock rows, once.\n")
    provision.drop_database(admin_dsn=settings.DATABASE_ADMIN_DSN, database=name)
    _provision(name)
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    fill(size)
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"COMMENT ON DATABASE {name} IS '{wanted}'")
    connections.close_all()
    sys.stderr.write(f"That took {time.monotonic() - started:.0f} seconds.\n")


def _provision(name: str) -> None:
    provision.provision(admin_dsn=settings.DATABASE_ADMIN_DSN, database=name, passwords=settings.DATABASE_PASSWORDS)


def mark(size: Size) -> str:
    """Different whenever a migration, the way of seeding or the size is."""
    sources = [path.read_bytes() for path in (*migrations(), Path(__file__), Path(rows.__file__))]
    return hashlib.sha256(b"".join([*sources, repr(size).encode()])).hexdigest()


def migrations() -> list[Path]:
    """The project's own."""
    folders = [Path(config.path) for config in apps.get_app_configs()]
    ours = [folder for folder in folders if folder.parent == settings.BASE_DIR]
    return sorted(path for folder in ours for path in folder.glob("migrations/*.py"))


def found_mark(database: str) -> str | None:
    question = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    with psycopg.connect(make_conninfo(settings.DATABASE_ADMIN_DSN, dbname="postgres")) as admin:
        row = admin.execute(question, [database]).fetchone()
    return row[0] if row else None


def fill(size: Size) -> None:
    owners = [open_business(number) for number in range(size.accounts)]
    add_registers(owners[0])
    Subscription.across_accounts.using("owner").update(is_trial=False, ends_on=FAR_OFF)
    with connections["owner"].cursor() as cursor:
        with rows.without_foreign_keys(cursor):
            for number, owner in enumerate(owners):
                rows.stock_up(cursor, owner, product_count=size.usual if number else size.busy)
        cursor.execute("VACUUM (FREEZE, ANALYZE)")


def open_business(number: int) -> Membership:
    account_id = uuid7()
    with tenancy.scope(account_id):
        owner = accounts.open_account(
            account_id=account_id,
            business_name=f"Business {number}",
            name=f"Owner {number}",
            email=email_of(number),
            password=PASSWORD,
            country="GH",
            currency="GHS",
            time_zone="Africa/Accra",
        )
        inventory.add_location(by=owner, kind=LocationKind.WAREHOUSE, name="Warehouse")
        return owner


def add_registers(owner: Membership) -> None:
    with tenancy.scope(owner.account_id):
        storefront = owner.account.locations.storefronts().get()
        for number in range(REGISTERS):
            sales.add_register(by=owner, storefront=storefront, code=f"B{number}", name=f"Till {number}")
