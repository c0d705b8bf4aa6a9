"""The wall between businesses: rows that one account owns, and the database rules that keep them apart.

Rows are reached through their owner (`account.products`) or, loudly, through `Product.across_accounts`. Underneath
stands PostgreSQL's row-level security: outside `scope(account_id)` the web's role sees no row and inserts none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models.constraints import BaseConstraint
from uuid_utils.compat import uuid7

from core.provision import APP_ROLE, STAFF_ROLE

ACCOUNT = "app.account_id"
STAFF = "staff"  # the alias of the connection that sees all accounts


def setting_as_uuid(setting: str) -> str:
    """SQL for a setting of this transaction as a uuid, NULL when unset: it is '' again after a SET LOCAL has ended."""
    return f"nullif(current_setting('{setting}', true), '')::uuid"


@contextmanager
def scope(account_id: UUID, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """A transaction in which the rows of one account, and no others, exist."""
    connection = connections[using]
    outer = _current(using) if connection.in_atomic_block else None
    with transaction.atomic(using=using):
        enter(account_id, using=using)
        yield
    if connection.in_atomic_block:
        _set(using, outer or "")


def enter(account_id: UUID, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Turn the open transaction, to its end, into one of this account."""
    _set(using, str(UUID(str(account_id))))


def reveal(setting: str, value: str) -> None:
    """For the open transaction, show the one row that a `Reveal` policy names by this setting."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [setting, value])


def _current(using: str) -> str | None:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [ACCOUNT])
        found: str | None = cursor.fetchone()[0]
        return found


def _set(using: str, value: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(f"SET LOCAL {ACCOUNT} = '{value}'")


class Rule(BaseConstraint):
    """A constraint that Django has no class for: SQL that a migration runs once the table stands, and its reverse.

    Nothing is validated in Python: the database has the last word, and the first.
    """

    is_referred_to: ClassVar[bool] = False  # then it comes before the others

    def statements(self, model: Any, quote: Any) -> list[str]:
        raise NotImplementedError

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        raise NotImplementedError

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        # Deferred to the end of the migration: what it refers to may be made later in the same one.
        waiting, statements = schema_editor.deferred_sql, self.statements(model, schema_editor.quote_name)
        waiting[:] = [*statements, *waiting] if self.is_referred_to else [*waiting, *statements]

    create_sql = constraint_sql

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return ";\n".join(self.reverse_statements(model, schema_editor.quote_name))

    def validate(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.name))


class RowLevelSecurity(Rule):
    """Enable and force row-level security: the app's role meets the rows of its transaction's account only."""

    def __init__(self, *, column: str = "account_id", name: str) -> None:
        self.column = column
        super().__init__(name=name)

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "column": self.column}

    def statements(self, model: Any, quote: Any) -> list[str]:
        table = quote(model._meta.db_table)
        mine = f"{quote(self.column)} = {setting_as_uuid(ACCOUNT)}"
        return [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {quote(self.name)} ON {table} TO {APP_ROLE} USING ({mine}) WITH CHECK ({mine})",
            f"CREATE POLICY {quote(self.name + '_staff')} ON {table} TO {STAFF_ROLE} USING (true)",
        ]

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        table = quote(model._meta.db_table)
        return [
            f"DROP POLICY {quote(self.name)} ON {table}",
            f"DROP POLICY {quote(self.name + '_staff')} ON {table}",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        ]


class Reveal(Rule):
    """Show the app's role the one row that a setting of its transaction names: signing in comes before the account."""

    def __init__(self, *, column: str, setting: str, name: str) -> None:
        self.column, self.setting = column, setting
        super().__init__(name=name)

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "column": self.column, "setting": self.setting}

    def named(self, quote: Any) -> str:
        return f"{quote(self.column)}::text = nullif(current_setting('{self.setting}', true), '')"

    def statements(self, model: Any, quote: Any) -> list[str]:
        return [
            f"CREATE POLICY {quote(self.name)} ON {quote(model._meta.db_table)}"
            f" FOR SELECT TO {APP_ROLE} USING ({self.named(quote)})"
        ]

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        return [f"DROP POLICY {quote(self.name)} ON {quote(model._meta.db_table)}"]


