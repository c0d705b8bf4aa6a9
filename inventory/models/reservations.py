"""What is on the shelf, and promised."""

from __future__ import annotations

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models.catalogue import Product
from inventory.models.places import Location
from inventory.models.rules import positive


class Reservation(tenancy.AccountOwned):
    """So much of a product at a place, held for a cart until `expires_at`; from then on it is as if it were not.

    A firm one is held for a paper, whose id stands in `cart`; only that paper lets go of it.
    """

    place = "location"

    location = tenancy.OwnedKey(Location, related_name="reservations")
    product = tenancy.OwnedKey(Product, related_name="reservations")
    cart = models.UUIDField()
    quantity = amounts.QuantityField()
    held_by = tenancy.OwnedKey(Membership, related_name="+")
    held_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    is_firm = models.BooleanField(default=False)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "reservations"
        default_related_name = "reservations"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("location"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("held_by"),
            models.UniqueConstraint(
                fields=["account", "location", "product", "cart"],
                name="one_hold_per_cart",
                violation_error_code="held_already",
                violation_error_message="The cart holds this already.",
            ),
            positive("quantity", "reservation_holds_something", "A reservation holds something."),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id}"
