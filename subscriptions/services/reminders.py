"""The nightly round: it reminds, and gives the month's credits. Nothing else waits for it."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import DatabaseError
from django.db.models import Q

from accounts.models import Account
from core import tenancy
from core.tenancy import STAFF
from subscriptions.models import GRACE, Subscription
from subscriptions.services import notifications
from subscriptions.services.credits import grant_credits
from subscriptions.services.locking import lock_subscription
from subscriptions.services.reckoning import HELD, Granted, read_granted, reckon

logger = structlog.get_logger("subscription")

_ELSEWHERE = timedelta(days=1)  # by which the date of another time zone may differ
_SOON = timedelta(days=7) + _ELSEWHERE
_AT_ONCE = 500


def remind_and_grant(*, now: datetime) -> int:
    """Go round all businesses that may have something to be told, or given; how many people were told something.

    Each business is a transaction of its own, and what goes wrong with one is left for the next night.
    """
    today = now.date()
    rows = Subscription.across_accounts.using(STAFF).filter(
        Q(ends_on__lte=today + _SOON) | Q(plan__monthly_credits__gt=0) | Q(next_plan__monthly_credits__gt=0),
        ends_on__gte=today - GRACE - _ELSEWHERE,
        suspended_at=None,
    )
    told = 0
    for account_id in rows.order_by("account_id").values_list("account_id", flat=True).iterator(_AT_ONCE):
        try:
            told += remind_business(account_id=account_id)
        except DatabaseError as error:
            logger.error("reminder_failed", account_id=str(account_id), error=type(error).__name__)
    return told


def remind_business(*, account_id: UUID) -> int:
    """Tell what is due today, on the account's own calendar, and give the credits of the months that have begun."""
    with tenancy.scope(account_id):
        account = Account.across_accounts.filter(pk=account_id).first()
        held = lock_subscription(account=account) if account else None
        if account is None or held is None or held.suspended_at:
            return 0
        granted = Granted(held, read_granted(account))
        if held.next_from and held.next_from <= held.today <= held.ends_on:
            reckon(held, granted)  # what has begun is the plan, and what may come after it the next
            held.save(update_fields=HELD)
        grant_credits(held=held, granted=granted)
        return 0 if held.cancelled_at else notifications.remind(account=account, held=held, today=held.today)
