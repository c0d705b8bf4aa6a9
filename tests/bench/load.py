"""The clients: a process of their own, so that their work is not counted into the server's.

Reads a plan from standard input and writes what happened to standard output, both as JSON. Standard library only.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

LATEST = 120  # seconds until a generator that hangs is ended


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass
class Outcome:
    """How long each answer took, in milliseconds, and what was not answered as it should be."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def send(port: int, requests: Sequence[Request], *, clients: int, seconds: float) -> Outcome:
    """Send these from another process, by so many clients at once, until all are sent or the time is up."""
    plan = {"port": port, "clients": clients, "seconds": seconds, "requests": [asdict(each) for each in requests]}
    command = [sys.executable, "-m", "tests.bench.load"]
    done = subprocess.run(
        command, input=json.dumps(plan), stdout=subprocess.PIPE, text=True, check=True, timeout=LATEST
    )
    return Outcome(**json.loads(done.stdout))


def fire(port: int, requests: Sequence[Request], *, clients: int, seconds: float) -> Outcome:
    waiting, outcome, started = iter(requests), Outcome(), time.perf_counter()
    arguments = (port, waiting, outcome, started + seconds)
    threads = [threading.Thread(target=be_a_client, args=arguments) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.seconds = time.perf_counter() - started
    return outcome


def be_a_client(port: int, waiting: Iterator[Request], outcome: Outcome, deadline: float) -> None:
    """Send one request after another over one connection, as a till does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for request in waiting:
        started = time.perf_counter()
        refusal = ask(connection, request)
        outcome.latencies.append((time.perf_counter() - started) * 1000)
        if refusal:
            outcome.refusals.append(refusal)
        if time.perf_counter() > deadline:
            break
    connection.close()


def ask(connection: http.client.HTTPConnection, request: Request) -> str | None:
    try:
        connection.request(request.method, request.path, request.body or None, request.headers)
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return repr(error)
    return None if answer.status < 400 else f"{answer.status} {text.decode()[:300]}"


def main() -> None:
    plan = json.load(sys.stdin)
    requests = [Request(**each) for each in plan.pop("requests")]
    json.dump(asdict(fire(plan.pop("port"), requests, **plan)), sys.stdout)


if __name__ == "__main__":
    main()
