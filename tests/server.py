"""A real gunicorn with real workers, for tests with second processes, browsers and raw HTTP."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30  # seconds until the first answer


@contextmanager
def gunicorn(*, workers: int = 2, threads: int = 4, port: int | None = None, **env: str) -> Iterator[str]:
    """Serve the test's database on a free port of 127.0.0.1; the address. Stopped, by its pid, on leaving."""
    port = port or free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "app.wsgi", "--no-control-socket", "--log-level=warning"),
            *(f"--bind=127.0.0.1:{port}", "--worker-class=gthread"),
            *(f"--workers={workers}", f"--threads={threads}", "--graceful-timeout=5"),
        ],
        cwd=ROOT,
        env={**os.environ, "MAKOLA_DATABASE": connections["default"].settings_dict["NAME"], **env},
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, "gunicorn ended before it answered"
            assert time.monotonic() < deadline, "gunicorn does not answer"
            time.sleep(0.05)
