"""System checks: settings and database roles with which one business could see another stop the start."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections


@register(Tags.security)
def check_cors(**_: Any) -> list[CheckMessage]:
    """Credentials and a wildcard together would let any page on the web act as the person who visits it."""
    if not settings.CORS_ALLOW_CREDENTIALS:
        return []
    wild = settings.CORS_ALLOW_ALL_ORIGINS or settings.CORS_ALLOWED_ORIGIN_REGEXES
    if wild or "*" in settings.CORS_ALLOWED_ORIGINS:
        return [Error("CORS allows credentials for origins that are not listed.", id="core.E001")]
    return []


@register(Tags.database)
def check_roles(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The web's database roles must be bound by row-level security."""
    return [
        Error(f"The database role of '{alias}' {problem}.", id="core.E002")
        for alias in databases or []
        if alias != "owner"
        for problem in role_problems(alias)
    ]


def refuse_free_role() -> None:
    """Raises ImproperlyConfigured, so that no web process starts whose role could see every business."""
    try:
        problems = role_problems("default")
    except OperationalError:
        return  # not up yet: /readyz says so, and asks again
    finally:
        connections["default"].close()
    if problems:
        raise ImproperlyConfigured(f"The web's database role {problems[0]}: run manage.py provision.")


_ROLE = """
WITH me AS (SELECT * FROM pg_roles WHERE rolname = session_user)
SELECT 'is a superuser' FROM me WHERE rolsuper
UNION ALL SELECT 'bypasses row-level security' FROM me WHERE rolbypassrls
UNION ALL SELECT 'may make roles' FROM me WHERE rolcreaterole
UNION ALL SELECT 'belongs to the role ' || r.rolname FROM pg_auth_members m JOIN me ON m.member = me.oid
          JOIN pg_roles r ON r.oid = m.roleid
UNION ALL SELECT 'owns the table ' || c.relname FROM pg_class c JOIN me ON c.relowner = me.oid
          WHERE c.relkind IN ('r', 'p')
"""


def role_problems(alias: str) -> list[str]:
    """What would let the role of this connection out of row-level security; nothing, when all is well."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_ROLE)
        return [problem for (problem,) in cursor.fetchall()]
