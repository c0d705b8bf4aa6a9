import json

import pytest
from django.db import connections, transaction
from uuid_utils.compat import uuid7

from accounts import services as accounts
from core.errors import FieldError
from system import services as system
from tests import works
from tests.conftest import open_shop
from tests.places import limit

TASKS = "/api/v1/system/tasks/"


def told(shop, task, member=None):
    answer = shop.client(member).get(f"{TASKS}{task.pk}/")
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def lines(shop):
    """What the steps have written, in order."""
    with shop.inside():
        actions = shop.account.audit_events.filter(action__startswith="step.").order_by("id")
        return list(actions.values_list("action", flat=True))


def leave(shop, kind="count", by=None, **params):
    with shop.inside():
        return works.start(by or shop.owner, kind, **params)


ALL = [f"step.{number}" for number in range(1, 6)]


def test_a_task_waits_is_done_step_by_step_and_tells_how_far_it_is(busy):
    task = leave(busy)
    first = told(busy, task)
    assert (first["state"], first["done"], first["total"], first["by_name"]) == ("WAITING", 0, None, busy.owner.name)
    works.run(task)
    last = told(busy, task, busy.cashier)  # any member may look
    assert (last["state"], last["done"], last["total"], last["result"]) == ("DONE", 5, 5, {"steps": 5})
    assert last["started_at"] <= last["ended_at"]
    assert lines(busy) == ALL


def test_a_task_that_is_done_is_not_done_again(busy):
    task = leave(busy)
    works.run(task)
    works.run(task)
    assert lines(busy) == ALL


def test_a_task_whose_request_was_refused_was_never_there(busy):
    with busy.inside():
        works.start(busy.owner)
        transaction.set_rollback(True)
    assert busy.client().get(TASKS).json()["results"] == []
    assert jobs() == 0