class ComeOver(Reveal):
    """Let the app's role bring the one row that a setting names over to the account of the transaction.

    Only to there: that the row is this account's afterwards remains for `RowLevelSecurity` to check.
    """

    def statements(self, model: Any, quote: Any) -> list[str]:
        return [
            f"CREATE POLICY {quote(self.name)} ON {quote(model._meta.db_table)}"
            f" FOR UPDATE TO {APP_ROLE} USING ({self.named(quote)}) WITH CHECK (false)"
        ]


class AccountKey(Rule):
    """The primary key is (account_id, id): one index, led by the account, which composite foreign keys can refer to.

    It also keeps ids private: the id that one business chose is free in every other, so a taken id tells nothing.
    """

    is_referred_to = True

    def statements(self, model: Any, quote: Any) -> list[str]:
        return self._rekey(model, quote, "account_id, id")

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        return self._rekey(model, quote, "id")

    def _rekey(self, model: Any, quote: Any, columns: str) -> list[str]:
        table, key = quote(model._meta.db_table), quote(f"{model._meta.db_table}_pkey")
        return [
            f"ALTER TABLE {table} DROP CONSTRAINT {key}",
            f"ALTER TABLE {table} ADD CONSTRAINT {key} PRIMARY KEY ({columns})",
        ]


