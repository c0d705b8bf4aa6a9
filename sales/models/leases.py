"""Receipt numbers that a till may give out by itself."""

from __future__ import annotations

from django.db import models

from accounts.models import Device, Membership
from core import tenancy
from sales.models.registers import Register


class NumberLease(tenancy.AccountOwned):
    """Numbers of a register, from the first to the last, that a device gives out while nobody can be asked.

    When the lease is returned, the tail that was not used goes back: from `next_number`, which is set then.
    """

    place = "register__storefront"

    register = tenancy.OwnedKey(Register, related_name="leases")
    device = tenancy.OwnedKey(Device, null=True, related_name="number_leases")
    first_number = models.PositiveIntegerField()
    last_number = models.PositiveIntegerField()
    next_number = models.PositiveIntegerField(null=True)
    leased_by = tenancy.OwnedKey(Membership, related_name="number_leases")
    leased_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "number_leases"
        default_related_name = "number_leases"
        indexes = [models.Index(fields=["account", "register", "leased_at"], name="leases_by_register")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("register"),
            tenancy.SameAccount("device"),
            tenancy.SameAccount("leased_by"),
            models.UniqueConstraint(
                fields=["account", "register"],
                condition=models.Q(next_number=None),
                name="one_open_lease_per_register",
                violation_error_code="register_leased",
                violation_error_message="A device has leased numbers of this register already.",
            ),
            models.CheckConstraint(
                condition=models.Q(first_number__lte=models.F("last_number"))
                & (
                    models.Q(next_number=None)
                    | models.Q(next_number__gte=models.F("first_number"))
                    & models.Q(next_number__lte=models.F("last_number") + 1)
                ),
                name="lease_from_first_to_last",
                violation_error_code="lease_next_number",
                violation_error_message="The next number is one of the lease, or the one after its last.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_number} to {self.last_number}"
