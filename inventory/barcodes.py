"""Barcodes: the check digit that GS1 gives its own, and what the shop's own scale prints."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from core.amounts import SMALLEST_QUANTITY, smallest_unit
from inventory.models import BarcodeKind

_GS1 = re.compile(r"[0-9]{8}|[0-9]{12,14}", re.ASCII)
_IN_STORE = re.compile(r"(2[0-9])([0-9]{5})([0-9]{5})[0-9]", re.ASCII)
_KILOGRAM = Decimal(1000)  # grams


def check_digit(digits: str) -> str:
    """The digit that GS1 puts after these."""
    weighted = (int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(digits)))
    return str(-sum(weighted) % 10)


def is_misread(barcode: str) -> bool:
    """Whether this looks like a barcode of GS1 and has another check digit; any other text is the shop's own affair."""
    return bool(_GS1.fullmatch(barcode)) and barcode[-1] != check_digit(barcode[:-1])


@dataclass(frozen=True)
class InStoreCode:
    """What a scale printed: a prefix, an item code, and a number that is a weight or a price."""

    prefix: str
    item_code: str
    number: Decimal

    @classmethod
    def read(cls, barcode: str) -> Self | None:
        found = _IN_STORE.fullmatch(barcode)
        if not found or is_misread(barcode):
            return None
        return cls(found[1], found[2], Decimal(found[3]))

    def quantity(self, kind: str, *, unit_price: Decimal, exponent: int) -> Decimal | None:
        """How many kilograms, or base units for the price, half up to 0.001; None of what has no price itself."""
        if kind == BarcodeKind.WEIGHT:
            return self.number / _KILOGRAM
        if not unit_price:
            return None
        amount = self.number * smallest_unit(exponent)
        return (amount / unit_price).quantize(SMALLEST_QUANTITY, rounding=ROUND_HALF_UP)
