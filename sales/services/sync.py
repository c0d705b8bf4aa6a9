"""What happened at a till that was offline is done once, whatever is said against it now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Account, Membership
from core import errors
from core.errors import DomainError
from sales.errors import ClockWrong
from sales.models import CashEvent, Refund, Sale, Shift, SyncIssue, Verdict
from sales.objections import Noted
from sales.services.cash import move_cash
from sales.services.complete import complete_sale
from sales.services.customers import add_customer
from sales.services.refund import refund_sale

TOLERANCE = timedelta(minutes=2)  # by which a clock may be wrong without a word


@dataclass(frozen=True)
class Taken:
    """What became of one item: the row that it is now, and what was said against it."""

    verdict: Verdict
    row: Any
    reasons: Sequence[Mapping[str, Any]] = field(default_factory=list)


def take_item(*, by: Membership, kind: str, facts: Mapping[str, Any], sent_at: datetime | None = None) -> Taken:
    """Do once what happened, at the time that it happened; `sent_at` is what the till's clock says now.

    What would refuse it at the till is noted for a person to look at. Raises what the service of the kind raises
    otherwise.
    """
    of_kind = KINDS[kind]
    earlier = of_kind.rows(by.account).open_to(by).filter(pk=facts["id"]).first()
    if earlier:
        issue = by.account.sync_issues.filter(item_id=facts["id"]).first()
        return Taken(Verdict.DUPLICATE, earlier, issue.reasons if issue else [])
    objections = Noted()
    moments = _corrected(facts, of_kind.moment, sent_at, objections)
    heard = {"objections": objections} if of_kind.hears else {}
    row = of_kind.act(by=by, **{**facts, **moments, **heard})
    reasons = [_reason(objection) for objection in objections.all]
    by.account.sync_issues.filter(item_id=row.pk).delete()  # it was rejected before
    if not reasons:
        return Taken(Verdict.ACCEPTED, row)
    storefront_id = attrgetter(of_kind.storefront)(row) if of_kind.storefront else None
    _note(by, kind, row.pk, Verdict.ACCEPTED_WITH_EXCEPTION, reasons, storefront_id=storefront_id)
    return Taken(Verdict.ACCEPTED_WITH_EXCEPTION, row, reasons)


def note_rejected(
    *, by: Membership, kind: str, item_id: UUID, reason: Mapping[str, Any], content: Mapping[str, Any]
) -> None:
    """Keep what could not be taken for a person to look at, at the place that it names: it has happened all the
    same."""
    by.account.sync_issues.filter(item_id=item_id).delete()
    storefront_id = _find_place(by, content)
    _note(by, kind, item_id, Verdict.REJECTED, [reason], content=content, storefront_id=storefront_id)


# What may say where something happened, and the way from there to the storefront.
_PLACES: Mapping[str, tuple[Callable[[Account], Any], str]] = {
    "storefront": (lambda account: account.locations.storefronts(), "pk"),
    "register": (lambda account: account.registers, "storefront_id"),
    "shift": (lambda account: account.shifts, "register__storefront_id"),
    "sale": (lambda account: account.sales, "storefront_id"),
}


def _find_place(by: Membership, content: Mapping[str, Any]) -> UUID | None:
    """The storefront that was named, as far as it can be told and the member works there."""
    for name, (rows, storefront) in _PLACES.items():
        try:
            named = UUID(content.get(name))
        except (TypeError, ValueError, AttributeError):
            continue
        found: UUID | None = rows(by.account).open_to(by).filter(pk=named).values_list(storefront, flat=True).first()
        if found:
            return found
    return None


def review_issue(*, by: Membership, issue: SyncIssue) -> SyncIssue:
    """Somebody has looked at a locked issue; who did so first, stays."""
    if issue.reviewed_at is None:
        issue.reviewed_by, issue.reviewed_at = by, timezone.now()
        issue.save(update_fields=["reviewed_by", "reviewed_at"])
        accounts.record(by=by, action="sync_issue.reviewed", subject=issue)
    return issue


def _note(
    by: Membership, kind: str, item_id: UUID, verdict: Verdict, reasons: Sequence[Mapping[str, Any]], **facts: Any
) -> None:
    by.account.sync_issues.create(
        kind=kind,
        item_id=item_id,
        verdict=verdict,
        reasons=reasons,
        sent_by=by,
        recorded_at=timezone.now(),
        **facts,
    )


def _reason(objection: DomainError) -> dict[str, Any]:
    return {
        "code": objection.code,
        "detail": objection.sentence,
        "errors": [vars(error) for error in objection.errors],
        "meta": objection.meta,
    }


def _corrected(facts: Mapping[str, Any], name: str, sent_at: datetime | None, objections: Noted) -> dict[str, datetime]:
    """The moment by our clock: as much later or earlier as the till's clock is wrong now, and never still to come."""
    said, now = facts.get(name), timezone.now()
    if said is None:
        return {}
    wrong_by = now - sent_at if sent_at else timedelta(0)
    moment = min(said + wrong_by, now) if abs(wrong_by) > TOLERANCE or said > now + TOLERANCE else said
    if moment != said:
        objections.note(ClockWrong(said=said.isoformat(), seconds=round((moment - said).total_seconds())))
    return {name: moment}


def _refund(*, by: Membership, sale: UUID, **facts: Any) -> Refund:
    sold: Sale | None = by.account.sales.open_to(by).locked().filter(pk=sale).first()
    if sold is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("sale")])
    return refund_sale(by=by, sale=sold, **facts)


def _move_cash(*, by: Membership, shift: UUID, **facts: Any) -> CashEvent:
    worked: Shift | None = by.account.shifts.open_to(by).locked().filter(pk=shift).first()
    if worked is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("shift")])
    return move_cash(by=by, shift=worked, **facts)


@dataclass(frozen=True)
class Kind:
    """How one kind of thing is taken: which rows it makes and what does it, which moment it names and which storefront
    its row, and whether what is said against it is heard."""

    rows: Callable[[Account], Any]
    act: Callable[..., Any]
    moment: str = ""
    storefront: str = ""
    hears: bool = False


# In the order in which one thing may need another.
KINDS: Mapping[str, Kind] = {
    "customer": Kind(lambda account: account.customers, add_customer),
    "sale": Kind(lambda account: account.sales.with_lines(), complete_sale, "sold_at", "storefront_id", hears=True),
    "refund": Kind(lambda account: account.refunds, _refund, "refunded_at", "register.storefront_id", hears=True),
    "cash_event": Kind(lambda account: account.cash_events, _move_cash, "occurred_at"),
}
