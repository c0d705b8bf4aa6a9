"""Goods and money go back: per line, by the way they came, and in any sequence exactly what was paid."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.errors import ApprovalRequired, CapabilityMissing
from accounts.models import Membership
from accounts.roles import Capability
from core import clock, errors
from core.amounts import ZERO, prorate, round_money
from inventory import packs, pieces
from inventory import services as inventory
from inventory.models import Tracking
from inventory.pieces import Named
from inventory.services import Return
from sales.errors import RefundTenderMismatch, RefundTooMuch, SerialNotSold, SoldWithoutSerials
from sales.models import Payment, Refund, RefundLine, Restock, Sale, SaleLine, SaleStatus
from sales.objections import REFUSING, Objections
from sales.services import drawers, rights


def refund_sale(
    *,
    by: Membership,
    sale: Sale,
    lines: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    register: UUID | None = None,
    reason: str = "",
    payments: Sequence[Mapping[str, Any]] | None = None,
    refunded_at: datetime | None = None,
    objections: Objections = REFUSING,
) -> Refund:
    """Refund quantities of lines of a locked sale, from the drawer of `register` or of the one that sold.

    Without `payments` the money goes back in the order it came. Raises NotFound for a sale at a place that is not the
    member's, InvalidInput for lines of another sale, a register elsewhere and a date that cannot be, RegisterInactive,
    ShiftRequired, CapabilityMissing, ApprovalRequired for more than the member may give back at once, RefundTooMuch,
    RefundTenderMismatch; for pieces SerialsRequired, SerialNotSold, SoldWithoutSerials, and SerialElsewhere for one
    that is in stock again.
    """
    if not by.works_at(sale.storefront_id):
        raise errors.NotFound
    accounts.dismiss_approver_elsewhere(by=by, location_id=sale.storefront_id)
    with objections.against(CapabilityMissing):
        rights.check_right(by, Capability.SALE_REFUND)
    now = timezone.now()
    refunded_at = refunded_at or now
    with objections.against(CapabilityMissing):
        _check_clock(by=by, sale=sale, refunded_at=refunded_at, now=now)
    drawer = drawers.find_drawer(by=by, register_id=register or sale.register_id)
    sold = {line.pk: line for line in _lock_lines(sale)}
    refund = Refund(
        account_id=by.account_id,
        id=id or uuid7(),
        sale=sale,
        register=drawer,
        shift_id=drawer.open_shift_id,
        reason=reason,
        refunded_by=by,
        refunded_at=refunded_at,
        recorded_at=now,
    )
    rows = [_refund_line(refund, index, line, sold, by.account.currency_exponent) for index, line in enumerate(lines)]
    _check_serials(by, rows)
    refund.total = sum((row.total for row in rows), ZERO)
    refund.tax_total = sum((row.tax_amount for row in rows), ZERO)
    with objections.against(ApprovalRequired):
        rights.check_refund(by, refund.total)
    given_back = _payments(by, refund, payments)
    Refund.across_accounts.bulk_create([refund])
    RefundLine.across_accounts.bulk_create(rows)
    Payment.across_accounts.bulk_create(given_back)
    SaleLine.across_accounts.bulk_update(sold.values(), ["refunded_quantity"])
    sale.status = _status(sold.values())
    sale.save(update_fields=["status"])
    total = round_money(refund.total, by.account.currency_exponent)
    accounts.record(by=by, action="sale.refunded", subject=sale, after={"total": f"{total:f}"})
    _return_goods(by=by, refund=refund, rows=rows)
    refund._prefetched_objects_cache = {"lines": rows, "payments": given_back}  # type: ignore[attr-defined]
    return refund


def _lock_lines(sale: Sale) -> QuerySet[SaleLine]:
    """The lines with their products, which are locked: the way these are kept cannot change before they are back."""
    lines: QuerySet[SaleLine] = sale.lines.select_related("product").order_by("product_id", "pk")
    return lines.select_for_update(of=("product",), no_key=True)


def _check_clock(*, by: Membership, sale: Sale, refunded_at: datetime, now: datetime) -> None:
    clock.refuse_impossible("refunded_at", refunded_at, now=now)
    if refunded_at < sale.sold_at - clock.MOST_AHEAD:
        before = errors.FieldError("refunded_at", "before_sale", "That is before the sale.")
        raise errors.InvalidInput(errors=[before])
    if clock.is_late(refunded_at, now=now):
        rights.check_right(by, Capability.SALE_BACKDATE)


def _refund_line(
    refund: Refund,
    index: int,
    sent: Mapping[str, Any],
    sold: Mapping[UUID, SaleLine],
    exponent: int,
) -> RefundLine:
    line = sold.get(sent["line"])
    if line is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference(f"lines.{index}.line")])
    before, after = line.refunded_quantity, line.refunded_quantity + sent["quantity"]
    if after > line.quantity:
        left = errors.FieldError(f"lines.{index}.quantity", RefundTooMuch.code, f"{line.quantity - before:f} left.")
        raise RefundTooMuch(errors=[left])
    line.refunded_quantity = after

    def due(total: Decimal) -> Decimal:
        return prorate(total, after, line.quantity, exponent) - prorate(total, before, line.quantity, exponent)

    return RefundLine(
        account_id=refund.account_id,
        refund=refund,
        line=line,
        quantity=sent["quantity"],
        restock=sent.get("restock", Restock.SHELF),
        serials=list(sent.get("serials", ())),
        tax_amount=due(line.tax_amount),
        total=due(line.total),
    )


def _check_serials(by: Membership, rows: Sequence[RefundLine]) -> None:
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
        elif row.restock == Restock.SHELF and _is_by_piece(row.line) and not row.serials:
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


def _is_by_piece(line: SaleLine) -> bool:
    return bool(line.product.is_stocked) and line.product.tracking == Tracking.SERIAL


def _payments(by: Membership, refund: Refund, sent: Sequence[Mapping[str, Any]] | None) -> list[Payment]:
    """What goes back by which tender, as negative payments. Raises RefundTenderMismatch."""
    left = _left_by_method(refund.sale)
    wanted = _as_it_came(refund.total, left) if sent is None else _by_method(sent)
    fits = all(amount <= left.get(method, ZERO) for method, amount in wanted.items())
    if not fits or sum(wanted.values(), ZERO) != refund.total:
        exponent = by.account.currency_exponent
        raise RefundTenderMismatch(
            total=f"{round_money(refund.total, exponent):f}",
            left={method: f"{round_money(amount, exponent):f}" for method, amount in left.items()},
        )
    return [
        Payment(
            account_id=refund.account_id,
            register_id=refund.register_id,
            shift_id=refund.shift_id,
            sale=refund.sale,
            refund=refund,
            method=method,
            amount=-amount,
            tendered=-amount,
            paid_at=refund.refunded_at,
        )
        for method, amount in wanted.items()
        if amount
    ]


def _left_by_method(sale: Sale) -> dict[str, Decimal]:
    """What was paid by each tender and has not gone back, in the order in which it came."""
    left: dict[str, Decimal] = {}
    for payment in sale.payments.order_by("id"):
        left[payment.method] = left.get(payment.method, ZERO) + payment.amount
    return left


def _as_it_came(total: Decimal, left: Mapping[str, Decimal]) -> dict[str, Decimal]:
    wanted = {}
    for method, most in left.items():
        wanted[method] = min(total, most)
        total -= wanted[method]
    return wanted


def _by_method(sent: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    wanted: dict[str, Decimal] = {}
    for payment in sent:
        wanted[payment["method"]] = wanted.get(payment["method"], ZERO) + payment["amount"]
    return wanted


def _status(lines: Any) -> SaleStatus:
    whole = all(line.refunded_quantity == line.quantity for line in lines)
    return SaleStatus.REFUNDED if whole else SaleStatus.PARTLY_REFUNDED


def _base_quantity(row: RefundLine, field: str) -> Decimal:
    return packs.in_base_units(row.quantity, row.line.factor, field=field)


def _return_goods(*, by: Membership, refund: Refund, rows: Sequence[RefundLine]) -> None:
    returns = [
        Return(
            row.line_id,
            _base_quantity(row, f"lines.{index}.quantity"),
            is_damaged=row.restock == Restock.DAMAGED,
            path=f"lines.{index}",
            serials=row.serials,
            is_by_piece=_is_by_piece(row.line),
        )
        for index, row in enumerate(rows)
        if row.restock != Restock.NOT_RETURNED
    ]
    if returns:
        inventory.return_stock(by=by, source=refund, returns=returns, occurred_at=refund.refunded_at)
