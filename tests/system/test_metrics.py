"""What /readyz says of the worker, and what Prometheus is told, and who is told."""

import re
from tempfile import TemporaryDirectory

import pytest
import requests
from django.db import connections
from structlog.testing import capture_logs
from uuid_utils.compat import uuid7

from system import health
from tests import works
from tests.core.test_tenancy import connected_as_owner
from tests.server import gunicorn

METRICS, TOKEN = "/metrics", "look-but-do-not-touch"


def text(client, **headers):
    answer = client.get(METRICS, **headers)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/plain")
    return answer.content.decode()


def value(told, name, **labels):
    """The number behind this name and these labels; 0 where it is not told."""
    for line in told.splitlines():
        found = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
        if found and dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")) == labels:
            return float(found[2])
    return 0


# --- Ready ------------------------------------------------------------------------------------------------------------


def test_without_a_worker_it_is_ready_and_says_what_is_missing(busy, nobody):
    ready = nobody.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["problems"]) == (200, "ok", [])
    assert ready.json()["warnings"] == ["No worker lives: what is left to the background waits."]


def test_a_worker_that_lives_is_no_warning(busy, nobody):
    with works.worker():
        works.wait_until(lambda: nobody.get("/readyz").json()["warnings"] == [])
        assert value(text(nobody), "makola_workers") == 1
        assert value(text(nobody), "makola_worker_heartbeat_age_seconds") < 60


def test_a_worker_that_fell_silent_is_none(busy, nobody):
    with connections["staff"].cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')")
    assert nobody.get("/readyz").json()["warnings"] == ["No worker lives: what is left to the background waits."]
    assert value(text(nobody), "makola_worker_heartbeat_age_seconds") >= 3600


def test_what_is_missing_is_told_to_who_may_look_and_to_the_log(committed, nobody):
    with connected_as_owner(), capture_logs() as lines:
        here, elsewhere = nobody.get("/readyz"), nobody.get("/readyz", REMOTE_ADDR="10.0.0.7")
    assert (here.status_code, elsewhere.status_code) == (503, 503)
    assert "bypasses row-level security" in here.json()["problems"]
    assert elsewhere.json() == {"status": "not ready", "problems": [], "warnings": []}
    assert [line["problems"] for line in lines if line["event"] == "not_ready"] == [here.json()["problems"]] * 2
    assert nobody.get("/readyz", REMOTE_ADDR="10.0.0.7").json() == {"status": "ok", "problems": [], "warnings": []}


def test_a_process_keeps_its_answer_for_a_while(committed, nobody, settings, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(health.Readiness, "last", None)
    settings.READINESS_KEPT = 60
    assert nobody.get("/readyz").status_code == 200
    with connected_as_owner(), django_assert_num_queries(0):
        assert [nobody.get("/readyz").status_code for _ in range(3)] == [200] * 3


# --- Counted ----------------------------------------------------------------------------------------------------------


def test_requests_are_counted_by_route_and_status_and_by_nothing_that_names_somebody(shop, nobody):
    labels = {"method": "GET", "route": "api/v1/inventory/products/{pk}/"}
    before = text(nobody)
    known, unknown = str(shop.products[0].pk), str(uuid7())
    for pk in (known, unknown, unknown):
        shop.client().get(f"/api/v1/inventory/products/{pk}/")
    shop.client().get("/api/v1/nonsense/secret-in-the-path/")
    after = text(nobody)
    for status, count in (("200", 1), ("404", 2)):
        counted = [value(told, "makola_requests_total", **labels, status=status) for told in (before, after)]
        assert counted[1] - counted[0] == count
    timed = [value(told, "makola_request_seconds_count", **labels) for told in (before, after)]
    assert timed[1] - timed[0] == 3
    for secret in (known, unknown, "secret-in-the-path"):
        assert secret not in after


def test_what_waits_in_the_background_is_counted(busy, nobody):
    before = value(text(nobody), "makola_jobs", task="take_turn", state="waiting")
    with busy.inside():
        works.start(busy.owner)
    assert value(text(nobody), "makola_jobs", task="take_turn", state="waiting") == before + 1
    assert 'makola_database_connections{state="active"}' in text(nobody)


def test_a_method_that_nobody_knows_makes_no_label_of_its_own(shop, nobody):
    nobody.generic("BREW", "/healthz")
    assert "BREW" not in text(nobody)


def test_several_processes_add_up(committed):
    with TemporaryDirectory() as folder, gunicorn(workers=2, PROMETHEUS_MULTIPROC_DIR=folder) as url:

        def ready():
            told = requests.get(url + METRICS, timeout=30).text
            return value(told, "makola_requests_total", method="GET", route="readyz", status="200")

        before = ready()
        for _ in range(20):
            requests.get(f"{url}/readyz", timeout=30)
        assert [ready() - before for _ in range(5)] == [20] * 5


# --- Who is told ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"REMOTE_ADDR": "10.0.0.7"},
        {"REMOTE_ADDR": "::ffff:10.0.0.7"},
        {"REMOTE_ADDR": "nonsense"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_only_this_machine_is_told_where_there_is_no_token(db, nobody, headers):
    refused = nobody.get(METRICS, **headers)
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert "makola_requests" in text(nobody, REMOTE_ADDR="::1")


@pytest.mark.parametrize(
    "proxy", [{"TRUSTED_PROXIES": 1}, {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}]
)
def test_behind_a_proxy_this_machine_is_everybody(db, nobody, settings, proxy):
    """One that names nobody whom it asks for."""
    for name, value in proxy.items():
        setattr(settings, name, value)
    assert nobody.get(METRICS).status_code == 404
    assert nobody.get("/readyz").json()["warnings"] == []
    settings.METRICS_TOKEN = TOKEN
    assert "makola_requests" in text(nobody, HTTP_AUTHORIZATION=f"Bearer {TOKEN}")


def test_with_a_token_who_has_it_is_told_from_anywhere_and_nobody_else(db, nobody, settings):
    settings.METRICS_TOKEN = TOKEN
    for offered in ("", "Bearer", "Bearer wrong", TOKEN, f"Bearer {TOKEN}x"):
        assert nobody.get(METRICS, HTTP_AUTHORIZATION=offered).status_code == 404
    elsewhere = {"REMOTE_ADDR": "10.0.0.7", "HTTP_X_FORWARDED_FOR": "1.2.3.4"}
    assert "makola_requests" in text(nobody, HTTP_AUTHORIZATION=f"Bearer {TOKEN}", **elsewhere)
