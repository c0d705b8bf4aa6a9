"""What was ordered from suppliers, and what went back to them."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from core import amounts, tenancy
from inventory.models.catalogue import Product, Supplier
from inventory.models.documents import Document, numbered
from inventory.models.places import Location
from inventory.models.rules import not_negative, positive


class OrderStatus(models.TextChoices):
    DRAFT = "DRAFT"
    ORDERED = "ORDERED"
    PARTLY_RECEIVED = "PARTLY_RECEIVED"
    RECEIVED = "RECEIVED"
    CLOSED = "CLOSED"  # the rest will not come
    CANCELLED = "CANCELLED"


class PurchaseOrder(Document):
    """What is to come from a supplier to a place."""

    code = "PO"
    place = "location"

    supplier = tenancy.OwnedKey(Supplier, related_name="purchase_orders")
    location = tenancy.OwnedKey(Location, related_name="purchase_orders")
    status = models.CharField(max_length=16, choices=OrderStatus.choices, default=OrderStatus.DRAFT)
    expected_on = models.DateField(null=True)
    ordered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Document.Meta):
        db_table = "purchase_orders"
        default_related_name = "purchase_orders"
        indexes = [models.Index(fields=["account", "location"], name="orders_by_location")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("supplier"),
            tenancy.SameAccount("location"),
            tenancy.SameAccount("opened_by"),
            numbered("purchase_order"),
        ]


class PurchaseOrderLine(tenancy.AccountOwned):
    """How much of a product was ordered, at what price, and how much of it has come."""

    place = "order__location"

    order = tenancy.OwnedKey(PurchaseOrder, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = tenancy.OwnedKey(Product, related_name="order_lines")
    quantity = amounts.QuantityField()
    unit_cost = amounts.UnitCostField()
    received_quantity = amounts.QuantityField(default=Decimal(0))

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "purchase_order_lines"
        default_related_name = "purchase_order_lines"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("order"),
            tenancy.SameAccount("product"),
            models.UniqueConstraint(
                fields=["account", "order", "product"],
                name="one_order_line_per_product",
                violation_error_code="product_twice",
                violation_error_message="The order names this product already.",
            ),
            positive("quantity", "order_line_orders_something", "An order is for something."),
            not_negative("received_quantity", "received_not_negative", "What came is not negative."),
            not_negative("unit_cost", "order_cost_not_negative", "A cost is not negative."),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id}"
