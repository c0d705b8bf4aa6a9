"""Long work of one business keeps nobody else waiting, stays in order, has an end, and its results are let go."""

from datetime import timedelta
from functools import partial
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from system import services as system
from system.errors import TooManyTasks
from system.models import PrivateFile, Task
from system.services import tasks
from tests import works
from tests.conftest import open_shop
from tests.races import at_once, count_of, meeting_before


def leave(shop, kind="count", **params):
    with shop.inside():
        return works.start(shop.owner, kind, **params)


def told(shop, task):
    return shop.client().get(f"/api/v1/system/tasks/{task.pk}/").json()["data"]


def jobs():
    """Whose turns wait, in their order."""
    with connections["staff"].cursor() as cursor:
        cursor.execute("SELECT lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        return [lock for (lock,) in cursor.fetchall()]


# --- Turns ------------------------------------------------------------------------------------------------------------


def test_after_its_turn_a_task_goes_to_the_end_of_the_queue_and_on_from_where_it_was(busy):
    task = leave(busy)
    for done in range(1, 6):
        works.turn(busy)
        assert (told(busy, task)["state"], told(busy, task)["done"]) == ("RUNNING", done)
        assert len(jobs()) == 1 + done
    works.turn(busy)
    assert (told(busy, task)["state"], len(jobs())) == ("DONE", 6)
    works.turn(busy)
    assert len(jobs()) == 6


def test_a_long_enough_turn_is_one(busy):
    task = leave(busy)
    works.turn(busy, seconds=1000)
    assert (told(busy, task)["state"], len(jobs())) == ("DONE", 1)


def test_what_cannot_be_set_aside_is_done_in_one_turn(busy):
    task = leave(busy, "make")
    works.turn(busy)
    assert told(busy, task)["state"] == "DONE"


def test_the_tasks_of_one_business_are_done_in_their_order_though_they_are_set_aside(busy):
    first, second = leave(busy), leave(busy)
    while told(busy, second)["state"] != "DONE":
        works.turn(busy)
    assert told(busy, first)["ended_at"] <= told(busy, second)["started_at"]


def test_a_task_that_was_cancelled_while_it_was_set_aside_is_not_gone_on_with(busy):
    first, second = leave(busy), leave(busy)
    works.turn(busy)
    assert busy.client().post(f"/api/v1/system/tasks/{first.pk}/cancel/").status_code == 200
    works.turn(busy, seconds=1000)
    assert (told(busy, first)["done"], told(busy, second)["state"]) == (1, "DONE")


def both_done(shop, task, other, of_other, turn):
    """A worker with one thread does them, which were left in this order."""
    with works.worker(MAKOLA_WORKER_THREADS="1", MAKOLA_TASK_TURN=turn):
        works.wait_until(lambda: {told(shop, task)["state"], told(other, of_other)["state"]} == {"DONE"})
    return told(shop, task)["ended_at"], told(other, of_other)


def test_a_long_task_of_one_business_does_not_keep_the_others_waiting(busy):
    other = open_shop("Kofi Wholesale")
    task, of_other = leave(busy, steps=40), leave(other)
    ended_at, short = both_done(busy, task, other, of_other, turn="0")
    assert short["ended_at"] < ended_at


def test_without_turns_the_others_wait_until_the_long_task_is_done(busy):
    """The control of the test before."""
    other = open_shop("Kofi Wholesale")
    task, of_other = leave(busy, steps=40), leave(other)
    ended_at, short = both_done(busy, task, other, of_other, turn="1000")
    assert ended_at <= short["started_at"]


# --- How many ---------------------------------------------------------------------------------------------------------


def test_a_business_leaves_only_so_many_tasks_at_once(busy, settings):
    settings.MOST_TASKS = 2
    first, _ = leave(busy), leave(busy)
    with pytest.raises(TooManyTasks):
        leave(busy)
    refused = busy.client().post("/api/v1/inventory/exports/", {"what": "PRODUCTS", "format": "CSV"})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_tasks")
    assert len(jobs()) == 2
    leave(open_shop("Kofi Wholesale"))
    works.run(first)
    leave(busy)


def test_eight_at_once_leave_no_more_than_may_be(busy, settings):
    settings.MOST_TASKS = 3
    results = at_once([partial(leave, busy)] * 8)
    assert (count_of(results, Task), count_of(results, TooManyTasks), len(jobs())) == (3, 5, 3)


def test_without_waiting_for_each_other_they_leave_more(busy, settings, monkeypatch):
    """The control of the race."""
    settings.MOST_TASKS = 1
    monkeypatch.setattr(tasks, "_wait_for_others", lambda by: None)
    barrier = Barrier(2)

    def leave_together():
        with meeting_before('INSERT INTO "tasks"', barrier):
            return leave(busy)

    assert count_of(at_once([leave_together] * 2), Task) == 2


# --- What they made ---------------------------------------------------------------------------------------------------


def age(shop, task, days):
    with shop.inside():
        shop.account.tasks.filter(pk=task.pk).update(ended_at=timezone.now() - timedelta(days=days))


def test_what_a_task_made_is_let_go_after_a_month_and_its_bytes_with_it(busy, files_dir):
    old, young = leave(busy, "make"), leave(busy, "make")
    for task in (old, young):
        works.run(task)
    age(busy, old, days=31)
    age(busy, young, days=29)
    with busy.inside():
        PrivateFile.across_accounts.filter(account=busy.account).update(created_at=timezone.now() - timedelta(days=29))
    assert system.drop_old_results(now=timezone.now()) == 1
    assert (told(busy, old)["has_file"], told(busy, young)["has_file"]) == (False, True)
    assert told(busy, old)["state"] == "DONE"
    out = StringIO()
    call_command("prune", stdout=out)
    assert "Removed files that nothing needs: 1." in out.getvalue()
    assert len([path for path in files_dir.rglob("*") if path.is_file()]) == 1
    answer = busy.client().get(f"/api/v1/system/tasks/{old.pk}/file/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
