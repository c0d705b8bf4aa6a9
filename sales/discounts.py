"""What is left off a sale: one discount after another, each shared out over the lines, to the smallest coin."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.amounts import ZERO, allocate, round_money
from sales.errors import DiscountTooLarge


class Source(StrEnum):
    """Who leaves it off: the till, for a line or for the whole sale, or the shop, for whoever it is offered to."""

    LINE = "LINE"
    PROMOTION = "PROMOTION"
    COUPON = "COUPON"
    SALE = "SALE"


@dataclass(frozen=True)
class Part:
    """A part of the discount of a line; what the shop offers has an id and a name."""

    source: Source
    amount: Decimal
    id: UUID | None = None
    name: str = ""

    def as_kept(self) -> dict[str, Any]:
        return {
            "source": self.source.value,
            "id": str(self.id) if self.id else None,
            "name": self.name,
            "amount": f"{self.amount:f}",
        }


class Reckoning:
    """The lines of a sale while discounts are taken off them: what is `left` of each, and the parts taken so far."""

    def __init__(self, subtotals: Iterable[Decimal], exponent: int) -> None:
        self.left = list(subtotals)
        self.parts: list[list[Part]] = [[] for _ in self.left]
        self.exponent = exponent

    def total(self, lines: Collection[int] | None = None) -> Decimal:
        """What is left of these lines, of all unless told."""
        return sum((self.left[i] for i in (range(len(self.left)) if lines is None else lines)), ZERO)

    def taken(self, source: Source) -> Decimal:
        return sum((part.amount for parts in self.parts for part in parts if part.source == source), ZERO)

    def take(self, amounts: Mapping[int, Decimal], source: Source, id: UUID | None = None, name: str = "") -> None:  # noqa: A002
        """Take so much off each of these lines. Raises DiscountTooLarge."""
        for line, amount in amounts.items():
            if amount > self.left[line]:
                raise DiscountTooLarge
            if amount:
                self.left[line] -= amount
                self.parts[line].append(Part(source, round_money(amount, self.exponent), id, name))

    def share(
        self,
        amount: Decimal,
        source: Source,
        id: UUID | None = None,  # noqa: A002
        name: str = "",
        *,
        among: Sequence[int] | None = None,
    ) -> None:
        """Take an amount off these lines, off all unless told, in proportion to what is left. Raises
        DiscountTooLarge."""
        lines = range(len(self.left)) if among is None else among
        if amount > self.total(lines):
            raise DiscountTooLarge
        shares = allocate(amount, [self.left[i] for i in lines], self.exponent)
        self.take(dict(zip(lines, shares, strict=True)), source, id, name)
