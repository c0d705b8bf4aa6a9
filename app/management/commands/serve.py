import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from io import StringIO
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Never
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from system import metrics

HOST = os.environ.get("MAKOLA_HOST", "127.0.0.1")
PORT = os.environ.get("MAKOLA_PORT", "8000")
WORKERS = os.environ.get("MAKOLA_WORKERS", "2")
THREADS = os.environ.get("MAKOLA_THREADS", "4")
WORKER = [sys.executable, "manage.py", "procrastinate", "worker"]
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 10  # seconds that running requests are given to end
PATIENCE = 60  # seconds until the first answer
PARENT_DIED = 1  # PR_SET_PDEATHSIG of prctl(2)


class Command(BaseCommand):
    help = "Prepares the database, loads the demo once and serves, with a worker, until Ctrl-C."
    requires_system_checks = ()  # some of them ask the database that is not there yet

    def handle(self, **_: object) -> None:
        for number in STOPPING:
            signal.signal(number, _interrupt)
        try:
            port = free_port()
            logins = self.prepare()
            self.serve(port, logins)
        except KeyboardInterrupt:
            self.say("Makola has stopped.")

    def prepare(self) -> str:
        """Bring the database up to date and return the demo's logins."""
        self.say("Preparing the database.")
        call_command("provision", verbosity=0)
        call_command("migrate", database="owner", interactive=False, verbosity=0)
        logins = StringIO()
        call_command("demo", stdout=logins)
        connections.close_all()
        return logins.getvalue()

    def serve(self, port: int, logins: str) -> None:
        with TemporaryDirectory() as folder:
            os.environ[metrics.MANY_PROCESSES] = folder  # what they count together
            gunicorn, worker = start(gunicorn_command(port)), start(WORKER)
            fakes = [start(command, is_silent=True) for command in fakes_commands(port)]
            try:
                wait_for_answer(gunicorn, port)
                self.greet(port, logins)
                while gunicorn.poll() is None:
                    time.sleep(1)
                    if worker.poll() is not None:  # without one the shop still sells
                        self.say(f"The worker ended with status {worker.returncode}: here is another.")
                        worker = start(WORKER)
            finally:
                for process in (gunicorn, worker, *fakes):
                    process.terminate()
                for process in (gunicorn, worker, *fakes):
                    process.wait()
        raise CommandError(f"gunicorn ended by itself with status {gunicorn.returncode}.")

    def greet(self, port: int, logins: str) -> None:
        address = f"http://{shown_host()}:{port}"
        self.say("\n" + logins.strip("\n") + "\n\n")
        self.say(f"Makola serves {address}: try it at {address}/api/docs/.")
        self.say("Ctrl-C stops it.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()  # at once, also into a file or a pipe


def free_port() -> int:
    """Return the port to serve on, or say in a sentence why it cannot be had."""
    if not (PORT.isdecimal() and 0 < int(PORT) < 65536):
        raise CommandError(f"MAKOLA_PORT is {PORT}, which is not a port number.")
    family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(PORT)))
        except OSError as problem:
            raise CommandError(
                f"Port {PORT} of {HOST} cannot be used ({problem.strerror}): "
                f"stop what uses it, or choose another with MAKOLA_PORT=8001 make run."
            ) from None
    return int(PORT)


def gunicorn_command(port: int) -> list[str]:
    host = f"[{HOST}]" if ":" in HOST else HOST
    options = {
        "bind": f"{host}:{port}",
        "worker-class": "gthread",
        "workers": WORKERS,
        "threads": THREADS,
        "graceful-timeout": str(GRACE),
        "log-level": "warning",
    }
    # All of a user's gunicorns would share one control socket.
    flags = ["--no-control-socket", *(f"--{name}={value}" for name, value in options.items())]
    return [sys.executable, "-m", "gunicorn", *flags, "app.wsgi"]


def fakes_commands(port: int) -> list[list[str]]:
    """The fake payment providers, where they are meant to be on this machine and are not running yet."""
    address = urlsplit(settings.FAKE_GATEWAYS if settings.DEBUG else "")
    if address.hostname not in ("127.0.0.1", "localhost") or not address.port or is_taken(address.port):
        return []
    webhooks = f"http://{shown_host()}:{port}/api/v1/billing/webhooks/"
    return [[sys.executable, "-m", "fakes", f"--port={address.port}", f"--webhooks={webhooks}"]]


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start(command: list[str], *, is_silent: bool = False) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL if is_silent else None,
        cwd=settings.BASE_DIR,
        start_new_session=True,  # so that Ctrl-C reaches it through us, once
        preexec_fn=_die_with_parent,  # noqa: PLW1509  there are no threads here
    )


def wait_for_answer(gunicorn: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(port):
        if gunicorn.poll() is not None:
            raise CommandError(f"gunicorn did not start: status {gunicorn.returncode}.")
        if time.monotonic() > deadline:
            raise CommandError(f"gunicorn does not answer on port {port}.")
        time.sleep(0.05)


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection(shown_host().strip("[]"), port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def shown_host() -> str:
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104
    return everywhere.get(HOST, f"[{HOST}]" if ":" in HOST else HOST)


def _interrupt(_number: int, _frame: FrameType | None) -> Never:
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)  # one is enough: the stop is under way and bounded
    raise KeyboardInterrupt


def _die_with_parent() -> None:
    """Have the kernel end gunicorn when this process is killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DIED, signal.SIGTERM)
