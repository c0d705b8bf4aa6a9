"""What a till that was offline can send: of each kind, how it is found where it stands already, and how it is done."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Account, Membership
from core import errors
from sales.models import CashEvent, Customer, HandOver, Refund, Sale, Shift
from sales.services import drawers, shifts
from sales.services.cash import move_cash
from sales.services.collecting import Booking, collect_debt
from sales.services.complete import complete_sale
from sales.services.customers import add_customer
from sales.services.refund import refund_sale

Facts = Mapping[str, Any]


def _nowhere(_: Any) -> None:
    return None


@dataclass(frozen=True)
class Kind:
    """`find` is for the row that it has become already, and `act` does it. `moment` is what its time is called, and
    `place` the storefront of its row; what is said against it is heard, unless it can as well be done later."""

    find: Callable[[Membership, Facts], Any]
    act: Callable[..., Any]
    moment: str = ""
    place: Callable[[Any], UUID | None] = _nowhere
    hears: bool = True


def _by_id(rows: Callable[[Account], Any]) -> Callable[[Membership, Facts], Any]:
    def find(by: Membership, facts: Facts) -> Any:
        return rows(by.account).open_to(by).filter(pk=facts["id"]).first()

    return find


def _refund(*, by: Membership, sale: UUID, **facts: Any) -> Refund:
    sold: Sale | None = by.account.sales.open_to(by).locked().filter(pk=sale).first()
    if sold is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("sale")])
    return refund_sale(by=by, sale=sold, **facts)


def _collect(*, by: Membership, customer: UUID, **facts: Any) -> Booking:
    whose: Customer | None = by.account.customers.filter(pk=customer).first()
    if whose is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("customer")])
    return collect_debt(by=by, customer=whose, **facts)


def _find_booking(by: Membership, facts: Facts) -> Booking | None:
    """One tender, whose id is that of its payment."""
    payment = by.account.payments.open_to(by).filter(pk=facts["id"]).select_related("customer").first()
    entries = list(by.account.customer_entries.filter(source_id=facts["id"]).order_by("sequence"))
    return Booking(payment.customer, [payment], entries) if payment and entries else None


def _open(*, by: Membership, opened_at: datetime | None = None, **facts: Any) -> Shift:
    drawers.check_covered(by=by, happened_at=opened_at)
    return shifts.open_shift(by=by, opened_at=opened_at, **facts)


def _lock_shift(by: Membership, pk: UUID, at: datetime | None) -> Shift:
    """The shift, in which something happened that the subscription covered."""
    worked: Shift | None = by.account.shifts.open_to(by).locked().filter(pk=pk).first()
    if worked is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("shift")])
    drawers.check_covered(by=by, happened_at=at, shift_id=pk, opened_at=worked.opened_at)
    return worked


def _move_cash(*, by: Membership, shift: UUID, **facts: Any) -> CashEvent:
    return move_cash(by=by, shift=_lock_shift(by, shift, facts.get("occurred_at")), **facts)


def _hand_over(*, by: Membership, id: UUID, shift: UUID, **facts: Any) -> HandOver:  # noqa: A002 - the client's own id
    worked = _lock_shift(by, shift, facts.get("occurred_at"))
    shifts.hand_over_shift(by=by, shift=worked, id=id, **facts)
    note: HandOver = worked.hand_overs.get(pk=id)
    return note


def _close(*, by: Membership, shift: UUID, id: UUID, **facts: Any) -> Shift:  # noqa: A002, ARG001 - of no row
    return shifts.close_shift(by=by, shift=_lock_shift(by, shift, facts.get("closed_at")), **facts)


def _find_closed(by: Membership, facts: Facts) -> Shift | None:
    """The shift, if it is closed with the same count: another count is another closing."""
    shift: Shift | None = by.account.shifts.open_to(by).filter(pk=facts["shift"], closed_at__isnull=False).first()
    counted = shifts.as_counted(by, facts["denominations"])
    return shift if shift and _tally(shift.denominations) == _tally(counted) else None


def _tally(denominations: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """A count in whatever order; a Counter is equal to one that counts none of something besides."""
    tally: Counter[str] = Counter()
    for kind in denominations:
        tally[kind["value"]] += kind["count"]
    return tally


# In the order in which one thing may need another.
KINDS: Mapping[str, Kind] = {
    "customer": Kind(_by_id(lambda account: account.customers), add_customer, hears=False),
    "shift_open": Kind(
        _by_id(lambda account: account.shifts),
        _open,
        "opened_at",
        lambda shift: shift.register.storefront_id,
    ),
    "sale": Kind(
        _by_id(lambda account: account.sales.with_lines()),
        complete_sale,
        "sold_at",
        lambda sale: sale.storefront_id,
    ),
    "refund": Kind(
        _by_id(lambda account: account.refunds),
        _refund,
        "refunded_at",
        lambda refund: refund.register.storefront_id,
    ),
    "customer_payment": Kind(
        _find_booking,
        _collect,
        "paid_at",
        lambda booking: booking.payments[0].register.storefront_id,
    ),
    "cash_event": Kind(
        _by_id(lambda account: account.cash_events),
        _move_cash,
        "occurred_at",
        lambda event: event.shift.register.storefront_id,
    ),
    "shift_hand_over": Kind(
        _by_id(lambda account: account.hand_overs),
        _hand_over,
        "occurred_at",
        lambda note: note.shift.register.storefront_id,
    ),
    "shift_close": Kind(_find_closed, _close, "closed_at", lambda shift: shift.register.storefront_id),
}
