"""The history of an account, as somebody looks into it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import AuditEvent, Membership
from core.listings import Column, Listing, in_zone

Events = QuerySet[AuditEvent]


def narrow(
    events: Events,
    *,
    actor: UUID | None = None,
    action: str = "",
    subject: str = "",
    subject_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Events:
    """Those of one actor, of actions that begin so (`sale.`), about one kind of thing or one thing, of some time."""
    asked: dict[str, Any] = {
        "by": actor,
        "action__startswith": action,
        "subject": subject,
        "subject_id": subject_id,
        "recorded_at__gte": since,
        "recorded_at__lt": until,
    }
    return events.filter(**{name: value for name, value in asked.items() if value})


def list_events(by: Membership, **asked: Any) -> Listing:
    """The same as a table, oldest first."""
    return Listing(
        narrow(by.account.audit_events.all(), **asked),
        (
            Column("recorded_at", "recorded_at", in_zone(by.account.zone)),
            Column("by", "by__name"),
            Column("approved_by", "approved_by__name"),
            Column("device", "device__name"),
            Column("action", "action"),
            Column("subject", "subject"),
            Column("subject_id", "subject_id"),
            Column("before", "before", _facts),
            Column("after", "after", _facts),
            Column("request_id", "request_id"),
        ),
    )


def _facts(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False) if told else ""
