"""What happened at a till that was offline is done once, whatever is said against it now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Account, Membership
from core.errors import DomainError
from sales.errors import ClockWrong
from sales.models import SyncIssue, Verdict
from sales.objections import Noted
from sales.services.sync_kinds import KINDS

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
    earlier = of_kind.find(by, facts)
    if earlier:
        issue = by.account.sync_issues.filter(item_id=facts["id"]).first()
        return Taken(Verdict.DUPLICATE, earlier, issue.reasons if issue else [])
    objections = Noted()
    moments = _corrected(facts, of_kind.moment, sent_at, objections)
    heard = {"objections": objections} if of_kind.hears else {}
    row = of_kind.act(by=by, **{**facts, **moments, **heard})
    reasons = [_reason(objection) for objection in objections.all]
    if not reasons:
        by.account.sync_issues.filter(item_id=facts["id"]).delete()  # it was rejected before
        return Taken(Verdict.ACCEPTED, row)
    _note(by, kind, facts["id"], Verdict.ACCEPTED_WITH_EXCEPTION, reasons, storefront_id=of_kind.place(row))
    return Taken(Verdict.ACCEPTED_WITH_EXCEPTION, row, reasons)


def note_rejected(
    *, by: Membership, kind: str, item_id: UUID, reason: Mapping[str, Any], content: Mapping[str, Any]
) -> None:
    """Keep what could not be taken for a person to look at, at the place that it names: it has happened all the
    same."""
    _note(by, kind, item_id, Verdict.REJECTED, [reason], content=content, storefront_id=_find_place(by, content))


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


_ITEM = ["account", "item_id"]
_INSTEAD: Mapping[str, Any] = {
    "update_conflicts": True,
    "unique_fields": _ITEM,
    "update_fields": ["kind", "verdict", "reasons", "content", "storefront", "sent_by", "recorded_at"],
}


def _note(
    by: Membership, kind: str, item_id: UUID, verdict: Verdict, reasons: Sequence[Mapping[str, Any]], **facts: Any
) -> None:
    """Note it instead of what was noted of the item before; another device may bring it at the same time. Who has
    looked at it, has."""
    issue = SyncIssue(
        account_id=by.account_id,
        kind=kind,
        item_id=item_id,
        verdict=verdict,
        reasons=reasons,
        sent_by=by,
        recorded_at=timezone.now(),
        **facts,
    )
    SyncIssue.across_accounts.bulk_create([issue], **_INSTEAD)


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