def jobs() -> int:
    with connections["staff"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return cursor.fetchone()[0]


def test_a_job_tells_whose_turn_it_is_and_nothing_more(busy):
    leave(busy, secret="Ama owes 100")
    with connections["staff"].cursor() as cursor:
        cursor.execute("SELECT args, lock, queueing_lock FROM procrastinate_jobs")
        (args, lock, queueing_lock) = cursor.fetchone()
    assert json.loads(args) == {"account_id": str(busy.id)}
    assert (lock, queueing_lock) == (str(busy.id), None)


def test_nobody_can_leave_work_of_a_kind_that_nobody_does(busy):
    with pytest.raises(ValueError, match="nonsense"), busy.inside():
        system.start_task(by=busy.owner, kind="nonsense")
    assert jobs() == 0


@pytest.mark.parametrize(
    ("reason", "code"), [("refusal", "invalid_input"), ("fault", "server_fault")], ids=["refused", "broken"]
)
def test_a_step_that_fails_is_undone_and_what_was_done_before_it_stays(busy, reason, code):
    task = leave(busy, "stumble", reason=reason)
    works.run(task)
    found = told(busy, task)
    assert (found["state"], found["done"], found["result"]) == ("FAILED", 1, {"code": code})
    assert found["message"].endswith(".")
    assert found["ended_at"]
    assert lines(busy) == ["step.1"]
    works.run(task)
    assert lines(busy) == ["step.1"]


def test_a_step_that_makes_no_progress_fails_instead_of_going_on_for_ever(busy):
    task = leave(busy, "stand_still")
    works.run(task)
    assert (told(busy, task)["state"], told(busy, task)["result"]["code"]) == ("FAILED", "server_fault")


def test_who_has_lost_the_seat_meanwhile_does_nothing_any_more(busy):
    task = leave(busy, by=busy.cashier)
    with busy.inside():
        accounts.deactivate_member(by=busy.owner, member=busy.account.memberships.locked().get(pk=busy.cashier.pk))
    works.run(task)
    assert (told(busy, task)["state"], told(busy, task)["result"]["code"]) == ("FAILED", "no_business")
    assert lines(busy) == []


def test_a_limited_member_works_in_the_background_at_their_places_only(busy, monkeypatch):
    limit(busy, busy.cashier, busy.storefront)
    seen = []
    monkeypatch.setattr("tests.system.steps.count", lambda *, by, task: seen.append(by) or iter(()))
    works.run(leave(busy, by=busy.cashier))
    assert [by.location_ids for by in seen] == [frozenset({busy.storefront.pk})]


# --- Cancelling -------------------------------------------------------------------------------------------------------


def test_a_cancelled_task_is_not_begun(busy):
    task = leave(busy)
    answer = busy.client().post(f"{TASKS}{task.pk}/cancel/")
    assert (answer.status_code, answer.json()["data"]["state"]) == (200, "CANCELLED")
    works.run(task)
    assert lines(busy) == []
    assert told(busy, task)["state"] == "CANCELLED"


def test_a_task_that_is_over_cannot_be_cancelled(busy):
    task = leave(busy)
    works.run(task)
    answer = busy.client().post(f"{TASKS}{task.pk}/cancel/")
    assert (answer.status_code, answer.json()["code"]) == (409, "task_over")
    assert told(busy, task)["state"] == "DONE"


def test_nobody_cancels_the_task_of_a_colleague(busy):
    task = leave(busy)
    answer = busy.client(busy.cashier).post(f"{TASKS}{task.pk}/cancel/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert told(busy, task)["state"] == "WAITING"


# --- What a task made, and what was wrong -----------------------------------------------------------------------------


def test_the_file_is_for_whoever_asked_for_it_and_for_nobody_else(busy):
    task = leave(busy, "make")
    assert busy.client().get(f"{TASKS}{task.pk}/file/").status_code == 404
    works.run(task)
    assert told(busy, task)["has_file"] is True
    answer = busy.client().get(f"{TASKS}{task.pk}/file/")
    assert b"".join(answer.streaming_content).decode() == "Épicerie"
    answer.close()
    assert answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''Ama%E2%80%99s.csv"
    assert answer["X-Content-Type-Options"] == "nosniff"
    stranger = open_shop("Stranger Stores")
    for client in (busy.client(busy.cashier), stranger.client()):
        refused = client.get(f"{TASKS}{task.pk}/file/")
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_the_errors_of_a_task_stand_in_the_order_of_the_rows(busy):
    task = leave(busy)
    found = [(7, FieldError("sku", "required", "Give it.")), (3, FieldError("", "blank", "x" * 600))]
    with busy.inside():
        system.note_errors(by=busy.owner, task=task, found=found)
        task.save(update_fields=["error_count"])
    page = busy.client().get(f"{TASKS}{task.pk}/errors/?page_size=1").json()
    assert (page["count"], page["results"][0]["row"], len(page["results"][0]["detail"])) == (2, 3, 500)
    assert told(busy, task)["error_count"] == 2
    assert busy.client().get(f"{TASKS}{uuid7()}/errors/").status_code == 404


# --- A worker of its own ----------------------------------------------------------------------------------------------


def kill_at_the_third_step(gate, task, shop):
    """A worker dies, at once, in the middle of a step; another is there when the gate is open."""
    with works.worker() as first:
        works.wait_until(gate.has_waiting)
        assert told(shop, task)["done"] == 2
        first.kill()
        first.wait()
    gate.open()
    with works.worker():
        works.wait_until(lambda: told(shop, task)["state"] == "DONE")


def test_s46_a_killed_job_is_run_again_and_its_effect_happens_once(busy):
    """S46."""
    task = leave(busy, gate=True)
    with works.Gate() as gate:
        kill_at_the_third_step(gate, task, busy)
    assert lines(busy) == ALL
    assert told(busy, task)["done"] == 5


def test_without_one_transaction_for_a_step_and_its_progress_the_effect_happens_twice(busy):
    """The control of S46."""
    task = leave(busy, "count_outside")
    with works.Gate() as gate:
        kill_at_the_third_step(gate, task, busy)
    assert lines(busy) == ["step.1", "step.2", "step.3", "step.3", "step.4", "step.5"]
