"""Prices beside the list."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from core import amounts, tenancy
from inventory.models import Product, ProductPack
from inventory.models.rules import not_negative
from sales.models.customers import CustomerGroup
from sales.models.offers import Offer


class PriceLevel(models.TextChoices):
    RETAIL = "RETAIL"
    WHOLESALE = "WHOLESALE"


class PriceRule(Offer):
    """What a base unit of a product, or one pack of it, costs instead of its price by the list.

    It can be for a customer group, a storefront, a price level, and from a quantity on, which is counted in what the
    rule prices: base units, or packs.
    """

    product = tenancy.OwnedKey(Product, related_name="price_rules")
    pack = tenancy.OwnedKey(ProductPack, null=True, related_name="price_rules")
    customer_group = tenancy.OwnedKey(CustomerGroup, null=True, related_name="price_rules")
    price_level = models.CharField(max_length=16, choices=PriceLevel.choices, blank=True)
    min_quantity = amounts.QuantityField(default=Decimal(0))
    unit_price = amounts.MoneyField()

    class Meta(Offer.Meta):
        db_table = "price_rules"
        default_related_name = "price_rules"
        indexes = [models.Index(fields=["account", "product"], name="price_rules_by_product")]
        constraints = [
            *Offer.Meta.constraints,
            tenancy.SameAccount("product"),
            tenancy.SameAccount("pack"),
            tenancy.SameAccount("customer_group"),
            not_negative("unit_price", "rule_price_not_negative", "A price is not negative."),
            not_negative("min_quantity", "rule_quantity_not_negative", "A quantity is not negative."),
        ]
