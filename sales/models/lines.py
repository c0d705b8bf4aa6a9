"""What a line of a paper says, once it is priced."""

from __future__ import annotations

from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from core import amounts, tenancy
from inventory.models import Product, ProductPack
from sales.models.price_rules import PriceRule


class PricedLine(tenancy.AccountOwned):
    """One product with its price and levies frozen as they were. `quantity` is in packs of `factor` base units.

    `price_rule` made the unit price, where it is not that of the list; `discounts` are the parts of the discount.
    """

    position = models.PositiveSmallIntegerField()
    product = tenancy.OwnedKey(Product)
    pack = tenancy.OwnedKey(ProductPack, null=True)
    factor = amounts.QuantityField(default=Decimal(1))
    name = models.CharField(max_length=200)
    quantity = amounts.QuantityField()
    unit_price = amounts.MoneyField()
    list_price = amounts.MoneyField()
    price_rule = tenancy.OwnedKey(PriceRule, null=True)
    price_rule_name = models.CharField(max_length=100, blank=True)
    discount = amounts.MoneyField()
    discounts = models.JSONField(encoder=DjangoJSONEncoder, default=list)
    tax_rate = amounts.RateField()
    tax_amount = amounts.MoneyField()
    taxes = models.JSONField(encoder=DjangoJSONEncoder, default=list)
    total = amounts.MoneyField()

    class Meta(tenancy.AccountOwned.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"
