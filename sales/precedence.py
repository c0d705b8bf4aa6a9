"""Which of the shop's prices holds: one order, written here."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True)
class Rule:
    """A price that could hold for what is sold here, today, to this customer, from `min_quantity` on."""

    id: UUID
    name: str
    unit_price: Decimal
    min_quantity: Decimal
    is_for_group: bool
    is_for_storefront: bool
    is_for_level: bool


def find_winner(rules: Iterable[Rule], quantity: Decimal) -> Rule | None:
    """The rule that makes the price of so many. None where that is the list's."""
    return max((rule for rule in rules if rule.min_quantity <= quantity), key=_precedence, default=None)


def _precedence(rule: Rule) -> tuple[bool, bool, Decimal, bool, Decimal, UUID]:
    """The more particular wins: customer group over storefront over the higher quantity break over price level over the
    list. Of two alike the lower price does, and then the newer rule."""
    return (
        rule.is_for_group,
        rule.is_for_storefront,
        rule.min_quantity,
        rule.is_for_level,
        -rule.unit_price,
        rule.id,
    )
