"""What a shop sells, what its labels say, and whether a receipt is what follows from them."""

import itertools
import threading
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.sales.day_books import ZERO, Books, total

PENNY = Decimal("0.01")
LEVIES = {"VAT": Decimal("0.15"), "NHIL": Decimal("0.025"), "GETFUND": Decimal("0.025")}
ALL_LEVIES = sum(LEVIES.values(), ZERO)  # which the labels include
TENTH = Decimal("0.1")
# Name, price, what is bought of it at a time, and how it is taxed; the last one runs out.
GOODS = [
    ("Rice", "12.50", ("1", "2", "3.5"), "STANDARD"),
    ("Milk", "3.33", ("1", "2", "3"), "STANDARD"),
    ("Soap", "0.99", ("1", "5", "7"), "STANDARD"),
    ("Oil", "27.15", ("1", "0.375"), "STANDARD"),
    ("Bread", "4.10", ("1", "2"), "EXEMPT"),
    ("Yam", "8.45", ("0.5", "1.25", "2"), "EXEMPT"),
    ("Fish", "16.67", ("1", "0.333"), "STANDARD"),
    ("Charger", "31.00", ("1",), "STANDARD"),
]
STOCK, SCARCE = "5000", "60"


@dataclass
class Shop:
    """What all tills of the shop know."""

    books: Books
    storefront: str
    products: list[dict[str, Any]]
    pack: dict[str, Any]
    ledger: Any  # of the fake gateways
    phones: Any = field(default_factory=lambda: itertools.count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def plenty(self) -> list[dict[str, Any]]:
        """All but the last product, which runs out."""
        return self.products[:-1]

    def customers(self, *roles: str) -> list[str]:
        return [row["id"] for row in self.books.told["customer"] if not roles or row["_"]["role"] in roles]

    def by_labels(self, lines: list[dict[str, Any]]) -> list[Decimal]:
        """What each line costs, rounded by itself."""
        prices = {product["id"]: product["retail_price"] for product in self.products}
        asked = ((self.pack["retail_price"] if "pack" in line else prices[line["product"]], line) for line in lines)
        return [rounded(Decimal(price) * Decimal(line["quantity"])) for price, line in asked]

    def check(self, sale: dict[str, Any], body: dict[str, Any]) -> None:
        """A receipt has the prices of the labels, and the levies that are in them; its sums are those of its lines."""
        amounts, taxed = self.by_labels(body["lines"]), {p["id"]: p["tax_class"] == "STANDARD" for p in self.products}
        off = rounded(sum(amounts, ZERO) * TENTH) if "discount_percent" in body else ZERO
        assert [Decimal(line["total"]) + Decimal(line["discount"]) for line in sale["lines"]] == amounts, sale
        assert total(sale["lines"], "discount") == Decimal(sale["discount_total"]) == off, sale
        for line in sale["lines"]:
            tax = rounded(Decimal(line["total"]) * ALL_LEVIES / (1 + ALL_LEVIES)) if taxed[line["product"]] else ZERO
            assert total(line["taxes"], "amount") == Decimal(line["tax_amount"]) == tax, line
        sums = {"total": "total", "tax_total": "tax_amount"}
        assert all(Decimal(sale[name]) == total(sale["lines"], column) for name, column in sums.items()), sale
        sent = sum(Decimal(payment["amount"]) for payment in body["payments"])
        over = sent - Decimal(sale["total"])
        assert Decimal(sale["change_due"]) == (ZERO if "keep_change" in body else over), sale
        assert total(sale["payments"], "amount") == Decimal(sale["total"]), sale


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(PENNY, ROUND_HALF_UP)
