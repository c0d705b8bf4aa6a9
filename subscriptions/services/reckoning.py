"""What is held follows from what was given and from what is granted, whatever came, or went, in which order."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from itertools import pairwise

from accounts.models import Account
from subscriptions.calendar import add_months, months_from
from subscriptions.models import Cycle, PaymentKind, Subscription, SubscriptionPayment, SubscriptionPlan

HELD = ["plan", "cycle", "is_trial", "starts_on", "ends_on", "next_plan", "next_from", "cancelled_at"]
GIVEN = ["given_plan", "given_from", "given_until", "is_trial_given"]
DAY = timedelta(days=1)


def read_granted(account: Account) -> list[SubscriptionPayment]:
    """All that is granted and not taken back, in the order in which it was, with both plans."""
    rows = account.subscription_payments.granted().select_related("plan", "replaces")
    return list(rows.order_by("granted_at", "id"))


class Granted:
    """The days, the plans and the months that are paid for, by these payments, or were given."""

    def __init__(self, held: Subscription, payments: Iterable[SubscriptionPayment]) -> None:
        rows = list(payments)
        self.held = held
        self.renewals = sorted((row for row in rows if row.kind == PaymentKind.RENEWAL), key=lambda row: row.days)
        self.upgrades: list[SubscriptionPayment] = []
        waiting = [row for row in rows if row.kind == PaymentKind.UPGRADE]
        while row := next(filter(self._can_be_enlarged_by, waiting), None):  # one may stand on another
            waiting.remove(row)
            self.upgrades.append(row)

    def _can_be_enlarged_by(self, upgrade: SubscriptionPayment) -> bool:
        """Whether the plan that it replaces is paid for on the day from which it counts: it cost no more than that."""
        first, last = upgrade.days
        day = max(first, _day_of_grant(self.held, upgrade))
        return day <= last and self._renewal_on(day) is not None and self.plan_on(day) == upgrade.replaces

    @property
    def runs(self) -> list[tuple[date, date]]:
        """The first and the last day of each time without a gap; a trial is none."""
        given = (self.held.given_from, self.held.given_until)
        spans = [row.days for row in self.renewals]
        if not self.held.is_trial_given or not spans:
            spans.append(given)
        runs: list[tuple[date, date]] = []
        for first, last in sorted(spans):
            if runs and first <= runs[-1][1] + DAY:
                runs[-1] = runs[-1][0], max(runs[-1][1], last)
            else:
                runs.append((first, last))
        return runs

    @property
    def ends_on(self) -> date:
        return max([self.held.given_until, *(row.days[1] for row in self.renewals)])

    @property
    def follows_on(self) -> date:
        return self.ends_on + DAY

    def plan_on(self, day: date) -> SubscriptionPlan:
        """After the last day it is still that one's; who has paid in the trial has in the rest of it what was paid."""
        day = min(day, self.ends_on)
        if self.held.is_trial_given and self.renewals:
            day = max(day, self.renewals[0].days[0])
        paid = self._renewal_on(day)
        if paid is None:
            return self.held.given_plan
        plan: SubscriptionPlan = next((row for row in reversed(self.upgrades) if row.is_for(day)), paid).plan
        return plan

    def changes_after(self, day: date) -> list[tuple[date, SubscriptionPlan]]:
        """The later days on which another plan begins, with it."""
        spans = [(day, self.held.given_until), *(row.days for row in [*self.renewals, *self.upgrades])]
        days = sorted({at for span in spans for at in (span[0], span[1] + DAY) if day < at <= self.ends_on})
        plans = [(at, self.plan_on(at)) for at in days]
        return [(at, plan) for (_, last), (at, plan) in pairwise([(day, self.plan_on(day)), *plans]) if plan != last]

    def months_until(self, today: date) -> set[date]:
        """The first day of every month that has begun."""
        if self.held.is_trial_given and not self.renewals:
            return set()
        return {month for first, last in self.runs for month in months_from(first, min(today, last))}

    def _renewal_on(self, day: date) -> SubscriptionPayment | None:
        return next((row for row in self.renewals if row.is_for(day)), None)


def lay(payment: SubscriptionPayment, *, upon: Granted) -> None:
    """Give a renewal its days: a cycle from the later of the day of its grant and the one after what is paid for."""
    first = max(_day_of_grant(upon.held, payment), upon.follows_on)
    payment.starts_on, payment.ends_on = first, add_months(first, Cycle(payment.cycle).months) - DAY


def move_up(held: Subscription, payments: Collection[SubscriptionPayment], *, gone: SubscriptionPayment) -> None:
    """Lay what was paid for after days that are gone anew, as if these had never been; nothing comes later for it."""
    kept: list[SubscriptionPayment] = []
    for row in Granted(held, payments).renewals:
        before = row.days
        if before > gone.days:
            lay(row, upon=Granted(held, kept))
            if row.days < before:
                row.save(update_fields=["starts_on", "ends_on"])
            else:
                row.starts_on, row.ends_on = before
        kept.append(row)


def reckon(held: Subscription, granted: Granted) -> None:
    """Make what is held anew, to be saved. A plan that was chosen, and not paid for yet, still follows on the last."""
    today, last = held.today, granted.plan_on(granted.ends_on)
    chosen = held.next_plan if held.next_from == held.follows_on else None
    following = [(granted.follows_on, chosen)] if chosen not in (None, last) else []
    held.starts_on, held.ends_on = granted.runs[-1][0], granted.ends_on
    held.is_trial = held.is_trial_given and not granted.renewals
    held.cycle = granted.renewals[-1].cycle if granted.renewals else Cycle.MONTHLY
    held.plan = granted.plan_on(today)
    held.next_from, held.next_plan = next(iter([*granted.changes_after(today), *following]), (None, None))


def _day_of_grant(held: Subscription, payment: SubscriptionPayment) -> date:
    assert payment.granted_at is not None
    return held.day_of(payment.granted_at)
