"""What is told of what is running out: each reminder once, on the account's own calendar, the latest that is due."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from subscriptions import services
from subscriptions.models import Subscription
from subscriptions.services import notifications
from tests.conftest import open_shop
from tests.subscriptions.paying import hold, noon, pay, told

pytestmark = pytest.mark.django_db

SOON, SOONER, LAST = (
    "Your subscription ends soon",
    "Your subscription ends in a few days",
    "Your subscription is about to end",
)
ENDED, GRACE = "Your subscription has ended", "Your days of grace are running out"
TODAY = date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(noon(TODAY), tick=False):
        yield


def remind(shop):
    """What the round does for this business."""
    return services.remind_business(account_id=shop.id)


def heard(shop):
    return told(shop, notifications.REMINDER)


def walk(shop, days):
    """What is told on each of these days, counted from the last one that is paid for; three rounds a day."""
    found = {}
    with shop.inside():
        last = shop.account.subscription.ends_on
    for day in days:
        with time_machine.travel(noon(last + timedelta(days=day)), tick=False):
            before = len(heard(shop))
            for _ in range(3):
                remind(shop)
            if new := heard(shop)[before:]:
                found[day] = new
    return found


def test_each_reminder_comes_once_on_its_day(shop):
    hold(shop, days_left=20)
    assert walk(shop, range(-20, 20)) == {-7: [SOON], -3: [SOONER], -1: [LAST], 1: [ENDED], 4: [GRACE]}


def test_a_trial_is_reminded_too(shop):
    assert walk(shop, range(-14, 20)) == {-7: [SOON], -3: [SOONER], -1: [LAST], 1: [ENDED], 4: [GRACE]}


@pytest.mark.parametrize(
    ("back_on", "said"),
    [(-5, SOON), (-2, SOONER), (0, LAST), (3, ENDED), (7, GRACE), (8, None), (300, None)],
)
def test_after_days_without_a_worker_only_the_latest_that_is_due_is_told(shop, back_on, said):
    hold(shop, days_left=20)
    assert walk(shop, [-20, back_on]) == ({back_on: [said]} if said else {})


def test_what_is_told_says_the_days_as_they_are(shop):
    hold(shop, days_left=5)
    remind(shop)
    with shop.inside():
        text = shop.account.notifications.get(kind=notifications.REMINDER, member=shop.owner).text
    assert text == "Standard is paid for until 2026-03-15. Pay for the next period to go on selling."


def test_who_may_pay_is_told_in_the_app_and_by_mail_and_nobody_else(shop, django_capture_on_commit_callbacks, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    hold(shop, days_left=3)
    with django_capture_on_commit_callbacks(execute=True):
        assert remind(shop) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert remind(shop) == 0
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [([shop.owner.user.email], SOONER)]
    with shop.inside():
        members = shop.account.notifications.filter(kind=notifications.REMINDER).values_list("member", flat=True)
        assert list(members) == [shop.owner.pk]


def test_a_new_period_is_reminded_of_anew(shop):
    hold(shop, days_left=3)
    remind(shop)
    pay(shop)
    assert walk(shop, range(-10, 2)) == {-7: [SOON], -3: [SOONER], -1: [LAST], 1: [ENDED]}


@pytest.mark.parametrize("what", ["cancelled_at", "suspended_at"])
def test_who_has_cancelled_or_is_suspended_is_not_asked_to_pay(shop, what):
    hold(shop, days_left=3, **{what: timezone.now()})
    assert walk(shop, range(-3, 9)) == {}


def test_the_day_is_the_accounts_own():
    shops = [
        open_shop("Kiribati Kiosk", country="KI", currency="AUD", time_zone="Pacific/Kiritimati"),
        open_shop("Samoa Stall", country="AS", currency="USD", time_zone="Pacific/Pago_Pago"),
    ]
    for shop in shops:
        hold(shop, ends_on=date(2026, 3, 18))
    with time_machine.travel(datetime(2026, 3, 10, 11, tzinfo=UTC), tick=False):  # the 11th there, and the 10th here
        assert [remind(shop) for shop in shops] == [1, 0]
    with time_machine.travel(datetime(2026, 3, 11, 11, tzinfo=UTC), tick=False):
        assert [remind(shop) for shop in shops] == [0, 1]


def test_who_holds_nothing_any_more_is_passed_over(shop):
    with shop.inside():
        Subscription.across_accounts.all().delete()
    assert remind(shop) == 0
