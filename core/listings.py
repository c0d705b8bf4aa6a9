"""Tables to be written row by row: which rows, which columns, and how each is shown."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import Q, QuerySet

from core.amounts import round_money

PORTION = 2_000  # rows read at once


@dataclass(frozen=True)
class Column:
    """A heading, the column of the query that it shows, and how."""

    heading: str
    source: str
    show: Callable[[Any], Any] = lambda value: value


class Table(Protocol):
    """What can be written row by row."""

    @property
    def headings(self) -> list[str]: ...

    def count(self) -> int: ...

    def read(self, most: int) -> Iterator[list[list[Any]]]:
        """The first rows, portion by portion."""


@dataclass(frozen=True)
class Listing:
    """Rows in the order of `key`, which no two have in common, and the columns that are shown of them."""

    rows: QuerySet[Any]
    columns: tuple[Column, ...]
    key: tuple[str, str] = ("id", "id")

    @property
    def headings(self) -> list[str]:
        return [column.heading for column in self.columns]

    def count(self) -> int:
        return self.rows.count()

    def read(self, most: int) -> Iterator[list[list[Any]]]:
        """The first rows, portion by portion, each from where the last one ended: no cursor is held between them."""
        sources = [column.source for column in self.columns]
        rows = self.rows.order_by(*dict.fromkeys(self.key))
        left, after = most, Q()
        while left:
            found = list(rows.filter(after).values_list(*self.key, *sources)[: min(left, PORTION)])
            if not found:
                return
            yield [self._shown(values[2:]) for values in found]
            left -= len(found)
            after = self._past(*found[-1][:2])

    def _shown(self, values: tuple[Any, ...]) -> list[Any]:
        return [
            None if value is None else column.show(value) for column, value in zip(self.columns, values, strict=True)
        ]

    def _past(self, first: Any, last: Any) -> Q:
        by, then = self.key
        return Q(**{f"{by}__gte": first}) & (Q(**{f"{by}__gt": first}) | Q(**{f"{then}__gt": last}))


def in_zone(zone: tzinfo) -> Callable[[datetime], datetime]:
    """Shows moments by the clocks of that zone, to the second."""
    return lambda moment: moment.astimezone(zone).replace(microsecond=0)


def in_currency(exponent: int) -> Callable[[Decimal], Decimal]:
    """Shows amounts with the digits that the currency has."""
    return lambda amount: round_money(amount, exponent)
