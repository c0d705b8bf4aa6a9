"""What is less, or more, than the books say: because somebody knows why, or because it was counted."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models.catalogue import Product
from inventory.models.documents import Document, numbered
from inventory.models.places import Location
from inventory.models.rules import not_negative
from inventory.models.stock import StockProduct


class AdjustmentKind(models.TextChoices):
    THEFT = "THEFT"
    DAMAGE = "DAMAGE"
    EXPIRED = "EXPIRED"
    SPOILAGE = "SPOILAGE"
    LOSS = "LOSS"
    SAMPLE = "SAMPLE"
    WRITE_OFF = "WRITE_OFF"
    FOUND = "FOUND"
    CORRECTION = "CORRECTION"


class AdjustmentStatus(models.TextChoices):
    PENDING = "PENDING"
    APPLIED = "APPLIED"
    REJECTED = "REJECTED"


class Adjustment(Document):
    """A change of the stock for one reason. `value` is what it is worth at cost, without a sign."""

    code = "AD"
    place = "location"

    location = tenancy.OwnedKey(Location, related_name="adjustments")
    kind = models.CharField(max_length=16, choices=AdjustmentKind.choices)
    status = models.CharField(max_length=16, choices=AdjustmentStatus.choices, default=AdjustmentStatus.PENDING)
    value = amounts.ValueField(default=Decimal(0))
    occurred_at = models.DateTimeField()
    decided_by = tenancy.OwnedKey(Membership, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta(Document.Meta):
        db_table = "adjustments"
        default_related_name = "adjustments"
        indexes = [models.Index(fields=["account", "location"], name="adjustments_by_location")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("location"),
            tenancy.SameAccount("opened_by"),
            tenancy.SameAccount("decided_by"),
            numbered("adjustment"),
        ]


class AdjustmentLine(tenancy.AccountOwned):
    """So much more, or with a minus less, of a product or of one batch, of which `serials` are the pieces.

    `unit_cost` is that of what was found.
    """

    place = "adjustment__location"

    adjustment = tenancy.OwnedKey(Adjustment, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = tenancy.OwnedKey(Product, related_name="adjustment_lines")
    stock_product = tenancy.OwnedKey(StockProduct, null=True, related_name="+")
    quantity = amounts.QuantityField()
    unit_cost = amounts.UnitCostField(null=True)
    serials = models.JSONField(default=list)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "adjustment_lines"
        default_related_name = "adjustment_lines"
        indexes = [models.Index(fields=["account", "adjustment"], name="adjustment_lines_by_paper")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("adjustment"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("stock_product"),
            models.CheckConstraint(
                condition=~models.Q(quantity=0),
                name="adjustment_line_changes_something",
                violation_error_code="nothing_to_move",
                violation_error_message="An adjustment changes something.",
            ),
            not_negative("unit_cost", "found_cost_not_negative", "A cost is not negative."),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id}"


class CountStatus(models.TextChoices):
    OPEN = "OPEN"
    APPROVED = "APPROVED"
    REVERSED = "REVERSED"
    CANCELLED = "CANCELLED"


class StockCount(Document):
    """A walk through a place with a list. Who counts blind is not told what should be there."""

    code = "SC"
    place = "location"

    location = tenancy.OwnedKey(Location, related_name="stock_counts")
    status = models.CharField(max_length=16, choices=CountStatus.choices, default=CountStatus.OPEN)
    is_blind = models.BooleanField(default=True)
    decided_by = tenancy.OwnedKey(Membership, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta(Document.Meta):
        db_table = "stock_counts"
        default_related_name = "stock_counts"
        indexes = [models.Index(fields=["account", "location"], name="counts_by_location")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("location"),
            tenancy.SameAccount("opened_by"),
            tenancy.SameAccount("decided_by"),
            numbered("stock_count"),
        ]


class StockCountLine(tenancy.AccountOwned):
    """What was counted of a product, and what the ledger said at that instant. A recount takes its place.

    Of what is tracked piece by piece also the numbers: those that were seen, and those that should have been there.
    """

    place = "count__location"

    count = tenancy.OwnedKey(StockCount, related_name="lines")
    product = tenancy.OwnedKey(Product, related_name="count_lines")
    counted = amounts.QuantityField()
    expected = amounts.QuantityField()
    serials = models.JSONField(null=True)
    expected_serials = models.JSONField(default=list)
    tries = models.PositiveSmallIntegerField(default=1)
    counted_by = tenancy.OwnedKey(Membership, related_name="+")
    counted_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "stock_count_lines"
        default_related_name = "stock_count_lines"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("count"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("counted_by"),
            models.UniqueConstraint(
                fields=["account", "count", "product"],
                name="one_count_line_per_product",
                violation_error_code="product_twice",
                violation_error_message="The count has this product already.",
            ),
            not_negative("counted", "counted_not_negative", "What is counted is not negative."),
        ]

    def __str__(self) -> str:
        return f"{self.counted} of {self.product_id}"

    @property
    def difference(self) -> Decimal:
        difference: Decimal = self.counted - self.expected
        return difference

    @property
    def missing_serials(self) -> list[str]:
        """The pieces that should have been there, and were not seen."""
        return sorted(set(self.expected_serials) - set(self.serials or ()))

    @property
    def found_serials(self) -> list[str]:
        """The pieces that were seen, and should not have been there."""
        return sorted(set(self.serials or ()) - set(self.expected_serials))
