"""What the shop itself asks less, or otherwise, for: at one place or everywhere, from one day to another."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from core import tenancy
from inventory.models import Location


class OfferQuerySet(tenancy.OwnedQuerySet):
    def open_to(self, member: Any) -> Self:
        """Those at places where the member works, and those that hold everywhere."""
        here = models.Q(storefront=None) | models.Q(storefront__in=member.location_ids)
        return self.filter(here) if member.is_limited else self


class Offer(tenancy.AccountOwned):
    """It holds while it is active, from `starts_on` to `ends_on`, both included, on the shop's calendar."""

    place = "storefront"

    name = models.CharField(max_length=100)
    storefront = tenancy.OwnedKey(Location, null=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    across_accounts: ClassVar[models.Manager[Any]] = OfferQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        abstract = True
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("storefront"),
            models.CheckConstraint(
                condition=models.Q(starts_on__isnull=True)
                | models.Q(ends_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="%(app_label)s_%(class)s_ends_after_start",
                violation_error_code="ends_before_start",
                violation_error_message="It ends on the day on which it starts, or later.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


def percent_of_a_hundred(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(percent__gte=0, percent__lte=100),
        name=name,
        violation_error_code="percent_out_of_range",
        violation_error_message="A percentage is between 0 and 100.",
    )


def one_of_percent_and_amount() -> models.Q:
    """What is taken off is a percentage or an amount, one of the two."""
    return models.Q(percent__gt=0, amount=0) | models.Q(percent=0, amount__gt=0)
