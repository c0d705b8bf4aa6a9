"""Who had which drawer, what went in and out of it beside sales, and what was in it at the end."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models.rules import not_negative
from sales.models.registers import Register


class Shift(tenancy.AccountOwned):
    """A time at a register, from its float to its count. Which one is open, the register says.

    Closing seals it: what was counted, what was expected, and the Z report with its number in the register stay.
    """

    place = "register__storefront"

    register = tenancy.OwnedKey(Register, related_name="shifts")
    opening_float = amounts.MoneyField(default=Decimal(0))
    opened_by = tenancy.OwnedKey(Membership, related_name="opened_shifts")
    opened_at = models.DateTimeField()
    closed_by = tenancy.OwnedKey(Membership, null=True, related_name="closed_shifts")
    closed_at = models.DateTimeField(null=True)
    denominations = models.JSONField(default=list)
    counted = amounts.MoneyField(null=True)
    expected = amounts.MoneyField(null=True)
    z_number = models.PositiveIntegerField(null=True)
    z_report = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "shifts"
        default_related_name = "shifts"
        indexes = [
            models.Index(fields=["account", "register", "opened_at"], name="shifts_by_register"),
            models.Index(fields=["account", "opened_at", "id"], name="shifts_by_time"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("register"),
            tenancy.SameAccount("opened_by"),
            tenancy.SameAccount("closed_by"),
            tenancy.Sealed("closed_at", name="closed_shifts_stay"),
            not_negative("opening_float", "float_not_negative", "A float is not negative."),
            not_negative("counted", "closing_count_not_negative", "Nobody counts less than nothing."),
            models.UniqueConstraint(
                fields=["account", "register", "z_number"],
                name="one_shift_per_z_number",
                violation_error_code="z_number_taken",
                violation_error_message="Another shift of the register has this number.",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    closed_by__isnull=True,
                    closed_at__isnull=True,
                    counted__isnull=True,
                    expected__isnull=True,
                    z_number__isnull=True,
                    z_report__isnull=True,
                )
                | models.Q(
                    closed_by__isnull=False,
                    closed_at__gte=models.F("opened_at"),
                    counted__isnull=False,
                    expected__isnull=False,
                    z_number__isnull=False,
                    z_report__isnull=False,
                ),
                name="closed_with_a_z_report",
                violation_error_code="shift_half_closed",
                violation_error_message="A shift is closed with a count and a Z report, after it was opened.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.register_id} {self.opened_at}"

    @property
    def difference(self) -> Decimal | None:
        """How much more was counted than expected; with a minus, how much is missing."""
        if self.counted is None or self.expected is None:
            return None
        difference: Decimal = self.counted - self.expected
        return difference

    def was_open_at(self, moment: datetime) -> bool:
        """Whether a closed shift had begun by then, and was not over."""
        return bool(self.closed_at and self.opened_at <= moment <= self.closed_at)


class CashEventKind(models.TextChoices):
    PAID_IN = "PAID_IN"
    PAID_OUT = "PAID_OUT"
    DROP = "DROP"  # to the safe


class CashEvent(tenancy.AccountOwned):
    """Cash that came into a drawer or, with a minus, left it, for another reason than a sale, a refund or a debt."""

    place = "shift__register__storefront"

    shift = tenancy.OwnedKey(Shift, related_name="cash_events")
    is_late = models.BooleanField(default=False)  # recorded when the shift was closed
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
            models.CheckConstraint(
                condition=models.Q(kind=CashEventKind.PAID_IN, amount__gt=0)
                | (~models.Q(kind=CashEventKind.PAID_IN) & models.Q(amount__lt=0)),
                name="cash_moves_as_it_says",
                violation_error_code="cash_moves_wrongly",
                violation_error_message="What is paid in is more than nothing, and what leaves has a minus.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"

    @property
    def moved(self) -> Decimal:
        """How much, whichever way."""
        moved: Decimal = abs(self.amount)
        return moved


class HandOver(tenancy.AccountOwned):
    """The moment when another cashier went on in the same shift, with what was then counted and what was expected."""

    place = "shift__register__storefront"

    shift = tenancy.OwnedKey(Shift, related_name="hand_overs")
    given_by = tenancy.OwnedKey(Membership, related_name="given_hand_overs")
    taken_by = tenancy.OwnedKey(Membership, related_name="taken_hand_overs")
    counted = amounts.MoneyField()
    expected = amounts.MoneyField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "hand_overs"
        default_related_name = "hand_overs"
        indexes = [models.Index(fields=["account", "shift"], name="hand_overs_by_shift")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("shift"),
            tenancy.SameAccount("given_by"),
            tenancy.SameAccount("taken_by"),
            tenancy.AppendOnly(name="hand_overs_append_only"),
            not_negative("counted", "hand_over_count_not_negative", "Nobody counts less than nothing."),
        ]

    def __str__(self) -> str:
        return f"{self.counted} to {self.taken_by_id}"
