from billing import services as billing
from subscriptions.calendar import months_from
from subscriptions.models import Subscription


def grant_credits(*, held: Subscription) -> None:
    """Give the credits of every month that has begun of what is paid for, each month's once. Harmless to repeat."""
    if held.is_trial:
        return
    for month in months_from(held.starts_on, min(held.today, held.ends_on)):
        most = held.plan_on(month).monthly_credits
        if most:
            billing.grant_monthly_credits(account=held.account, period_starts_on=month, credits=most)
