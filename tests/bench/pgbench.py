"""The floor of the database: the SQL of a request sent by pgbench, without the web."""

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from core import binaries
from core.provision import APP_ROLE
from tests.bench.cases import Case
from tests.bench.measure import BenchError, Meter
from tests.bench.statements import as_script, trace

SCRIPTS = 32  # different requests, so that its clients meet on a row as seldom as the web's do


@dataclass(frozen=True)
class Floor:
    """One case's SQL at one number of clients; `database` in CPU milliseconds per transaction."""

    clients: int
    rate: float
    database: float
    mean: float


def is_there() -> bool:
    return program().exists()


def program() -> Path:
    return binaries.find_binaries() / "pgbench"


def measure(meter: Meter, case: Case, *, clients: Sequence[int], seconds: int) -> list[Floor]:
    """What the web's role does per second with the same statements, values and all."""
    with tempfile.TemporaryDirectory() as folder:
        scripts = write_scripts(case, Path(folder))
        return [run(meter, scripts, clients=count, seconds=seconds) for count in clients]


def write_scripts(case: Case, folder: Path) -> list[Path]:
    scripts = [folder / f"{number}.sql" for number in range(SCRIPTS)]
    for number, script in enumerate(scripts):
        script.write_text(as_script(trace(case, number)))
    return scripts


def run(meter: Meter, scripts: Sequence[Path], *, clients: int, seconds: int) -> Floor:
    before, living = meter.read(), meter.backend_count()
    said = _run(scripts, clients, seconds)
    meter.settle(living)
    count = int(_number(said, r"transactions actually processed: (\d+)"))
    spent = meter.read().since(before, requests=count)
    rate, mean = _number(said, r"tps = ([\d.]+)"), _number(said, r"latency average = ([\d.]+)")
    return Floor(clients, rate, spent.backends, mean)


def _run(scripts: Sequence[Path], clients: int, seconds: int) -> str:
    database = settings.DATABASES["default"]
    options = [f"--client={clients}", "--jobs=1", f"--time={seconds}", "--protocol=simple", "--no-vacuum"]
    where = [f"--host={database['HOST']}", f"--port={database['PORT']}", f"--username={APP_ROLE}"]
    command = [program(), *options, *where, *(f"--file={script}" for script in scripts), database["NAME"]]
    environment = {**os.environ, "PGPASSWORD": database["PASSWORD"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"pgbench: {done.stderr[-500:]}")
    return done.stdout


def _number(text: str, pattern: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise BenchError(f"pgbench says nothing of the kind {pattern}.")
    return float(found[1])
