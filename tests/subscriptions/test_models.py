from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts.models import Account
from subscriptions import policy
from subscriptions.models import Subscription
from subscriptions.policy import POLICY, Access, Feature, State

LAST = date(2026, 3, 31)
SOME_TIME = datetime(2026, 3, 1, tzinfo=UTC)


def held(*, is_trial=False, cancelled=False, suspended=False, time_zone="Africa/Accra"):
    return Subscription(
        account=Account(time_zone=time_zone),
        is_trial=is_trial,
        ends_on=LAST,
        cancelled_at=SOME_TIME if cancelled else None,
        suspended_at=SOME_TIME if suspended else None,
    )


@pytest.mark.parametrize(
    ("days", "state"),
    [(-400, "ACTIVE"), (0, "ACTIVE"), (1, "GRACE"), (7, "GRACE"), (8, "EXPIRED"), (400, "EXPIRED")],
)
def test_s18_the_state_follows_from_the_dates(days, state):
    """S18."""
    assert held().state_on(LAST + timedelta(days=days)) == state


def test_s18_a_trial_is_a_trial_to_its_last_day_and_has_its_grace_too():
    """S18."""
    trial = held(is_trial=True)
    states = [trial.state_on(LAST + timedelta(days=days)) for days in (0, 1, 7, 8)]
    assert states == [State.TRIAL, State.GRACE, State.GRACE, State.EXPIRED]


def test_a_cancelled_subscription_lasts_to_the_end_of_what_is_paid_and_has_no_grace():
    states = [held(cancelled=True).state_on(LAST + timedelta(days=days)) for days in (0, 1, 8)]
    assert states == [State.ACTIVE, State.CANCELLED, State.CANCELLED]


def test_a_suspended_subscription_is_suspended_on_every_day():
    states = {held(suspended=True, cancelled=True).state_on(LAST + timedelta(days=days)) for days in (-30, 0, 1, 8)}
    assert states == {State.SUSPENDED}


@pytest.mark.parametrize("time_zone", ["Africa/Accra", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Lagos"])
def test_s18_day_seven_and_day_eight_begin_at_midnight_of_the_accounts_own_clock(time_zone):
    """S18."""
    subscription = held(time_zone=time_zone)
    end_of_day_7 = datetime(2026, 4, 8, tzinfo=ZoneInfo(time_zone))
    with time_machine.travel(end_of_day_7 - timedelta(seconds=1), tick=False):
        assert subscription.state == State.GRACE
    with time_machine.travel(end_of_day_7, tick=False):
        assert subscription.state == State.EXPIRED


def test_the_policy_is_a_total_table():
    assert set(POLICY) == set(Feature)
    for feature, row in POLICY.items():
        assert set(row) == set(State), feature
        assert set(map(type, row.values())) == {Access}, feature


@pytest.mark.parametrize(
    ("feature", "paid", "grace", "without"),
    [
        ("sales", "full", "finish", "read"),
        ("inventory", "full", "read", "read"),
        ("reports", "full", "read", "blocked"),
        ("exports", "full", "sample", "blocked"),
        ("automation", "full", "blocked", "blocked"),
        ("offline", "full", "full", "full"),
        ("account", "full", "full", "full"),
    ],
)
def test_the_policy_says_what_was_agreed(feature, paid, grace, without):
    wanted = {"TRIAL": paid, "ACTIVE": paid, "GRACE": grace}
    wanted |= dict.fromkeys(("EXPIRED", "SUSPENDED", "CANCELLED", "NONE"), without)
    assert {str(state): access.value for state, access in POLICY[Feature(feature)].items()} == wanted
    for state, access in wanted.items():
        reads = policy.allows(Feature(feature), State(state), writes=False)
        writes = policy.allows(Feature(feature), State(state), writes=True)
        allowed = {
            "full": (True, True),
            "sample": (True, True),
            "read": (True, False),
            "finish": (True, False),
            "blocked": (False, False),
        }
        assert (reads, writes) == allowed[access]
        finishes = policy.allows(Feature(feature), State(state), writes=True, finishes=True)
        assert finishes == (writes or access == "finish")


def test_before_it_was_suspended_a_subscription_was_what_its_dates_say():
    subscription = held(suspended=True)
    hour = timedelta(hours=1)
    assert subscription.state_at(subscription.suspended_at) == State.SUSPENDED
    assert subscription.state_at(subscription.suspended_at - hour) != State.SUSPENDED
    last = datetime(LAST.year, LAST.month, LAST.day, 23, tzinfo=ZoneInfo("Africa/Accra"))
    assert [held().state_at(last + timedelta(hours=hours)) for hours in (0, 2, 7 * 24, 8 * 24)] == [
        State.ACTIVE,
        State.GRACE,
        State.GRACE,
        State.EXPIRED,
    ]
