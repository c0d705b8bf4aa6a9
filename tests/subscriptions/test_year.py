"""A year with a moved clock, the worker being off for half of it: everything once, and right without it."""

from datetime import date, timedelta

import pytest
import time_machine

from billing.gateways import Outcome
from subscriptions import services
from subscriptions.services import notifications
from tests.conftest import open_shop
from tests.subscriptions.paying import begin, held, noon, papers, pay, seen, settle, told

pytestmark = pytest.mark.django_db

FIRST = date(2026, 1, 5)
SOON, SOONER, LAST, ENDED, GRACE = (reminder.title for reminder in notifications.REMINDERS)
ALL = [SOON, SOONER, LAST, ENDED, GRACE]
# What the shop does, and the days on which nothing runs in the background.
TRIAL_ENDS = date(2026, 1, 19)
OFF = [(date(2026, 2, 10), date(2026, 3, 12)), (date(2026, 6, 1), date(2026, 10, 31))]


def is_on(day):
    return not any(first <= day <= last for first, last in OFF)


class Year:
    """One shop, the clock, and what was seen of each day."""

    def __init__(self):
        self.today = FIRST
        with self.clock():
            self.shop = open_shop("Ama Provisions", prices=("10.00",))
        self.states = {}

    def clock(self):
        return time_machine.travel(noon(self.today), tick=False)

    def live_until(self, day):
        """Every day up to this one, with two rounds of the worker where it is on."""
        while self.today < day:
            with self.clock():
                self.states[self.today] = str(held(self.shop).state)
                for _ in range(2 * is_on(self.today)):
                    services.remind_business(account_id=self.shop.id)
            self.today += timedelta(days=1)

    def runs_of_states(self):
        """Each state with the first day of it, in their order."""
        runs = []
        for day, state in sorted(self.states.items()):
            if not runs or runs[-1][1] != state:
                runs.append((str(day), state))
        return runs


def credits_of(shop):
    with shop.inside():
        rows = shop.account.credit_transactions.filter(kind="GRANTED").order_by("sequence")
        return [(row.key.removeprefix("monthly "), int(row.amount)) for row in rows]


def test_a_year_of_trial_payment_renewal_failure_grace_expiry_and_return():
    year = Year()
    shop = year.shop
    year.live_until(date(2026, 1, 15))
    with year.clock():  # in the trial, whose last day is the 19th; told twice, delivered five times
        first = begin(shop)
        for _ in range(5):
            settle(shop, first)
    year.live_until(date(2026, 2, 19))
    with year.clock():  # on the last day of the first month, while the worker is off
        pay(shop)
    year.live_until(date(2026, 3, 21))
    with year.clock():  # the renewal fails, and nobody tries again in time
        failed = begin(shop)
        settle(shop, failed, outcome=Outcome.FAILED)
        settle(shop, failed, outcome=Outcome.FAILED)
    year.live_until(date(2026, 5, 10))
    with year.clock():  # the return, for a quarter, of which the worker sees the first weeks only
        pay(shop, cycle="QUARTERLY")
    year.live_until(date(2027, 1, 5))

    assert year.runs_of_states() == [
        ("2026-01-05", "TRIAL"),
        ("2026-01-15", "ACTIVE"),
        ("2026-03-20", "GRACE"),
        ("2026-03-27", "EXPIRED"),
        ("2026-05-10", "ACTIVE"),
        ("2026-08-10", "GRACE"),
        ("2026-08-17", "EXPIRED"),
    ]
    # In the trial the first; of February the worker saw none but the first two; March's end whole; of August none.
    assert told(shop, notifications.REMINDER) == [SOON, *ALL]
    assert papers(shop) == [
        ("INVOICE", first["total"], "2026-01-20", "2026-02-19"),
        ("INVOICE", first["total"], "2026-02-20", "2026-03-19"),
        ("INVOICE", "440.42", "2026-05-10", "2026-08-09"),
    ]
    with time_machine.travel(noon(year.today), tick=False):
        assert seen(shop, failed)["state"] == "FAILED"


def test_the_credits_of_each_month_come_once_also_of_those_in_which_nothing_ran():
    year = Year()
    shop = year.shop
    with year.clock():
        pay(shop, cycle="QUARTERLY")  # from the 20th of January
    assert credits_of(shop) == []
    year.live_until(date(2026, 4, 25))
    assert credits_of(shop) == [("2026-01-20", 200), ("2026-02-20", 200), ("2026-03-20", 200)]
    year.live_until(date(2026, 5, 10))
    with year.clock():
        pay(shop, cycle="QUARTERLY")
        assert credits_of(shop)[3:] == [("2026-05-10", 200)]
    year.live_until(date(2026, 9, 1))  # while nothing runs, to the end of what was paid for and beyond
    assert len(credits_of(shop)) == 4
    with year.clock():
        pay(shop, cycle="MONTHLY")
    assert credits_of(shop)[4:] == [("2026-06-10", 200), ("2026-07-10", 200), ("2026-09-01", 200)]
    year.live_until(date(2026, 11, 15))
    assert len(credits_of(shop)) == 7
