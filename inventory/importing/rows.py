"""The rows of a table that is imported, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from core.errors import DomainError, FieldError


class What(models.TextChoices):
    """What the rows of a table are."""

    PRODUCTS = "PRODUCTS"
    OPENING_STOCK = "OPENING_STOCK"
    SUPPLIERS = "SUPPLIERS"


@dataclass(frozen=True)
class Row:
    """What one row says, judged by itself; `number` is the one that the spreadsheet shows."""

    number: int
    facts: Mapping[str, Any]


@dataclass
class Outcome:
    """How many rows did what, and why the others were refused, by the row's number."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: dict[int, Sequence[FieldError]] = field(default_factory=dict)

    def refuse(self, number: int, refusal: DomainError) -> None:
        self.refused[number] = refusal.errors or (FieldError("", refusal.code, refusal.sentence),)

    def errors(self) -> Iterator[tuple[int, FieldError]]:
        for number in sorted(self.refused):
            for error in self.refused[number]:
                yield number, error

    def counts(self) -> dict[str, int]:
        counts = {"created": self.created, "updated": self.updated, "unchanged": self.unchanged}
        return {**counts, "errors": len(self.refused)}

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            {**self.refused, **other.refused},
        )
