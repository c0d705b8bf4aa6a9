"""One run: the database, the server, every case at every number of clients, the floors."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import django
from django.conf import settings
from django.db import connections

django.setup()

from app.management.commands import serve  # noqa: E402 - models load only after the setup
from tests.bench import cases, measure, pgbench, seed  # noqa: E402
from tests.bench.cases import Case  # noqa: E402
from tests.bench.measure import Cell, Meter  # noqa: E402
from tests.bench.pgbench import Floor  # noqa: E402
from tests.bench.report import Result, render  # noqa: E402
from tests.bench.statements import count_statements  # noqa: E402
from tests.server import free_port  # noqa: E402


@dataclass(frozen=True)
class Plan:
    """Ask at most so often, and for at most so many seconds, by each of these numbers of clients."""

    size: seed.Size
    clients: Sequence[int]
    most: int
    seconds: int
    warm_up: int

    def carry_out(self) -> str:
        with settings.EMBEDDED_SERVER.running():
            seed.ensure(self.size)
            wanted = cases.all_cases(cases.visit(0), cases.visit(1), count=self.size.accounts)
            with gunicorn() as (pid, port):
                meter = Meter(settings.EMBEDDED_SERVER, pid)
                results = [self.measure(meter, port, case, beside=wanted[0]) for case in wanted]
                floors = self.floors(meter, wanted)
            connections.close_all()
        return render(self.size, results, floors)

    def measure(self, meter: Meter, port: int, case: Case, *, beside: Case) -> Result:
        sys.stderr.write(f"{case.name}\n")
        statements = count_statements(case)
        # So that every thread of every worker has its connection.
        measure.measure(meter, port, case, clients=8, most=self.warm_up, seconds=self.seconds)
        cells = [self.cell(meter, port, case, clients) for clients in self.clients]
        return Result(case, statements, cells, self.cell(meter, port, beside, self.clients[0]))

    def cell(self, meter: Meter, port: int, case: Case, clients: int) -> Cell:
        return measure.measure(meter, port, case, clients=clients, most=self.most, seconds=self.seconds)

    def floors(self, meter: Meter, wanted: Sequence[Case]) -> dict[str, Sequence[Floor]]:
        if not pgbench.is_there():
            return {}
        chosen = [case for case in wanted if case.name in cases.DATABASE_FLOORS]
        return {case.name: pgbench.measure(meter, case, clients=self.clients, seconds=self.seconds) for case in chosen}


PLANS = {
    "full": Plan(seed.FULL, clients=(1, 8, 32), most=2_000, seconds=5, warm_up=100),
    "quick": Plan(seed.QUICK, clients=(2,), most=8, seconds=1, warm_up=8),
}


@contextmanager
def gunicorn() -> Iterator[tuple[int, int]]:
    """The server as `serve` starts it, with two empty views besides; its pid and its port."""
    port = free_port()
    command = [*serve.gunicorn_command(port)[:-1], "tests.bench.wsgi"]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR)
    try:
        serve.wait_for_answer(server, port)
        yield server.pid, port
    finally:
        server.terminate()
        server.wait()
