"""A tax authority that certifies documents, in whatever mood it is told to be: `python -m fakes.fiscal`.

POST /documents certifies; PUT /mood changes the mood. It remembers each document by its key, so that a repeated one
gets the number that it has.
"""

import argparse
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Mood(StrEnum):
    CERTIFIES = "certifies"
    PONDERS = "ponders"  # takes the document, and decides when it is asked again
    REJECTS = "rejects"
    FAILS = "fails"  # with an error of its own
    FORGETS_TO_ANSWER = "forgets to answer"  # certifies, and hangs up
    MUMBLES = "mumbles"  # certifies, and answers something that nobody understands
    DAWDLES = "dawdles"  # answers when it is let go


class Authority:
    """What it was told, in order, and what it has certified, by key."""

    def __init__(self) -> None:
        self.mood = Mood.CERTIFIES
        self.received: list[dict[str, Any]] = []
        self.numbers: dict[str, str] = {}
        self.pondered: set[str] = set()
        self.asked = threading.Semaphore(0)  # released for each who waits for a dawdling answer
        self.go_on = threading.Event()
        self._lock = threading.Lock()

    def answer(self, key: str, document: dict[str, Any]) -> tuple[int, bytes] | None:
        """Status and body; None hangs up."""
        mood = self.mood
        with self._lock:
            self.received.append(document)
        if mood is Mood.DAWDLES:
            self.asked.release()
            self.go_on.wait(timeout=60)
        if mood is Mood.FAILS:
            return 503, b"<html>Down for maintenance</html>"
        if mood is Mood.REJECTS:
            return 200, _verdict("REJECTED", reason="Unknown taxpayer")
        if mood is Mood.PONDERS and key not in self.pondered:
            self.pondered.add(key)
            return 200, _verdict("PROVISIONAL", number=f"TMP-{len(self.pondered)}")
        number = self._number(key)
        if mood is Mood.FORGETS_TO_ANSWER:
            return None
        if mood is Mood.MUMBLES:
            return 200, b'{"state": "CERTIFIED", "number": ["?"]}'
        return 200, _verdict("CERTIFIED", number=number, code=f"https://authority.example/{number}")

    def _number(self, key: str) -> str:
        with self._lock:
            return self.numbers.setdefault(key, f"GRA-{len(self.numbers) + 1:08d}")


def _verdict(state: str, **facts: str) -> bytes:
    return json.dumps({"state": state, **facts}).encode()


def _handler(authority: Authority) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = authority.answer(self.headers["Idempotency-Key"], self._body())
            if said is None:
                self.close_connection = True
                return
            self._say(*said)

        def do_PUT(self) -> None:
            authority.mood = Mood(self._body()["mood"])
            self._say(200, b"{}")

        def _body(self) -> Any:
            return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def serving(authority: Authority, *, port: int = 0) -> Iterator[str]:
    """The address at which the authority is to be found meanwhile."""
    with ThreadingHTTPServer(("127.0.0.1", port), _handler(authority)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            authority.go_on.set()
            server.shutdown()
            thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9101)
    with serving(Authority(), port=parser.parse_args().port) as address:
        print(f"FISCAL_URL={address}", flush=True)  # noqa: T201 - for who started it
        threading.Event().wait()


if __name__ == "__main__":
    main()
