"""Exports: a table that a member asked for, written in the background."""

from collections.abc import Iterator
from datetime import date
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.utils import timezone

from accounts.models import Membership
from core import cells, errors, sheets
from inventory import exports
from inventory.errors import SheetFull
from inventory.exports import Export
from subscriptions import queries as subscriptions
from subscriptions.policy import SAMPLE_ROWS, Feature
from system import media
from system import services as system
from system.models import Task

KIND = "inventory.export"
CONTENT_TYPES = {"CSV": media.CSV, "XLSX": media.XLSX}
MOST_ROWS = {"CSV": 2**31 - 1, "XLSX": sheets.MOST_XLSX_ROWS - 1}
SAMPLE_ONLY = f"The first {SAMPLE_ROWS} rows only: the subscription has run out. Renew it to have all of them."
MOST_OF_A_NAME = 100  # letters of the business's, in the name of a file


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
    is_sample = subscriptions.has_sample_only(by.account, Feature.EXPORTS)
    asked: dict[str, Any] = {"location": location, "first_on": first_on, "last_on": last_on}
    params = {"what": what, "format": format, "is_sample": is_sample, **{k: cells.plain(v) for k, v in asked.items()}}
    task = system.start_task(by=by, kind=KIND, params=params)
    if is_sample:
        task.message = SAMPLE_ONLY
        task.save(update_fields=["message"])
    return task


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
    """The steps of an export, a portion of rows each. Raises SheetFull for more rows than a sheet has.

    What a killed worker had written is gone with it, so whoever goes on begins anew, and `done` counts on from there.
    """
    asked, begun = task.params, task.done
    listing = _listing(by, asked)
    limit = SAMPLE_ROWS if asked["is_sample"] else MOST_ROWS[asked["format"]]
    count = listing.rows.count()
    if count > limit and not asked["is_sample"]:
        raise SheetFull(most=limit)
    task.total = begun + min(count, limit)
    with TemporaryFile() as file:
        with sheets.WRITERS[asked["format"]](file) as write:
            write(listing.headings)
            for rows in listing.read(limit):
                for row in rows:
                    write(row)
                task.done += len(rows)
                yield
        task.result = {"rows": task.done - begun, "is_sample": asked["is_sample"]}
        task.total = task.done
        task.file = system.keep_file(
            by=by, file=File(file), name=_name(by, asked), content_type=CONTENT_TYPES[asked["format"]]
        )


def _listing(by: Membership, asked: dict[str, Any]) -> exports.Listing:
    days = {name: date.fromisoformat(asked[name]) for name in ("first_on", "last_on") if asked[name]}
    location = UUID(asked["location"]) if asked["location"] else None
    return exports.list_rows(by, asked["what"], location=location, **days)


def _name(by: Membership, asked: dict[str, Any]) -> str:
    business = by.account.name.replace("/", "_")[:MOST_OF_A_NAME]
    today = timezone.localdate(timezone=by.account.zone)
    return f"{business} {asked['what'].lower()} {today}.{asked['format'].lower()}"
