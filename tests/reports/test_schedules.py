"""Reports by mail: each period once, to who may still read it, by the clocks of the business."""

import threading
from datetime import date, datetime, time, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.roles import Role
from core import tenancy
from reports import services
from reports.models import last_period
from system import services as system
from tests.access import put_in_state
from tests.answers import fields_of, refused
from tests.conftest import open_shop
from tests.inventory.made import read, table
from tests.places import add_member, add_place, limit
from tests.races import at_once, meeting_before
from tests.reports.asking import REPORTS
from tests.reports.test_api import take_away
from tests.sales.requests import sell
from tests.system.test_modules import switch

SCHEDULES = f"{REPORTS}schedules/"
DAILY = {"report": "sales-by-day", "period": "DAY", "format": "CSV", "hour": 6}


def add(shop, *, member=None, **asked):
    response = shop.client(member).post(SCHEDULES, {**DAILY, **asked})
    assert response.status_code == 201, response.content
    return response.json()["data"]


def at(shop, hour: int, minute: int = 0, *, days: int = 1) -> datetime:
    """By the clocks of the business, so many days from today."""
    day = timezone.localdate(timezone=shop.account.zone) + timedelta(days=days)
    return datetime.combine(day, time(hour, minute), tzinfo=shop.account.zone)


def tasks(shop):
    with shop.inside():
        return list(shop.account.tasks.filter(kind="reports.mail").order_by("id"))


def spans(shop):
    return [(task.params["first_on"], task.params["last_on"]) for task in tasks(shop)]


def run_all(shop):
    for task in tasks(shop):
        system.run_task(account_id=shop.id, task_id=task.pk)
    return [(task.state, task.result.get("code")) for task in tasks(shop)]


# --- When ------------------------------------------------------------------------------------------------------------


def test_each_day_is_sent_once_from_its_hour_on_by_the_clocks_of_the_business(committed):
    shop = open_shop("Night Shop", time_zone="Asia/Kolkata", prices=())
    add(shop)
    today = timezone.localdate(timezone=shop.account.zone)
    asked = [at(shop, 5, 59), at(shop, 6), at(shop, 6, 1), at(shop, 23), at(shop, 5, 59, days=2), at(shop, 7, days=2)]
    assert [services.start_due_reports(now=now) for now in asked] == [0, 1, 0, 0, 0, 1]
    days = [str(today), str(today + timedelta(days=1))]
    assert spans(shop) == [(day, day) for day in days]


def test_when_nobody_was_there_to_send_only_the_latest_is_sent(busy):
    add(busy)
    assert services.start_due_reports(now=at(busy, 9, days=10)) == 1
    day = str(timezone.localdate(timezone=busy.account.zone) + timedelta(days=9))
    assert spans(busy) == [(day, day)]
    assert services.start_due_reports(now=at(busy, 10, days=10)) == 0


