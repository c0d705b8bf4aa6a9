"""What came back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from sales.models.customers import Customer
from sales.models.registers import Register
from sales.models.sales import Sale, SaleLine
from sales.models.shifts import Shift


class RefundKind(models.TextChoices):
    REFUND = "REFUND"
    EXCHANGE = "EXCHANGE"  # for other goods, which are a sale of their own
    VOID = "VOID"  # of a whole sale, as if it had not been


class RefundQuerySet(tenancy.OwnedQuerySet):
    def with_receipt(self) -> Self:
        """With everything that stands on the receipt."""
        lines = models.Prefetch("lines", RefundLine.across_accounts.select_related("line").order_by("line__position"))
        payment: Any = self.model._meta.get_field("payments").related_model  # which is made after what it is for
        payments = models.Prefetch("payments", payment.across_accounts.order_by("id"))
        told = self.select_related("refunded_by", "sale", "sale__storefront", "sale__customer")
        return told.prefetch_related(lines, payments)


class Refund(tenancy.AccountOwned):
    """Goods and money that went back. It is never a debt, and never more than was sold.

    What went back is `total` and, of what is given back in cash, `rounding` to the smallest coin. In an exchange,
    `replacement` is what was sold for the goods. `customer` is who bought, or for whom a walk-in's money is kept.
    """

    place = "sale__storefront"

    kind = models.CharField(max_length=16, choices=RefundKind.choices, default=RefundKind.REFUND)
    number = models.CharField(max_length=32)
    sale = tenancy.OwnedKey(Sale, related_name="refunds")
    replacement = tenancy.OwnedKey(Sale, null=True, related_name="exchanges")
    customer = tenancy.OwnedKey(Customer, null=True, related_name="refunds")
    register = tenancy.OwnedKey(Register, related_name="refunds")
    shift = tenancy.OwnedKey(Shift, null=True, related_name="refunds")
    is_late = models.BooleanField(default=False)  # recorded when the shift was closed
    reason = models.CharField(max_length=200, blank=True)
    tax_total = amounts.MoneyField()
    total = amounts.MoneyField()
    rounding = amounts.MoneyField(default=Decimal(0))
    refunded_by = tenancy.OwnedKey(Membership, related_name="refunds")
    refunded_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    across_accounts: ClassVar[models.Manager[Any]] = RefundQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "refunds"
        default_related_name = "refunds"
        indexes = [
            models.Index(fields=["account", "sale"], name="refunds_by_sale"),
            models.Index(fields=["account", "refunded_at", "id"], name="refunds_by_time"),
            models.Index(fields=["account", "shift"], name="refunds_by_shift"),
            models.Index(fields=["account", "customer"], name="refunds_by_customer"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("replacement"),
            tenancy.SameAccount("customer"),
            tenancy.SameAccount("register"),
            tenancy.SameAccount("shift"),
            tenancy.SameAccount("refunded_by"),
            models.UniqueConstraint(
                fields=["account", "number"],
                name="one_refund_per_number",
                violation_error_code="refund_number_taken",
                violation_error_message="Another refund has this number.",
            ),
            models.UniqueConstraint(
                fields=["account", "sale"],
                condition=models.Q(kind=RefundKind.VOID),
                name="one_void_per_sale",
                violation_error_code="sale_voided",
                violation_error_message="This sale has been voided.",
            ),
            models.UniqueConstraint(
                fields=["account", "replacement"],
                name="one_exchange_per_sale",
                violation_error_code="exchange_exists",
                violation_error_message="This was sold in another exchange.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=RefundKind.EXCHANGE, replacement__isnull=False)
                | (~models.Q(kind=RefundKind.EXCHANGE) & models.Q(replacement__isnull=True)),
                name="exchanged_for_something",
                violation_error_code="exchange_for_nothing",
                violation_error_message="An exchange names what was sold, and nothing else does.",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Restock(models.TextChoices):
    SHELF = "SHELF"
    DAMAGED = "DAMAGED"
    NOT_RETURNED = "NOT_RETURNED"


class RefundLine(tenancy.AccountOwned):
    """How much of a sold line came back, which pieces of it, and where they went."""

    place = "refund__sale__storefront"

    refund = tenancy.OwnedKey(Refund, related_name="lines")
    line = tenancy.OwnedKey(SaleLine, related_name="refund_lines")
    quantity = amounts.QuantityField()
    restock = models.CharField(max_length=16, choices=Restock.choices)
    serials = models.JSONField(default=list)
    tax_amount = amounts.MoneyField()
    taxes = models.JSONField(default=list)
    total = amounts.MoneyField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "refund_lines"
        default_related_name = "refund_lines"
        indexes = [
            models.Index(fields=["account", "refund"], name="refund_lines_by_refund"),
            models.Index(fields=["account", "line"], name="refund_lines_by_line"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("refund"),
            tenancy.SameAccount("line"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} back"
