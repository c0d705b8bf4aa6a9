"""The places of a business, and who works where."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Lower

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models.catalogue import Product
from inventory.models.rules import not_negative


class LocationKind(models.TextChoices):
    STOREFRONT = "STOREFRONT"
    WAREHOUSE = "WAREHOUSE"
    TRANSIT = "TRANSIT"  # where goods are between two others


class LocationQuerySet(tenancy.OwnedQuerySet):
    def storefronts(self) -> Self:
        return self.filter(kind=LocationKind.STOREFRONT)

    def warehouses(self) -> Self:
        return self.filter(kind=LocationKind.WAREHOUSE)

    def in_use(self) -> Self:
        """Where goods can be brought: neither what is switched off nor the road."""
        return self.filter(is_active=True).exclude(kind=LocationKind.TRANSIT)


class Location(tenancy.AccountOwned):
    """A place that keeps stock: a storefront, which also sells, a warehouse, or the road between them."""

    place = "pk"

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=16, choices=LocationKind.choices)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    across_accounts: ClassVar[models.Manager[Any]] = LocationQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "locations"
        default_related_name = "locations"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="one_location_per_name",
                violation_error_code="location_exists",
                violation_error_message="There is a place of this name already.",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(kind=LocationKind.TRANSIT),
                name="one_transit_per_account",
                violation_error_code="location_exists",
                violation_error_message="There is one place for what is in transit.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LocationMember(tenancy.AccountOwned):
    """A place at which a limited member works; the others are not there for them."""

    place = "location"

    location = tenancy.OwnedKey(Location, related_name="location_members")
    member = tenancy.OwnedKey(Membership, related_name="location_members")

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "location_members"
        default_related_name = "location_members"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("location"),
            tenancy.SameAccount("member"),
            models.UniqueConstraint(
                fields=["account", "member", "location"],
                name="one_place_once_per_member",
                violation_error_code="already_there",
                violation_error_message="This member works there already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} at {self.location_id}"


class ReorderPoint(tenancy.AccountOwned):
    """At or below `minimum` a product is low at a place; it is then ordered up to `target`."""

    place = "location"

    product = tenancy.OwnedKey(Product, related_name="reorder_points")
    location = tenancy.OwnedKey(Location, related_name="reorder_points")
    minimum = amounts.QuantityField()
    target = amounts.QuantityField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "reorder_points"
        default_related_name = "reorder_points"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("product"),
            tenancy.SameAccount("location"),
            models.UniqueConstraint(
                fields=["account", "location", "product"],
                name="one_reorder_point_per_place",
                violation_error_code="reorder_point_exists",
                violation_error_message="This product has a reorder point here already.",
            ),
            not_negative("minimum", "reorder_minimum_not_negative", "A quantity on hand is not negative."),
            models.CheckConstraint(
                condition=models.Q(target__isnull=True) | models.Q(target__gt=models.F("minimum")),
                name="reorder_target_above_minimum",
                violation_error_code="target_too_low",
                violation_error_message="The target is more than the minimum.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} at {self.location_id}"
