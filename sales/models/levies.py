"""What a country puts on goods."""

from __future__ import annotations

from django.db import models

from core import amounts, tenancy
from core.dated import Dated


class Levy(Dated):
    """A tax that a country puts on a class of goods, from one day to another.

    Levies of one stage share a base: the price without tax, and the tax of all earlier stages.
    """

    country = models.CharField(max_length=2)
    tax_class = models.CharField(max_length=16)
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=100)
    rate = amounts.RateField()
    stage = models.PositiveSmallIntegerField(default=1)

    class Meta(Dated.Meta):
        db_table = "levies"
        constraints = [
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["country", "tax_class", "code", "starts_on"],
                name="one_levy_per_start",
                violation_error_code="levy_exists",
                violation_error_message="This levy starts on that day already.",
            ),
            tenancy.ReferenceData(name="levies_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.rate}"
