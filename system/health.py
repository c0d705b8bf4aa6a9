"""For the load balancer: does the process live, and can it do its work."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from core import checks
from system import metrics

logger = structlog.get_logger("health")

_HEARD_OF = "SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s) LIMIT 1"


@dataclass(frozen=True)
class Readiness:
    """What a look at the database found, kept by the process for a while: to look costs far more than to ask."""

    problems: list[str]
    warnings: list[str]
    ends_at: float  # by the process's clock

    last: ClassVar["Readiness | None"] = None


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers, has every migration, and binds our role; 503 otherwise. What is missing is told to who may
    look at the metrics, and to the log.

    Without a worker there is a warning only: the shops still sell, and no other process of ours would do better.
    """
    found = Readiness.last
    if found is None or time.monotonic() >= found.ends_at:
        found = Readiness.last = _look()
    told = {"status": "not ready" if found.problems else "ok", "problems": found.problems, "warnings": found.warnings}
    if not metrics.may_look(request):
        told |= {"problems": [], "warnings": []}
    return JsonResponse(told, status=503 if found.problems else 200)


def _look() -> Readiness:
    warnings: list[str] = []
    try:
        problems = [*unapplied_migrations(), *checks.role_problems("default")]
        warnings = [] if problems else [*silent_worker()]
    except DatabaseError:
        problems = ["The database does not answer."]
    if problems:
        logger.error("not_ready", problems=problems)
    return Readiness(problems, warnings, ends_at=time.monotonic() + settings.READINESS_KEPT)


def silent_worker() -> Iterator[str]:
    """A sentence where no worker has said for too long that it lives."""
    with connection.cursor() as cursor:
        cursor.execute(_HEARD_OF, [settings.WORKER_SILENCE])
        if cursor.fetchone() is None:
            yield "No worker lives: what is left to the background waits."


def unapplied_migrations() -> list[str]:
    """A sentence for each."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"The migration {migration} is not applied." for migration, _ in plan]
