"""Work that tests leave to the background, and the worker's process that does it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections
from django.test import override_settings

from accounts.models import Membership
from system import services as system
from system.models import Task
from tests.server import ROOT
from tests.system.steps import GATE
from tests.system.worker_settings import TASKS


def start(by: Membership, kind: str = "count", **params: Any) -> Task:
    """Leave it to the background. Call it inside the account's scope."""
    with override_settings(TASKS=TASKS):
        return system.start_task(by=by, kind=kind, params=params)


def turn(shop: Any, seconds: float = 0) -> None:
    """What a worker does when it is the business's turn, of so many seconds."""
    with override_settings(TASKS=TASKS, TASKS_IN_TURNS={"count"}, TASK_TURN=seconds):
        system.take_turn(account_id=shop.id)


def run(task: Task) -> None:
    """What a worker does, here and now."""
    with override_settings(TASKS=TASKS):
        system.run_task(account_id=task.account_id, task_id=task.pk)


@contextmanager
def worker(**env: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A real worker of the test's database, who takes another for gone after two seconds. Stopped on leaving."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "procrastinate", "worker"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.system.worker_settings",
            "MAKOLA_DATABASE": connections["default"].settings_dict["NAME"],
            "MAKOLA_WORKER_SILENCE": "2",
            "FILES_DIR": str(settings.FILES_DIR),
            **env,
        },
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until(is_so: Callable[[], bool], seconds: float = 40) -> None:
    """Look again and again, for so long at most."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.05)


class Gate:
    """Keeps the third step of `count` waiting until it is opened."""

    def __enter__(self) -> "Gate":
        self.cursor = connections["staff"].cursor()
        self.cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
        return self

    def has_waiting(self) -> bool:
        self.cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return self.cursor.fetchone()[0] == 1

    def open(self) -> None:
        self.cursor.execute("SELECT pg_advisory_unlock_all()")

    def __exit__(self, *_: object) -> None:
        self.open()
