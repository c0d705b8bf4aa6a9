"""Pieces by their serial numbers: whether those that were given are right, and which pieces they are."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from accounts.models import Membership
from core import errors
from inventory.errors import SerialsRequired
from inventory.models import SerialNumber

Pieces = Mapping[tuple[UUID, str], SerialNumber]  # by product and number


@dataclass(frozen=True)
class Named:
    """The numbers that were given for so much of a product, in base units; `field` names them in a refusal."""

    product_id: UUID
    is_by_piece: bool
    quantity: Decimal
    serials: Sequence[str]
    field: str


def refuse_unnamed(named: Sequence[Named]) -> None:
    """Raises SerialsRequired unless each piece of what is tracked by piece, and nothing else, is named once."""
    times = Counter((each.product_id, number) for each in named for number in each.serials)
    bad = [
        each.field
        for each in named
        if len(each.serials) != (each.quantity if each.is_by_piece else 0)
        or any(times[each.product_id, number] > 1 for number in each.serials)
    ]
    if bad:
        raise SerialsRequired(errors=[about(field, SerialsRequired) for field in bad])


def find_pieces(by: Membership, named: Collection[tuple[UUID, str]]) -> Pieces:
    """Those of the pieces, named by product and number, that are known."""
    if not named:
        return {}
    found = by.account.serial_numbers.filter(
        product__in={product_id for product_id, _ in named}, number__in={number for _, number in named}
    )
    return {(piece.product_id, piece.number): piece for piece in found}


def about(field: str, error: type[errors.DomainError]) -> errors.FieldError:
    return errors.FieldError(field, error.code, error.detail)
