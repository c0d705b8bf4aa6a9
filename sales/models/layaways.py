"""What is laid aside for a customer until it is paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models import Location
from inventory.models.rules import not_negative
from sales.models.customers import Customer
from sales.models.lines import PricedLine
from sales.models.price_rules import PriceLevel
from sales.models.registers import Register
from sales.models.sales import Sale


class LayawayStatus(models.TextChoices):
    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class Layaway(tenancy.AccountOwned):
    """Goods that a customer pays in parts, at the prices and levies of the day on which they were laid aside.

    They are held until the end of `due_on`. `paid` is the sum of the payments: those that came, less what went back.
    Of one that is cancelled the business keeps `fee`.
    """

    place = "storefront"

    storefront = tenancy.OwnedKey(Location, related_name="layaways")
    register = tenancy.OwnedKey(Register, related_name="layaways")
    customer = tenancy.OwnedKey(Customer, related_name="layaways")
    status = models.CharField(max_length=16, choices=LayawayStatus.choices, default=LayawayStatus.OPEN)
    price_level = models.CharField(max_length=16, choices=PriceLevel.choices)
    currency = models.CharField(max_length=3)
    prices_include_tax = models.BooleanField()
    subtotal = amounts.MoneyField()
    discount_total = amounts.MoneyField()
    tax_total = amounts.MoneyField()
    total = amounts.MoneyField()
    paid = amounts.MoneyField(default=Decimal(0))
    fee = amounts.MoneyField(default=Decimal(0))
    due_on = models.DateField()
    sale = tenancy.OwnedKey(Sale, null=True, related_name="layaways")
    closing_reason = models.CharField(max_length=200, blank=True)
    opened_by = tenancy.OwnedKey(Membership, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "layaways"
        default_related_name = "layaways"
        indexes = [
            models.Index(fields=["account", "opened_at", "id"], name="layaways_by_time"),
            models.Index(fields=["account", "customer"], name="layaways_by_customer"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("storefront"),
            tenancy.SameAccount("register"),
            tenancy.SameAccount("customer"),
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("opened_by"),
            models.UniqueConstraint(
                fields=["account", "sale"],
                name="one_layaway_per_sale",
                violation_error_code="layaway_closed",
                violation_error_message="This sale is that of another layaway.",
            ),
            not_negative("paid", "layaway_paid_not_negative", "More would go back than was paid."),
            models.CheckConstraint(
                condition=models.Q(paid__lte=models.F("total")),
                name="layaway_paid_once",
                violation_error_code="layaway_overpaid",
                violation_error_message="More would be paid than it costs.",
            ),
            models.CheckConstraint(
                condition=models.Q(status=LayawayStatus.OPEN, sale__isnull=True, fee=0)
                | models.Q(status=LayawayStatus.COMPLETED, sale__isnull=False, fee=0, paid=models.F("total"))
                | models.Q(status=LayawayStatus.CANCELLED, sale__isnull=True, paid=models.F("fee")),
                name="layaway_ends_one_way",
                violation_error_code="layaway_closed",
                violation_error_message="A layaway is sold when it is paid, or else the money goes back.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total} until {self.due_on}"

    @property
    def open_amount(self) -> Decimal:
        """What is left to pay; nothing of what is closed."""
        left: Decimal = self.total - self.paid
        return left if self.status == LayawayStatus.OPEN else Decimal(0)

    def is_overdue(self, today: date) -> bool:
        """Whether it holds nothing any more, although it is neither paid nor given up."""
        return self.status == LayawayStatus.OPEN and self.due_on < today


class LayawayLine(PricedLine):
    """One product that is laid aside."""

    place = "layaway__storefront"

    layaway = tenancy.OwnedKey(Layaway, related_name="lines")

    class Meta(PricedLine.Meta):
        db_table = "layaway_lines"
        default_related_name = "layaway_lines"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("layaway"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("pack"),
            tenancy.SameAccount("price_rule"),
            models.UniqueConstraint(
                fields=["account", "layaway", "position"],
                name="one_layaway_line_per_position",
                violation_error_code="line_position_taken",
                violation_error_message="The layaway has another line in this place.",
            ),
        ]
