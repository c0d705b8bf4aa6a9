"""Many schedules: no business keeps those of others waiting, and no member has more than a few."""

import threading
from functools import partial

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from core import tenancy
from reports import services
from reports.errors import TooManySchedules
from reports.models import ReportSchedule
from reports.services import scheduling
from tests.answers import refused
from tests.conftest import open_shop
from tests.database import administrator
from tests.inventory.made import EXPORTS, ask, run
from tests.places import add_member
from tests.races import at_once, count_of, meeting_before
from tests.reports.test_schedules import DAILY, SCHEDULES, add, at, tasks

FIRST = "00000000-0000-7000-8000-000000000001"  # which a client brings, and which comes before all others


@pytest.fixture
def other(busy):
    """A business whose only schedule comes after one of `busy`."""
    shop = open_shop("Kofi Wholesale")
    add(busy, id=FIRST)
    add(shop)
    return shop


def test_a_business_with_too_many_tasks_waits_and_keeps_no_other_waiting(busy, other, settings):
    settings.MOST_TASKS = 1
    waiting = ask(busy, EXPORTS, {"what": "PRODUCTS", "format": "CSV"})
    assert services.start_due_reports(now=at(busy, 7)) == 1
    assert (len(tasks(busy)), len(tasks(other))) == (0, 1)
    run(busy, waiting)
    assert services.start_due_reports(now=at(busy, 8)) == 1
    assert (len(tasks(busy)), len(tasks(other))) == (1, 1)


def test_what_the_database_refuses_of_one_business_keeps_no_other_waiting(busy, other):
    with administrator() as admin:
        rule = f"CHECK (account_id <> '{busy.id}') NOT VALID"
        admin.execute(f"ALTER TABLE tasks ADD CONSTRAINT none_of_it {rule}".encode())
        try:
            assert services.start_due_reports(now=at(busy, 7)) == 1
            assert (len(tasks(busy)), len(tasks(other))) == (0, 1)
        finally:
            admin.execute("ALTER TABLE tasks DROP CONSTRAINT none_of_it")
    assert services.start_due_reports(now=at(busy, 8)) == 1
    assert len(tasks(busy)) == 1


@pytest.mark.django_db
def test_a_member_has_twenty_schedules_and_no_more_and_a_colleague_their_own(shop):
    for _ in range(20):
        last = add(shop)
    body = {**DAILY, "id": str(uuid7())}
    refused(shop, lambda: shop.client().post(SCHEDULES, body), 409, "too_many_schedules")
    assert shop.client().get(SCHEDULES).json()["count"] == 20
    add(shop, member=add_member(shop, Role.MANAGER))
    assert shop.client().delete(f"{SCHEDULES}{last['id']}/").status_code == 204
    add(shop)


def add_one(shop):
    with shop.inside():
        return services.add_schedule(by=shop.owner, report="sales-by-day", period="DAY", format="CSV")


def test_eight_at_once_add_no_more_than_a_member_has(busy, monkeypatch):
    monkeypatch.setattr(scheduling, "MOST_SCHEDULES", 3)
    results = at_once([partial(add_one, busy)] * 8)
    assert (count_of(results, ReportSchedule), count_of(results, TooManySchedules)) == (3, 5)


def test_without_waiting_for_the_member_they_add_more(busy, monkeypatch):
    """The control of the race."""
    monkeypatch.setattr(scheduling, "MOST_SCHEDULES", 1)
    monkeypatch.setattr(tenancy.OwnedQuerySet, "locked", lambda rows: rows)
    both = threading.Barrier(2)

    def add_counted():
        with meeting_before('INSERT INTO "report_schedules"', both):
            return add_one(busy)

    assert count_of(at_once([add_counted] * 2), ReportSchedule) == 2
