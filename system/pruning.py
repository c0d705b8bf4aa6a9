"""What has run out goes, in every account; what somebody may still ask for stays."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections
from django.utils import timezone

from accounts.models.session import LIFETIMES
from core import clock
from core.tenancy import STAFF
from system import services

DAYS = 30
LEAST_DAYS = clock.MOST_LATE.days + 1  # a till that was offline may send again what it sent
_NOTICES = timedelta(days=90)  # so long somebody may have to look into a payment
BATCH = 5_000  # rows in one transaction, so that nobody waits long behind it


class Waste(NamedTuple):
    """Rows that nobody will ask for again."""

    name: str
    table: str
    condition: str
    parameters: list[Any]


def prune(*, days: int = DAYS) -> Iterator[tuple[str, int]]:
    """Remove waste of one kind after the other: its name, and how many rows went. Counters of tries and answers to
    requests are kept for so many days, at least `LEAST_DAYS`."""
    now = timezone.now()
    for waste in _wastes(now=now, kept=timedelta(days=days)):
        yield waste.name, _remove(waste)
    yield "results of old tasks", services.drop_old_results(now=now)
    yield "files that nothing needs", services.remove_unused_files(now=now)


def _wastes(*, now: datetime, kept: timedelta) -> list[Waste]:
    is_idle = " OR ".join(f"kind = '{kind}' AND last_seen_at <= %s" for kind in LIFETIMES)
    idle_since = [now - lifetime.idle for lifetime in LIFETIMES.values()]
    # A counter that is forgotten within its window would give the tries back.
    longest = timedelta(seconds=max(seconds for _, seconds in settings.RATE_LIMITS.values()))
    return [
        Waste("sessions that have ended", "sessions", f"expires_at <= %s OR {is_idle}", [now, *idle_since]),
        Waste("cookies that have ended", "django_session", "expire_date <= %s", [now]),
        Waste("old counters of tries", "rate_limits", "started_at <= %s", [now - max(kept, longest)]),
        Waste("promises to carts that have ended", "reservations", "expires_at <= %s", [now - timedelta(days=1)]),
        Waste("answers to old requests", "idempotency_keys", "created_at <= %s", [now - kept]),
        Waste("old notices of gateways", "gateway_notices", "received_at <= %s", [now - max(kept, _NOTICES)]),
    ]


def _remove(waste: Waste) -> int:
    """How many rows went, batch by batch; one that somebody holds is left for the next time."""
    statement = (
        f"DELETE FROM {waste.table} WHERE ctid = ANY(ARRAY("
        f"SELECT ctid FROM {waste.table} WHERE {waste.condition} LIMIT {BATCH} FOR UPDATE SKIP LOCKED))"
    )
    removed = 0
    with connections[STAFF].cursor() as cursor:
        while True:
            cursor.execute(statement, waste.parameters)
            gone: int = cursor.rowcount
            removed += gone
            if gone < BATCH:
                return removed
