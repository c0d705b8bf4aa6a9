"""Money that came and went, by tender."""

from __future__ import annotations

from django.db import models

from core import amounts, tenancy
from sales.models.customers import Customer
from sales.models.gift_cards import GiftCard
from sales.models.layaways import Layaway
from sales.models.mobile_payments import MobilePayment
from sales.models.refunds import Refund
from sales.models.registers import Register
from sales.models.sales import Sale
from sales.models.shifts import Shift


class PaymentMethod(models.TextChoices):
    CASH = "CASH"
    CARD = "CARD"
    MOBILE_MONEY = "MOBILE_MONEY"
    BANK = "BANK"
    CUSTOMER_CREDIT = "CUSTOMER_CREDIT"
    WALLET = "WALLET"
    GIFT_CARD = "GIFT_CARD"
    EXCHANGE = "EXCHANGE"  # with goods that came back: no money moves
    DEPOSIT = "DEPOSIT"  # what was paid before, for what was laid aside


MOVES_NOTHING = (PaymentMethod.DEPOSIT, PaymentMethod.EXCHANGE)  # the money had come before
# By the others something is owed, or what was kept for somebody is spent: the money comes later, or had come before.
MONEY = (PaymentMethod.CASH, PaymentMethod.CARD, PaymentMethod.MOBILE_MONEY, PaymentMethod.BANK)


class Payment(tenancy.AccountOwned):
    """Money that came in at a register or, with a minus, went back, by one tender.

    It is for a sale, for a refund of one, for a layaway, or, without any, for a customer's account or for the gift card
    that was sold; of a payment by gift card, `gift_card` is the one. `amount` is what settles it; `tendered` what was
    handed over, of which cash change was given. In an exchange, `came_by` is the tender by which the money once came,
    and by which it may go back.
    """

    place = "register__storefront"

    register = tenancy.OwnedKey(Register, related_name="payments")
    shift = tenancy.OwnedKey(Shift, null=True, related_name="payments")
    sale = tenancy.OwnedKey(Sale, null=True, related_name="payments")
    refund = tenancy.OwnedKey(Refund, null=True, related_name="payments")
    layaway = tenancy.OwnedKey(Layaway, null=True, related_name="payments")
    customer = tenancy.OwnedKey(Customer, null=True, related_name="payments")
    gift_card = tenancy.OwnedKey(GiftCard, null=True, related_name="payments")
    attempt = tenancy.OwnedKey(MobilePayment, null=True, related_name="payments")
    method = models.CharField(max_length=16, choices=PaymentMethod.choices)
    came_by = models.CharField(max_length=16, choices=PaymentMethod.choices, blank=True)
    amount = amounts.MoneyField()
    tendered = amounts.MoneyField()
    reference = models.CharField(max_length=100, blank=True)
    paid_at = models.DateTimeField()
    is_late = models.BooleanField(default=False)  # for a shift that was closed when it came

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "payments"
        default_related_name = "payments"
        indexes = [
            models.Index(fields=["account", "sale"], name="payments_by_sale"),
            models.Index(fields=["account", "refund"], name="payments_by_refund"),
            models.Index(fields=["account", "layaway"], name="payments_by_layaway"),
            models.Index(fields=["account", "shift"], name="payments_by_shift"),
            models.Index(fields=["account", "customer"], name="payments_by_customer"),
            models.Index(fields=["account", "paid_at", "id"], name="payments_by_time"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("register"),
            tenancy.SameAccount("shift"),
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("refund"),
            tenancy.SameAccount("layaway"),
            tenancy.SameAccount("customer"),
            tenancy.SameAccount("gift_card"),
            tenancy.SameAccount("attempt"),
            models.UniqueConstraint(
                fields=["account", "attempt"],
                condition=models.Q(attempt__isnull=False),
                name="one_payment_per_attempt",
                violation_error_code="payment_not_usable",
                violation_error_message="The money of this attempt has been used.",
            ),
            models.CheckConstraint(
                condition=models.Q(sale__isnull=False, layaway__isnull=True)
                | models.Q(sale__isnull=True, refund__isnull=True, layaway__isnull=False)
                | models.Q(refund__isnull=True, customer__isnull=False, layaway__isnull=True)
                | models.Q(refund__isnull=True, gift_card__isnull=False, layaway__isnull=True),
                name="payment_is_for_something",
                violation_error_code="payment_for_nothing",
                violation_error_message="A payment is for a sale, a layaway, a customer's account, or a gift card.",
            ),
            models.CheckConstraint(
                condition=(models.Q(method=PaymentMethod.EXCHANGE) & ~models.Q(came_by=""))
                | (~models.Q(method=PaymentMethod.EXCHANGE) & models.Q(came_by="")),
                name="exchanged_money_came_by_a_tender",
                violation_error_code="exchange_without_tender",
                violation_error_message="Of what is exchanged, and of nothing else, it is known how it was paid.",
            ),
            tenancy.AppendOnly(name="payments_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.amount}"
