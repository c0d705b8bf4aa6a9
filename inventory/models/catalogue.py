"""What a shop sells, in which packs, and from whom it comes."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from core import amounts, tenancy
from inventory.models.rules import not_negative, positive


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


class Supplier(tenancy.AccountOwned):
    """Whom the shop buys from, which is often one person. `lead_days` is how long an order takes to come."""

    PERSONAL = frozenset({"name", "contact", "phone", "email"})

    name = models.CharField(max_length=200)
    contact = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    email = models.CharField(max_length=254, blank=True)
    lead_days = models.PositiveSmallIntegerField(null=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "suppliers"
        default_related_name = "suppliers"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="one_supplier_per_name",
                violation_error_code="supplier_exists",
                violation_error_message="There is a supplier of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TaxClass(models.TextChoices):
    STANDARD = "STANDARD"
    EXEMPT = "EXEMPT"


class Tracking(models.TextChoices):
    """How closely a product is followed: as a number, by batches that expire, or piece by piece."""

    NONE = "NONE"
    BATCH = "BATCH"
    SERIAL = "SERIAL"


class Product(tenancy.AccountOwned):
    """A thing that is sold, counted in its base unit; also a service or a charge, which is not stocked.

    `item_code` is what in-store barcodes, printed by a scale, name it by.
    """

    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    barcode = models.CharField(max_length=64, blank=True)
    item_code = models.CharField(max_length=5, blank=True)
    category = tenancy.OwnedKey(Category, null=True, related_name="products")
    supplier = tenancy.OwnedKey(Supplier, null=True, related_name="products")
    unit = models.CharField(max_length=16, default="piece")
    retail_price = amounts.MoneyField()
    wholesale_price = amounts.MoneyField(null=True)
    tax_class = models.CharField(max_length=16, choices=TaxClass.choices, default=TaxClass.STANDARD)
    tracking = models.CharField(max_length=16, choices=Tracking.choices, default=Tracking.NONE)
    is_stocked = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)
    changed_in = models.BigIntegerField(default=0, editable=False)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "products"
        default_related_name = "products"
        indexes = [
            models.Index(fields=["account", "name", "id"], name="products_by_name"),
            models.Index(fields=["account", "category"], name="products_by_category"),
            models.Index(fields=["account", "supplier"], name="products_by_supplier"),
            models.Index(fields=["account", "changed_in"], name="products_by_change"),
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("category"),
            tenancy.SameAccount("supplier"),
            tenancy.Stamped(name="products_stamped"),
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
            models.UniqueConstraint(
                fields=["account", "item_code"],
                condition=~models.Q(item_code=""),
                name="one_product_per_item_code",
                violation_error_code="item_code_taken",
                violation_error_message="Another product has this item code.",
            ),
            tenancy.UniqueBeside(
                "barcode",
                "product_packs",
                name="product_barcode_is_no_packs",
                violation_error_code="barcode_taken",
                violation_error_message="A pack has this barcode.",
            ),
            not_negative("retail_price", "retail_price_not_negative", "A price is not negative."),
            not_negative("wholesale_price", "wholesale_price_not_negative", "A price is not negative."),
        ]

    def __str__(self) -> str:
        return self.name


class ProductPack(tenancy.AccountOwned):
    """A unit in which a product is bought or sold: so many base units, at its own price, under its own barcode."""

    product = tenancy.OwnedKey(Product, related_name="packs")
    name = models.CharField(max_length=64)
    factor = amounts.QuantityField()
    barcode = models.CharField(max_length=64, blank=True)
    retail_price = amounts.MoneyField()
    wholesale_price = amounts.MoneyField(null=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    changed_in = models.BigIntegerField(default=0, editable=False)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "product_packs"
        default_related_name = "product_packs"
        indexes = [models.Index(fields=["account", "changed_in"], name="packs_by_change")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("product"),
            tenancy.Stamped(name="product_packs_stamped"),
            models.UniqueConstraint(
                "account",
                "product",
                Lower("name"),
                name="one_pack_per_name",
                violation_error_code="pack_exists",
                violation_error_message="This product has a pack of this name already.",
            ),
            models.UniqueConstraint(
                fields=["account", "barcode"],
                condition=~models.Q(barcode=""),
                name="one_pack_per_barcode",
                violation_error_code="barcode_taken",
                violation_error_message="Another pack has this barcode.",
            ),
            tenancy.UniqueBeside(
                "barcode",
                "products",
                name="pack_barcode_is_no_products",
                violation_error_code="barcode_taken",
                violation_error_message="A product has this barcode.",
            ),
            positive("factor", "pack_holds_something", "A pack holds something."),
            not_negative("retail_price", "pack_retail_price_not_negative", "A price is not negative."),
            not_negative("wholesale_price", "pack_wholesale_price_not_negative", "A price is not negative."),
        ]

    def __str__(self) -> str:
        return self.name


class BarcodeKind(models.TextChoices):
    WEIGHT = "WEIGHT"
    PRICE = "PRICE"


class BarcodeRule(tenancy.AccountOwned):
    """What the shop's own scale prints: after two digits of `prefix` come an item code of five digits and a weight, in
    grams, or a price, in the currency's smallest units, of five."""

    prefix = models.CharField(max_length=2)
    kind = models.CharField(max_length=16, choices=BarcodeKind.choices)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "barcode_rules"
        default_related_name = "barcode_rules"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["account", "prefix"],
                name="one_barcode_rule_per_prefix",
                violation_error_code="barcode_rule_exists",
                violation_error_message="This prefix has a rule already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.kind}"
