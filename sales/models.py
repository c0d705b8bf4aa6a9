from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts.models import Device, Membership
from core import amounts, tenancy
from inventory.models import Location, Product, ProductPack


class Register(tenancy.AccountOwned):
    """A till in a storefront. Its code and its counter make receipt numbers without a gap."""

    place = "storefront"

    storefront = tenancy.OwnedKey(Location, related_name="registers")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=100)
    last_number = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "registers"
        default_related_name = "registers"
        indexes = [models.Index(fields=["account", "storefront"], name="registers_by_storefront")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("storefront"),
            models.UniqueConstraint(
                fields=["account", "code"],
                name="one_register_per_code",
                violation_error_code="register_code_taken",
                violation_error_message="Another register has this code.",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Customer(tenancy.AccountOwned):
    """Somebody whom the shop knows by name."""

    PERSONAL = frozenset({"name", "phone"})

    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=32, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "customers"
        default_related_name = "customers"
        indexes = [models.Index(fields=["account", "name", "id"], name="customers_by_name")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["account", "phone"],
                condition=~models.Q(phone=""),
                name="one_customer_per_phone",
                violation_error_code="phone_taken",
                violation_error_message="Another customer has this phone number.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Levy(tenancy.Identified):
    """A tax that a country puts on a class of goods, from one day to another.

    Levies of one stage share a base: the price without tax, and the tax of all earlier stages.
    """

    country = models.CharField(max_length=2)
    tax_class = models.CharField(max_length=16)
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=100)
    rate = amounts.RateField()
    stage = models.PositiveSmallIntegerField(default=1)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)

    class Meta:
        db_table = "levies"
        constraints = [
            models.UniqueConstraint(
                fields=["country", "tax_class", "code", "starts_on"],
                name="one_levy_per_start",
                violation_error_code="levy_exists",
                violation_error_message="This levy starts on that day already.",
            ),
            tenancy.ReferenceData(name="levies_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.rate}"


class PriceLevel(models.TextChoices):
    RETAIL = "RETAIL"
    WHOLESALE = "WHOLESALE"


class SaleStatus(models.TextChoices):
    COMPLETED = "COMPLETED"
    PARTLY_REFUNDED = "PARTLY_REFUNDED"
    REFUNDED = "REFUNDED"


class PaymentMethod(models.TextChoices):
    CASH = "CASH"
    CARD = "CARD"


class SaleQuerySet(tenancy.OwnedQuerySet):
    def with_lines(self) -> Self:
        """With what was sold and what was paid."""
        lines = models.Prefetch("lines", SaleLine.across_accounts.order_by("position"))
        payments = models.Prefetch("payments", Payment.across_accounts.filter(refund=None).order_by("id"))
        return self.prefetch_related(lines, payments)

    def with_receipt(self) -> Self:
        """With everything that stands on the receipt."""
        return self.with_lines().select_related("storefront", "customer", "sold_by")


class Sale(tenancy.AccountOwned):
    """What was sold to one customer at once. `sold_at` is the shop's clock, `recorded_at` ours."""

    place = "storefront"

    storefront = tenancy.OwnedKey(Location, related_name="sales")
    register = tenancy.OwnedKey(Register, related_name="sales")
    customer = tenancy.OwnedKey(Customer, null=True, related_name="sales")
    receipt_number = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=SaleStatus.choices, default=SaleStatus.COMPLETED)
    price_level = models.CharField(max_length=16, choices=PriceLevel.choices)
    currency = models.CharField(max_length=3)
    prices_include_tax = models.BooleanField()
    subtotal = amounts.MoneyField()
    discount_total = amounts.MoneyField()
    tax_total = amounts.MoneyField()
    total = amounts.MoneyField()
    paid = amounts.MoneyField()
    change_due = amounts.MoneyField()
    sold_by = tenancy.OwnedKey(Membership, related_name="sales")
    sold_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    across_accounts: ClassVar[models.Manager[Any]] = SaleQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "sales"
        default_related_name = "sales"
        indexes = [
            models.Index(fields=["account", "sold_at", "id"], name="sales_by_time"),
            models.Index(fields=["account", "customer"], name="sales_by_customer"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("storefront"),
            tenancy.SameAccount("register"),
            tenancy.SameAccount("customer"),
            tenancy.SameAccount("sold_by"),
            models.UniqueConstraint(
                fields=["account", "receipt_number"],
                name="one_sale_per_receipt_number",
                violation_error_code="receipt_number_taken",
                violation_error_message="Another sale has this receipt number.",
            ),
            models.CheckConstraint(
                condition=models.Q(paid=models.F("total") + models.F("change_due")),
                name="sale_is_paid",
                violation_error_code="payment_short",
                violation_error_message="The payments do not add up to the total.",
            ),
        ]

    def __str__(self) -> str:
        return self.receipt_number


class SaleLine(tenancy.AccountOwned):
    """One product on a sale, with its price, levies and cost of goods frozen as they were.

    `quantity` is in packs of `factor` base units; `serials` are the numbers of the pieces, where they have any.
    """

    place = "sale__storefront"

    sale = tenancy.OwnedKey(Sale, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = tenancy.OwnedKey(Product, related_name="sale_lines")
    pack = tenancy.OwnedKey(ProductPack, null=True, related_name="sale_lines")
    factor = amounts.QuantityField(default=Decimal(1))
    name = models.CharField(max_length=200)
    quantity = amounts.QuantityField()
    unit_price = amounts.MoneyField()
    list_price = amounts.MoneyField()
    discount = amounts.MoneyField()
    tax_rate = amounts.RateField()
    tax_amount = amounts.MoneyField()
    taxes = models.JSONField(encoder=DjangoJSONEncoder, default=list)
    serials = models.JSONField(default=list)
    total = amounts.MoneyField()
    cost = amounts.ValueField()
    refunded_quantity = amounts.QuantityField(default=Decimal(0))

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "sale_lines"
        default_related_name = "sale_lines"
        indexes = [models.Index(fields=["account", "product"], name="sale_lines_by_product")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("pack"),
            models.UniqueConstraint(
                fields=["account", "sale", "position"],
                name="one_line_per_position",
                violation_error_code="line_position_taken",
                violation_error_message="The sale has another line in this place.",
            ),
            models.CheckConstraint(
                condition=models.Q(refunded_quantity__gte=0) & models.Q(refunded_quantity__lte=models.F("quantity")),
                name="refunded_at_most_sold",
                violation_error_code="refund_too_much",
                violation_error_message="More would come back than was sold.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"


class RefundQuerySet(tenancy.OwnedQuerySet):
    def with_receipt(self) -> Self:
        """With everything that stands on the receipt."""
        lines = models.Prefetch("lines", RefundLine.across_accounts.select_related("line").order_by("line__position"))
        payments = models.Prefetch("payments", Payment.across_accounts.order_by("id"))
        return self.prefetch_related(lines, payments).select_related(
            "refunded_by", "sale", "sale__storefront", "sale__customer"
        )


class Refund(tenancy.AccountOwned):
    """Goods and money that went back. It is never a debt, and never more than was sold."""

    place = "sale__storefront"

    sale = tenancy.OwnedKey(Sale, related_name="refunds")
    register = tenancy.OwnedKey(Register, related_name="refunds")
    reason = models.CharField(max_length=200, blank=True)
    tax_total = amounts.MoneyField()
    total = amounts.MoneyField()
    refunded_by = tenancy.OwnedKey(Membership, related_name="refunds")
    refunded_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    across_accounts: ClassVar[models.Manager[Any]] = RefundQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "refunds"
        default_related_name = "refunds"
        indexes = [
            models.Index(fields=["account", "sale"], name="refunds_by_sale"),
            models.Index(fields=["account", "refunded_at", "id"], name="refunds_by_time"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("register"),
            tenancy.SameAccount("refunded_by"),
        ]

    def __str__(self) -> str:
        return f"{self.total} back"


class Restock(models.TextChoices):
    SHELF = "SHELF"
    DAMAGED = "DAMAGED"
    NOT_RETURNED = "NOT_RETURNED"


class RefundLine(tenancy.AccountOwned):
    """How much of a sold line came back, which pieces of it, and where they went."""

    place = "refund__sale__storefront"

    refund = tenancy.OwnedKey(Refund, related_name="lines")
    line = tenancy.OwnedKey(SaleLine, related_name="refund_lines")
    quantity = amounts.QuantityField()
    restock = models.CharField(max_length=16, choices=Restock.choices)
    serials = models.JSONField(default=list)
    tax_amount = amounts.MoneyField()
    taxes = models.JSONField(default=list)
    total = amounts.MoneyField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "refund_lines"
        default_related_name = "refund_lines"
        indexes = [
            models.Index(fields=["account", "refund"], name="refund_lines_by_refund"),
            models.Index(fields=["account", "line"], name="refund_lines_by_line"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("refund"),
            tenancy.SameAccount("line"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} back"


class Payment(tenancy.AccountOwned):
    """Money that came for a sale or, with a minus, went back for a refund.

    `amount` is what settles the sale; `tendered` what was handed over, of which cash change was given.
    """

    place = "sale__storefront"

    sale = tenancy.OwnedKey(Sale, related_name="payments")
    refund = tenancy.OwnedKey(Refund, null=True, related_name="payments")
    method = models.CharField(max_length=16, choices=PaymentMethod.choices)
    amount = amounts.MoneyField()
    tendered = amounts.MoneyField()
    reference = models.CharField(max_length=100, blank=True)
    paid_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "payments"
        default_related_name = "payments"
        indexes = [
            models.Index(fields=["account", "sale"], name="payments_by_sale"),
            models.Index(fields=["account", "refund"], name="payments_by_refund"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("refund"),
            tenancy.AppendOnly(name="payments_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.amount}"


class ReceiptFormat(models.TextChoices):
    """How a receipt is wanted; of JSON the till makes its own."""

    JSON = "JSON"
    HTML = "HTML"
    PDF = "PDF"
    ESCPOS = "ESCPOS"


class ReceiptPrint(tenancy.AccountOwned):
    """One time that the receipt of a sale, or of a refund, was printed. All but the first are copies."""

    place = "sale__storefront"

    sale = tenancy.OwnedKey(Sale, related_name="prints")
    refund = tenancy.OwnedKey(Refund, null=True, related_name="prints")
    number = models.PositiveIntegerField()
    format = models.CharField(max_length=8, choices=ReceiptFormat.choices)
    printed_by = tenancy.OwnedKey(Membership, related_name="receipt_prints")
    device = tenancy.OwnedKey(Device, null=True, related_name="receipt_prints")
    printed_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "receipt_prints"
        default_related_name = "receipt_prints"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("sale"),
            tenancy.SameAccount("refund"),
            tenancy.SameAccount("printed_by"),
            tenancy.SameAccount("device"),
            models.UniqueConstraint(
                fields=["account", "sale", "number"],
                condition=models.Q(refund=None),
                name="one_print_of_a_sale_per_number",
                violation_error_code="printed_meanwhile",
                violation_error_message="Somebody else has just printed this.",
            ),
            models.UniqueConstraint(
                fields=["account", "refund", "number"],
                name="one_print_of_a_refund_per_number",
                violation_error_code="printed_meanwhile",
                violation_error_message="Somebody else has just printed this.",
            ),
            tenancy.AppendOnly(name="receipt_prints_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.number}"

    @property
    def is_copy(self) -> bool:
        return self.number > 1