@pytest.mark.parametrize(
    ("period", "today", "first", "last"),
    [
        ("DAY", date(2026, 3, 1), date(2026, 2, 28), date(2026, 2, 28)),
        ("WEEK", date(2026, 3, 2), date(2026, 2, 23), date(2026, 3, 1)),  # a Monday
        ("WEEK", date(2026, 3, 1), date(2026, 2, 16), date(2026, 2, 22)),  # a Sunday
        ("MONTH", date(2026, 3, 1), date(2026, 2, 1), date(2026, 2, 28)),
        ("MONTH", date(2026, 3, 31), date(2026, 2, 1), date(2026, 2, 28)),
        ("MONTH", date(2028, 3, 1), date(2028, 2, 1), date(2028, 2, 29)),
        ("MONTH", date(2027, 1, 1), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_is_whole_and_over(period, today, first, last):
    span = last_period(period, today)
    assert (span.first, span.last) == (first, last)


@pytest.mark.parametrize(("period", "most"), [("DAY", 40), ("WEEK", 6), ("MONTH", 2)])
def test_looked_at_every_hour_of_forty_days_each_period_is_sent_once_and_none_is_left_out(busy, period, most):
    add(busy, period=period)
    for day in range(1, 41):
        for hour in (0, 6, 12):
            services.start_due_reports(now=at(busy, hour, days=day))
    sent = spans(busy)
    assert most - 1 <= len(sent) <= most
    followers = [date.fromisoformat(last) + timedelta(days=1) for _, last in sent]
    assert [date.fromisoformat(first) for first, _ in sent[1:]] == followers[:-1]


def test_two_workers_at_once_send_it_once(busy):
    add(busy)
    now = at(busy, 7)
    assert sorted(at_once([lambda: services.start_due_reports(now=now)] * 2)) == [0, 1]
    assert len(tasks(busy)) == 1


def test_without_the_lock_two_workers_at_once_send_it_twice(busy, monkeypatch):
    """The control."""
    add(busy)
    now, both = at(busy, 7), threading.Barrier(2)
    monkeypatch.setattr(tenancy.OwnedQuerySet, "locked", lambda rows: rows)

    def start():
        with meeting_before('SELECT "account_module_settings"', both):
            return services.start_due_reports(now=now)

    assert at_once([start] * 2) == [1, 1]
    assert len(tasks(busy)) == 2


# --- What and to whom ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["CSV", "XLSX", "PDF"])
def test_the_mail_has_the_file_for_who_wanted_it_and_the_days_it_is_of(busy, format):
    manager = add_member(busy, Role.MANAGER)
    sell(busy, "3")
    add(busy, member=manager, format=format)
    services.start_due_reports(now=at(busy, 7))
    mail.outbox.clear()
    assert run_all(busy) == [("DONE", None)]
    [sent] = mail.outbox
    today = str(timezone.localdate(timezone=busy.account.zone))
    assert sent.to == ["yaa@x.example"]
    assert sent.subject == f"Sales by day: {today} to {today}"
    [(name, content, kind)] = sent.attachments
    assert name.endswith(f".{format.lower()}")
    if format == "CSV":
        [row] = table(read(content.encode() if isinstance(content, str) else content, format))
        assert (row["day"], row["net_total"]) == (today, "30.00")
    else:
        assert content.startswith({"PDF": b"%PDF", "XLSX": b"PK"}[format])
    assert kind
    run_all(busy)
    assert len(mail.outbox) == 1


def test_a_report_of_one_place_is_of_that_place(busy):
    there = add_place(busy)
    sell(busy)
    sell(there, "2")
    add(busy, location=str(there.storefront.pk))
    services.start_due_reports(now=at(busy, 7))
    mail.outbox.clear()
    run_all(busy)
    [(_, content, _)] = mail.outbox[0].attachments
    [row] = table(read(content.encode() if isinstance(content, str) else content, "CSV"))
    assert row["net_total"] == "20.00"


def leave(shop, member, _):
    with shop.inside():
        accounts.deactivate_member(by=shop.owner, member=member)


def become_cashier(shop, member, _):
    with shop.inside():
        shop.account.memberships.filter(pk=member.pk).update(role=Role.CASHIER)


def stop_paying(shop, member, _):
    put_in_state(shop, "GRACE")


def switch_off(shop, member, _):
    switch(shop, reports=False)


def lose_the_right(shop, member, monkeypatch):
    take_away(monkeypatch, Role.MANAGER, "shift:review")


def work_elsewhere(shop, member, _):
    limit(shop, member, add_place(shop).storefront)


@pytest.mark.parametrize("change", [leave, become_cashier, stop_paying, switch_off, lose_the_right, work_elsewhere])
@pytest.mark.parametrize("is_begun", [False, True])
def test_who_may_no_more_is_sent_nothing(busy, monkeypatch, change, is_begun):
    """Whether that was before the task was left to the background, or after."""
    manager = add_member(busy, Role.MANAGER)
    add(busy, member=manager, report="cash", location=str(busy.storefront.pk))
    if is_begun:
        assert services.start_due_reports(now=at(busy, 7)) == 1
    change(busy, manager, monkeypatch)
    mail.outbox.clear()
    if not is_begun:
        services.start_due_reports(now=at(busy, 7))
    ended = run_all(busy)
    assert mail.outbox == [] or (change is stop_paying and is_begun)
    assert all(state == "FAILED" for state, _ in ended) or (change is stop_paying and is_begun)


def test_when_it_is_paid_for_again_it_goes_on(busy):
    add(busy)
    put_in_state(busy, "EXPIRED")
    assert services.start_due_reports(now=at(busy, 7)) == 0
    put_in_state(busy, "ACTIVE")
    assert services.start_due_reports(now=at(busy, 8)) == 1


# --- By the API ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_schedule_is_made_changed_and_removed_by_its_member_alone(shop):
    manager, client = add_member(shop, Role.MANAGER), shop.client()
    mine, other = add(shop), add(shop, member=manager, report="margin")
    assert [row["id"] for row in client.get(SCHEDULES).json()["results"]] == [mine["id"]]
    for method in ("get", "patch", "delete"):
        response = getattr(client, method)(f"{SCHEDULES}{other['id']}/")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    changed = client.patch(f"{SCHEDULES}{mine['id']}/", {"hour": 22, "format": "PDF"}).json()["data"]
    assert (changed["hour"], changed["format"], changed["version"]) == (22, "PDF", 2)
    stale = client.patch(f"{SCHEDULES}{mine['id']}/", {"hour": 1}, HTTP_IF_MATCH='"1"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert client.delete(f"{SCHEDULES}{mine['id']}/").status_code == 204
    assert client.get(SCHEDULES).json()["results"] == []
    with shop.inside():
        actions = shop.account.audit_events.filter(action__contains="schedule").order_by("id")
        assert [event.action.partition(".")[2] for event in actions] == ["added", "added", "changed", "removed"]


@pytest.mark.django_db
def test_a_retry_makes_one_schedule_and_its_id_is_taken_for_another(shop):
    body, client = {**DAILY, "id": str(uuid7())}, shop.client()
    first, again = client.post(SCHEDULES, body), client.post(SCHEDULES, body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.json()["data"] == again.json()["data"]
    other = client.post(SCHEDULES, body, HTTP_IDEMPOTENCY_KEY="another")
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"report": "sales-by-moon"}, "report"),
        ({"period": "YEAR"}, "period"),
        ({"format": "JSON"}, "format"),
        ({"hour": 24}, "hour"),
        ({"hour": -1}, "hour"),
        ({"location": str(uuid7())}, "location"),
        ({"sent_on": "2020-01-01"}, "sent_on"),
    ],
)
def test_what_cannot_be_scheduled_is_400(shop, asked, field):
    told = refused(shop, lambda: shop.client().post(SCHEDULES, {**DAILY, **asked}), 400, "invalid_input")
    assert fields_of(told) == [field]


@pytest.mark.django_db
def test_s08_a_place_of_others_is_scheduled_by_nobody(shop, stranger):
    """S08."""
    manager = limit(shop, add_member(shop, Role.MANAGER), add_place(shop).storefront)
    for place in (shop.storefront.pk, stranger.storefront.pk, uuid7()):
        body = {**DAILY, "location": str(place)}
        told = refused(shop, lambda body=body: shop.client(manager).post(SCHEDULES, body), 400, "invalid_input")
        assert fields_of(told) == ["location"]


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["GRACE", "EXPIRED"])
def test_only_who_pays_has_schedules(shop, state):
    put_in_state(shop, state)
    refused(shop, lambda: shop.client().post(SCHEDULES, DAILY), 402, "subscription_expired")
    refused(shop, lambda: shop.client().get(SCHEDULES), 402, "subscription_expired")
