"""Pieces that come back: those that were sold by number, each once, and none on the shelf without one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from accounts.models import Membership
from inventory import pieces
from inventory.models import Tracking
from inventory.pieces import Named
from sales.errors import SerialNotSold, SoldWithoutSerials
from sales.models import RefundLine, Restock, SaleLine


def check_serials(by: Membership, rows: Sequence[RefundLine]) -> None:
    """Pieces that were sold by number come back by number, each once; on the shelf none stands without one."""
    named = [
        Named(line.product_id, bool(line.serials), row.quantity * line.factor, row.serials, f"lines.{index}.serials")
        for index, row in enumerate(rows)
        for line in [row.line]
    ]
    pieces.refuse_unnamed(named)
    gone = _refunded_serials(by, rows)
    not_sold, nameless = [], []
    for row, each in zip(rows, named, strict=True):
        if set(row.serials) - (set(row.line.serials) - gone[row.line_id]):
            not_sold.append(pieces.about(each.field, SerialNotSold))
        elif row.restock == Restock.SHELF and is_by_piece(row.line) and not row.serials:
            nameless.append(pieces.about(each.field, SoldWithoutSerials))
    if not_sold:
        raise SerialNotSold(errors=not_sold)
    if nameless:
        raise SoldWithoutSerials(errors=nameless)


def _refunded_serials(by: Membership, rows: Sequence[RefundLine]) -> Mapping[UUID, set[str]]:
    """Of each sold line the numbers of the pieces that were refunded before, whether they came back or not."""
    refunded: dict[UUID, set[str]] = defaultdict(set)
    named = [row.line_id for row in rows if row.serials]
    if named:
        for line_id, serials in by.account.refund_lines.filter(line__in=named).values_list("line_id", "serials"):
            refunded[line_id].update(serials)
    return refunded


def is_by_piece(line: SaleLine) -> bool:
    """Whether each piece of what was sold has a number now."""
    return bool(line.product.is_stocked) and line.product.tracking == Tracking.SERIAL
