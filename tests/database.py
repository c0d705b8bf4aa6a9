"""The test's database, past all that protects it."""

import psycopg
from django.conf import settings
from django.db import connections
from psycopg.conninfo import make_conninfo

# The tables of accounts, and those that keep something for whoever asks, with all that refer to them.
OF_BUSINESSES = """
WITH RECURSIVE found (id) AS (
  SELECT oid FROM pg_class WHERE relkind = 'r' AND relname IN
    ('accounts', 'django_session', 'rate_limits', 'procrastinate_jobs', 'procrastinate_workers')
  UNION SELECT conrelid FROM pg_constraint JOIN found ON confrelid = found.id
)
SELECT id::regclass::text FROM found
"""


def administrator() -> psycopg.Connection:
    """The superuser of the database server, in the test's database."""
    name = connections["default"].settings_dict["NAME"]
    return psycopg.connect(make_conninfo(settings.DATABASE_ADMIN_DSN, dbname=name), autocommit=True)


def empty() -> None:
    """Remove every business, past the triggers of the ledgers, once whoever still writes is done; leave no connection
    open. TRUNCATE would make new files of hundreds of tables and indexes, after each test."""
    with administrator() as admin, admin.transaction():
        tables = [table for (table,) in admin.execute(OF_BUSINESSES)]
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(f"LOCK TABLE {', '.join(tables)}".encode())
        admin.execute("; ".join(f"DELETE FROM {table}" for table in tables).encode())
    connections.close_all()
