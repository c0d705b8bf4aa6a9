"""For the load balancer: does the process live, and can it do its work."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from core import checks


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers, has every migration, and binds our role. 503 with what is missing otherwise."""
    try:
        problems = [*unapplied_migrations(), *checks.role_problems("default")]
    except DatabaseError:
        problems = ["The database does not answer."]
    status = 503 if problems else 200
    return JsonResponse({"status": "not ready" if problems else "ok", "problems": problems}, status=status)


def unapplied_migrations() -> list[str]:
    """A sentence for each."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"The migration {migration} is not applied." for migration, _ in plan]
