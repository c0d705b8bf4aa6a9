"""What Prometheus is told: how many requests there were and how long they took, and what waits in the background."""

import os
import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from core import errors
from core.api import failures

REQUESTS = Counter("makola_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("makola_request_seconds", "How long the answer took.", ["method", "route"])
MANY_PROCESSES = "PROMETHEUS_MULTIPROC_DIR"  # a folder of their own, empty when they start, where they add up
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_PARAMETER = re.compile(r"\(\?P<(\w+)>[^)]*\)|<\w+:(\w+)>")
_JOBS = (
    "SELECT task_name, status::text, count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') GROUP BY 1, 2"
)
_WORKERS = "SELECT count(*), extract(epoch FROM now() - max(last_heartbeat))::float8 FROM procrastinate_workers"
_CONNECTIONS = (
    "SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user GROUP BY 1"
)


class MetricsMiddleware:
    """Counts what is answered, by the route and not by the path: no id and no token becomes a label."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        found = request.resolver_match
        route = _plain(found.route) if found and found.route else "unknown"
        method = str(request.method) if request.method in METHODS else "OTHER"
        REQUESTS.labels(method, route, str(response.status_code)).inc()
        SECONDS.labels(method, route).observe(time.perf_counter() - started)
        return response


@lru_cache
def _plain(route: str) -> str:
    """As `products/{pk}/`."""
    return _PARAMETER.sub(r"{\1\2}", route).replace("^", "").replace("$", "")


class Background(Collector):
    """What the database knows, asked when somebody looks."""

    def collect(self) -> Iterable[Metric]:
        with connection.cursor() as cursor:
            jobs = GaugeMetricFamily("makola_jobs", "Jobs that wait or run.", labels=["task", "state"])
            cursor.execute(_JOBS)
            for task, state, count in cursor.fetchall():
                jobs.add_metric([task, "waiting" if state == "todo" else "running"], count)
            cursor.execute(_WORKERS)
            count, age = cursor.fetchone()
            used = GaugeMetricFamily("makola_database_connections", "Of the web's role.", labels=["state"])
            cursor.execute(_CONNECTIONS)
            for state, number in cursor.fetchall():
                used.add_metric([state], number)
        yield jobs
        yield GaugeMetricFamily("makola_workers", "Workers that the database knows.", value=count)
        if age is not None:
            yield GaugeMetricFamily(
                "makola_worker_heartbeat_age_seconds", "Since the last one was heard of.", value=age
            )
        yield used


def show_metrics(request: HttpRequest) -> HttpResponse:
    """For who has METRICS_TOKEN or, where there is none, for this machine; to everybody else there is nothing here."""
    if not may_look(request):
        return failures.respond(errors.NotFound(), request)
    told = b"".join(generate_latest(registry) for registry in _registries())
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)


def _registries() -> list[CollectorRegistry]:
    background = CollectorRegistry()
    background.register(Background())
    if MANY_PROCESSES not in os.environ:
        return [REGISTRY, background]
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return [together, background]


def may_look(request: HttpRequest) -> bool:
    """Whether it bears METRICS_TOKEN or, where there is none, comes from this machine, and through no proxy."""
    if settings.METRICS_TOKEN:
        offered = request.headers.get("Authorization", "")
        return constant_time_compare(offered, f"Bearer {settings.METRICS_TOKEN}")
    # A proxy on this machine would make everybody its neighbour, and need not say that it is one.
    has_proxy = settings.TRUSTED_PROXIES or settings.SECURE_PROXY_SSL_HEADER
    is_direct = not has_proxy and not {"X-Forwarded-For", "Forwarded", "Via"} & set(request.headers)
    return is_direct and _is_here(request.META.get("REMOTE_ADDR", ""))


def _is_here(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