class SameAccount(Rule):
    """The composite foreign key (account_id, x_id) → (account_id, id): what a row refers to has the same owner."""

    def __init__(self, field: str, *, name: str = "") -> None:
        self.field = field
        super().__init__(name=name or f"%(app_label)s_%(class)s_{field}_same_account")

    def deconstruct(self) -> Any:
        path, _, kwargs = super().deconstruct()
        return path, (self.field,), kwargs

    def statements(self, model: Any, quote: Any) -> list[str]:
        key = model._meta.get_field(self.field)
        target = key.related_model._meta.db_table
        return [
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self.name)}"
            f" FOREIGN KEY (account_id, {quote(key.column)}) REFERENCES {quote(target)} (account_id, id)"
        ]

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        return [f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"]


class AppendOnly(Rule):
    """A ledger: the database refuses UPDATE and DELETE to everyone, its owner included."""

    def statements(self, model: Any, quote: Any) -> list[str]:
        return [
            "CREATE OR REPLACE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME"
            " USING ERRCODE = 'restrict_violation'; END $$",
            f"CREATE TRIGGER {quote(self.name)} BEFORE DELETE OR UPDATE ON {quote(model._meta.db_table)}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()",
        ]

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        return [f"DROP TRIGGER {quote(self.name)} ON {quote(model._meta.db_table)}"]


class Sealed(Rule):
    """From the moment when this column is filled, the row stays as it is: the database refuses its owner, too."""

    def __init__(self, field: str, *, name: str) -> None:
        self.field = field
        super().__init__(name=name)

    def deconstruct(self) -> Any:
        path, _, kwargs = super().deconstruct()
        return path, (self.field,), kwargs

    def statements(self, model: Any, quote: Any) -> list[str]:
        return [
            "CREATE OR REPLACE FUNCTION refuse_to_break_seal() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'row of table % is sealed', TG_TABLE_NAME"
            " USING ERRCODE = 'restrict_violation'; END $$",
            f"CREATE TRIGGER {quote(self.name)} BEFORE DELETE OR UPDATE ON {quote(model._meta.db_table)}"
            f" FOR EACH ROW WHEN (OLD.{quote(self.field)} IS NOT NULL) EXECUTE FUNCTION refuse_to_break_seal()",
        ]

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        return [f"DROP TRIGGER {quote(self.name)} ON {quote(model._meta.db_table)}"]


class Stamped(Rule):
    """`changed_in` is the transaction that wrote the row last, for readers who ask what changed since they looked."""

    def statements(self, model: Any, quote: Any) -> list[str]:
        return [
            "CREATE OR REPLACE FUNCTION stamp_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.changed_in := pg_current_xact_id()::text::bigint; RETURN NEW; END $$",
            f"CREATE TRIGGER {quote(self.name)} BEFORE INSERT OR UPDATE ON {quote(model._meta.db_table)}"
            " FOR EACH ROW EXECUTE FUNCTION stamp_change()",
        ]

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        return [f"DROP TRIGGER {quote(self.name)} ON {quote(model._meta.db_table)}"]


class UniqueBeside(Rule):
    """A text that no row of another table of the account may have as well, in its column of the same name.

    Who writes it waits for whoever else writes the same; the empty text is no text.
    """

    def __init__(self, field: str, other: str, *, name: str, **said: Any) -> None:
        self.field, self.other = field, other
        super().__init__(name=name, **said)

    def deconstruct(self) -> Any:
        path, _, kwargs = super().deconstruct()
        return path, (self.field, self.other), kwargs

    def statements(self, model: Any, quote: Any) -> list[str]:
        field, other, name = self.field, self.other, self.name
        return [
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" PERFORM pg_advisory_xact_lock(hashtextextended(NEW.account_id || ' ' || NEW.{field}, 0));"
            f" IF EXISTS (SELECT 1 FROM {other} WHERE account_id = NEW.account_id AND {field} = NEW.{field}) THEN"
            f" RAISE unique_violation USING CONSTRAINT = '{name}', TABLE = TG_TABLE_NAME,"
            f" MESSAGE = '{field} stands in {other}'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {quote(name)} BEFORE INSERT OR UPDATE OF {field} ON {quote(model._meta.db_table)}"
            f" FOR EACH ROW WHEN (NEW.{field} <> '') EXECUTE FUNCTION {name}()",
        ]

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        name = quote(self.name)
        return [f"DROP TRIGGER {name} ON {quote(model._meta.db_table)}", f"DROP FUNCTION {name}()"]


class ReferenceData(Rule):
    """Rows that every account reads and only staff write: plans, levies."""

    def statements(self, model: Any, quote: Any) -> list[str]:
        return [f"REVOKE INSERT, UPDATE, DELETE ON {quote(model._meta.db_table)} FROM {APP_ROLE}"]

    def reverse_statements(self, model: Any, quote: Any) -> list[str]:
        return [f"GRANT INSERT, UPDATE, DELETE ON {quote(model._meta.db_table)} TO {APP_ROLE}"]


class OwnedKey(models.ForeignKey[Any, Any]):
    """A reference to a row of the same account.

    It makes no constraint and no index of its own: `SameAccount` makes the composite key, and every index begins with
    the account.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        super().__init__(to, on_delete, **{"db_constraint": False, "db_index": False, **kwargs})


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows of one account."""

    def locked(self) -> Self:
        """Locked to the end of the transaction, in primary-key order, so that two callers never wait in a circle."""
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")

    def open_to(self, member: Any) -> Self:
        """Without those at places where the member does not work: to them, such rows are not there."""
        place = self.model.place
        return self.filter(**{f"{place}__in": member.location_ids}) if place and member.is_limited else self


class Identified(models.Model):
    """A row whose UUIDv7 exists before it is saved; clients may bring their own."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    place: ClassVar[str] = ""  # the path to the location where the row stands, if it stands at one
    PERSONAL: ClassVar[frozenset[str]] = frozenset()  # about a person: erased with them, never quoted in the history
    SECRET: ClassVar[frozenset[str]] = frozenset()  # neither taken out nor quoted

    class Meta:
        abstract = True


class AccountOwned(Identified):
    """A row that belongs to one account. There is no `objects`: go through the account, or say `across_accounts`."""

    account = models.ForeignKey("accounts.Account", models.PROTECT, db_index=False, editable=False)

    across_accounts: ClassVar[models.Manager[Any]] = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            AccountKey(name="%(app_label)s_%(class)s_key"),
            RowLevelSecurity(name="%(app_label)s_%(class)s_tenant"),
        ]
