"""Invoices, as they were written; what was wrong is put right by another paper, never by a change."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from core import amounts, tenancy
from subscriptions.models.payments import SubscriptionPayment


class InvoiceKind(models.TextChoices):
    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"  # takes an invoice back, whose money went back


class Invoice(tenancy.AccountOwned):
    """A paper of the platform's, numbered without a gap over all businesses, by year. `content` is what it says."""

    payment = tenancy.OwnedKey(SubscriptionPayment, related_name="invoices")
    kind = models.CharField(max_length=16, choices=InvoiceKind.choices, default=InvoiceKind.INVOICE)
    number = models.CharField(max_length=32)
    issued_on = models.DateField()
    currency = models.CharField(max_length=3)
    total = amounts.MoneyField()
    content = models.JSONField(encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "invoices"
        default_related_name = "invoices"
        indexes = [models.Index(fields=["account", "payment"], name="invoices_by_payment")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("payment"),
            tenancy.AppendOnly(name="invoices_append_only"),
            models.UniqueConstraint(
                fields=["account", "number"],
                name="one_invoice_per_number",
                violation_error_code="invoice_exists",
                violation_error_message="There is an invoice of this number.",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceCounter(models.Model):
    """The last number of a year. It stands outside of every business, and tells of none."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField()

    class Meta:
        db_table = "invoice_counters"

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"
