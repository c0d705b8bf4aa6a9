"""What is sold and what it costs: the same for everybody, written by staff."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts import countries
from billing.models import PageGateway
from core import amounts, tenancy
from core.dated import Dated
from subscriptions.policy import Resource

_NOT_NEGATIVE = MinValueValidator(amounts.ZERO)


class Cycle(models.TextChoices):
    """For how long is paid at once."""

    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    YEARLY = "YEARLY"

    @property
    def months(self) -> int:
        return _MONTHS[self]


_MONTHS = {Cycle.MONTHLY: 1, Cycle.QUARTERLY: 3, Cycle.YEARLY: 12}


class SubscriptionPlan(tenancy.Identified):
    """What is sold. A limit that is null is none. `features` are sentences for those who choose, one a line."""

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3, validators=[countries.validate_currency])
    features = models.TextField(blank=True)
    max_users = models.PositiveIntegerField(null=True, blank=True)
    max_storefronts = models.PositiveIntegerField(null=True, blank=True)
    max_products = models.PositiveIntegerField(null=True, blank=True)
    monthly_credits = models.PositiveIntegerField(default=0)
    is_offered = models.BooleanField(default=True)

    class Meta:
        db_table = "subscription_plans"
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                name="one_plan_per_code",
                violation_error_code="plan_exists",
                violation_error_message="There is a plan of this code already.",
            ),
            tenancy.ReferenceData(name="subscription_plans_reference"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def feature_lines(self) -> list[str]:
        return self.features.splitlines()

    def limit_of(self, resource: Resource) -> int | None:
        """How many of it the plan covers; None for any number."""
        most: int | None = getattr(self, f"max_{resource}")
        return most


class SubscriptionPricingTier(tenancy.Identified):
    """What a plan costs for one cycle with so many storefronts: `base` up to the fewest, and more for each beyond."""

    plan = models.ForeignKey(SubscriptionPlan, models.PROTECT, related_name="tiers", db_index=False)
    cycle = models.CharField(max_length=16, choices=Cycle.choices, default=Cycle.MONTHLY)
    min_storefronts = models.PositiveIntegerField(default=1)
    max_storefronts = models.PositiveIntegerField(null=True, blank=True)  # null: however many more
    base = amounts.MoneyField(validators=[_NOT_NEGATIVE])
    per_extra = amounts.MoneyField(default=amounts.ZERO, validators=[_NOT_NEGATIVE])

    class Meta:
        db_table = "subscription_pricing_tiers"
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "cycle", "min_storefronts"],
                name="one_tier_per_start",
                violation_error_code="tier_exists",
                violation_error_message="A tier of this plan and cycle begins with so many storefronts already.",
            ),
            models.CheckConstraint(
                condition=Q(min_storefronts__gte=1)
                & (Q(max_storefronts__isnull=True) | Q(max_storefronts__gte=F("min_storefronts"))),
                name="tier_from_one_up",
                violation_error_code="tier_upside_down",
                violation_error_message="A tier goes from one storefront or more up to as many, or more.",
            ),
            models.CheckConstraint(
                condition=Q(base__gt=0, per_extra__gte=0),
                name="tier_costs_something",
                violation_error_code="nothing_to_pay",
                violation_error_message="A tier costs something.",
            ),
            tenancy.ReferenceData(name="subscription_pricing_tiers_reference"),
        ]

    def __str__(self) -> str:
        most = "up" if self.max_storefronts is None else f"to {self.max_storefronts}"
        return f"{self.plan_id} {self.cycle} {self.min_storefronts} {most}"

    @property
    def currency(self) -> str:
        return self.plan.currency

    def holds(self, storefronts: int) -> bool:
        most = self.max_storefronts
        return self.min_storefronts <= storefronts and (most is None or storefronts <= most)

    def clean(self) -> None:
        """Refuse to overlap another tier of the plan and cycle."""
        others: models.QuerySet[Any] = SubscriptionPricingTier.objects.using(self._state.db or "default")
        others = others.filter(plan=self.plan_id, cycle=self.cycle).exclude(pk=self.pk)
        others = others.filter(Q(max_storefronts__isnull=True) | Q(max_storefronts__gte=self.min_storefronts))
        if self.max_storefronts is not None:
            others = others.filter(min_storefronts__lte=self.max_storefronts)
        if others.exists():
            raise ValidationError("Another tier of this plan and cycle has some of these storefronts.", code="overlap")


def _share(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(rate__gte=0, rate__lte=1),
        name=name,
        violation_error_code="rate_out_of_range",
        violation_error_message="A rate is between nothing and all of it.",
    )


class TaxConfiguration(Dated):
    """What a country puts on a subscription. One that compounds is on the price and the taxes before it as well."""

    country = models.CharField(max_length=2, validators=[countries.validate_country])
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=100)
    rate = amounts.RateField()
    position = models.PositiveSmallIntegerField(default=1)
    compounds = models.BooleanField(default=False)

    class Meta(Dated.Meta):
        db_table = "subscription_taxes"
        constraints = [
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["country", "code", "starts_on"],
                name="one_subscription_tax_per_start",
                violation_error_code="tax_exists",
                violation_error_message="This tax starts on that day already.",
            ),
            _share("subscription_tax_is_a_share"),
            tenancy.ReferenceData(name="subscription_taxes_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.code} {self.rate}"


class ServiceCharge(Dated):
    """What a gateway takes for a payment, which the payer bears: a share of it, and so much each time."""

    gateway = models.CharField(max_length=16, choices=PageGateway.choices)
    currency = models.CharField(max_length=3, validators=[countries.validate_currency])
    rate = amounts.RateField(default=amounts.ZERO)
    fixed = amounts.MoneyField(default=amounts.ZERO, validators=[_NOT_NEGATIVE])

    class Meta(Dated.Meta):
        db_table = "subscription_charges"
        constraints = [
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["gateway", "currency", "starts_on"],
                name="one_charge_per_start",
                violation_error_code="charge_exists",
                violation_error_message="This gateway's charge changes on that day already.",
            ),
            _share("subscription_charge_is_a_share"),
            models.CheckConstraint(
                condition=Q(fixed__gte=0),
                name="subscription_charge_not_negative",
                violation_error_code="negative_amount",
                violation_error_message="A charge is not negative.",
            ),
            tenancy.ReferenceData(name="subscription_charges_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.currency} {self.rate}"
