"""What the tax authority is told, and what it said."""

from __future__ import annotations

from django.db import models

from core import tenancy
from sales.models.refunds import Refund
from sales.models.sales import Sale


class FiscalState(models.TextChoices):
    PENDING = "PENDING"  # not sent yet, or nobody answered
    PROVISIONAL = "PROVISIONAL"  # received, not decided
    CERTIFIED = "CERTIFIED"
    REJECTED = "REJECTED"


UNDECIDED = (FiscalState.PENDING, FiscalState.PROVISIONAL)


class FiscalDocument(tenancy.AccountOwned):
    """A sale, or a refund, that the tax authority has to certify. It is written with it, and sent afterwards."""

    place = "sale__storefront"

    sale = tenancy.OwnedKey(Sale, related_name="fiscal_documents")
    refund = tenancy.OwnedKey(Refund, null=True, related_name="fiscal_documents")
    state = models.CharField(max_length=16, choices=FiscalState.choices, default=FiscalState.PENDING)
    number = models.CharField(max_length=64, blank=True)
    code = models.CharField(max_length=500, blank=True)  # what the receipt shows as a QR code
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    last_error = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "fiscal_documents"
        default_related_name = "fiscal_documents"
        indexes = [
            models.Index(
                fields=["account", "next_try_at"],
                condition=models.Q(state__in=["PENDING", "PROVISIONAL"]),
                name="fiscal_documents_to_send",
            ),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("refund"),
            models.UniqueConstraint(
                fields=["account", "sale"],
                condition=models.Q(refund=None),
                name="one_fiscal_document_per_sale",
                violation_error_code="fiscal_document_exists",
                violation_error_message="The tax authority is told of this sale already.",
            ),
            models.UniqueConstraint(
                fields=["account", "refund"],
                name="one_fiscal_document_per_refund",
                violation_error_code="fiscal_document_exists",
                violation_error_message="The tax authority is told of this refund already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="CERTIFIED", number=""),
                name="certified_has_number",
                violation_error_code="fiscal_number_missing",
                violation_error_message="What is certified has a number.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.number}".strip()
