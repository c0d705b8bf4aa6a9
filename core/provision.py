"""The database's roles and rights, put in place by a superuser before the first migration."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from core.errors import ServerError

OWNER_ROLE = "makola_owner"
APP_ROLE = "makola_app"
STAFF_ROLE = "makola_staff"

LIMITS = "LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
ATTRIBUTES = {
    OWNER_ROLE: f"{LIMITS} BYPASSRLS",
    APP_ROLE: f"{LIMITS} NOBYPASSRLS",
    STAFF_ROLE: f"{LIMITS} NOBYPASSRLS",
}
MAINTENANCE = "postgres"  # the database in which those who provision wait for one another
LOCK = 5_270_652  # any number, so long as all take the same
TIMEOUT = 10  # seconds

DATABASE_RIGHTS = """
ALTER DATABASE {database} OWNER TO {owner};
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {owner}, {app}, {staff}
"""
# No TRUNCATE, which row-level security does not see, and nothing that makes or changes a table.
SCHEMA_RIGHTS = """
ALTER SCHEMA public OWNER TO {owner};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {app}, {staff};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}, {staff};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO {app}, {staff}
"""
# A request that waits for a lock, runs away or falls asleep lets go of what it holds.
ROLE_SETTINGS = """
ALTER ROLE {app} SET lock_timeout = '10s';
ALTER ROLE {app} SET statement_timeout = '30s';
ALTER ROLE {app} SET idle_in_transaction_session_timeout = '60s'
"""


def provision(*, admin_dsn: str, database: str, passwords: Mapping[str, str]) -> None:
    """Make the roles and the database what they should be, whatever was there before."""
    with _explained(), _alone(admin_dsn) as admin:
        for role in ATTRIBUTES:
            _put_role(admin, role, password=passwords[role])
        if not _exists(admin, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            _create_database(admin, database)
        _run(admin, DATABASE_RIGHTS, database)
        _run(admin, ROLE_SETTINGS, database)
        with _connect(admin_dsn, database) as inside:
            _run(inside, SCHEMA_RIGHTS, database)


def drop_database(*, admin_dsn: str, database: str) -> None:
    """Remove the database, if it is there, also from under those connected to it."""
    with _explained(), _alone(admin_dsn) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


@contextmanager
def _alone(admin_dsn: str) -> Iterator[psycopg.Connection]:
    """Connect as the administrator, one at a time: roles belong to the whole server."""
    with _connect(admin_dsn, MAINTENANCE) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # released with the connection
        yield admin


def _connect(admin_dsn: str, database: str) -> psycopg.Connection:
    dsn = make_conninfo(admin_dsn, dbname=database, connect_timeout=TIMEOUT)
    return psycopg.connect(dsn, autocommit=True)


def _exists(admin: psycopg.Connection, question: str, name: str) -> bool:
    return admin.execute(question.encode(), [name]).fetchone() is not None


def _put_role(admin: psycopg.Connection, role: str, *, password: str) -> None:
    if not password:
        raise ServerError(f"The password of {role} is empty: set {role.upper()}_PASSWORD.")
    name = sql.Identifier(role)
    if not _exists(admin, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        admin.execute(sql.SQL("CREATE ROLE {}").format(name))
    # Hashed here, so that no statement and no log of the server ever holds the password.
    verifier = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    admin.execute(
        sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(name, sql.SQL(ATTRIBUTES[role]), sql.Literal(verifier.decode()))
    )


def _create_database(admin: psycopg.Connection, database: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0")
    admin.execute(statement.format(sql.Identifier(database), sql.Identifier(OWNER_ROLE)))


def _run(connection: psycopg.Connection, statements: str, database: str) -> None:
    names = {"owner": OWNER_ROLE, "app": APP_ROLE, "staff": STAFF_ROLE, "database": database}
    identifiers = {key: sql.Identifier(name) for key, name in names.items()}
    connection.execute(sql.SQL(statements).format(**identifiers))


@contextmanager
def _explained() -> Iterator[None]:
    """Say what the server refused, but nothing that may quote the address and its password."""
    try:
        yield
    except psycopg.Error as problem:
        raise ServerError(_sentence(problem)) from None


def _sentence(problem: psycopg.Error) -> str:
    refusal = problem.diag.message_primary
    if refusal:
        return (
            f"The database could not be provisioned: {refusal}. "
            f"DATABASE_URL must name a superuser of PostgreSQL 15 or newer."
        )
    reason = str(problem).partition(" failed: ")[2].partition("\n")[0]
    return f"PostgreSQL could not be reached: check DATABASE_URL. {reason}".strip()
