"""Exports of the till: a table that a member asked for, written in the background."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from accounts.models import Membership
from core import errors
from sales import exports
from subscriptions import services as subscriptions
from system import modules
from system import services as system
from system.models import Task
from system.modules import Module

KIND = "sales.export"


def start_sales_export(
    *,
    by: Membership,
    what: str,
    format: str,  # noqa: A002 - as it is called in what is sent
    first_on: date | None = None,
    last_on: date | None = None,
) -> Task:
    """Leave an export to the background; in the days of grace it has the first rows only, and says so.

    Raises InvalidInput for days that this table does not have, or that end before they begin, and ModuleDisabled.
    """
    module = Module.CUSTOMERS if what in exports.OF_CUSTOMERS else Module.SALES
    modules.require_module(by.account, module)
    days = {"first_on": first_on, "last_on": last_on}
    unasked = [name for name in exports.NOT_ASKED.get(what, ()) if days[name]]
    if unasked:
        found = [errors.FieldError(name, "not_asked", "This table is not of such days.") for name in unasked]
        raise errors.InvalidInput(errors=found)
    if first_on and last_on and last_on < first_on:
        before = errors.FieldError("last_on", "before_first", "This is before the first day.")
        raise errors.InvalidInput(errors=[before])
    return subscriptions.start_export(by=by, kind=KIND, module=module, what=what, format=format, **days)


def make_sales_export(*, by: Membership, task: Task) -> Iterator[None]:
    """The steps of an export, a portion of rows each. Raises SheetFull for more rows than a sheet has."""
    asked: dict[str, Any] = task.params
    days = {name: date.fromisoformat(asked[name]) for name in ("first_on", "last_on") if asked[name]}
    yield from system.write_listing(by=by, task=task, listing=exports.list_rows(by, asked["what"], **days))
