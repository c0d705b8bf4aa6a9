from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Lower

from accounts.models import Membership
from core import amounts, tenancy


def _not_negative(field: str, name: str, sentence: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__gte": 0}) | models.Q(**{f"{field}__isnull": True}),
        name=name,
        violation_error_code="negative_amount",
        violation_error_message=sentence,
    )


class Category(tenancy.AccountOwned):
    """A shelf in the catalogue; shelves nest."""

    name = models.CharField(max_length=100)
    parent = tenancy.OwnedKey("self", null=True, related_name="children")
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "categories"
        default_related_name = "categories"
        indexes = [models.Index(fields=["account", "parent"], name="categories_parent")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("parent"),
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="one_category_per_name",
                violation_error_code="category_exists",
                violation_error_message="There is a category of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TaxClass(models.TextChoices):
    STANDARD = "STANDARD"
    EXEMPT = "EXEMPT"


class Product(tenancy.AccountOwned):
    """A thing that is sold; also a service or a charge, which is not stocked."""

    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    barcode = models.CharField(max_length=64, blank=True)
    category = tenancy.OwnedKey(Category, null=True, related_name="products")
    retail_price = amounts.MoneyField()
    wholesale_price = amounts.MoneyField(null=True)
    tax_class = models.CharField(max_length=16, choices=TaxClass.choices, default=TaxClass.STANDARD)
    is_stocked = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "products"
        default_related_name = "products"
        indexes = [
            models.Index(fields=["account", "name", "id"], name="products_by_name"),
            models.Index(fields=["account", "category"], name="products_by_category"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("category"),
            models.UniqueConstraint(
                fields=["account", "sku"],
                name="one_product_per_sku",
                violation_error_code="sku_taken",
                violation_error_message="Another product has this SKU.",
            ),
            models.UniqueConstraint(
                fields=["account", "barcode"],
                condition=~models.Q(barcode=""),
                name="one_product_per_barcode",
                violation_error_code="barcode_taken",
                violation_error_message="Another product has this barcode.",
            ),
            _not_negative("retail_price", "retail_price_not_negative", "A price is not negative."),
            _not_negative("wholesale_price", "wholesale_price_not_negative", "A price is not negative."),
        ]

    def __str__(self) -> str:
        return self.name


class LocationKind(models.TextChoices):
    STOREFRONT = "STOREFRONT"
    WAREHOUSE = "WAREHOUSE"


class LocationQuerySet(tenancy.OwnedQuerySet):
    def storefronts(self) -> Self:
        return self.filter(kind=LocationKind.STOREFRONT)

    def warehouses(self) -> Self:
        return self.filter(kind=LocationKind.WAREHOUSE)


class Location(tenancy.AccountOwned):
    """A place that keeps stock: a storefront, which also sells, or a warehouse."""

    place = "pk"

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=16, choices=LocationKind.choices)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    across_accounts: ClassVar[models.Manager[Any]] = LocationQuerySet.as_manager()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "locations"
        default_related_name = "locations"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="one_location_per_name",
                violation_error_code="location_exists",
                violation_error_message="There is a place of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LocationMember(tenancy.AccountOwned):
    """A place at which a limited member works; the others are not there for them."""

    place = "location"

    location = tenancy.OwnedKey(Location, related_name="location_members")
    member = tenancy.OwnedKey(Membership, related_name="location_members")

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "location_members"
        default_related_name = "location_members"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("location"),
            tenancy.SameAccount("member"),
            models.UniqueConstraint(
                fields=["account", "member", "location"],
                name="one_place_once_per_member",
                violation_error_code="already_there",
                violation_error_message="This member works there already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} at {self.location_id}"


class Stock(tenancy.AccountOwned):
    """A delivery: what came, where, when."""

    place = "location"

    location = tenancy.OwnedKey(Location, related_name="stock")
    reference = models.CharField(max_length=100, blank=True)
    received_by = tenancy.OwnedKey(Membership, related_name="stock")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "stock"
        default_related_name = "stock"
        indexes = [models.Index(fields=["account", "location"], name="stock_by_location")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("location"),
            tenancy.SameAccount("received_by"),
        ]

    def __str__(self) -> str:
        return self.reference or str(self.id)


class StockProduct(tenancy.AccountOwned):
    """A batch: what one delivery brought of one product to one place, and how much of it is left there.

    `quantity` and `movement_count` are projections of the ledger; `inventory.ledger` alone changes them.
    """

    place = "location"

    stock = tenancy.OwnedKey(Stock, related_name="batches")
    product = tenancy.OwnedKey(Product, related_name="batches")
    location = tenancy.OwnedKey(Location, related_name="batches")
    quantity = amounts.QuantityField(default=Decimal(0))
    movement_count = models.PositiveIntegerField(default=0)
    unit_cost = amounts.UnitCostField()
    expires_on = models.DateField(null=True)
    retail_price = amounts.MoneyField(null=True)
    wholesale_price = amounts.MoneyField(null=True)
    received_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "stock_products"
        default_related_name = "stock_products"
        indexes = [
            models.Index(fields=["account", "product", "location"], name="batches_by_product"),
            models.Index(fields=["account", "location"], name="batches_by_location"),
            models.Index(fields=["account", "stock"], name="batches_by_delivery"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("stock"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("location"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0),
                name="stock_never_negative",
                violation_error_code="insufficient_stock",
                violation_error_message="There is not enough of this here.",
            ),
            _not_negative("unit_cost", "unit_cost_not_negative", "A cost is not negative."),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id}"


class MovementKind(models.TextChoices):
    RECEIVED = "RECEIVED"
    SOLD = "SOLD"
    RETURNED = "RETURNED"
    DAMAGED = "DAMAGED"


class StockMovement(tenancy.AccountOwned):
    """A line of the stock ledger: signed quantity in base units, exact value at cost, and the batch's balance after it.

    `sequence` numbers the lines of a batch without a gap, in the order in which they took effect.
    """

    place = "location"

    stock_product = tenancy.OwnedKey(StockProduct, related_name="movements")
    product = tenancy.OwnedKey(Product, related_name="movements")
    location = tenancy.OwnedKey(Location, related_name="movements")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=MovementKind.choices)
    quantity = amounts.QuantityField()
    unit_cost = amounts.UnitCostField()
    value = amounts.ValueField()
    balance_after = amounts.QuantityField()
    source = models.CharField(max_length=32)
    source_id = models.UUIDField()
    line_id = models.UUIDField(null=True)
    by = tenancy.OwnedKey(Membership, related_name="stock_movements")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "stock_movements"
        default_related_name = "stock_movements"
        indexes = [
            models.Index(fields=["account", "product", "id"], name="movements_by_product"),
            models.Index(fields=["account", "line_id"], name="movements_by_line"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("stock_product"),
            tenancy.SameAccount("product"),
            tenancy.SameAccount("location"),
            tenancy.SameAccount("by"),
            tenancy.AppendOnly(name="stock_movements_append_only"),
            models.UniqueConstraint(
                fields=["account", "stock_product", "sequence"],
                name="one_movement_per_sequence",
                violation_error_code="movement_out_of_sequence",
                violation_error_message="The ledger has another line of this number.",
            ),
            models.CheckConstraint(
                condition=~models.Q(quantity=0),
                name="movement_moves_something",
                violation_error_code="empty_movement",
                violation_error_message="A movement moves something.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"
