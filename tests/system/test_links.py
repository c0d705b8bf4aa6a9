"""Links to what a task made: private, for minutes, and only while who asked for it still may."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.roles import Role
from core import vault
from tests import works
from tests.places import add_member

TASKS = "/api/v1/system/tasks/"


def made(shop, by=None, kind="make"):
    with shop.inside():
        task = works.start(by or shop.owner, kind)
    works.run(task)
    return task


def share(shop, task, member=None):
    return shop.client(member).post(f"{TASKS}{task.pk}/link/")


def link(shop, task, member=None):
    answer = share(shop, task, member)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]["url"].removeprefix("http://testserver")


def fetch(url):
    """As a browser does that has no session: status, and the text or the code."""
    answer = APIClient(raise_request_exception=False).get(url)
    if answer.status_code != 200:
        return answer.status_code, answer.json()["code"]
    text = b"".join(answer.streaming_content).decode()
    answer.close()
    return 200, text


GONE = 404, "not_found"


def test_a_link_needs_no_session_and_holds_ten_minutes(busy):
    task = made(busy)
    answer = share(busy, task).json()["data"]
    url = answer["url"].removeprefix("http://testserver")
    assert (fetch(url), fetch(url)) == ((200, "Épicerie"), (200, "Épicerie"))
    with time_machine.travel(timezone.now() + timedelta(seconds=595), tick=False):
        assert fetch(url)[0] == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=605), tick=False):
        assert fetch(url) == GONE
    with busy.inside():
        assert busy.account.audit_events.filter(action="task.shared", subject_id=task.pk).count() == 1


def test_a_linked_file_is_kept_by_nobody_on_the_way_and_tells_no_other_page_of_itself(busy):
    answer = APIClient().get(link(busy, made(busy)))
    answer.close()
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("private, no-store", "no-referrer")
    assert answer["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize("how", ["gone", "demoted"])
def test_a_link_dies_with_the_right_of_who_asked(busy, how, settings):
    settings.TASK_RIGHTS = {**settings.TASK_RIGHTS, "make": "report:export"}
    manager = add_member(busy, Role.MANAGER, name="Yaa")
    url = link(busy, made(busy, manager), manager)
    assert fetch(url)[0] == 200
    with busy.inside():
        locked = busy.account.memberships.locked().get(pk=manager.pk)
        if how == "gone":
            accounts.deactivate_member(by=busy.owner, member=locked)
        else:
            accounts.change_member(by=busy.owner, member=locked, role=Role.CASHIER)
    assert fetch(url) == GONE


def test_nobody_has_a_link_to_what_a_colleague_asked_for_or_to_nothing(busy):
    manager = add_member(busy, Role.MANAGER, name="Yaa")
    task, empty = made(busy), made(busy, kind="count")
    for member, which in ((manager, task), (busy.cashier, task), (busy.owner, empty)):
        refused = share(busy, which, member)
        assert (refused.status_code, refused.json()["code"]) == GONE


def test_a_token_that_is_not_ours_or_for_something_else_opens_nothing(busy):
    url = link(busy, made(busy))
    token = url.removeprefix("/api/v1/system/files/").rstrip("/")
    sealed = [vault.seal(text) for text in ("[]", '["receipt", "x", "y"]', '"')]
    for other in (token[:-2], "A" + token[1:], "none", *sealed):
        assert fetch(f"/api/v1/system/files/{other}/") == GONE


def test_a_link_after_its_file_was_let_go_opens_nothing(busy):
    task = made(busy)
    url = link(busy, task)
    with busy.inside():
        busy.account.tasks.filter(pk=task.pk).update(file=None)
    assert fetch(url) == GONE
