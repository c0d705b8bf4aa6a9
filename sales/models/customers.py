"""Whom a shop knows by name, what they owe it, and what it keeps for them."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models.functions import Lower

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models.rules import not_negative


class CustomerGroup(tenancy.AccountOwned):
    """Customers who buy on the same terms: hairdressers, resellers, staff."""

    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "customer_groups"
        default_related_name = "customer_groups"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="one_customer_group_per_name",
                violation_error_code="customer_group_exists",
                violation_error_message="There is a group of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Customer(tenancy.AccountOwned):
    """Somebody whom the shop knows by name.

    `debt` is what they owe and `wallet` what is kept for them: projections of the customer's ledger. They may owe up to
    `credit_limit`, each debt for `terms_days`, unless they are blocked.
    """

    PERSONAL = frozenset({"name", "phone"})

    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=32, blank=True)
    group = tenancy.OwnedKey(CustomerGroup, null=True, related_name="customers")
    credit_limit = amounts.MoneyField(default=Decimal(0))
    terms_days = models.PositiveSmallIntegerField(default=30)
    is_blocked = models.BooleanField(default=False)
    debt = amounts.MoneyField(default=Decimal(0))
    wallet = amounts.MoneyField(default=Decimal(0))
    entry_count = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "customers"
        default_related_name = "customers"
        indexes = [
            models.Index(fields=["account", "name", "id"], name="customers_by_name"),
            models.Index(fields=["account", "group"], name="customers_by_group"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("group"),
            models.UniqueConstraint(
                fields=["account", "phone"],
                condition=~models.Q(phone=""),
                name="one_customer_per_phone",
                violation_error_code="phone_taken",
                violation_error_message="Another customer has this phone number.",
            ),
            not_negative("credit_limit", "credit_limit_not_negative", "A credit limit is not negative."),
            not_negative("debt", "debt_not_negative", "Nobody owes less than nothing."),
            not_negative("wallet", "wallet_not_negative", "A wallet does not hold less than nothing."),
        ]

    def __str__(self) -> str:
        return self.name


class Debt(tenancy.AccountOwned):
    """What a customer owes for one thing that they got on credit, until `settled` has reached the amount.

    `settled` is a projection of the entries about it: paid, taken back with goods, or written off.
    """

    customer = tenancy.OwnedKey(Customer, related_name="debts")
    source = models.CharField(max_length=32)
    source_id = models.UUIDField()
    amount = amounts.MoneyField()
    settled = amounts.MoneyField(default=Decimal(0))
    due_on = models.DateField()
    occurred_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "debts"
        default_related_name = "debts"
        indexes = [
            models.Index(fields=["account", "customer", "due_on", "id"], name="debts_by_customer"),
            models.Index(
                fields=["account", "due_on", "id"],
                condition=models.Q(settled__lt=models.F("amount")),
                name="debts_that_are_open",
            ),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("customer"),
            models.UniqueConstraint(
                fields=["account", "source", "source_id"],
                name="one_debt_per_source",
                violation_error_code="debt_exists",
                violation_error_message="This has been put on credit already.",
            ),
            models.CheckConstraint(
                condition=models.Q(settled__gte=0) & models.Q(settled__lte=models.F("amount")),
                name="settled_at_most_owed",
                violation_error_code="debt_overpaid",
                violation_error_message="More would be settled than is owed.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} due {self.due_on}"

    @property
    def open_amount(self) -> Decimal:
        left: Decimal = self.amount - self.settled
        return left


class Book(models.TextChoices):
    """Which of a customer's two balances an entry is about."""

    DEBT = "DEBT"
    WALLET = "WALLET"


class EntryKind(models.TextChoices):
    SOLD_ON_CREDIT = "SOLD_ON_CREDIT"  # owed from now on
    PAID = "PAID"
    REFUNDED = "REFUNDED"  # goods came back: owed no longer, or kept in the wallet
    WRITTEN_OFF = "WRITTEN_OFF"
    TOPPED_UP = "TOPPED_UP"
    OVERPAID = "OVERPAID"
    CHANGE_KEPT = "CHANGE_KEPT"
    PAID_LATE = "PAID_LATE"  # money that came when nothing waited for it any more
    SPENT = "SPENT"
    PAID_OUT = "PAID_OUT"


class CustomerEntry(tenancy.AccountOwned):
    """A line of a customer's ledger: so much more, or less, owed for one debt or kept in the wallet."""

    customer = tenancy.OwnedKey(Customer, related_name="entries")
    sequence = models.PositiveIntegerField()
    book = models.CharField(max_length=8, choices=Book.choices)
    kind = models.CharField(max_length=16, choices=EntryKind.choices)
    debt = tenancy.OwnedKey(Debt, null=True, related_name="entries")
    amount = amounts.MoneyField()
    balance_after = amounts.MoneyField()
    source = models.CharField(max_length=32)
    source_id = models.UUIDField()
    reason = models.CharField(max_length=200, blank=True)
    by = tenancy.OwnedKey(Membership, related_name="customer_entries")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "customer_entries"
        default_related_name = "customer_entries"
        indexes = [
            models.Index(fields=["account", "source_id"], name="customer_entries_by_source"),
            models.Index(fields=["account", "debt"], name="customer_entries_by_debt"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("customer"),
            tenancy.SameAccount("debt"),
            tenancy.SameAccount("by"),
            tenancy.AppendOnly(name="customer_entries_append_only"),
            models.UniqueConstraint(
                fields=["account", "customer", "sequence"],
                name="one_customer_entry_per_number",
                violation_error_code="customer_entry_exists",
                violation_error_message="This line of the ledger is written already.",
            ),
            models.CheckConstraint(
                condition=models.Q(book=Book.DEBT, debt__isnull=False) | models.Q(book=Book.WALLET, debt__isnull=True),
                name="owed_for_a_debt",
                violation_error_code="entry_without_debt",
                violation_error_message="What is owed is owed for a debt, and nothing else is.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
