"""Who had which drawer, and what went in and out of it beside sales."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models.rules import not_negative
from sales.models.registers import Register


class Shift(tenancy.AccountOwned):
    """A time at a register, from its float to its count. Which one is open, the register says."""

    place = "register__storefront"

    register = tenancy.OwnedKey(Register, related_name="shifts")
    opening_float = amounts.MoneyField(default=Decimal(0))
    opened_by = tenancy.OwnedKey(Membership, related_name="opened_shifts")
    opened_at = models.DateTimeField()
    closed_by = tenancy.OwnedKey(Membership, null=True, related_name="closed_shifts")
    closed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "shifts"
        default_related_name = "shifts"
        indexes = [models.Index(fields=["account", "register", "opened_at"], name="shifts_by_register")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("register"),
            tenancy.SameAccount("opened_by"),
            tenancy.SameAccount("closed_by"),
            not_negative("opening_float", "float_not_negative", "A float is not negative."),
        ]

    def __str__(self) -> str:
        return f"{self.register_id} {self.opened_at}"


class CashEventKind(models.TextChoices):
    PAID_IN = "PAID_IN"
    PAID_OUT = "PAID_OUT"
    DROP = "DROP"  # to the safe


class CashEvent(tenancy.AccountOwned):
    """Cash that came into a drawer or, with a minus, left it, for another reason than a sale, a refund or a debt."""

    place = "shift__register__storefront"

    shift = tenancy.OwnedKey(Shift, related_name="cash_events")
    kind = models.CharField(max_length=16, choices=CashEventKind.choices)
    amount = amounts.MoneyField()
    reason = models.CharField(max_length=200)
    by = tenancy.OwnedKey(Membership, related_name="cash_events")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "cash_events"
        default_related_name = "cash_events"
        indexes = [models.Index(fields=["account", "shift"], name="cash_events_by_shift")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("shift"),
            tenancy.SameAccount("by"),
            tenancy.AppendOnly(name="cash_events_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
