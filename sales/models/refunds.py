"""What came back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from sales.models.registers import Register
from sales.models.sales import Sale, SaleLine
from sales.models.shifts import Shift


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

    What went back is `total` and, of what is given back in cash, `rounding` to the smallest coin.
    """

    place = "sale__storefront"

    sale = tenancy.OwnedKey(Sale, related_name="refunds")
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
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("register"),
            tenancy.SameAccount("shift"),
            tenancy.SameAccount("refunded_by"),
        ]

    def __str__(self) -> str:
        return f"{self.total} back"


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
