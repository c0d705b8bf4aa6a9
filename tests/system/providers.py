"""A provider that takes some keys and no others, over HTTP."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Provider:
    """What it takes, what it was asked, what it does before it answers."""

    url: str = ""
    takes: str = ""  # the header `Authorization`
    status: int = 200
    asked: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[], object] = lambda: None


@contextmanager
def serving() -> Iterator[Provider]:
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            provider.asked.append((self.command, self.path))
            provider.before()
            is_known = self.headers.get("Authorization") == provider.takes
            self.send_response(provider.status if is_known else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self):
            self.do_GET()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
