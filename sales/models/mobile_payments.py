"""Mobile money that a till asks for, and money that came and belongs to nothing yet."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from accounts.models import Membership
from billing.models import PaymentAttempt
from core import amounts, tenancy
from sales.models.customers import Customer
from sales.models.registers import Register


class MobilePayment(tenancy.AccountOwned):
    """What a till asked a phone for: at which register, of whom. How it stands is in the attempt, which has its id."""

    place = "register__storefront"

    register = tenancy.OwnedKey(Register, related_name="mobile_payments")
    customer = tenancy.OwnedKey(Customer, null=True, related_name="mobile_payments")
    attempt = tenancy.OwnedKey(PaymentAttempt, related_name="mobile_payments")

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "mobile_payments"
        default_related_name = "mobile_payments"
        indexes = [models.Index(fields=["account", "customer"], name="mobile_payments_by_customer")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("register"),
            tenancy.SameAccount("customer"),
            tenancy.SameAccount("attempt"),
            models.UniqueConstraint(
                fields=["account", "attempt"],
                name="one_mobile_payment_per_attempt",
                violation_error_code="attempt_taken",
                violation_error_message="This attempt is another mobile payment's.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class TransferState(models.TextChoices):
    WAITING = "WAITING"
    MATCHED = "MATCHED"
    DISMISSED = "DISMISSED"
    USED = "USED"  # by the sale for which it had been asked


class TransferCause(models.TextChoices):
    LATE = "LATE"  # nothing waited for it any more
    WRONG_AMOUNT = "WRONG_AMOUNT"
    WRONG_CURRENCY = "WRONG_CURRENCY"
    UNKNOWN = "UNKNOWN"  # nobody asked for it


class IncomingTransfer(tenancy.AccountOwned):
    """Money that came by phone and pays no sale. It waits until somebody says whose it is, or that it is nobody's.

    What comes late from a known customer is matched at once; until somebody has seen it, it is a notice.
    """

    place = "register__storefront"
    PERSONAL = frozenset({"payer_phone"})

    register = tenancy.OwnedKey(Register, null=True, related_name="transfers")
    mobile_payment = tenancy.OwnedKey(MobilePayment, null=True, related_name="transfers")
    gateway = models.CharField(max_length=16)
    reference = models.CharField(max_length=100)
    provider_reference = models.CharField(max_length=100, blank=True)
    payer_phone = models.CharField(max_length=32, blank=True)
    amount = amounts.MoneyField(default=Decimal(0))  # zero where it was too much to be kept
    currency = models.CharField(max_length=3, blank=True)
    cause = models.CharField(max_length=16, choices=TransferCause.choices)
    state = models.CharField(max_length=16, choices=TransferState.choices, default=TransferState.WAITING)
    is_seen = models.BooleanField(default=False)
    customer = tenancy.OwnedKey(Customer, null=True, related_name="transfers")
    reason = models.CharField(max_length=200, blank=True)
    decided_by = tenancy.OwnedKey(Membership, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "incoming_transfers"
        default_related_name = "incoming_transfers"
        indexes = [
            models.Index(fields=["account", "customer"], name="transfers_by_customer"),
            models.Index(fields=["account", "id"], condition=models.Q(is_seen=False), name="transfers_that_nobody_saw"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("register"),
            tenancy.SameAccount("mobile_payment"),
            tenancy.SameAccount("customer"),
            tenancy.SameAccount("decided_by"),
            models.UniqueConstraint(
                fields=["account", "gateway", "reference"],
                name="each_transfer_once",
                violation_error_code="transfer_known",
                violation_error_message="This transfer is known already.",
            ),
            models.CheckConstraint(
                condition=models.Q(state=TransferState.MATCHED, customer__isnull=False)
                | (~models.Q(state=TransferState.MATCHED) & models.Q(customer__isnull=True)),
                name="matched_transfer_has_customer",
                violation_error_code="transfer_decided",
                violation_error_message="A transfer is a customer's once it is matched, and not before.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.state}"
