"""What was printed."""

from __future__ import annotations

from django.db import models

from accounts.models import Device, Membership
from core import tenancy
from sales.models.refunds import Refund
from sales.models.sales import Sale


class ReceiptFormat(models.TextChoices):
    """How a receipt is wanted; of JSON the till makes its own."""

    JSON = "JSON"
    HTML = "HTML"
    PDF = "PDF"
    ESCPOS = "ESCPOS"


class ReceiptPrint(tenancy.AccountOwned):
    """One time that the receipt of a sale, or of a refund, was printed. All but the first are copies."""

    place = "sale__storefront"

    sale = tenancy.OwnedKey(Sale, related_name="prints")
    refund = tenancy.OwnedKey(Refund, null=True, related_name="prints")
    number = models.PositiveIntegerField()
    format = models.CharField(max_length=8, choices=ReceiptFormat.choices)
    printed_by = tenancy.OwnedKey(Membership, related_name="receipt_prints")
    device = tenancy.OwnedKey(Device, null=True, related_name="receipt_prints")
    printed_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "receipt_prints"
        default_related_name = "receipt_prints"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("refund"),
            tenancy.SameAccount("printed_by"),
            tenancy.SameAccount("device"),
            models.UniqueConstraint(
                fields=["account", "sale", "number"],
                condition=models.Q(refund=None),
                name="one_print_of_a_sale_per_number",
                violation_error_code="printed_meanwhile",
                violation_error_message="Somebody else has just printed this.",
            ),
            models.UniqueConstraint(
                fields=["account", "refund", "number"],
                name="one_print_of_a_refund_per_number",
                violation_error_code="printed_meanwhile",
                violation_error_message="Somebody else has just printed this.",
            ),
            tenancy.AppendOnly(name="receipt_prints_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.number}"

    @property
    def is_copy(self) -> bool:
        return self.number > 1
