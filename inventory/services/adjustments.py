"""Adjustments: stock that is gone or found for a reason, at once by whoever may, otherwise once somebody approves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.errors import ApprovalRequired, CapabilityMissing
from accounts.models import Membership
from accounts.roles import Capability
from core import clock, errors
from core.amounts import round_money, show_money
from inventory.errors import NothingExpired
from inventory.models import (
    Adjustment,
    AdjustmentKind,
    AdjustmentLine,
    AdjustmentStatus,
    Location,
    Product,
    StockProduct,
    Tracking,
)
from inventory.services import adjusting
from inventory.services.adjusting import Plan
from inventory.services.deliveries import find_goods
from inventory.services.documents import refuse_unless, take_number, take_step
from inventory.services.places import find_place


def adjust_stock(
    *,
    by: Membership,
    location: UUID,
    kind: str,
    reason: str,
    lines: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    occurred_at: datetime | None = None,
) -> Adjustment:
    """Stock at a place is less or more, in base units: applied where the member or an approver may decide on so much,
    otherwise left for approval. A quantity has a sign in a correction only.

    Raises InvalidInput for a place, product, batch, date, quantity or cost that cannot be, NotStocked, and what
    `adjusting.make_plan` raises.
    """
    now = timezone.now()
    occurred_at = occurred_at or now
    clock.refuse_impossible("occurred_at", occurred_at, now=now)
    place = _find_place(by, location)
    products = find_goods(by=by, lines=lines, field="lines", locked=True)
    _refuse_impossible(kind, lines)
    adjustment = _paper(by, place, kind, reason=reason, occurred_at=occurred_at, own_id=id)
    rows = [_line(adjustment, position, item, products) for position, item in enumerate(lines, start=1)]
    batches = adjusting.lock_batches(by=by, location_id=place.pk, lines=rows)
    plan = adjusting.make_plan(by=by, adjustment=adjustment, lines=rows, batches=batches)
    return _open(by, adjustment, rows, plan)


def write_off_expired(*, by: Membership, location: UUID, reason: str = "") -> Adjustment:
    """All that has expired at a place, by the account's date, in one adjustment under the same rule.

    Raises InvalidInput for a place that is switched off, or not the member's, and NothingExpired.
    """
    now = timezone.now()
    place = _find_place(by, location)
    adjustment = _paper(by, place, AdjustmentKind.EXPIRED, reason=reason, occurred_at=now)
    today = now.astimezone(by.account.zone).date()
    there = by.account.stock_products.locked().filter(location=place, quantity__gt=0, expires_on__lt=today)
    batches = {batch.pk: batch for batch in there.select_related("product")}
    if not batches:
        raise NothingExpired
    serials = _serials_in(by, batches.values())
    rows = [
        AdjustmentLine(
            account_id=by.account_id,
            adjustment=adjustment,
            position=position,
            product=batch.product,
            stock_product=batch,
            quantity=-batch.quantity,
            serials=serials[batch.pk],
        )
        for position, batch in enumerate(batches.values(), start=1)
    ]
    plan = adjusting.make_plan(by=by, adjustment=adjustment, lines=rows, batches=batches)
    return _open(by, adjustment, rows, plan)


def approve_adjustment(*, by: Membership, adjustment: Adjustment) -> Adjustment:
    """Apply a locked adjustment, whose value is that of the batches as they are now; what is applied already stays.

    Raises AdjustmentDecided for a rejected one, ApprovalRequired beyond the limits of the member and of their approver,
    NotStocked, and what `adjusting.make_plan` raises.
    """
    if adjustment.status == AdjustmentStatus.APPLIED:
        return adjustment
    refuse_unless(adjustment, AdjustmentStatus.PENDING)
    check_right(by, Capability.STOCK_APPROVE, adjustment.location_id)
    rows = list(adjustment.lines.order_by("position"))
    products = find_goods(by=by, lines=[{"product": row.product_id} for row in rows], field="lines", locked=True)
    for row in rows:
        row.product = products[row.product_id]
    batches = adjusting.lock_batches(by=by, location_id=adjustment.location_id, lines=rows)
    plan = adjusting.make_plan(by=by, adjustment=adjustment, lines=rows, batches=batches)
    decider = _find_decider(by, _approvers(by), plan.value)
    if decider is None:
        raise _beyond(by, plan.value)
    plan.carry_out(by=by, source=adjustment)
    return take_step(
        by,
        adjustment,
        "approved",
        status=AdjustmentStatus.APPLIED,
        value=plan.value,
        decided_by=decider,
        decided_at=timezone.now(),
        noted={"value": plan.value},
    )


def reject_adjustment(*, by: Membership, adjustment: Adjustment, reason: str = "") -> Adjustment:
    """Nothing comes of a locked adjustment; what is rejected already stays. Raises AdjustmentDecided for an applied
    one."""
    if adjustment.status == AdjustmentStatus.REJECTED:
        return adjustment
    refuse_unless(adjustment, AdjustmentStatus.PENDING)
    check_right(by, Capability.STOCK_APPROVE, adjustment.location_id)
    return take_step(
        by,
        adjustment,
        "rejected",
        status=AdjustmentStatus.REJECTED,
        decided_by=_approvers(by)[0],
        decided_at=timezone.now(),
        closing_reason=reason,
    )


# --- The paper -------------------------------------------------------------------------------------------------------


def _refuse_impossible(kind: str, lines: Iterable[Mapping[str, Any]]) -> None:
    wrong = [error for index, item in enumerate(lines) for error in _impossible(kind, f"lines.{index}", item)]
    if wrong:
        raise errors.InvalidInput(errors=wrong)


def _impossible(kind: str, path: str, item: Mapping[str, Any]) -> Iterable[errors.FieldError]:
    quantity, is_signed = item["quantity"], kind == AdjustmentKind.CORRECTION
    if not quantity or (quantity < 0 and not is_signed):
        sentence = "Must not be zero." if is_signed else "Must be more than zero: the kind tells the direction."
        yield errors.FieldError(f"{path}.quantity", "min_value", sentence)
    comes = kind == AdjustmentKind.FOUND or (is_signed and quantity > 0)
    if item.get("unit_cost") is not None and (not comes or item.get("stock_product")):
        sentence = "Only what is found, and in no batch yet, has a cost to be told."
        yield errors.FieldError(f"{path}.unit_cost", "invalid", sentence)


def _paper(
    by: Membership, place: Location, kind: str, *, reason: str, occurred_at: datetime, own_id: UUID | None = None
) -> Adjustment:
    return Adjustment(
        id=own_id or uuid7(),
        account_id=by.account_id,
        number=take_number(Adjustment.code, by=by),
        location=place,
        kind=kind,
        reason=reason,
        opened_by=by,
        occurred_at=occurred_at,
    )


def _line(
    adjustment: Adjustment, position: int, item: Mapping[str, Any], products: Mapping[UUID, Product]
) -> AdjustmentLine:
    is_signed = adjustment.kind in (AdjustmentKind.FOUND, AdjustmentKind.CORRECTION)
    return AdjustmentLine(
        account_id=adjustment.account_id,
        adjustment=adjustment,
        position=position,
        product=products[item["product"]],
        stock_product_id=item.get("stock_product"),
        quantity=item["quantity"] if is_signed else -item["quantity"],
        unit_cost=item.get("unit_cost"),
        serials=sorted(item.get("serials", ())),
    )


def _serials_in(by: Membership, batches: Iterable[StockProduct]) -> Mapping[UUID, list[str]]:
    """The numbers of the pieces that stand in each batch."""
    numbers: dict[UUID, list[str]] = defaultdict(list)
    tracked = [batch.pk for batch in batches if batch.product.tracking == Tracking.SERIAL]
    if tracked:
        there = by.account.serial_numbers.filter(stock_product__in=tracked).order_by("number")
        for batch_id, number in there.values_list("stock_product_id", "number"):
            numbers[batch_id].append(number)
    return numbers


def _open(by: Membership, adjustment: Adjustment, rows: Sequence[AdjustmentLine], plan: Plan) -> Adjustment:
    decider = _find_decider(by, [by, *_approvers(by)], plan.value)
    adjustment.value = plan.value
    if decider:
        adjustment.status = AdjustmentStatus.APPLIED
        adjustment.decided_by, adjustment.decided_at = decider, timezone.now()
    adjustment.save(force_insert=True)
    AdjustmentLine.across_accounts.bulk_create(rows)
    if decider:
        plan.carry_out(by=by, source=adjustment)
    facts = {"number": adjustment.number, "location": adjustment.location_id, "kind": adjustment.kind}
    after = {**facts, "status": adjustment.status, "value": plan.value, "lines": len(rows)}
    accounts.record(by=by, action="adjustment.opened", subject=adjustment, after=after)
    return adjustment


# --- Who may ---------------------------------------------------------------------------------------------------------


def _find_place(by: Membership, location: UUID) -> Location:
    place = find_place(by=by, location_id=location)
    check_right(by, Capability.STOCK_ADJUST, place.pk)
    return place


def check_right(by: Membership, capability: Capability, location_id: UUID) -> None:
    """Raises CapabilityMissing where the right was lent by somebody who does not work at the place."""
    accounts.dismiss_approver_elsewhere(by=by, location_id=location_id)
    if not by.may(capability):
        raise CapabilityMissing(capability=capability)


def _approvers(by: Membership) -> list[Membership]:
    """Of the member and whoever lends them a hand, those who may approve."""
    return [each for each in (by, by.approver) if each and Capability.STOCK_APPROVE in each.capabilities]


def _find_decider(by: Membership, candidates: Iterable[Membership], value: Decimal) -> Membership | None:
    """The first whose own limit reaches so far."""
    return next((each for each in candidates if _reaches(by, each, value)), None)


def _reaches(by: Membership, member: Membership, value: Decimal) -> bool:
    most = _most(by, member)
    return most is None or value <= most


def _most(by: Membership, member: Membership) -> Decimal | None:
    limit = member.own_limits.adjustment
    return None if limit is None else limit.scaleb(-by.account.currency_exponent)


def _beyond(by: Membership, value: Decimal) -> ApprovalRequired:
    exponent = by.account.currency_exponent
    most = round_money(max(_most(by, each) or Decimal(0) for each in (_approvers(by) or [by])), exponent)
    path = errors.FieldError("lines", ApprovalRequired.code, f"At most {most:f} at once.")
    return ApprovalRequired(errors=[path], limit=f"{most:f}", asked=show_money(value, exponent))
