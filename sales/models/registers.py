"""Tills."""

from __future__ import annotations

from django.db import models

from core import tenancy
from inventory.models import Location


class Register(tenancy.AccountOwned):
    """A till in a storefront. Its code and its counters make the numbers of receipts and of refunds without a gap.

    Its row is also the lock of its drawer: whoever opens or closes a shift, or moves cash, holds it.
    """

    place = "storefront"

    storefront = tenancy.OwnedKey(Location, related_name="registers")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=100)
    last_number = models.PositiveIntegerField(default=0)
    last_z_number = models.PositiveIntegerField(default=0)
    last_refund_number = models.PositiveIntegerField(default=0)
    open_shift_id = models.UUIDField(null=True)  # no key: the shift refers to the register
    open_lease_id = models.UUIDField(null=True)  # nor here: the lease, too, refers to the register
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "registers"
        default_related_name = "registers"
        indexes = [models.Index(fields=["account", "storefront"], name="registers_by_storefront")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("storefront"),
            models.UniqueConstraint(
                fields=["account", "code"],
                name="one_register_per_code",
                violation_error_code="register_code_taken",
                violation_error_message="Another register has this code.",
            ),
        ]

    def __str__(self) -> str:
        return self.code
