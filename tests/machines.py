"""What the state machines share: a step and what it foresees, a run of so many, and the table of what was done.

A machine keeps books of its own, worked out in plain Python from the deeds alone. A deed either changes them or raises
`Refused`, with the code that the service has to answer, before it does.
"""

import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

import time_machine
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from core.errors import DomainError
from tests.conftest import Shop

MONDAY = "2026-03-02T12:00:00Z"
MOST_DAYS = 12  # less than a trial lasts
STEPS_OF_A_BUSINESS = 100
DONE = "done"

# What a step draws never depends on what came before, only what it makes of that: of two at once nobody knows which
# was first, and a replay has to draw the same all the same.
WHICH = st.integers(0, 63)
FEW = st.integers(1, 12)
MANY = st.integers(10, 60)
RARELY = st.integers(0, 9).map(lambda n: n == 7)
EVENLY = st.booleans()


class Refused(Exception):
    """What a deed that is not possible has to be answered with: a code of the errors' catalogue."""


@dataclass(frozen=True)
class Deed:
    """A call that is made in the account's scope, and its effect on books, which may refuse it."""

    call: Callable[[], Any]
    foresee: Callable[[Any], None]


def foresee(kept: Any, deed: Deed) -> str:
    try:
        deed.foresee(kept)
    except Refused as refused:
        return str(refused)
    return DONE


class BookMachine(RuleBasedStateMachine):
    """Each rule asks one service, and expects of it what the machine's books foresee: that it is done, or a code."""

    tally: ClassVar[Counter[tuple[str, str]]] = Counter()  # by operation and outcome
    looks: ClassVar[Counter[str]] = Counter()  # one after every step
    shop: Shop
    kept: Any

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(MONDAY, tick=False)
        self.time, self.days = self.clock.start(), 0

    def teardown(self) -> None:
        self.clock.stop()

    @staticmethod
    def hurry() -> None:
        """Nobody pulls the plug here."""
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit TO off")

    def ask(self, name: str, deed: Deed, call: Callable[[], str] | None = None) -> None:
        """Do it, and see that the outcome is the one that the books foresee."""
        outcome = (call or (lambda: self.attempt(deed.call)))()
        expected = foresee(self.kept, deed)
        assert outcome == expected, f"{name}: {outcome}, where the books foresee {expected}"
        self.note(name, outcome)

    def attempt(self, call: Callable[[], Any]) -> str:
        """In a transaction of its own; whatever is no refusal of ours is not caught."""
        try:
            with self.shop.inside():
                call()
        except DomainError as error:
            return error.code
        return DONE

    def note(self, name: str, outcome: str) -> None:
        type(self).tally[name, outcome] += 1

    def pass_time(self, span: Any) -> None:
        if self.days + span.days <= MOST_DAYS:
            self.days += span.days
            self.time.shift(span)
        self.note("wait", DONE)

    def send(self, path: str, body: Any, key: str) -> str:
        """The same write twice, through the API: the first answer is given again. A refusal is found anew."""
        client = self.shop.client()
        first, again = (client.post(f"/api/v1/{path}", body, HTTP_IDEMPOTENCY_KEY=key) for _ in range(2))
        assert first.status_code == again.status_code, f"{first.content} is answered again with {again.content}"
        if first.status_code < 400:
            assert first.json()["data"] == again.json()["data"]
            assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
            return DONE
        return str(first.json()["code"])


def run(machine: type[BookMachine], steps: int) -> None:
    """So many steps, the same ones each time; a fresh business every hundred."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=ceil(1.1 * steps / STEPS_OF_A_BUSINESS) + 2,  # some are cut short
            stateful_step_count=STEPS_OF_A_BUSINESS,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


RULE = "hypothesis_stateful_rule"


def fresh(machine: type[BookMachine], *only: str) -> type[Any]:
    """The machine with a tally of its own; with these rules only, if any are named."""
    others = {name for name, member in inspect.getmembers(machine) if hasattr(member, RULE)} - set(only)
    asleep = {name: _asleep(name) for name in others if only}
    return type("Fresh", (machine,), {"tally": Counter(), "looks": Counter(), **asleep})


def _asleep(name: str) -> Callable[..., Any]:
    """What the other rules call by this name is there still."""
    return lambda self, *args, **facts: getattr(super(type(self), self), name)(*args, **facts)


def said_of(machine: type[BookMachine], *only: str, steps: int = 300) -> str:
    """What the machine, or these of its rules, finds wrong; nothing if it finds nothing."""
    try:
        run(fresh(machine, *only), steps)
    except AssertionError as error:
        return str(error)
    return ""


def table(machine: type[BookMachine], seconds: float) -> str:
    """What was done and refused how often, a line an operation."""
    steps, tally = machine.looks.total(), machine.tally
    lines = [f"{steps} steps in {seconds:.0f} s, {1000 * seconds / steps:.1f} ms each"]
    for name in sorted({name for name, _ in tally}):
        outcomes = sorted(((count, code) for (of, code), count in tally.items() if of == name), reverse=True)
        lines.append(f"{name:20} " + ", ".join(f"{code} {count}" for count, code in outcomes))
    return "\n".join(lines)


def share_done(machine: type[BookMachine]) -> float:
    """How much of what was asked was done: a machine that is mostly refused proves little."""
    done = sum(count for (_, outcome), count in machine.tally.items() if outcome == DONE)
    return done / machine.tally.total()
