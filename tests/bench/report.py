"""What was measured, as Markdown."""

import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import cpu_count

from tests.bench.cases import Case
from tests.bench.measure import Cell
from tests.bench.pgbench import Floor
from tests.bench.seed import Size

MET, NOT_MET = "✓", "✗"
NOTES = """\
CPU milliseconds are per request, over all numbers of clients: user and system time of gunicorn's workers, and of the
database's backends; its other processes (WAL writer, checkpointer, I/O) are in a column of their own. Statements are
counted in the project, without BEGIN, COMMIT and savepoints. A budget is met when web, database and statements all are.
The clients share the machine, so requests/s are less than a machine of its own would give; CPU time is what to compare.
Where the bare view, measured again after each case, costs more than elsewhere, other work on the machine cost this case
its caches too: its milliseconds are too many by about as much.
"""


@dataclass(frozen=True)
class Result:
    """One case at every number of clients, and the bare view just after it, which tells how noisy the machine was."""

    case: Case
    statements: int
    cells: Sequence[Cell]
    beside: Cell

    def mean(self, clock: str) -> float:
        """CPU milliseconds per request over all cells."""
        spent = sum(getattr(cell.spent, clock) * cell.requests for cell in self.cells)
        return spent / sum(cell.requests for cell in self.cells)

    @property
    def verdict(self) -> str:
        budget = self.case.budget
        if budget is None:
            return "–"
        is_within = self.mean("web") <= budget.web and self.mean("backends") <= budget.database
        return MET if is_within and self.statements <= budget.statements else NOT_MET


def render(size: Size, results: Sequence[Result], floors: dict[str, Sequence[Floor]]) -> str:
    machine = f"{cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    parts = [
        "# What a request costs",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {machine} · {size.accounts} accounts, "
        f"{size.stock_rows:,} stock rows, {size.busy:,} products in the one that is measured",
        costs(results),
        NOTES.strip(),
        "## How many, how soon",
        speeds(results),
        "## The same SQL without the web (pgbench, as the web's role)",
        database_floors(floors) if floors else "There is no pgbench beside this PostgreSQL.",
    ]
    return "\n\n".join(parts) + "\n"


def costs(results: Iterable[Result]) -> str:
    heads = [
        "",
        "web ms",
        "database ms",
        "SQL",
        "budget web + database ms, SQL",
        "met",
        "other database ms",
        "bare view then",
    ]
    return table(heads, map(cost, results))


def cost(result: Result) -> list[str]:
    budget = result.case.budget
    wanted = f"{budget.web:g} + {budget.database:g}, {budget.statements}" if budget else "–"
    spent = [f"{result.mean(clock):.2f}" for clock in ("web", "backends")]
    others = [f"{result.mean('background'):.2f}", f"{result.beside.spent.web:.2f}"]
    return [result.case.name, *spent, str(result.statements), wanted, result.verdict, *others]


def speeds(results: Iterable[Result]) -> str:
    heads = ["", "clients", "requests", "requests/s", "web ms", "database ms", "p50 ms", "p99 ms"]
    return table(heads, [speed(result, cell) for result in results for cell in result.cells])


def speed(result: Result, cell: Cell) -> list[str]:
    times = (cell.spent.web, cell.spent.backends, cell.p50, cell.p99)
    counts = (f"{cell.clients}", f"{cell.requests:,}", f"{cell.rate:,.0f}")
    return [result.case.name, *counts, *(f"{each:.2f}" for each in times)]


def database_floors(floors: dict[str, Sequence[Floor]]) -> str:
    rows = [
        [name, f"{floor.clients}", f"{floor.rate:,.0f}", f"{floor.database:.2f}", f"{floor.mean:.2f}"]
        for name, measured in floors.items()
        for floor in measured
    ]
    return table(["", "clients", "transactions/s", "database ms", "mean ms"], rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    ruler = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ruler, *rows])
