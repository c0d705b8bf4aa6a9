"""Money that came and went, by tender."""

from __future__ import annotations

from django.db import models

from core import amounts, tenancy
from sales.models.customers import Customer
from sales.models.layaways import Layaway
from sales.models.refunds import Refund
from sales.models.registers import Register
from sales.models.sales import Sale
from sales.models.shifts import Shift


class PaymentMethod(models.TextChoices):
    CASH = "CASH"
    CARD = "CARD"
    MOBILE_MONEY = "MOBILE_MONEY"
    BANK = "BANK"
    CUSTOMER_CREDIT = "CUSTOMER_CREDIT"
    WALLET = "WALLET"
    GIFT_CARD = "GIFT_CARD"
    DEPOSIT = "DEPOSIT"  # what was paid before, for what was laid aside


class Payment(tenancy.AccountOwned):
    """Money that came in at a register or, with a minus, went back, by one tender.

    It is for a sale, for a refund of one, for a layaway, or, without any, for a customer's account. `amount` is what
    settles it; `tendered` what was handed over, of which cash change was given.
    """

    place = "register__storefront"

    register = tenancy.OwnedKey(Register, related_name="payments")
    shift = tenancy.OwnedKey(Shift, null=True, related_name="payments")
    sale = tenancy.OwnedKey(Sale, null=True, related_name="payments")
    refund = tenancy.OwnedKey(Refund, null=True, related_name="payments")
    layaway = tenancy.OwnedKey(Layaway, null=True, related_name="payments")
    customer = tenancy.OwnedKey(Customer, null=True, related_name="payments")
    method = models.CharField(max_length=16, choices=PaymentMethod.choices)
    amount = amounts.MoneyField()
    tendered = amounts.MoneyField()
    reference = models.CharField(max_length=100, blank=True)
    paid_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "payments"
        default_related_name = "payments"
        indexes = [
            models.Index(fields=["account", "sale"], name="payments_by_sale"),
            models.Index(fields=["account", "refund"], name="payments_by_refund"),
            models.Index(fields=["account", "layaway"], name="payments_by_layaway"),
            models.Index(fields=["account", "shift"], name="payments_by_shift"),
            models.Index(fields=["account", "customer"], name="payments_by_customer"),
            models.Index(fields=["account", "paid_at", "id"], name="payments_by_time"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("register"),
            tenancy.SameAccount("shift"),
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("refund"),
            tenancy.SameAccount("layaway"),
            tenancy.SameAccount("customer"),
            models.CheckConstraint(
                condition=models.Q(sale__isnull=False, layaway__isnull=True)
                | models.Q(sale__isnull=True, refund__isnull=True, layaway__isnull=False)
                | models.Q(refund__isnull=True, customer__isnull=False, layaway__isnull=True),
                name="payment_is_for_something",
                violation_error_code="payment_for_nothing",
                violation_error_message="A payment is for a sale, a layaway, or a customer's account.",
            ),
            tenancy.AppendOnly(name="payments_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.amount}"
