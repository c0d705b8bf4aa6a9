"""A sale that should not have been: all of it goes back where it came from, and its number stays."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Capability
from core.amounts import ZERO
from sales.errors import VoidAfterRefund, VoidOfExchange, VoidTooLate
from sales.models import Refund, RefundKind, Register, Restock, Sale, SaleLine
from sales.services.purse import open_purse
from sales.services.refund import TakenBack, take_back, write_refund


def void_sale(*, by: Membership, sale: Sale, reason: str, id: UUID | None = None) -> Refund:  # noqa: A002 - the client's
    """Void a locked sale, in the drawer that sold: goods, money, credit and wallet go back as they came.

    Raises VoidTooLate once its shift is closed, or without shifts on another day, VoidAfterRefund, VoidOfExchange, and
    what `take_back` raises.
    """
    lines = list(sale.lines.order_by("position"))
    taken = take_back(
        by=by,
        sale=sale,
        lines=[_whole(line) for line in lines if not line.refunded_quantity],
        right=Capability.SALE_VOID,
        kind=RefundKind.VOID,
        id=id,
        reason=reason,
    )
    _refuse_void(by, taken, lines, now=timezone.now())
    purse = open_purse(by=by, refund=taken.refund)
    shares = purse.share_out(by, taken.refund.total, None)
    return write_refund(by=by, taken=taken, given=shares)


def _whole(line: SaleLine) -> dict[str, object]:
    return {"line": line.pk, "quantity": line.quantity, "restock": Restock.SHELF, "serials": line.serials}


def _refuse_void(by: Membership, taken: TakenBack, lines: list[SaleLine], *, now: datetime) -> None:
    sale = taken.refund.sale
    if any(line.refunded_quantity > ZERO for line in lines):
        raise VoidAfterRefund
    if sale.exchange_id:
        raise VoidOfExchange
    if not _is_of_now(by, sale, taken.drawer, now=now):
        raise VoidTooLate


def _is_of_now(by: Membership, sale: Sale, drawer: Register, *, now: datetime) -> bool:
    if sale.shift_id or drawer.open_shift_id:
        return sale.shift_id == drawer.open_shift_id
    zone = by.account.zone
    return sale.sold_at.astimezone(zone).date() == now.astimezone(zone).date()
