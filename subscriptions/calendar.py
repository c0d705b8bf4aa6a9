"""Months, as people count them."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_from(first: date, last: date) -> Iterator[date]:
    """The first day of every month that begins between these two days, reckoned from the first of them."""
    count = 0
    while (day := add_months(first, count)) <= last:
        yield day
        count += 1
