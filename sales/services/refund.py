"""Goods and money go back: per line, by the way they came, and in any sequence exactly what was paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from core.amounts import ZERO, prorate
from inventory import packs
from inventory import services as inventory
from inventory.services import Return
from sales import pricing
from sales.errors import RefundTooMuch, SaleVoided
from sales.models import (
    Payment,
    PaymentMethod,
    Refund,
    RefundKind,
    RefundLine,
    Register,
    Restock,
    Sale,
    SaleLine,
    SaleStatus,
)
from sales.objections import REFUSING, Objections
from sales.services import drawers, fiscal, refund_pieces, rights, tenders
from sales.services.purse import Shares, open_purse


def refund_sale(
    *,
    by: Membership,
    sale: Sale,
    lines: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    register: UUID | None = None,
    reason: str = "",
    customer: UUID | None = None,
    payments: Sequence[Mapping[str, Any]] | None = None,
    refunded_at: datetime | None = None,
    shift: UUID | None = None,
    objections: Objections = REFUSING,
) -> Refund:
    """Refund quantities of lines of a locked sale, from the drawer of `register` or of the one that sold.

    Without `payments` the money goes back in the order it came. `customer` is for whom a walk-in's money is kept.
    Raises what `take_back` raises, RefundTenderMismatch, CustomerRequired, and for pieces SerialElsewhere for one that
    is in stock again.
    """
    taken = take_back(
        by=by,
        sale=sale,
        lines=lines,
        right=Capability.SALE_REFUND,
        id=id,
        register=register,
        reason=reason,
        customer=customer,
        refunded_at=refunded_at,
        shift=shift,
        objections=objections,
    )
    purse = open_purse(by=by, refund=taken.refund)
    shares = purse.share_out(by, taken.refund.total, payments)
    return write_refund(by=by, taken=taken, given=shares)


@dataclass(frozen=True)
class TakenBack:
    """A refund that is not written yet, its lines, the locked drawer of it and all lines of the locked sale."""

    refund: Refund
    rows: Sequence[RefundLine]
    drawer: Register
    sold: Sequence[SaleLine]

    def carry(self, carried: Shares) -> list[Payment]:
        """What pays for something else, as negative payments that know by which tender it came."""
        refund = self.refund
        return [
            Payment(
                account_id=refund.account_id,
                register_id=refund.register_id,
                shift_id=refund.shift_id,
                sale=refund.sale,
                refund=refund,
                method=PaymentMethod.EXCHANGE,
                came_by=came_by,
                amount=-amount,
                tendered=-amount,
                paid_at=refund.refunded_at,
                is_late=refund.is_late,
            )
            for came_by, amount in carried.items()
        ]


def take_back(
    *,
    by: Membership,
    sale: Sale,
    lines: Sequence[Mapping[str, Any]],
    right: Capability,
    kind: RefundKind = RefundKind.REFUND,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    register: UUID | None = None,
    reason: str = "",
    customer: UUID | None = None,
    refunded_at: datetime | None = None,
    shift: UUID | None = None,
    objections: Objections = REFUSING,
) -> TakenBack:
    """What comes back of a locked sale, and what was paid for it. Nothing is written yet; the drawer is locked.

    Raises NotFound for a sale at a place that is not the member's, InvalidInput for lines of another sale, a register
    or a customer elsewhere and a date that cannot be, RegisterInactive, ShiftRequired, ShiftClosed,
    SubscriptionExpired, CapabilityMissing, ApprovalRequired for more than the member may give back at once, SaleVoided,
    RefundTooMuch; for pieces SerialsRequired, SerialNotSold, SoldWithoutSerials.
    """
    if not by.works_at(sale.storefront_id):
        raise errors.NotFound
    accounts.dismiss_approver_elsewhere(by=by, location_id=sale.storefront_id)
    now = timezone.now()
    refunded_at = refunded_at or now
    drawer = drawers.lock_register(by=by, register_id=register or sale.register_id, objections=objections)
    turn = drawers.find_turn(
        by=by,
        register_id=drawer.pk,
        open_shift_id=drawer.open_shift_id,
        named=shift,
        at=refunded_at,
        objections=objections,
    )
    accounts.dismiss_approver_elsewhere(by=by, location_id=drawer.storefront_id)
    with objections.against(CapabilityMissing):
        rights.check_right(by, right)
    with objections.against(CapabilityMissing):
        _check_clock(by=by, sale=sale, refunded_at=refunded_at, now=now)
    if sale.status == SaleStatus.VOIDED:
        raise SaleVoided
    sold = {line.pk: line for line in _lock_lines(sale)}
    refund = Refund(
        account_id=by.account_id,
        id=id or uuid7(),
        kind=kind,
        number=f"{drawer.code}-R{drawer.last_refund_number + 1:06d}",
        sale=sale,
        register=drawer,
        shift_id=turn.shift_id,
        is_late=turn.is_late,
        customer_id=_find_customer(by=by, sale=sale, customer=customer),
        reason=reason,
        refunded_by=by,
        refunded_at=refunded_at,
        recorded_at=now,
    )
    rows = [_refund_line(refund, index, line, sold, by.account.currency_exponent) for index, line in enumerate(lines)]
    refund_pieces.check_serials(by, rows)
    refund.total = sum((row.total for row in rows), ZERO)
    refund.tax_total = sum((row.tax_amount for row in rows), ZERO)
    with objections.against(ApprovalRequired):
        rights.check_refund(by, refund.total)
    return TakenBack(refund, rows, drawer, list(sold.values()))


NOTHING: Shares = {}


def write_refund(*, by: Membership, taken: TakenBack, given: Shares, carried: Shares = NOTHING) -> Refund:
    """Write it with its number, what is given back by which tender, and what is carried into an exchange. The goods,
    and what a customer owed or kept, go back too."""
    refund, rows, drawer, sale = taken.refund, taken.rows, taken.drawer, taken.refund.sale
    payments = [*tenders.give_back(by=by, refund=refund, amounts=given), *taken.carry(carried)]
    Refund.across_accounts.bulk_create([refund])
    RefundLine.across_accounts.bulk_create(rows)
    Payment.across_accounts.bulk_create(payments)
    fiscal.open_document(by=by, sale=sale, refund=refund)
    drawer.last_refund_number += 1
    drawer.save(update_fields=["last_refund_number"])
    SaleLine.across_accounts.bulk_update(taken.sold, ["refunded_quantity"])
    sale.status = SaleStatus.VOIDED if refund.kind == RefundKind.VOID else _status(taken.sold)
    sale.save(update_fields=["status"])
    total = by.account.show_money(refund.total)
    accounts.record(by=by, action=ACTIONS[refund.kind], subject=sale, after={"total": total, **_why(refund)})
    _return_goods(by=by, refund=refund, rows=rows, drawer=drawer)
    refund._prefetched_objects_cache = {"lines": rows, "payments": payments}  # type: ignore[attr-defined]
    return refund


ACTIONS: Mapping[str, str] = {
    RefundKind.REFUND: "sale.refunded",
    RefundKind.EXCHANGE: "sale.exchanged",
    RefundKind.VOID: "sale.voided",
}


def _why(refund: Refund) -> dict[str, str]:
    """What the history says of an act that has to have a reason."""
    return {} if refund.kind == RefundKind.REFUND else {"reason": refund.reason}


def _find_customer(*, by: Membership, sale: Sale, customer: UUID | None) -> UUID | None:
    """For whom money may be kept: who bought, or for a walk-in whoever is named."""
    if customer is None or customer == sale.customer_id:
        return sale.customer_id
    rights.check_customer(by, customer)
    if not by.account.customers.filter(pk=customer, is_active=True).exists():
        raise errors.InvalidInput(errors=[errors.unknown_reference("customer")])
    if sale.customer_id:
        other = errors.FieldError("customer", "not_the_buyer", "Somebody else bought this.")
        raise errors.InvalidInput(errors=[other])
    return customer


def _lock_lines(sale: Sale) -> QuerySet[SaleLine]:
    """The lines with their products, which are locked: the way these are kept cannot change before they are back."""
    lines: QuerySet[SaleLine] = sale.lines.select_related("product").order_by("product_id", "pk")
    return lines.select_for_update(of=("product",), no_key=True)


def _check_clock(*, by: Membership, sale: Sale, refunded_at: datetime, now: datetime) -> None:
    if refunded_at < sale.sold_at - clock.MOST_AHEAD:
        before = errors.FieldError("refunded_at", "before_sale", "That is before the sale.")
        raise errors.InvalidInput(errors=[before])
    rights.check_moment(by, "refunded_at", refunded_at, now=now)


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

    # Each levy by itself, so that of each levy, too, exactly what was taken goes back.
    taxes = [{**tax, "amount": f"{due(Decimal(tax['amount'])):f}"} for tax in line.taxes]
    tax, total = sum((Decimal(tax["amount"]) for tax in taxes), ZERO), due(line.total)
    return RefundLine(
        account_id=refund.account_id,
        refund=refund,
        line=line,
        quantity=sent["quantity"],
        restock=sent.get("restock", Restock.SHELF),
        serials=list(sent.get("serials", ())),
        tax_amount=tax,
        taxes=pricing.with_bases(taxes, total - tax),
        total=total,
    )


def _status(lines: Any) -> SaleStatus:
    whole = all(line.refunded_quantity == line.quantity for line in lines)
    return SaleStatus.REFUNDED if whole else SaleStatus.PARTLY_REFUNDED


def _base_quantity(row: RefundLine, field: str) -> Decimal:
    return packs.in_base_units(row.quantity, row.line.factor, field=field)


def _return_goods(*, by: Membership, refund: Refund, rows: Sequence[RefundLine], drawer: Register) -> None:
    returns = [
        Return(
            row.line_id,
            _base_quantity(row, f"lines.{index}.quantity"),
            is_damaged=row.restock == Restock.DAMAGED,
            path=f"lines.{index}",
            serials=row.serials,
            is_by_piece=refund_pieces.is_by_piece(row.line),
        )
        for index, row in enumerate(rows)
        if row.restock != Restock.NOT_RETURNED
    ]
    if returns:
        inventory.return_stock(
            by=by,
            source=refund,
            returns=returns,
            occurred_at=refund.refunded_at,
            brought_to=None if drawer.storefront_id == refund.sale.storefront_id else drawer.storefront_id,
        )
