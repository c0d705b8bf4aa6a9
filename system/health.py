"""For the load balancer: does the process live, and can it do its work."""

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from core import checks

_HEARD_OF = "SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s) LIMIT 1"


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers, has every migration, and binds our role. 503 with what is missing otherwise.

    Without a worker there is a warning only: the shops still sell, and no other process of ours would do better.
    """
    warnings: list[str] = []
    try:
        problems = [*unapplied_migrations(), *checks.role_problems("default")]
        warnings = [] if problems else [*silent_worker()]
    except DatabaseError:
        problems = ["The database does not answer."]
    told = {"status": "not ready" if problems else "ok", "problems": problems, "warnings": warnings}
    return JsonResponse(told, status=503 if problems else 200)


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
