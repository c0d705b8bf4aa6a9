"""The history of a business, looked into and taken along."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.roles import Role
from system import services as system
from tests.places import add_member
from tests.sales.requests import sell

LOGS = "/api/v1/system/audit-logs/"
TASKS = "/api/v1/system/tasks/"


def asked(shop, **query):
    answer = shop.client().get(LOGS, {"page_size": "200", **query})
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def actions(shop, **query):
    return [event["action"] for event in asked(shop, **query)]


def note(shop, action, by=None, subject=None):
    with shop.inside():
        accounts.record(by=by or shop.owner, action=action, subject=subject or shop.account, after={"n": "=1+1"})


def test_the_history_is_asked_by_who_what_about_what_and_when(shop):
    sold = sell(shop, member=shop.cashier)
    note(shop, "sale.reviewed")
    note(shop, "sales.reviewed")
    everything = asked(shop)
    assert {event["by"] for event in asked(shop, by=str(shop.cashier.pk))} == {str(shop.cashier.pk)}
    assert set(actions(shop, action="sale.")) == {"sale.completed", "sale.reviewed"}
    assert actions(shop, action="sale.", by=str(shop.owner.pk)) == ["sale.reviewed"]
    assert {event["subject_id"] for event in asked(shop, subject="sale")} == {sold["id"]}
    assert actions(shop, subject_id=sold["id"]) == ["sale.completed"]
    middle = everything[2]["recorded_at"]
    before, since = asked(shop, until=middle), asked(shop, since=middle)
    assert all(event["recorded_at"] < middle for event in before)
    assert [*since, *before] == everything
    assert asked(shop, since=middle, until=middle) == []


def test_a_cursor_goes_on_in_what_was_asked_for(shop):
    for number in range(5):
        note(shop, f"step.{number}")
    first = shop.client().get(LOGS, {"action": "step.", "page_size": "2"}).json()
    assert [event["action"] for event in first["results"]] == ["step.4", "step.3"]
    second = shop.client().get(first["next"]).json()
    assert [event["action"] for event in second["results"]] == ["step.2", "step.1"]


@pytest.mark.parametrize(
    "query", [{"by": "me"}, {"subject_id": "1"}, {"since": "yesterday"}, {"until": "2026-13-01T00:00:00Z"}]
)
def test_a_question_that_makes_no_sense_is_refused(shop, query):
    answer = shop.client().get(LOGS, query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_nobody_finds_what_another_business_did(shop, stranger):
    note(stranger, "step.secret")
    assert actions(shop, action="step.") == []
    assert asked(shop, by=str(stranger.owner.pk)) == []
    assert asked(shop, subject_id=str(stranger.id)) == []


# --- Taken along ------------------------------------------------------------------------------------------------------


def export(shop, member=None, **body):
    return shop.client(member).post(f"{LOGS}export/", {"format": "CSV", **body})


def exported(shop, **body):
    answer = export(shop, **body)
    assert answer.status_code == 202, answer.content
    pk = answer.json()["data"]["id"]
    system.run_task(account_id=shop.id, task_id=pk)
    file = shop.client().get(f"{TASKS}{pk}/file/")
    text = b"".join(file.streaming_content).decode("utf-8-sig")
    file.close()
    return list(csv.DictReader(StringIO(text)))


def test_the_history_is_taken_along_as_a_table_of_what_was_asked_for(busy):
    note(busy, "step.1")
    note(busy, "step.2", by=busy.cashier)
    note(busy, "other")
    rows = exported(busy, action="step.")
    assert [(row["action"], row["by"]) for row in rows] == [("step.1", busy.owner.name), ("step.2", busy.cashier.name)]
    assert rows[0]["subject_id"] == str(busy.id)
    assert rows[0]["after"] == '{"n": "=1+1"}'
    assert [row["action"] for row in exported(busy, action="step.", by=str(busy.cashier.pk))] == ["step.2"]
    now = timezone.now()
    assert exported(busy, action="step.", until=(now - timedelta(days=1)).isoformat()) == []
    soon = (now + timedelta(hours=1)).isoformat()
    assert len(exported(busy, action="step.", subject_id=str(busy.id))) == 2
    assert exported(busy, action="step.", subject_id=str(busy.owner.pk)) == []
    assert len(exported(busy, action="step.", since=(now - timedelta(days=1)).isoformat(), until=soon)) == 2


def test_an_export_without_limits_is_all_there_is_of_this_business(busy):
    rows = exported(busy)
    with busy.inside():
        ids = set(busy.account.audit_events.values_list("action", flat=True))
    assert {row["action"] for row in rows} <= ids
    assert {"account.opened", "task.started"} <= {row["action"] for row in rows}


def test_who_may_not_read_the_history_may_not_take_it_along_nor_get_on_with_it(busy):
    manager = add_member(busy, Role.MANAGER, name="Yaa")
    refused = export(busy, manager)
    assert (refused.status_code, refused.json()["code"]) == (403, "capability_missing")
    admin = add_member(busy, Role.ADMIN, name="Efua")
    pk = export(busy, admin).json()["data"]["id"]
    with busy.inside():
        locked = busy.account.memberships.locked().get(pk=admin.pk)
        accounts.change_member(by=busy.owner, member=locked, role=Role.MANAGER)
    system.run_task(account_id=busy.id, task_id=pk)
    told = busy.client().get(f"{TASKS}{pk}/").json()["data"]
    assert (told["state"], told["result"]["code"], told["has_file"]) == ("FAILED", "capability_missing", False)


def test_an_actor_whom_nobody_knows_is_refused(shop, stranger):
    for pk in (uuid7(), stranger.owner.pk):
        refused = export(shop, by=str(pk))
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "by")
    with shop.inside():
        assert not shop.account.tasks.exists()
