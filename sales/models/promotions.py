"""What is given to whoever buys enough."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from core import amounts, tenancy
from inventory.models import Category, Product
from inventory.models.rules import not_negative
from sales.models.offers import Offer, one_of_percent_and_amount, percent_of_a_hundred


class PromotionKind(models.TextChoices):
    BUY_GET = "BUY_GET"  # of so many bought, so many more are free or cheaper
    THRESHOLD = "THRESHOLD"  # who spends so much pays less


class Promotion(Offer):
    """BUY_GET: who buys `bought` pieces gets `got` more, the cheapest, at `percent` off. THRESHOLD: who buys for
    `minimum` gets `percent` or `amount` off.

    Its items say which products are meant, on the side that is bought and on the side that is given; no items on a side
    are all products, and none on the given side are those of the bought one. The lowest `priority` comes first.
    """

    kind = models.CharField(max_length=16, choices=PromotionKind.choices)
    priority = models.PositiveSmallIntegerField(default=100)
    bought = models.PositiveIntegerField(default=0)
    got = models.PositiveIntegerField(default=0)
    minimum = amounts.MoneyField(default=Decimal(0))
    percent = amounts.PercentField(default=Decimal(0))
    amount = amounts.MoneyField(default=Decimal(0))

    class Meta(Offer.Meta):
        db_table = "promotions"
        default_related_name = "promotions"
        indexes = [
            models.Index(
                fields=["account", "priority"], condition=models.Q(is_active=True), name="promotions_that_are_active"
            )
        ]
        constraints = [
            *Offer.Meta.constraints,
            percent_of_a_hundred("promotion_percent"),
            not_negative("minimum", "promotion_minimum_not_negative", "A minimum is not negative."),
            models.CheckConstraint(
                condition=models.Q(kind="BUY_GET", bought__gt=0, got__gt=0, minimum=0, percent__gt=0, amount=0)
                | models.Q(models.Q(kind="THRESHOLD", bought=0, got=0, minimum__gt=0) & one_of_percent_and_amount()),
                name="promotion_is_whole",
                violation_error_code="promotion_incomplete",
                violation_error_message="Buy and get are counts with a percentage; a threshold is a minimum with either"
                " a percentage or an amount.",
            ),
        ]


class Side(models.TextChoices):
    BUY = "BUY"
    GET = "GET"


class PromotionItem(tenancy.AccountOwned):
    """A product, or a shelf with all on it and on the shelves within, on one side of a promotion."""

    place = "promotion__storefront"

    promotion = tenancy.OwnedKey(Promotion, related_name="items")
    side = models.CharField(max_length=8, choices=Side.choices)
    product = tenancy.OwnedKey(Product, null=True, related_name="promotion_items")
    category = tenancy.OwnedKey(Category, null=True, related_name="promotion_items")

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "promotion_items"
        default_related_name = "promotion_items"
        indexes = [models.Index(fields=["account", "promotion"], name="promotion_items_by_promotion")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("promotion"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("category"),
            models.CheckConstraint(
                condition=models.Q(product__isnull=True) ^ models.Q(category__isnull=True),
                name="promotion_item_is_one_thing",
                violation_error_code="promotion_item_unclear",
                violation_error_message="An item is a product or a category.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.product_id or self.category_id}"
