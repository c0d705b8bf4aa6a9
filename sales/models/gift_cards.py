"""Money that was paid for goods that nobody has chosen yet."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from accounts.models import Membership
from core import amounts, tenancy
from inventory.models.rules import not_negative


class GiftCard(tenancy.AccountOwned):
    """What whoever has its code may pay with, up to the balance, to the end of its last day.

    Of the code only a digest is kept: it is told once, to whoever sells the card. `balance` is a projection of the
    card's ledger.
    """

    SECRET = frozenset({"code_hash"})

    code_hash = models.CharField(max_length=64)
    last_four = models.CharField(max_length=4)
    amount = amounts.MoneyField()
    balance = amounts.MoneyField(default=Decimal(0))
    entry_count = models.PositiveIntegerField(default=0)
    expires_on = models.DateField(null=True)
    is_blocked = models.BooleanField(default=False)
    sold_by = tenancy.OwnedKey(Membership, related_name="gift_cards")
    sold_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "gift_cards"
        default_related_name = "gift_cards"
        indexes = [models.Index(fields=["account", "sold_at", "id"], name="gift_cards_by_time")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sold_by"),
            models.UniqueConstraint(
                fields=["account", "code_hash"],
                name="one_gift_card_per_code",
                violation_error_code="gift_card_exists",
                violation_error_message="There is a gift card with this code already.",
            ),
            not_negative("balance", "card_balance_not_negative", "A gift card does not hold less than nothing."),
        ]

    def __str__(self) -> str:
        return f"… {self.last_four}"


class CardEntryKind(models.TextChoices):
    SOLD = "SOLD"
    SPENT = "SPENT"
    REFUNDED = "REFUNDED"  # goods that were paid with it came back


class GiftCardEntry(tenancy.AccountOwned):
    """A line of a gift card's ledger: so much more, or less, is on it."""

    card = tenancy.OwnedKey(GiftCard, related_name="entries")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=CardEntryKind.choices)
    amount = amounts.MoneyField()
    balance_after = amounts.MoneyField()
    source = models.CharField(max_length=32)
    source_id = models.UUIDField()
    by = tenancy.OwnedKey(Membership, related_name="gift_card_entries")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "gift_card_entries"
        default_related_name = "gift_card_entries"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("card"),
            tenancy.SameAccount("by"),
            tenancy.AppendOnly(name="gift_card_entries_append_only"),
            models.UniqueConstraint(
                fields=["account", "card", "sequence"],
                name="one_card_entry_per_number",
                violation_error_code="card_entry_exists",
                violation_error_message="This line of the card's ledger is written already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
