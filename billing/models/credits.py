"""Credits: what a business has of them, the ledger that says why, what is promised, what they cost and are sold for."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts import countries
from accounts.models import Membership
from billing.models.payments import PaymentAttempt
from core import amounts, tenancy
from core.dated import Dated


class CreditAccount(tenancy.AccountOwned):
    """How many credits a business has: the sum of its ledger, which one conditional UPDATE changes together with it.

    What is promised to reservations is still in the balance.
    """

    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="credit_account", editable=False)
    balance = models.BigIntegerField(default=0)
    entry_count = models.PositiveIntegerField(default=0)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "credit_accounts"
        default_related_name = "credit_accounts"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.CheckConstraint(
                condition=Q(balance__gte=0),
                name="credits_not_negative",
                violation_error_code="insufficient_credits",
                violation_error_message="There are not so many credits.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.balance)


class ReservationState(models.TextChoices):
    OPEN = "OPEN"
    COMMITTED = "COMMITTED"  # the work was done, and paid for
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"  # never stored: it follows from the time


class CreditReservation(tenancy.AccountOwned):
    """Credits promised to work that can fail. When its time has run out it promises nothing, whoever notices."""

    operation = models.CharField(max_length=40)
    units = models.PositiveBigIntegerField(null=True)
    credits = models.PositiveBigIntegerField()
    state = models.CharField(max_length=16, choices=ReservationState.choices, default=ReservationState.OPEN)
    by = tenancy.OwnedKey(Membership, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "credit_reservations"
        default_related_name = "credit_reservations"
        indexes = [
            models.Index(fields=["account", "expires_at"], condition=Q(state="OPEN"), name="credits_that_are_reserved")
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("by"),
            models.CheckConstraint(
                condition=Q(state__in=["OPEN", "COMMITTED", "RELEASED"]),
                name="reservation_state_known",
                violation_error_code="unknown_state",
                violation_error_message="There is no such state.",
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0),
                name="reservation_of_something",
                violation_error_code="invalid_amount",
                violation_error_message="Nothing would be reserved.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credits} for {self.operation}"

    def state_at(self, now: datetime) -> ReservationState:
        """What it is at this moment."""
        is_over = self.state == ReservationState.OPEN and self.expires_at <= now
        return ReservationState.EXPIRED if is_over else ReservationState(self.state)


class CreditKind(models.TextChoices):
    GRANTED = "GRANTED"  # with the plan
    PURCHASED = "PURCHASED"
    ADDED = "ADDED"  # by the platform's staff
    SPENT = "SPENT"
    REFUNDED = "REFUNDED"  # the work was not worth its price
    TAKEN_BACK = "TAKEN_BACK"  # the money for them went back


class CreditTransaction(tenancy.AccountOwned):
    """A line of the ledger of credits. `units` is of what the operation counts; `key` makes it happen once."""

    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=CreditKind.choices)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    operation = models.CharField(max_length=40, blank=True)
    units = models.PositiveBigIntegerField(null=True)
    source = models.CharField(max_length=32, blank=True)
    source_id = models.UUIDField(null=True)
    refund_of = tenancy.OwnedKey("self", null=True, related_name="refunds")
    key = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    by = tenancy.OwnedKey(Membership, null=True, related_name="+")  # nobody: the product itself
    occurred_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "credit_transactions"
        default_related_name = "credit_transactions"
        indexes = [models.Index(fields=["account", "occurred_at"], name="credit_transactions_by_time")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("refund_of"),
            tenancy.SameAccount("by"),
            tenancy.AppendOnly(name="credit_transactions_append_only"),
            models.UniqueConstraint(
                fields=["account", "sequence"],
                name="one_credit_transaction_per_number",
                violation_error_code="credit_transaction_exists",
                violation_error_message="This line of the ledger is written already.",
            ),
            models.UniqueConstraint(
                fields=["account", "key"],
                condition=~Q(key=""),
                name="one_credit_transaction_per_key",
                violation_error_code="credit_transaction_exists",
                violation_error_message="This line of the ledger is written already.",
            ),
            models.UniqueConstraint(
                fields=["account", "refund_of"],
                condition=Q(refund_of__isnull=False),
                name="credits_refunded_once",
                violation_error_code="credits_refunded",
                violation_error_message="These credits were refunded before.",
            ),
            models.CheckConstraint(
                condition=(Q(kind__in=["SPENT", "TAKEN_BACK"]) & Q(amount__lt=0))
                | (Q(kind__in=["GRANTED", "PURCHASED", "ADDED", "REFUNDED"]) & Q(amount__gt=0)),
                name="credits_go_the_way_of_their_kind",
                violation_error_code="invalid_amount",
                violation_error_message="This kind of line goes the other way.",
            ),
            models.CheckConstraint(
                condition=Q(balance_after__gte=0),
                name="credits_after_not_negative",
                violation_error_code="insufficient_credits",
                violation_error_message="There are not so many credits.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class CreditCost(Dated):
    """What an operation costs for a period, in place of the price list: so many credits for so many units, or once."""

    operation = models.CharField(max_length=40)
    credits = models.PositiveIntegerField()
    units = models.PositiveIntegerField(default=1)

    class Meta(Dated.Meta):
        db_table = "credit_costs"
        constraints = [
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["operation", "starts_on"],
                name="one_credit_cost_per_start",
                violation_error_code="credit_cost_exists",
                violation_error_message="There is a cost from this day on already.",
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0, units__gt=0),
                name="credit_cost_of_something",
                violation_error_code="invalid_amount",
                violation_error_message="A cost is at least one credit, for at least one unit.",
            ),
            tenancy.ReferenceData(name="credit_costs_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.credits}"


class PackQuerySet(models.QuerySet["CreditPack"]):
    def offered(self, currency: str) -> PackQuerySet:
        """Those that are sold to who pays in this currency."""
        return self.filter(is_offered=True, currency=currency).order_by("credits", "code")


class CreditPack(tenancy.Identified):
    """So many credits for a price. The same for everybody who pays in its currency; staff write it."""

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=100)
    credits = models.PositiveIntegerField()
    price = amounts.MoneyField()
    currency = models.CharField(max_length=3, validators=[countries.validate_currency])
    is_offered = models.BooleanField(default=True)

    objects: ClassVar[models.Manager[CreditPack]] = PackQuerySet.as_manager()

    class Meta:
        db_table = "credit_packs"
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                name="one_credit_pack_per_code",
                violation_error_code="credit_pack_exists",
                violation_error_message="There is a pack of this code already.",
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0, price__gt=0),
                name="credit_pack_of_something",
                violation_error_code="invalid_amount",
                violation_error_message="A pack has credits and a price.",
            ),
            tenancy.ReferenceData(name="credit_packs_reference"),
        ]

    def __str__(self) -> str:
        return self.name


class CreditPurchase(tenancy.AccountOwned):
    """A pack that was ordered, with its credits and price as they were then; its money is the attempt's affair.

    Its credits count from `granted_at` on. When the money has gone back, `taken_back_at` is filled, and `taken_back` of
    them were still there to be taken; the rest had been spent.
    """

    pack = models.ForeignKey(CreditPack, models.PROTECT, db_index=False)
    credits = models.PositiveIntegerField()
    price = amounts.MoneyField()
    currency = models.CharField(max_length=3)
    attempt = tenancy.OwnedKey(PaymentAttempt, related_name="credit_purchases")
    granted_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)
    taken_back = models.PositiveIntegerField(default=0)
    by = tenancy.OwnedKey(Membership, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "credit_purchases"
        default_related_name = "credit_purchases"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("attempt"),
            tenancy.SameAccount("by"),
            models.CheckConstraint(
                condition=Q(taken_back__lte=models.F("credits")),
                name="at_most_all_credits_taken_back",
                violation_error_code="invalid_amount",
                violation_error_message="More would be taken back than was bought.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credits} for {self.price} {self.currency}"

    @property
    def is_granted(self) -> bool:
        return self.granted_at is not None and self.taken_back_at is None

    @property
    def missing(self) -> int:
        """How many were spent before their money went back."""
        return self.credits - self.taken_back if self.taken_back_at else 0
