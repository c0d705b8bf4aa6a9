"""Exports: a table that a member asked for, written in the background."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from accounts.models import Membership
from core import errors
from core.listings import Listing
from inventory import exports
from inventory.exports import Export
from subscriptions import services as subscriptions
from system import services as system
from system.models import Task

KIND = "inventory.export"


def start_export(
    *,
    by: Membership,
    what: str,
    format: str,  # noqa: A002 - as it is called in what is sent
    location: UUID | None = None,
    first_on: date | None = None,
    last_on: date | None = None,
) -> Task:
    """Leave an export to the background; in the days of grace it has the first rows only, and says so.

    Raises InvalidInput for a place that is none of the member's, and for what this table cannot be asked.
    """
    _refuse_unanswerable(what, location=location, first_on=first_on, last_on=last_on)
    if location and not by.account.locations.open_to(by).filter(pk=location).exists():
        raise errors.InvalidInput(errors=[errors.unknown_reference("location")])
    days = {"first_on": first_on, "last_on": last_on}
    return subscriptions.start_export(by=by, kind=KIND, what=what, format=format, location=location, **days)


def _refuse_unanswerable(what: str, *, location: UUID | None, first_on: date | None, last_on: date | None) -> None:
    found = []
    if location and what not in (Export.STOCK, Export.MOVEMENTS):
        found.append(errors.FieldError("location", "not_asked", "This table is the same at every place."))
    days = {"first_on": first_on, "last_on": last_on}
    if what != Export.MOVEMENTS:
        found += [errors.FieldError(name, "not_asked", "This table has no days.") for name in days if days[name]]
    elif first_on and last_on and last_on < first_on:
        found.append(errors.FieldError("last_on", "before_first", "This is before the first day."))
    if found:
        raise errors.InvalidInput(errors=found)


def make_export(*, by: Membership, task: Task) -> Iterator[None]:
    """The steps of an export, a portion of rows each. Raises SheetFull for more rows than a sheet has."""
    yield from system.write_listing(by=by, task=task, listing=_listing(by, task.params))


def _listing(by: Membership, asked: dict[str, Any]) -> Listing:
    days = {name: date.fromisoformat(asked[name]) for name in ("first_on", "last_on") if asked[name]}
    location = UUID(asked["location"]) if asked["location"] else None
    return exports.list_rows(by, asked["what"], location=location, **days)
