"""How long each report takes over a month and over a year of one business with very many sale lines, and the plans of
the dearest: `python -m tests.bench.reports --lines 1000000`, written to .bench/reports.md."""

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.__main__ import HOME, configure

TRIES = 5
DEAREST = 3
SHOWN = 100  # rows, as of a page that names no other number


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.bench.reports", description=__doc__)
    arguments.add_argument("--lines", type=int, default=1_000_000)
    line_count = arguments.parse_args().lines
    configure(database=f"makola_bench_reports_{line_count}")
    import django  # only now may Django read its settings

    django.setup()
    from django.conf import settings

    with settings.EMBEDDED_SERVER.running():
        report = "\n".join([*_measure(line_count), ""])
    HOME.mkdir(exist_ok=True)
    (HOME / "reports.md").write_text(report)
    sys.stdout.write(report)


def _measure(line_count: int) -> Iterator[str]:
    from django.utils import timezone

    from reports.catalogue import REPORTS

    owner, last = _ensure(line_count), timezone.localdate()
    spans = {"month": last - timedelta(days=30), "year": last - timedelta(days=365)}
    yield f"# Reports over {line_count:,} sale lines of one account\n\np50 of {TRIES}, in seconds.\n"
    yield f"| report | {' | '.join(spans)} | rows of the year |\n|---|---|---|---|"
    dear: dict[str, float] = {}
    for name in REPORTS:
        times = {span: _time(owner, name, first, last) for span, first in spans.items()}
        dear[name], count = times["year"]
        seconds = " | ".join(f"{took:.2f}" for took, _ in times.values())
        yield f"| {name} | {seconds} | {count} |"
    for name in sorted(dear, key=lambda each: -dear[each])[:DEAREST]:
        plans = "\n\n".join(_explain(owner, name, spans["year"], last))
        yield f"\n## {name}, the year\n\n```\n{plans}\n```"


def _ensure(line_count: int) -> Any:
    """The owner of a business with so many lines, made anew where they are other than would be made now."""
    from django.conf import settings
    from django.core.management import call_command

    from accounts.models import Membership
    from core import provision
    from tests.bench import million, seed

    made_by = hashlib.sha256(Path(million.__file__).read_bytes()).hexdigest()
    wanted = seed.mark(seed.Size(1, line_count, 0)) + made_by
    if seed.found_mark(settings.DATABASE_NAME) != wanted:
        names = {"admin_dsn": settings.DATABASE_ADMIN_DSN, "database": settings.DATABASE_NAME}
        provision.drop_database(**names)
        provision.provision(**names, passwords=settings.DATABASE_PASSWORDS)
        call_command("migrate", database="owner", interactive=False, verbosity=0)
        started = time.monotonic()
        million.fill(seed.open_business(0), line_count=line_count, mark=wanted)
        sys.stderr.write(f"Seeded in {time.monotonic() - started:.0f} seconds.\n")
    return Membership.across_accounts.using("owner").select_related("account").get(role="OWNER")


def _ask(owner: Any, name: str, first: date, last: date) -> int:
    """As the web's role, inside the wall, up to the JSON; how many rows there are."""
    from core import tenancy
    from reports.api.serializers import show_answer
    from reports.catalogue import REPORTS
    from sales.summaries import Span

    with tenancy.scope(owner.account_id):
        told = show_answer(REPORTS[name].ask(owner, Span(first, last)), most=SHOWN)
    return int(told["row_count"])


def _time(owner: Any, name: str, first: date, last: date) -> tuple[float, int]:
    times, count = [], 0
    for _ in range(TRIES):
        started = time.perf_counter()
        count = _ask(owner, name, first, last)
        times.append(time.perf_counter() - started)
    return median(times), count


def _explain(owner: Any, name: str, first: date, last: date) -> list[str]:
    """The plans of its statements."""
    from django.db import connection

    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH")):
            execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {sql}", params, many, context)
            plan = "\n".join(line for (line,) in context["cursor"].fetchall())
            plans.append(plan)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        _ask(owner, name, first, last)
    return [plan for plan in plans if "sale" in plan or "stock" in plan]


if __name__ == "__main__":
    main()
