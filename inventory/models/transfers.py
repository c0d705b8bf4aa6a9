"""Goods on their way from one place to another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models.catalogue import Product
from inventory.models.documents import Document, numbered
from inventory.models.places import Location
from inventory.models.rules import not_negative, positive
from inventory.models.stock import StockProduct


class TransferStatus(models.TextChoices):
    REQUESTED = "REQUESTED"  # the destination would like it
    DRAFT = "DRAFT"
    IN_TRANSIT = "IN_TRANSIT"
    PARTLY_RECEIVED = "PARTLY_RECEIVED"
    RECEIVED = "RECEIVED"
    CANCELLED = "CANCELLED"


class TransferQuerySet(tenancy.OwnedQuerySet):
    def open_to(self, member: Any) -> Self:
        """Those that leave or reach a place where the member works."""
        if not member.is_limited:
            return self
        places = member.location_ids
        return self.filter(models.Q(source__in=places) | models.Q(destination__in=places))


class Transfer(Document):
    """So much of some products from one place to another."""

    code = "TR"
    place = "source"

    source = tenancy.OwnedKey(Location, related_name="transfers_out")
    destination = tenancy.OwnedKey(Location, related_name="transfers_in")
    status = models.CharField(max_length=16, choices=TransferStatus.choices, default=TransferStatus.DRAFT)
    dispatched_by = tenancy.OwnedKey(Membership, null=True, related_name="+")
    dispatched_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    across_accounts: ClassVar[models.Manager[Any]] = TransferQuerySet.as_manager()

    class Meta(Document.Meta):
        db_table = "transfers"
        default_related_name = "transfers"
        indexes = [
            models.Index(fields=["account", "source"], name="transfers_by_source"),
            models.Index(fields=["account", "destination"], name="transfers_by_destination"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("source"),
            tenancy.SameAccount("destination"),
            tenancy.SameAccount("opened_by"),
            tenancy.SameAccount("dispatched_by"),
            numbered("transfer"),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("destination")),
                name="transfer_goes_elsewhere",
                violation_error_code="same_place",
                violation_error_message="A transfer goes to another place.",
            ),
        ]


class TransferLine(tenancy.AccountOwned):
    """How much of a product is wanted, or sent."""

    place = "transfer__source"

    transfer = tenancy.OwnedKey(Transfer, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = tenancy.OwnedKey(Product, related_name="transfer_lines")
    quantity = amounts.QuantityField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "transfer_lines"
        default_related_name = "transfer_lines"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("transfer"),
            tenancy.SameAccount("product"),
            models.UniqueConstraint(
                fields=["account", "transfer", "product"],
                name="one_transfer_line_per_product",
                violation_error_code="product_twice",
                violation_error_message="The transfer names this product already.",
            ),
            positive("quantity", "transfer_line_moves_something", "A transfer moves something."),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id}"


class TransferPick(tenancy.AccountOwned):
    """What a line took of one batch: where it lies on the road, where it came to, and in which state."""

    place = "line__transfer__source"

    line = tenancy.OwnedKey(TransferLine, related_name="picks")
    batch = tenancy.OwnedKey(StockProduct, related_name="+")
    in_transit = tenancy.OwnedKey(StockProduct, related_name="+")
    arrived = tenancy.OwnedKey(StockProduct, null=True, related_name="+")
    quantity = amounts.QuantityField()
    accepted = amounts.QuantityField(default=Decimal(0))
    damaged = amounts.QuantityField(default=Decimal(0))
    missing = amounts.QuantityField(default=Decimal(0))

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "transfer_picks"
        default_related_name = "transfer_picks"
        indexes = [models.Index(fields=["account", "line"], name="transfer_picks_by_line")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("line"),
            tenancy.SameAccount("batch"),
            tenancy.SameAccount("in_transit"),
            tenancy.SameAccount("arrived"),
            not_negative("accepted", "accepted_not_negative", "What came is not negative."),
            not_negative("damaged", "damaged_not_negative", "What came is not negative."),
            not_negative("missing", "missing_not_negative", "What is missing is not negative."),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=models.F("accepted") + models.F("damaged") + models.F("missing")),
                name="no_more_arrives_than_was_sent",
                violation_error_code="arrival_too_much",
                violation_error_message="More would arrive than was sent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.batch_id}"
