from datetime import date

from billing import services as billing
from subscriptions.models import Subscription
from subscriptions.services.reckoning import Granted


def grant_credits(*, held: Subscription, granted: Granted) -> None:
    """Give the credits of every month that has begun of what is paid for, each month's once. Harmless to repeat."""
    billing.grant_monthly_credits(account=held.account, months=_due(held, granted))


def take_back_credits(*, held: Subscription, granted: Granted, since: date | None) -> int:
    """Take back what the months from this day on gave, and are no longer paid for, as far as it is left; how many."""
    assert since is not None
    return billing.take_back_monthly_credits(account=held.account, since=since, months=_due(held, granted))


def _due(held: Subscription, granted: Granted) -> dict[date, int]:
    return {month: granted.plan_on(month).monthly_credits for month in granted.months_until(held.today)}
