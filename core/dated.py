"""What holds from one day to another, and of several of one kind the one that began last."""

from collections.abc import Callable, Hashable, Iterable
from datetime import date
from typing import TypeVar

from django.db import models
from django.db.models import F, Q

from core import tenancy

Row = TypeVar("Row", bound="Dated")
Kind = TypeVar("Kind", bound=Hashable)


class Dated(tenancy.Identified):
    """A row that holds on its days, unless another of its kind has begun since."""

    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # the last day; null: until further notice

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="%(app_label)s_%(class)s_goes_forwards",
                violation_error_code="ends_before_it_starts",
                violation_error_message="The last day is not before the first.",
            )
        ]

    def is_in_force_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


def in_force_on(day: date, rows: Iterable[Row], *, kind: Callable[[Row], Kind]) -> dict[Kind, Row]:
    """The row of each kind that holds on the day: of several, the one that began last."""
    holding = (row for row in rows if row.is_in_force_on(day))
    return {kind(row): row for row in sorted(holding, key=lambda row: row.starts_on)}
