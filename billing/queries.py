"""What was spent on what, and when."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from accounts.models import Account

_USAGE = """
SELECT (occurred_at AT TIME ZONE %(zone)s)::date, operation, count(*) FILTER (WHERE kind = 'SPENT'),
       coalesce(sum(units) FILTER (WHERE kind = 'SPENT'), 0)::bigint,
       coalesce(sum(-amount) FILTER (WHERE kind = 'SPENT'), 0)::bigint,
       coalesce(sum(amount) FILTER (WHERE kind = 'REFUNDED'), 0)::bigint
FROM credit_transactions
WHERE account_id = %(account)s AND kind IN ('SPENT', 'REFUNDED')
  AND occurred_at >= %(start)s AND occurred_at < %(end)s
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Usage:
    """One operation on one day: how often, how much of what it counts, and the credits spent and given back that day.

    What was spent in place of a price list has no operation.
    """

    day: date
    operation: str
    count: int
    units: int
    spent: int
    refunded: int


def list_usage(account: Account, *, first_on: date, last_on: date) -> list[Usage]:
    """What was spent on these days of the account's calendar, the first and the last included."""
    asked: dict[str, Any] = {
        "account": account.pk,
        "zone": account.time_zone,
        "start": account.midnight(first_on),
        "end": account.midnight(last_on + timedelta(days=1)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_USAGE, asked)
        return [Usage(*row) for row in cursor]
