"""Words and numbers that are worth money at the till."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models.functions import Upper

from core import amounts, tenancy
from inventory.models.rules import not_negative
from sales.models.customers import Customer
from sales.models.offers import Offer, one_of_percent_and_amount, percent_of_a_hundred
from sales.models.sales import Sale


class Coupon(Offer):
    """Who names its code at the till gets `percent` or `amount` off what costs at least `min_basket`.

    `use_count` counts its uses, a projection of them, and `over_count` those among them that tills which were offline
    made beyond what it may be used. It is used up after `max_uses` in all, and for one customer after
    `max_uses_per_customer`; a sale that is taken back does not give its use back.
    """

    code = models.CharField(max_length=32)
    percent = amounts.PercentField(default=Decimal(0))
    amount = amounts.MoneyField(default=Decimal(0))
    min_basket = amounts.MoneyField(default=Decimal(0))
    max_uses = models.PositiveIntegerField(null=True)
    max_uses_per_customer = models.PositiveIntegerField(null=True)
    use_count = models.PositiveIntegerField(default=0)
    over_count = models.PositiveIntegerField(default=0)

    class Meta(Offer.Meta):
        db_table = "coupons"
        default_related_name = "coupons"
        constraints = [
            *Offer.Meta.constraints,
            models.UniqueConstraint(
                "account",
                Upper("code"),
                name="one_coupon_per_code",
                violation_error_code="coupon_exists",
                violation_error_message="There is a coupon with this code already.",
            ),
            percent_of_a_hundred("coupon_percent"),
            not_negative("min_basket", "coupon_basket_not_negative", "A minimum is not negative."),
            models.CheckConstraint(
                condition=one_of_percent_and_amount(),
                name="coupon_is_worth_something",
                violation_error_code="coupon_incomplete",
                violation_error_message="A coupon takes off a percentage or an amount, one of the two.",
            ),
            models.CheckConstraint(
                condition=models.Q(max_uses__isnull=True)
                | models.Q(use_count__lte=models.F("max_uses") + models.F("over_count")),
                name="coupon_used_at_most",
                violation_error_code="coupon_used_up",
                violation_error_message="This coupon has been used as often as it may be.",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CouponUse(tenancy.AccountOwned):
    """That a sale was made with a coupon, and what it took off."""

    place = "sale__storefront"

    coupon = tenancy.OwnedKey(Coupon, related_name="uses")
    sale = tenancy.OwnedKey(Sale, related_name="coupon_uses")
    customer = tenancy.OwnedKey(Customer, null=True, related_name="coupon_uses")
    amount = amounts.MoneyField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "coupon_uses"
        default_related_name = "coupon_uses"
        indexes = [models.Index(fields=["account", "coupon", "customer"], name="coupon_uses_by_customer")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("coupon"),
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("customer"),
            models.UniqueConstraint(
                fields=["account", "sale"],
                name="one_coupon_per_sale",
                violation_error_code="coupon_taken",
                violation_error_message="This sale has its coupon.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} off"
