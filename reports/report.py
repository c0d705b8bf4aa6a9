"""What a report is: a question about some days, the columns of its answer, and which of them are drawn."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import connection

from accounts.errors import CapabilityMissing
from accounts.models import Account, Membership
from accounts.roles import Capability
from core import errors
from core.amounts import SMALLEST_QUANTITY, ZERO, round_money
from core.errors import DomainError
from sales.summaries import Row, Span
from system import modules
from system.modules import Module


class Kind(StrEnum):
    TEXT = "text"
    DAY = "day"
    MOMENT = "moment"
    COUNT = "count"
    QUANTITY = "quantity"
    MONEY = "money"
    RATE = "rate"  # a share of one


@dataclass(frozen=True)
class Column:
    """`is_summed` where the sum over all rows says something."""

    name: str
    kind: Kind
    is_summed: bool = False

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()


def texts(*names: str) -> list[Column]:
    return [Column(name, Kind.TEXT) for name in names]


def counts(*names: str) -> list[Column]:
    return [Column(name, Kind.COUNT, is_summed=True) for name in names]


def money(*names: str) -> list[Column]:
    return [Column(name, Kind.MONEY, is_summed=True) for name in names]


def quantities(*names: str) -> list[Column]:
    """Of different goods they have no sum."""
    return [Column(name, Kind.QUANTITY) for name in names]


_ROOM = "SET LOCAL work_mem = '16MB'"  # to the transaction's end: a year of sales is joined without going to disk
_NOT_ASKED = errors.FieldError("location", "not_asked", "It is about the whole business.")


@dataclass(frozen=True)
class Report:
    """A question about what a module keeps, and who may ask it beside whoever reads reports. `chart` names what is
    drawn against what. What stands at no place is asked of the whole business."""

    name: str
    title: str
    columns: Sequence[Column]
    find: Callable[[Membership, Span], list[Row]]
    module: Module
    chart: tuple[str, str] | None = None
    right: Capability | None = None
    has_places: bool = True

    def ask(self, by: Membership, span: Span) -> "Answer":
        """The answer, of the places where the member works. Raises what `check` raises."""
        self.check(by, span)
        with connection.cursor() as cursor:
            cursor.execute(_ROOM)
        return Answer(self, by.account, span, self.find(by, span))

    def is_open_to(self, by: Membership) -> bool:
        try:
            self.refuse(by)
        except DomainError:
            return False
        return True

    def refuse(self, by: Membership) -> None:
        """Raises CapabilityMissing for who may not read it, and ModuleDisabled."""
        if self.right and not by.may(self.right):
            raise CapabilityMissing(capability=self.right)
        modules.require_module(by.account, self.module)

    def check(self, by: Membership, span: Span) -> None:
        """Raises what `refuse` raises, and InvalidInput for a place that is none of theirs."""
        self.refuse(by)
        if span.location and not by.account.locations.open_to(by).filter(pk=span.location).exists():
            raise errors.InvalidInput(errors=[errors.unknown_reference("location")])
        if span.location and not self.has_places:
            raise errors.InvalidInput(errors=[_NOT_ASKED])


@dataclass(frozen=True)
class Answer:
    """Rows with exact figures; they are rounded where they are shown, sums after they are summed."""

    report: Report
    account: Account
    span: Span
    rows: list[Row]

    @property
    def totals(self) -> dict[str, Any]:
        summed = (column.name for column in self.report.columns if column.is_summed)
        return {name: sum((row[name] or ZERO for row in self.rows), ZERO) for name in summed}

    # As a table that is written row by row (core/listings.py)

    @property
    def headings(self) -> list[str]:
        return [column.name for column in self.report.columns]

    def count(self) -> int:
        return len(self.rows)

    def read(self, most: int) -> Iterator[list[list[Any]]]:
        shown = [self.cells(row) for row in self.rows[:most]]
        if shown:
            yield shown

    def cells(self, row: Mapping[str, Any]) -> list[Any]:
        """What stands in a row, as a spreadsheet takes it."""
        return [_cell(column.kind, row[column.name], self.account) for column in self.report.columns]


def _cell(kind: Kind, value: Any, account: Account) -> Any:
    if value is None:
        return None
    if kind is Kind.MONEY:
        return round_money(value, account.currency_exponent)
    if kind is Kind.QUANTITY:
        return Decimal(value).quantize(SMALLEST_QUANTITY)
    if kind is Kind.RATE:
        return round(value, 4)
    if kind is Kind.COUNT:
        return int(value)
    if kind is Kind.MOMENT:
        return value.astimezone(account.zone).replace(microsecond=0)
    return value


def show(kind: Kind, value: Any, account: Account) -> Any:
    """The value as JSON has it."""
    cell = _cell(kind, value, account)
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, date) else cell
