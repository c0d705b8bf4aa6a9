"""What was sold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models import Location
from sales.models.customers import Customer
from sales.models.lines import PricedLine
from sales.models.price_rules import PriceLevel
from sales.models.registers import Register
from sales.models.shifts import Shift


class SaleStatus(models.TextChoices):
    COMPLETED = "COMPLETED"
    PARTLY_REFUNDED = "PARTLY_REFUNDED"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"


class SaleQuerySet(tenancy.OwnedQuerySet):
    def with_lines(self) -> Self:
        """With what was sold and what was paid."""
        lines = models.Prefetch("lines", SaleLine.across_accounts.order_by("position"))
        payment: Any = self.model._meta.get_field("payments").related_model  # which is made after what it is for
        payments = models.Prefetch("payments", payment.across_accounts.filter(refund=None).order_by("id"))
        return self.prefetch_related(lines, payments)

    def with_receipt(self) -> Self:
        """With everything that stands on the receipt."""
        return self.with_lines().select_related("storefront", "customer", "sold_by")


class Sale(tenancy.AccountOwned):
    """What was sold to one customer at once. `sold_at` is the shop's clock, `recorded_at` ours."""

    place = "storefront"

    storefront = tenancy.OwnedKey(Location, related_name="sales")
    register = tenancy.OwnedKey(Register, related_name="sales")
    shift = tenancy.OwnedKey(Shift, null=True, related_name="sales")
    is_late = models.BooleanField(default=False)  # recorded when the shift was closed
    customer = tenancy.OwnedKey(Customer, null=True, related_name="sales")
    exchange_id = models.UUIDField(null=True)  # no key: the refund of the goods that this replaces refers to it
    receipt_number = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=SaleStatus.choices, default=SaleStatus.COMPLETED)
    price_level = models.CharField(max_length=16, choices=PriceLevel.choices)
    currency = models.CharField(max_length=3)
    prices_include_tax = models.BooleanField()
    subtotal = amounts.MoneyField()
    discount_total = amounts.MoneyField()
    tax_total = amounts.MoneyField()
    total = amounts.MoneyField()
    rounding = amounts.MoneyField(default=Decimal(0))  # of what is paid in cash, to the smallest coin
    paid = amounts.MoneyField()
    change_due = amounts.MoneyField()
    sold_by = tenancy.OwnedKey(Membership, related_name="sales")
    approved_by = tenancy.OwnedKey(Membership, null=True, related_name="approved_sales")
    sold_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    across_accounts: ClassVar[models.Manager[Any]] = SaleQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "sales"
        default_related_name = "sales"
        indexes = [
            models.Index(fields=["account", "sold_at", "id"], name="sales_by_time"),
            models.Index(fields=["account", "customer"], name="sales_by_customer"),
            models.Index(fields=["account", "shift"], name="sales_by_shift"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("storefront"),
            tenancy.SameAccount("register"),
            tenancy.SameAccount("shift"),
            tenancy.SameAccount("customer"),
            tenancy.SameAccount("sold_by"),
            tenancy.SameAccount("approved_by"),
            models.UniqueConstraint(
                fields=["account", "receipt_number"],
                name="one_sale_per_receipt_number",
                violation_error_code="receipt_number_taken",
                violation_error_message="Another sale has this receipt number.",
            ),
            models.CheckConstraint(
                condition=models.Q(paid=models.F("total") + models.F("rounding") + models.F("change_due")),
                name="sale_is_paid",
                violation_error_code="payment_short",
                violation_error_message="The payments do not add up to the total.",
            ),
        ]

    def __str__(self) -> str:
        return self.receipt_number


class SaleLine(PricedLine):
    """One product on a sale, with its cost of goods; `serials` are the numbers of the pieces, where they have any."""

    place = "sale__storefront"

    sale = tenancy.OwnedKey(Sale, related_name="lines")
    serials = models.JSONField(default=list)
    cost = amounts.ValueField()
    refunded_quantity = amounts.QuantityField(default=Decimal(0))

    class Meta(PricedLine.Meta):
        db_table = "sale_lines"
        default_related_name = "sale_lines"
        indexes = [models.Index(fields=["account", "product"], name="sale_lines_by_product")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("pack"),
            tenancy.SameAccount("price_rule"),
            models.UniqueConstraint(
                fields=["account", "sale", "position"],
                name="one_line_per_position",
                violation_error_code="line_position_taken",
                violation_error_message="The sale has another line in this place.",
            ),
            models.CheckConstraint(
                condition=models.Q(refunded_quantity__gte=0) & models.Q(refunded_quantity__lte=models.F("quantity")),
                name="refunded_at_most_sold",
                violation_error_code="refund_too_much",
                violation_error_message="More would come back than was sold.",
            ),
        ]
