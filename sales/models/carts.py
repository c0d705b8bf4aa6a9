"""What somebody is about to buy."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models import Location, Product, ProductPack
from inventory.models.rules import positive
from sales.models.customers import Customer
from sales.models.price_rules import PriceLevel
from sales.models.registers import Register
from sales.models.sales import Sale

FORGOTTEN_AFTER = timedelta(days=7)


class CartStatus(models.TextChoices):
    DRAFT = "DRAFT"
    PARKED = "PARKED"
    COMPLETED = "COMPLETED"
    ABANDONED = "ABANDONED"


GOING_ON = (CartStatus.DRAFT, CartStatus.PARKED)


class CartQuerySet(tenancy.OwnedQuerySet):
    def that_are(self, state: str, *, now: datetime) -> Self:
        """Those that are read so at this moment: nobody needs to write down that one was forgotten."""
        forgotten = models.Q(status__in=GOING_ON, touched_at__lt=now - FORGOTTEN_AFTER)
        if state == CartStatus.ABANDONED:
            return self.filter(models.Q(status=state) | forgotten)
        return self.filter(status=state).exclude(forgotten)


class Cart(tenancy.AccountOwned):
    """A basket that is not sold yet. What it holds of the stock is promised to its id.

    One that nobody has touched for a week is as good as abandoned.
    """

    place = "storefront"

    storefront = tenancy.OwnedKey(Location, related_name="carts")
    register = tenancy.OwnedKey(Register, related_name="carts")
    customer = tenancy.OwnedKey(Customer, null=True, related_name="carts")
    name = models.CharField(max_length=100, blank=True)
    price_level = models.CharField(max_length=16, choices=PriceLevel.choices, default=PriceLevel.RETAIL)
    status = models.CharField(max_length=16, choices=CartStatus.choices, default=CartStatus.DRAFT)
    sale = tenancy.OwnedKey(Sale, null=True, related_name="carts")
    closing_reason = models.CharField(max_length=200, blank=True)
    opened_by = tenancy.OwnedKey(Membership, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    across_accounts: ClassVar[models.Manager[Any]] = CartQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "carts"
        default_related_name = "carts"
        indexes = [
            models.Index(fields=["account", "touched_at", "id"], name="carts_by_time"),
            models.Index(
                fields=["account", "storefront", "touched_at"],
                condition=models.Q(status__in=GOING_ON),
                name="carts_that_go_on",
            ),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("storefront"),
            tenancy.SameAccount("register"),
            tenancy.SameAccount("customer"),
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("opened_by"),
            models.UniqueConstraint(
                fields=["account", "sale"],
                name="one_cart_per_sale",
                violation_error_code="cart_closed",
                violation_error_message="This sale is that of another cart.",
            ),
            models.CheckConstraint(
                condition=models.Q(status=CartStatus.COMPLETED, sale__isnull=False)
                | ~models.Q(status=CartStatus.COMPLETED) & models.Q(sale__isnull=True),
                name="completed_cart_is_sold",
                violation_error_code="cart_closed",
                violation_error_message="A cart is completed by its sale, and by nothing else.",
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)

    def state(self, now: datetime) -> str:
        """Its status, as it is read at this moment."""
        is_forgotten = self.status in GOING_ON and self.touched_at < now - FORGOTTEN_AFTER
        return CartStatus.ABANDONED if is_forgotten else CartStatus(self.status)


class CartLine(tenancy.AccountOwned):
    """So many of a product, or of a pack of it; at a price or less a discount of its own where somebody said so."""

    place = "cart__storefront"

    cart = tenancy.OwnedKey(Cart, related_name="lines")
    product = tenancy.OwnedKey(Product, related_name="cart_lines")
    pack = tenancy.OwnedKey(ProductPack, null=True, related_name="cart_lines")
    quantity = amounts.QuantityField()
    unit_price = amounts.MoneyField(null=True)
    discount = amounts.MoneyField(default=Decimal(0))
    serials = models.JSONField(default=list)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "cart_lines"
        default_related_name = "cart_lines"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("cart"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("pack"),
            models.UniqueConstraint(
                fields=["account", "cart", "product", "pack"],
                nulls_distinct=False,
                name="one_cart_line_per_thing",
                violation_error_code="in_cart_already",
                violation_error_message="This is in the cart already.",
            ),
            positive("quantity", "cart_line_wants_something", "A line of a cart wants something."),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id}"
