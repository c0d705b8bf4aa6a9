"""Credits that come with a plan: each month's once, and back again where the month is no longer paid for."""

from collections.abc import Mapping
from datetime import date

from accounts.models import Account
from billing import ledger
from billing.ledger import Entry
from billing.models import CreditKind, CreditTransaction

_KEY = "monthly "  # and the first day of the month; from its second line on, which one it is
_END = f"{_KEY}9999"


def grant_monthly_credits(*, account: Account, months: Mapping[date, int]) -> None:
    """What the plan gives for each of the months that begin on these days, once, however often it is asked for.

    What was taken back of a month comes again. Of two who see the same lines, the number in the key lets one write.
    """
    due = {day: most for day, most in sorted(months.items()) if most}
    lines = _lines(account, since=min(due)) if due else {}
    for day, most in due.items():
        given = lines.get(day, [])
        amount = min(most, given[0].amount) - _sum(given) if given else most
        if amount > 0:
            _post(account, Entry(CreditKind.GRANTED, amount, _key(day, given)))


def take_back_monthly_credits(*, account: Account, since: date, months: Mapping[date, int]) -> int:
    """Of the months from this day on, take what was given beyond what these are to have, from under reservations too.

    No more than is left; how many these were.
    """
    balance, taken = ledger.lock_balance(account), 0
    for day, given in sorted(_lines(account, since=since).items()):
        amount = min(_sum(given) - months.get(day, 0), balance - taken)
        if amount > 0:
            _post(account, Entry(CreditKind.TAKEN_BACK, -amount, _key(day, given), heeds_promises=False))
            taken += amount
    return taken


def _lines(account: Account, *, since: date) -> dict[date, list[CreditTransaction]]:
    """What the ledger says of each month from this one on, in order."""
    rows = account.credit_transactions.filter(kind__in=[CreditKind.GRANTED, CreditKind.TAKEN_BACK])
    lines: dict[date, list[CreditTransaction]] = {}
    for row in rows.filter(key__gte=f"{_KEY}{since}", key__lt=_END).order_by("sequence"):
        day = date.fromisoformat(row.key.removeprefix(_KEY)[:10])
        lines.setdefault(day, []).append(row)
    return lines


def _key(day: date, lines: list[CreditTransaction]) -> str:
    return f"{_KEY}{day} {len(lines) + 1}" if lines else f"{_KEY}{day}"


def _sum(lines: list[CreditTransaction]) -> int:
    return sum(line.amount for line in lines)


def _post(account: Account, entry: Entry) -> None:
    ledger.post(entry, account=account, by=None)
