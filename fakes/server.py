"""One HTTP server for all fake providers, on 127.0.0.1."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fakes import control, momo, page, paystack, stripe
from fakes.ledger import Ledger

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Fake:
    """A running server: its address and what it remembers."""

    url: str
    ledger: Ledger


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.ledger = Ledger()
        super().__init__((HOST, port), Handler)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        path = self.path.partition("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ledger = self.server.ledger
        if path.startswith(control.PREFIX):
            self._answer(*control.answer(ledger, method, path, body))
            return
        if path.startswith(page.PREFIX):
            self._send_page(*page.answer(ledger, method, path, body, decide=control.decide))
            return
        fault = ledger.take_fault(path)
        if fault:
            time.sleep(fault.seconds)
        if fault and fault.status:
            self._send(fault.status, fault.body.encode())
            return
        if path.startswith(stripe.PREFIX):
            self._answer(*stripe.answer(ledger, method, self.path, self.headers, body))
            return
        provider = momo if path.startswith(momo.PREFIX) else paystack
        self._answer(*provider.answer(ledger, method, path, self.headers, body))

    def _send_page(self, status: int, text: str, location: str = "") -> None:
        led = {"Location": location} if location else {}
        self._send(status, text.encode(), **{"Content-Type": "text/html; charset=utf-8", **led})

    def _answer(self, status: int, told: Any) -> None:
        self._send(status, b"" if told is None else json.dumps(told).encode())

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the standard library's
        """Say nothing: what was asked stands in the ledger."""


@contextmanager
def serving(port: int = 0) -> Iterator[Fake]:
    """A fake that serves until the block is left; port 0 is any that is free."""
    server = Server(port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Fake(server.url, server.ledger)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
