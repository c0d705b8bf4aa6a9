"""Many at once: threads that start at the same instant, each on connections of its own."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any

import pytest
from django.db import connection, connections

from tests.database import administrator, empty

PATIENCE = 60  # seconds for all to have come


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Call all of these at the same instant; what each returned, or raised, in their order."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(timeout=PATIENCE)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: _outcome(lambda: run(call)), calls))


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error
    finally:
        connections.close_all()


def one_behind_another(calls: Sequence[Callable[[], Any]], *, held: AbstractContextManager[Any]) -> list[Any]:
    """What these return, or raise, who came in this order to a lock that is held until the last one waits."""
    with watching() as until_blocked, ThreadPoolExecutor(len(calls)) as pool:
        coming = []
        with held:
            for count, call in enumerate(calls, start=1):
                coming.append(pool.submit(_outcome, call))
                until_blocked(count)
        return [outcome.result() for outcome in coming]


def count_of(results: Sequence[Any], wanted: Any) -> int:
    """How many of the results are of this type, or equal to this value."""
    if isinstance(wanted, type):
        return sum(isinstance(result, wanted) for result in results)
    return sum(result == wanted for result in results)


def meeting_before(statement: str, barrier: threading.Barrier) -> AbstractContextManager[None]:
    """In this thread, wait for the others just before the first SQL statement that begins so."""
    is_met = False

    def meet(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal is_met
        if not is_met and sql.lstrip().startswith(statement):
            is_met = True
            barrier.wait(timeout=PATIENCE)
        return execute(sql, params, many, context)

    return connection.execute_wrapper(meet)


@contextmanager
def meanwhile(
    statement: str, call: Callable[[], Any], *, until: Callable[[Any], Any] = Future.result
) -> Iterator[None]:
    """While this thread is about to send the first statement that looks so, another calls, and is waited for."""
    with ThreadPoolExecutor(1) as pool:
        calls: list[Any] = []

        def meet(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if not calls and re.match(statement, sql):
                calls.append(pool.submit(_outcome, call))
                until(calls[0])
            return execute(sql, params, many, context)

        with connection.execute_wrapper(meet):
            yield
        assert calls, f"nothing looked like {statement}"
        outcome = calls[0].result()
        if isinstance(outcome, Exception):
            raise outcome


@contextmanager
def watching() -> Iterator[Callable[[int], None]]:
    """A call that returns as soon as so many connections to the test's database wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with administrator() as admin:

        def until_blocked(count: int) -> None:
            deadline = time.monotonic() + PATIENCE
            while admin.execute(waiting).fetchone() != (count,):
                assert time.monotonic() < deadline, f"no {count} connections wait for a lock"

        yield until_blocked


@contextmanager
def without(*constraints: str) -> Iterator[None]:
    """The database while these guards are away. What the race left behind goes before they come back."""
    find = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = ANY(%s)"
    )
    with administrator() as admin:
        found = admin.execute(find, [list(constraints)]).fetchall()
        assert len(found) == len(constraints), found
        for table, name, _ in found:
            admin.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        try:
            yield
        finally:
            empty()
            for table, name, definition in found:
                admin.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


@contextmanager
def without_index(name: str) -> Iterator[None]:
    """The same for what is unique among some of the rows only: that is an index, and no constraint."""
    with administrator() as admin:
        found = admin.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name]).fetchone()
        assert found, name
        admin.execute(f"DROP INDEX {name}")
        try:
            yield
        finally:
            empty()
            admin.execute(found[0])


def weaken(monkeypatch: pytest.MonkeyPatch, module: ModuleType, statement: str, guard: str, instead: str = "") -> None:
    """Take the guard out of a statement of ours, to the end of the test."""
    sql = getattr(module, statement)
    assert guard in sql
    monkeypatch.setattr(module, statement, sql.replace(guard, instead))
