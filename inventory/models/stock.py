"""Deliveries, the batches that came with them, and the ledger of all that moved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models.catalogue import Product, Supplier
from inventory.models.documents import numbered
from inventory.models.places import Location
from inventory.models.purchasing import PurchaseOrder
from inventory.models.rules import not_negative


class SpreadBy(models.TextChoices):
    """How an additional cost is shared out: by what the goods cost, or by how many they are."""

    VALUE = "VALUE"
    QUANTITY = "QUANTITY"


class Stock(tenancy.AccountOwned):
    """A delivery: what came, where, when, from whom. `additional_cost` is freight, duty and the like, spread over the
    goods."""

    place = "location"

    number = models.CharField(max_length=16)
    location = tenancy.OwnedKey(Location, related_name="stock")
    supplier = tenancy.OwnedKey(Supplier, null=True, related_name="stock")
    order = tenancy.OwnedKey(PurchaseOrder, null=True, related_name="stock")
    additional_cost = amounts.MoneyField(default=Decimal(0))
    spread_by = models.CharField(max_length=16, choices=SpreadBy.choices, default=SpreadBy.VALUE)
    reference = models.CharField(max_length=100, blank=True)
    received_by = tenancy.OwnedKey(Membership, related_name="stock")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "stock"
        default_related_name = "stock"
        indexes = [
            models.Index(fields=["account", "location"], name="stock_by_location"),
            models.Index(fields=["account", "supplier"], name="stock_by_supplier"),
            models.Index(fields=["account", "order"], name="stock_by_order"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("location"),
            tenancy.SameAccount("supplier"),
            tenancy.SameAccount("order"),
            tenancy.SameAccount("received_by"),
            numbered("stock"),
            not_negative("additional_cost", "additional_cost_not_negative", "A cost is not negative."),
        ]

    def __str__(self) -> str:
        return self.number


class StockProduct(tenancy.AccountOwned):
    """A batch: what came at once of one product to one place, and how much of it is left there.

    It came with the delivery `stock`, or was found; `origin` is the batch that it was transferred from. `unit_cost` is
    the landed cost: what was paid, `purchase_cost`, with its part of the delivery's additional cost. `quantity` and
    `movement_count` are projections of the ledger; `inventory.ledger` alone changes them, and
    `verify_ledger --rebuild`.
    `hold_count` grows with every reservation of the product here, so that a sale that has read before it sees that it
    has to read again.
    """

    place = "location"

    stock = tenancy.OwnedKey(Stock, null=True, related_name="batches")
    origin = tenancy.OwnedKey("self", null=True, related_name="transferred")
    product = tenancy.OwnedKey(Product, related_name="batches")
    location = tenancy.OwnedKey(Location, related_name="batches")
    quantity = amounts.QuantityField(default=Decimal(0))
    movement_count = models.PositiveIntegerField(default=0)
    hold_count = models.PositiveIntegerField(default=0)
    purchase_cost = amounts.UnitCostField()
    unit_cost = amounts.UnitCostField()
    expires_on = models.DateField(null=True)
    retail_price = amounts.MoneyField(null=True)
    wholesale_price = amounts.MoneyField(null=True)
    received_at = models.DateTimeField()
    changed_in = models.BigIntegerField(default=0, editable=False)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "stock_products"
        default_related_name = "stock_products"
        indexes = [
            models.Index(fields=["account", "product", "location"], name="batches_by_product"),
            models.Index(fields=["account", "location"], name="batches_by_location"),
            models.Index(fields=["account", "stock"], name="batches_by_delivery"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("stock"),
            tenancy.SameAccount("origin"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("location"),
            tenancy.Stamped(name="stock_products_stamped"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0),
                name="stock_never_negative",
                violation_error_code="insufficient_stock",
                violation_error_message="There is not enough of this here.",
            ),
            not_negative("unit_cost", "unit_cost_not_negative", "A cost is not negative."),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id}"


class SerialNumberQuerySet(tenancy.OwnedQuerySet):
    def open_to(self, member: Any) -> Self:
        """Those that are, or ever were, at a place where the member works: who sold a piece may look it up."""
        return self.filter(movements__location__in=member.location_ids).distinct() if member.is_limited else self


class SerialNumber(tenancy.AccountOwned):
    """One piece that has a number of its own. It is in the batch `stock_product`, or gone; movements say whither."""

    place = "stock_product__location"

    product = tenancy.OwnedKey(Product, related_name="serial_numbers")
    number = models.CharField(max_length=64)
    stock_product = tenancy.OwnedKey(StockProduct, null=True, related_name="serial_numbers")

    across_accounts: ClassVar[models.Manager[Any]] = SerialNumberQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "serial_numbers"
        default_related_name = "serial_numbers"
        indexes = [
            models.Index(fields=["account", "stock_product"], name="serial_numbers_by_batch"),
            models.Index(fields=["account", "number"], name="serial_numbers_by_number"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("product"),
            tenancy.SameAccount("stock_product"),
            models.UniqueConstraint(
                fields=["account", "product", "number"],
                name="one_piece_per_serial_number",
                violation_error_code="serial_number_taken",
                violation_error_message="Another piece has this serial number.",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class MovementKind(models.TextChoices):
    RECEIVED = "RECEIVED"
    SENT_BACK = "SENT_BACK"  # to the supplier
    SOLD = "SOLD"
    RETURNED = "RETURNED"  # by a customer
    DISPATCHED = "DISPATCHED"  # out of a place, and onto the road
    ARRIVED = "ARRIVED"  # off the road, and into a place
    STOLEN = "STOLEN"
    DAMAGED = "DAMAGED"
    EXPIRED = "EXPIRED"
    SPOILED = "SPOILED"
    LOST = "LOST"
    SAMPLED = "SAMPLED"
    WRITTEN_OFF = "WRITTEN_OFF"
    FOUND = "FOUND"
    CORRECTED = "CORRECTED"
    COUNTED = "COUNTED"  # what a stock count found more, or less


# On the road nothing is gained or lost: over all places these sum to nothing.
MOVED = frozenset({MovementKind.DISPATCHED, MovementKind.ARRIVED})
# What is gone when it is less, and found when it is more.
LOST = (
    frozenset(MovementKind)
    - MOVED
    - {
        MovementKind.RECEIVED,
        MovementKind.SENT_BACK,
        MovementKind.SOLD,
        MovementKind.RETURNED,
    }
)


class StockMovement(tenancy.AccountOwned):
    """A line of the stock ledger: signed quantity in base units, exact value at cost, and the batch's balance after it.

    `sequence` numbers the lines of a batch without a gap, in the order in which they took effect.
    """

    place = "location"

    stock_product = tenancy.OwnedKey(StockProduct, related_name="movements")
    product = tenancy.OwnedKey(Product, related_name="movements")
    location = tenancy.OwnedKey(Location, related_name="movements")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=MovementKind.choices)
    quantity = amounts.QuantityField()
    unit_cost = amounts.UnitCostField()
    value = amounts.ValueField()
    balance_after = amounts.QuantityField()
    source = models.CharField(max_length=32)
    source_id = models.UUIDField()
    line_id = models.UUIDField(null=True)
    serial = tenancy.OwnedKey(SerialNumber, null=True, related_name="movements")
    by = tenancy.OwnedKey(Membership, related_name="stock_movements")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "stock_movements"
        default_related_name = "stock_movements"
        indexes = [
            models.Index(fields=["account", "product", "id"], name="movements_by_product"),
            models.Index(fields=["account", "occurred_at"], name="movements_by_time"),
            models.Index(fields=["account", "line_id"], name="movements_by_line"),
            models.Index(fields=["account", "source_id"], name="movements_by_source"),
            models.Index(
                fields=["account", "serial"], name="movements_by_serial", condition=models.Q(serial__isnull=False)
            ),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("stock_product"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("location"),
            tenancy.SameAccount("serial"),
            tenancy.SameAccount("by"),
            tenancy.AppendOnly(name="stock_movements_append_only"),
            models.UniqueConstraint(
                fields=["account", "stock_product", "sequence"],
                name="one_movement_per_sequence",
                violation_error_code="movement_out_of_sequence",
                violation_error_message="The ledger has another line of this number.",
            ),
            models.CheckConstraint(
                condition=~models.Q(quantity=0),
                name="movement_moves_something",
                violation_error_code="empty_movement",
                violation_error_message="A movement moves something.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"
