"""Products from a table, with the categories and suppliers that they name; a portion at a time, in few statements."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from inventory.errors import StillInStock
from inventory.importing.rows import Outcome, Row
from inventory.models import Category, Product, Supplier
from inventory.queries import find_named
from inventory.services.catalogue import is_kept_otherwise
from subscriptions import services as subscriptions
from subscriptions.queries import Room

KEYS = ("sku", "barcode", "item_code")
NEEDED = ("sku", "name", "retail_price")  # of what is new
BETWEEN = " > "  # the names of a category's path

Products = dict[tuple[str, str], Product]
Path = Sequence[str]


def import_products(*, by: Membership, rows: Sequence[Row]) -> Outcome:
    """A product per row, new, or changed in what the row says: the one with its SKU, or where it has none its barcode.

    A category or a supplier that there is not is made.
    """
    outcome, portion = Outcome(), _Portion(by, rows)
    for row in rows:
        try:
            portion.take(dict(row.facts), outcome)
        except errors.DomainError as refusal:
            outcome.refuse(row.number, refusal)
    portion.write()
    return outcome


def find_products(by: Membership, rows: Iterable[Row]) -> Products:
    """The products, locked, that have one of the keys that the rows name: by key and value."""
    wanted = Q(pk__in=())
    for key in KEYS:
        values = {row.facts[key] for row in rows if key in row.facts}
        if values:
            wanted |= Q(**{f"{key}__in": values}) & ~Q(**{key: ""})  # for the index, which leaves the empty ones out
    products = by.account.products.filter(wanted).select_related("category", "supplier").locked()
    return {(key, getattr(product, key)): product for product in products for key in KEYS if getattr(product, key)}


class _Portion:
    """What the rows meet, looked up at once, and what they add and change, written at once."""

    def __init__(self, by: Membership, rows: Sequence[Row]) -> None:
        self.by = by
        self.products = find_products(by, rows)
        self.shelves = _Shelves(by, {row.facts["category"] for row in rows if "category" in row.facts})
        names = {row.facts["supplier"] for row in rows if "supplier" in row.facts}
        self.suppliers: dict[str, Supplier] = _by_name(find_named(by.account, by.account.suppliers.all(), names))
        self.new_suppliers: list[Supplier] = []
        self.new: list[Product] = []
        self.changed: dict[UUID, Product] = {}
        self.history: list[accounts.Line] = []

    def take(self, facts: dict[str, Any], outcome: Outcome) -> None:
        """Raises InvalidInput for what is missing or taken, StillInStock, and LimitReached for what the plan does not
        cover; the row has then left nothing behind."""
        key = "sku" if "sku" in facts else "barcode"
        product = self.products.get((key, facts.get(key, "")))
        self._refuse_taken(product, facts)
        if product is None:
            _refuse_missing(facts)
            self.room.refuse(more=len(self.new) + 1)
        elif is_kept_otherwise(product, facts) and product.pk in self.on_hand:
            raise StillInStock
        if "category" in facts:
            facts["category"] = self.shelves.find(facts["category"])
        if "supplier" in facts:
            facts["supplier"] = self._supplier(facts["supplier"])
        if product is None:
            self._add(facts)
            outcome.created += 1
        elif self._change(product, facts):
            outcome.updated += 1
        else:
            outcome.unchanged += 1

    def write(self) -> None:
        Category.across_accounts.bulk_create(self.shelves.new)
        Supplier.across_accounts.bulk_create(self.new_suppliers)
        Product.across_accounts.bulk_create(self.new)
        fields = {name for line in self.history for name in line.before} | {"version"}
        Product.across_accounts.bulk_update([self.changed[pk] for pk in sorted(self.changed)], sorted(fields))
        made = [
            *(accounts.Line("category.added", shelf, after={"name": shelf.name}) for shelf in self.shelves.new),
            *(accounts.Line("supplier.added", trader, after={"name": trader.name}) for trader in self.new_suppliers),
        ]
        accounts.record_all(by=self.by, lines=[*made, *self.history])

    @cached_property
    def on_hand(self) -> set[UUID]:
        """The products of which there is some in stock."""
        batches = self.by.account.stock_products.filter(product__in={row.pk for row in self.products.values()})
        return set(batches.filter(quantity__gt=0).values_list("product_id", flat=True))

    def _refuse_taken(self, product: Product | None, facts: Mapping[str, Any]) -> None:
        others = {key: self.products.get((key, facts[key])) for key in KEYS if key in facts}
        taken = [
            errors.FieldError(key, f"{key}_taken", "Another product has this.")
            for key, other in others.items()
            if other not in (None, product)
        ]
        if taken:
            raise errors.InvalidInput(errors=taken)

    @cached_property
    def room(self) -> Room:
        """What the plan covers, and how many products there are as the portion begins."""
        return subscriptions.find_room(by=self.by, resource="products")

    def _supplier(self, name: str) -> Supplier:
        found = self.suppliers.get(name.lower())
        if found is None:
            found = self.suppliers[name.lower()] = Supplier(account=self.by.account, name=name)
            self.new_suppliers.append(found)
        return found

    def _add(self, facts: Mapping[str, Any]) -> None:
        product = Product(account=self.by.account, **facts)
        self.new.append(product)
        self._enter(product)
        self.history.append(accounts.Line("product.added", product, after={"sku": product.sku}))

    def _change(self, product: Product, facts: Mapping[str, Any]) -> bool:
        before = {key: getattr(product, key) for key in KEYS}
        line = accounts.set_changes(row=product, changes=facts)
        if line is None:
            return False
        for key, value in before.items():
            self.products.pop((key, value), None)
        self._enter(product)
        self.changed[product.pk] = product
        self.history.append(line)
        return True

    def _enter(self, product: Product) -> None:
        self.products.update({(key, getattr(product, key)): product for key in KEYS if getattr(product, key)})


class _Shelves:
    """The categories that paths name, and those that have to be made for it."""

    def __init__(self, by: Membership, paths: Iterable[Path]) -> None:
        self.by, self.new = by, list[Category]()
        names = {name for path in paths for name in (*path, BETWEEN.join(path))}
        self.known: dict[str, Category] = _by_name(find_named(by.account, by.account.categories.all(), names))

    def find(self, path: Path) -> Category:
        """The category at the end of the path. Raises InvalidInput where one of them stands elsewhere."""
        whole = self.known.get(BETWEEN.join(path).lower())  # a name may have our sign in it
        if whole is not None:
            return whole
        new: dict[str, Category] = {}
        above: Category | None = None
        for name in path:
            key = name.lower()
            shelf = self.known.get(key) or new.get(key)
            if shelf is None:
                shelf = new[key] = Category(account=self.by.account, name=name, parent=above)
            elif above and shelf.parent_id != above.pk:
                detail = f"The category {shelf.name} stands elsewhere."
                raise errors.InvalidInput(errors=[errors.FieldError("category", "category_exists", detail)])
            above = shelf
        self.new += new.values()
        self.known |= new
        assert above is not None
        return above


def _refuse_missing(facts: Mapping[str, Any]) -> None:
    missing = [errors.FieldError(name, "required", "What is new needs this.") for name in NEEDED if name not in facts]
    if missing:
        raise errors.InvalidInput(errors=missing)


def _by_name(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): row for name, row in found.items()}
