from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone

from core import amounts, tenancy


class Account(tenancy.Identified):
    """One business: the tenant. One account is the platform's own, to which its staff belong."""

    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    is_tax_registered = models.BooleanField(default=True)
    prices_include_tax = models.BooleanField(default=True)
    is_shift_required = models.BooleanField(default=False)
    cash_rounding = amounts.MoneyField(default=Decimal(0))  # the smallest coin; zero where every amount can be paid
    is_fiscal = models.BooleanField(default=False)  # the tax authority certifies every receipt
    layaway_deposit_rate = amounts.RateField(default=Decimal("0.2"))  # of what is laid aside, at least
    receipt_header = models.CharField(max_length=500, blank=True)
    receipt_footer = models.CharField(max_length=500, blank=True)
    approval_limits = models.JSONField(default=dict, blank=True)  # of roles that differ from accounts/roles.py
    is_platform = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    across_accounts: ClassVar[models.Manager[Account]] = tenancy.OwnedQuerySet.as_manager()

    class Meta:
        db_table = "accounts"
        constraints = [
            tenancy.RowLevelSecurity(column="id", name="accounts_tenant"),
            models.CheckConstraint(
                condition=models.Q(cash_rounding__gte=0),
                name="cash_rounding_not_negative",
                violation_error_code="negative_amount",
                violation_error_message="The smallest coin is not negative.",
            ),
            models.CheckConstraint(
                condition=models.Q(layaway_deposit_rate__gte=0, layaway_deposit_rate__lte=1),
                name="layaway_deposit_is_a_share",
                violation_error_code="rate_out_of_range",
                violation_error_message="A deposit is between nothing and all of it.",
            ),
            models.UniqueConstraint(
                fields=["is_platform"],
                condition=models.Q(is_platform=True),
                name="one_platform",
                violation_error_code="platform_exists",
                violation_error_message="There is a platform account already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def currency_exponent(self) -> int:
        return amounts.currency_exponent(self.currency)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def today(self) -> date:
        """The day that it is now in the account's time zone: ask once, for it may end."""
        return timezone.localdate(timezone=self.zone)

    def show_money(self, amount: Decimal) -> str:
        """The amount as refusals and the history tell it."""
        return amounts.show_money(amount, self.currency_exponent)

    def midnight(self, day: date) -> datetime:
        """When the day begins in the account's time zone."""
        return datetime.combine(day, time.min, tzinfo=self.zone)
