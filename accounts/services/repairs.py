"""What is kept beside a ledger is made anew from it, on every floor that has one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction

from accounts.models import AuditEvent
from core import tenancy


@dataclass(frozen=True)
class Repair:
    """A row, what it said, and what the ledger says."""

    table: str
    id: UUID
    before: Mapping[str, Any]
    after: Mapping[str, Any]


Ways = Mapping[str, tuple[str, str]]  # per table, what locks its rows and what makes them anew


def repair_rows(
    *, account_id: UUID, rows: Mapping[str, Collection[UUID]], ways: Ways, is_trial: bool = False
) -> list[Repair]:
    """Make rows of an account anew, table by table in this order, with a line in its history for each that was wrong.

    It is one transaction, as the app's role. A trial does all of it, and takes it back.
    """
    with tenancy.scope(account_id):
        repairs = [repair for table in ways for repair in _repair(table, rows, *ways[table], account_id=account_id)]
        _note(account_id, repairs)
        if is_trial:
            transaction.set_rollback(True)
    return repairs


def _repair(
    table: str, rows: Mapping[str, Collection[UUID]], lock: str, rebuild: str, *, account_id: UUID
) -> list[Repair]:
    wanted: dict[str, Any] = {"account": account_id, "ids": list(rows.get(table, ()))}
    with connection.cursor() as cursor:
        cursor.execute(lock, wanted)
        cursor.execute(rebuild, wanted)
        return sorted((Repair(table, *row) for row in cursor.fetchall()), key=lambda repair: repair.id)


def _note(account_id: UUID, repairs: Collection[Repair]) -> None:
    """Lines in the account's history; nobody of the business did it."""
    subjects = {model._meta.db_table: str(model._meta.model_name) for model in apps.get_models()}
    AuditEvent.across_accounts.bulk_create(
        AuditEvent(
            account_id=account_id,
            action=f"{subjects[repair.table]}.rebuilt",
            subject=subjects[repair.table],
            subject_id=repair.id,
            before=repair.before,
            after=repair.after,
        )
        for repair in repairs
    )
