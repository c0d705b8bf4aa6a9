"""Whether the database still has the walls that the models declare, read from PostgreSQL's catalogue, and whether any
row has got past them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connections, models

from core import checks, tenancy
from core.tenancy import STAFF


@dataclass(frozen=True)
class Finding:
    """Something wrong with a table or, where there is an id, with one of its rows."""

    table: str
    problem: str
    id: UUID | None = None
    account_id: UUID | None = None

    @property
    def sentence(self) -> str:
        row = f" {self.id}" if self.id else ""
        account = f" of account {self.account_id}" if self.account_id else ""
        return f"{self.table}{row}{account}: {self.problem}."


def inspect() -> Iterator[Finding]:
    """Every gap in the walls, then every row that should not be where it is. Read as staff, who see all accounts."""
    missing = [table for table in _tables() if table not in _existing()]
    if missing:
        yield from (Finding(table, "the table is missing: run manage.py migrate --database owner") for table in missing)
        return
    yield from _free_roles()
    yield from _open_tables()
    yield from _policies()
    yield from _rules()
    yield from _keys()
    yield from _triggers()
    yield from _rights()
    yield from _strays()


def _ask(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connections[STAFF].cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _tables() -> dict[str, type[models.Model]]:
    """The tables that have rules of ours, and their models."""
    return {
        model._meta.db_table: model
        for model in apps.get_models()
        if any(isinstance(rule, tenancy.Rule) for rule in model._meta.constraints)
    }


def _existing() -> set[str]:
    found = _ask("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace")
    return {name for (name,) in found}


def _owned() -> list[tuple[str, type[models.Model]]]:
    return [
        (table, model)
        for table, model in _tables().items()
        if any(field.name == "account" for field in model._meta.concrete_fields)
    ]


def _declared(pattern: str) -> Iterator[re.Match[str]]:
    """What the rules of the models would have PostgreSQL make, as far as it looks so."""
    for model in _tables().values():
        for rule in model._meta.constraints:
            if isinstance(rule, tenancy.Rule):
                yield from filter(None, (re.fullmatch(pattern, sql) for sql in rule.statements(model, str)))


def _plain(sql: str | None) -> str:
    """SQL without the spaces, quotes, parentheses and casts that PostgreSQL adds when it says it back."""
    return re.sub(r'::text|[\s()"]', "", sql or "").lower()


# --- The catalogue ----------------------------------------------------------------------------------------------------


def _free_roles() -> Iterator[Finding]:
    for alias in ("default", STAFF):
        for problem in checks.role_problems(alias):
            yield Finding("pg_roles", f"the database role of '{alias}' {problem}")


_OPEN = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, coalesce(a.attnotnull, true)
FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
  AND (a.attname IS NOT NULL OR c.relname = ANY(%s)) ORDER BY 1
"""


def _open_tables() -> Iterator[Finding]:
    """Also those with an account that no model knows."""
    bound = [match["table"] for match in _declared(r"ALTER TABLE (?P<table>\w+) FORCE ROW LEVEL SECURITY")]
    for table, is_enabled, is_forced, is_required in _ask(_OPEN, bound):
        if not is_enabled:
            yield Finding(table, "row-level security is not enabled")
        if not is_forced:
            yield Finding(table, "row-level security is not forced")
        if not is_required:
            yield Finding(table, "account_id may be NULL")


_POLICY = (
    r"CREATE POLICY (?P<name>\w+) ON (?P<table>\w+)(?: FOR (?P<verb>\w+))? TO (?P<role>\w+)"
    r" USING \((?P<using>.+?)\)(?: WITH CHECK \((?P<check>.+)\))?"
)


def _policies() -> Iterator[Finding]:
    declared = {
        (match["table"], match["name"]): (
            "PERMISSIVE",
            match["verb"] or "ALL",
            [match["role"]],
            _plain(match["using"]),
            _plain(match["check"]),
        )
        for match in _declared(_POLICY)
    }
    found = {
        (table, name): (permissive, verb, roles, _plain(using), _plain(check))
        for table, name, permissive, verb, roles, using, check in _ask(
            "SELECT tablename, policyname, permissive, cmd, roles::text[], qual, with_check FROM pg_policies"
            " WHERE schemaname = 'public'"
        )
    }
    for table, name in sorted(declared.keys() | found.keys()):
        if (table, name) not in found:
            yield Finding(table, f"the policy {name} is missing")
        elif (table, name) not in declared:
            yield Finding(table, f"the policy {name} is none that a model declares")
        elif found[table, name] != declared[table, name]:
            yield Finding(table, f"the policy {name} is not as its model declares it")


