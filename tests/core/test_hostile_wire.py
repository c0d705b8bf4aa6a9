"""On the wire, where the transport decides what a request is."""

import json
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPResponse

import pytest

from tests.conftest import open_shop
from tests.database import empty
from tests.hostile import CUSTOMERS, NOBODYS_ID, PRODUCTS, each, envelope
from tests.server import gunicorn


@dataclass(frozen=True)
class Wire:
    port: int
    bearer: str

    def send(self, *lines, body=b"", half_close=False, signed=True):
        """Status, headers and body of the answer to exactly this."""
        head = [*lines, "Connection: close", *([f"Authorization: {self.bearer}"] if signed else [])]
        raw = "\r\n".join([*head, "", ""]).encode("latin-1") + body
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(raw)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            answer = HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.headers, answer.read()


@pytest.fixture(scope="module")
def wire(django_db_setup, django_db_blocker):
    with ExitStack() as opened:
        opened.enter_context(django_db_blocker.unblock())
        shop = open_shop("Wire Stores")
        url = opened.enter_context(gunicorn(workers=1))
        yield Wire(int(url.rsplit(":", 1)[1]), shop.bearer())
        empty()


HOST = "Host: localhost"
JSON = "Content-Type: application/json"


@each("line", [f"POST {CUSTOMERS} HTTP/1.1", f"PATCH {CUSTOMERS}{NOBODYS_ID}/ HTTP/1.1"])
def test_s49_a_body_in_chunks_is_refused_and_never_taken_for_an_empty_one(wire, line):
    """S49."""
    chunks = b'f\r\n{"name": "Esi"}\r\n0\r\n\r\n'
    status, headers, body = wire.send(line, HOST, JSON, "Transfer-Encoding: chunked", body=chunks)
    assert status == 411, body
    envelope(headers, body, code="length_required")


def test_s49_three_megabytes_are_refused_on_the_wire_too(wire):
    """S49."""
    body = json.dumps({"name": "a" * 3_000_000}).encode()
    status, headers, content = wire.send(
        f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, f"Content-Length: {len(body)}", body=body
    )
    assert status == 413, content
    envelope(headers, content, code="body_too_large")


def test_a_body_that_ends_too_soon_is_400(wire):
    status, headers, body = wire.send(
        f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 100", body=b'{"name": "Esi"', half_close=True
    )
    assert status == 400, body
    envelope(headers, body, code="malformed_json")


def test_what_follows_the_announced_length_is_not_part_of_the_body(wire):
    status, _, body = wire.send(
        f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 15", body=b'{"name": "Esi"}GET / HTTP/1.1\r\n\r\n'
    )
    assert (status, json.loads(body)["data"]["name"]) == (201, "Esi")


@each(
    "lines",
    [
        [f"GET {CUSTOMERS} HTTP/1.1", "Host: evil.example"],
        [f"GET {CUSTOMERS} HTTP/1.0"],
        [f"GET {CUSTOMERS}?search=%00 HTTP/1.1", HOST],
        [f"GET {CUSTOMERS}?%ff=%fe HTTP/1.1", HOST],
        [f"GET {CUSTOMERS}? HTTP/1.1", HOST, "Cookie: sessionid=a; sessionid=b; =; ;;", "Accept: text/html", "X: \xe9"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 0"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, "Content-Length: 0"],
        [f"GET {PRODUCTS}%2e%2e%2f/ HTTP/1.1", HOST],
        [f"GET {PRODUCTS}{'a' * 3000}/ HTTP/1.1", HOST],
        [f"TRACE {CUSTOMERS} HTTP/1.1", HOST],
        [f"GET http://evil.example{CUSTOMERS} HTTP/1.1", HOST],
    ],
)
def test_whatever_reaches_the_application_is_answered_in_the_envelope(wire, lines):
    status, headers, body = wire.send(*lines)
    assert status < 500, body
    if status == 200:
        assert json.loads(body)["success"] is True
    else:
        envelope(headers, body)


@each(
    "lines",
    [
        [f"GET {CUSTOMERS} HTTP/1.1"],
        ["nonsense"],
        [f"GET {CUSTOMERS} HTTP/9.9", HOST],
        [f"GET {CUSTOMERS}\x00 HTTP/1.1", HOST],
        [f"GET {CUSTOMERS} HTTP/1.1", HOST, HOST, "Host: evil.example"],
        [f"GET {CUSTOMERS} HTTP/1.1", HOST, "Idempotency-Key: a\x00b"],
        [f"GET {CUSTOMERS} HTTP/1.1", HOST, f"Authorization: Bearer {'a' * 100_000}"],
        [f"GET /{'a' * 100_000} HTTP/1.1", HOST],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: -1"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 1_0"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 2", "Content-Length: 3"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Content-Length: 2", "Transfer-Encoding: chunked"],
        [f"POST {CUSTOMERS} HTTP/1.1", HOST, JSON, "Transfer-Encoding: xchunked"],
    ],
)
def test_what_is_no_http_is_refused_before_the_application_and_the_server_lives_on(wire, lines):
    status, _, body = wire.send(*lines, signed=False)
    assert 400 <= status < 500 or status in (501, 505), body
    status, _, _ = wire.send(f"GET {CUSTOMERS} HTTP/1.1", HOST)
    assert status == 200
