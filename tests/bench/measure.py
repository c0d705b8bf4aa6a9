"""CPU time, which holds on a noisy machine, and times, which do not, of one case at one number of clients."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import quantiles

import psutil

from core.postgres import EmbeddedServer
from core.provision import APP_ROLE
from tests.bench import load
from tests.bench.cases import Case

SETTLED = 2.0  # seconds that backends are given to go away


class BenchError(Exception):
    """Why there is nothing to report, in a sentence."""


@dataclass(frozen=True)
class Spent:
    """CPU milliseconds since a process was born: the web's workers, the database's backends, its other processes."""

    web: float
    backends: float
    background: float

    def since(self, earlier: "Spent", *, requests: int) -> "Spent":
        """What was spent per request."""
        return Spent(
            (self.web - earlier.web) / requests,
            (self.backends - earlier.backends) / requests,
            (self.background - earlier.background) / requests,
        )


@dataclass(frozen=True)
class Cell:
    """One case at one number of clients."""

    clients: int
    requests: int
    rate: float
    spent: Spent
    p50: float
    p99: float


class Meter:
    """Reads the CPU clocks of gunicorn's workers and of PostgreSQL."""

    def __init__(self, server: EmbeddedServer, gunicorn: int) -> None:
        first_line = (server.cluster / "postmaster.pid").read_text().partition("\n")[0]
        self.postmaster = psutil.Process(int(first_line))
        self.gunicorn = psutil.Process(gunicorn)

    def read(self) -> Spent:
        children = self.postmaster.children()
        backends = [child for child in children if is_backend(child)]
        ended = self.postmaster.cpu_times()  # of the postmaster's children, those that are gone
        return Spent(
            web=sum(map(milliseconds, self.gunicorn.children())),
            backends=sum(map(milliseconds, backends)) + (ended.children_user + ended.children_system) * 1000,
            background=sum(milliseconds(child) for child in children if child not in backends),
        )

    def backend_count(self) -> int:
        return sum(map(is_backend, self.postmaster.children()))

    def settle(self, backends: int) -> None:
        """Wait until connections that were closed have ended, so that their time is counted."""
        deadline = time.monotonic() + SETTLED
        while self.backend_count() > backends and time.monotonic() < deadline:
            time.sleep(0.02)


def is_backend(process: psutil.Process) -> bool:
    """Whether its title says that it serves a connection of the web's role."""
    try:
        return f" {APP_ROLE} " in " ".join(process.cmdline())
    except psutil.Error:
        return False


def milliseconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return (times.user + times.system) * 1000


def measure(meter: Meter, port: int, case: Case, *, clients: int, most: int, seconds: float) -> Cell:
    """Ask `most` times, or for as long as that many seconds. Raises BenchError for an answer that is a refusal."""
    requests = list(islice(case.requests(most), most))
    before = meter.read()
    outcome = load.send(port, requests, clients=clients, seconds=seconds)
    after = meter.read()
    if outcome.refusals:
        raise BenchError(f"{case.name}: {len(outcome.refusals)} refused, the first with {outcome.refusals[0]}")
    count = len(outcome.latencies)
    p50, p99 = percentiles(outcome.latencies)
    return Cell(clients, count, count / outcome.seconds, after.since(before, requests=count), p50, p99)


def percentiles(latencies: Sequence[float]) -> tuple[float, float]:
    cuts = quantiles(latencies, n=100, method="inclusive")
    return cuts[49], cuts[98]