_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
UNION ALL
SELECT i.indrelid::regclass::text, c.relname, '', i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))
"""


def _rules() -> Iterator[Finding]:
    """The keys by which a row has one owner, and so has all that it refers to; and what is unique or checked."""
    found = {(table, name): (definition, is_valid) for table, name, definition, is_valid in _ask(_CONSTRAINTS)}
    wanted = {
        (match["table"], match["name"]): _plain(match["definition"])
        for match in _declared(r"ALTER TABLE (?P<table>\w+) ADD CONSTRAINT (?P<name>\w+) (?P<definition>.+)")
    }
    for table, model in _tables().items():
        for rule in model._meta.constraints:
            if isinstance(rule, models.UniqueConstraint | models.CheckConstraint):
                wanted[table, rule.name] = ""
    for (table, name), definition in sorted(wanted.items()):
        if (table, name) not in found:
            yield Finding(table, f"the constraint {name} is missing")
            continue
        actual, is_valid = found[table, name]
        if not is_valid:
            yield Finding(table, f"the constraint {name} is not validated")
        elif definition and _plain(actual) != definition:
            yield Finding(table, f"the constraint {name} is not as its model declares it")


_KEYS = """
SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.convalidated AND cardinality(c.conkey) = 1
"""


def _keys() -> Iterator[Finding]:
    """The foreign keys of one column, that of the account before all."""
    found = set(_ask(_KEYS))
    for table, model in _tables().items():
        for field in _references(model):
            target = field.related_model._meta.db_table
            if field.db_constraint and (table, field.column, target) not in found:
                yield Finding(table, f"the foreign key from {field.column} to {target} is missing or not validated")


_TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, tgenabled IN ('O', 'A'), pg_get_triggerdef(oid, true)
FROM pg_trigger WHERE NOT tgisinternal
"""


def _triggers() -> Iterator[Finding]:
    found = {(table, name): facts for table, name, *facts in _ask(_TRIGGERS)}
    for match in _declared(r"CREATE TRIGGER (?P<name>\w+) BEFORE .+ ON (?P<table>\w+) FOR EACH ROW .+"):
        table, name = match["table"], match["name"]
        if (table, name) not in found:
            yield Finding(table, f"the trigger {name} is missing")
            continue
        is_enabled, definition = found[table, name]
        if not is_enabled:
            yield Finding(table, f"the trigger {name} is disabled")
        elif _plain(definition) != _plain(match[0]):
            yield Finding(table, f"the trigger {name} is not as its model declares it")
    bodies = dict(_ask("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"))
    functions = {
        match["name"]: match["body"]
        for match in _declared(r"CREATE OR REPLACE FUNCTION (?P<name>\w+)\(\).+ AS \$\$(?P<body>.+)\$\$")
    }
    for name, body in functions.items():
        if bodies.get(name) != body:
            yield Finding("pg_proc", f"the function {name} is not as the models declare it")


def _rights() -> Iterator[Finding]:
    """What only staff write."""
    for match in _declared(r"REVOKE (?P<rights>.+) ON (?P<table>\w+) FROM (?P<role>\w+)"):
        for right in match["rights"].split(", "):
            ((is_granted,),) = _ask("SELECT has_table_privilege(%s, %s, %s)", match["role"], match["table"], right)
            if is_granted:
                yield Finding(match["table"], f"{match['role']} may {right}, although this is the same for everybody")


# --- Rows -------------------------------------------------------------------------------------------------------------


def _references(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


def _strays() -> Iterator[Finding]:
    """Rows without an account, and rows that refer to what is not there or is another account's."""
    for table, model in _owned():
        for (row,) in _ask(f"SELECT id FROM {table} WHERE account_id IS NULL ORDER BY 1"):
            yield Finding(table, "it belongs to no account", row)
        same = {rule.field for rule in model._meta.constraints if isinstance(rule, tenancy.SameAccount)}
        for field in _references(model):
            yield from _lost(table, field, is_owned=field.name in same)


def _lost(table: str, field: Any, *, is_owned: bool) -> Iterator[Finding]:
    column, target = field.column, field.related_model._meta.db_table
    has_owner = f"SELECT o.account_id FROM {target} o WHERE o.id = t.{column} LIMIT 1" if is_owned else "NULL::uuid"
    theirs = "AND r.account_id = t.account_id" if is_owned else ""
    statement = (
        f"SELECT t.account_id, t.id, t.{column}, ({has_owner}) FROM {table} t"
        f" LEFT JOIN {target} r ON r.id = t.{column} {theirs}"
        f" WHERE t.{column} IS NOT NULL AND r.id IS NULL ORDER BY 1, 2"
    )
    for account_id, row, value, owner in _ask(statement):
        where = f"belongs to account {owner}" if owner else "does not exist"
        yield Finding(table, f"its {column} is {value} of {target}, which {where}", row, account_id)
