"""A till's line to the server, and a bad one: answers are lost, requests are torn or come twice. What got no answer is
sent again as it was, under its key."""

import http.client
import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

PATIENCE = 60  # seconds for an answer
PAUSE = 0.05  # seconds before it is sent again
TRIES = 400
PASSING = {"request_in_flight", "try_again"}
FAULTS = {
    "none": 78,
    "lost": 6,  # the line breaks when all is sent
    "impatient": 4,  # nobody waits for the answer longer than an instant
    "torn": 3,  # the line breaks in the middle of the request
    "twice": 6,  # the same from two lines at the same instant
    "again": 3,  # the answer came, and the till asks once more
}
INSTANT = 0.003  # seconds


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes = b""
    key: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    is_replayed: bool

    @property
    def is_done(self) -> bool:
        return self.status < http.client.BAD_REQUEST

    @property
    def data(self) -> Any:
        assert self.is_done, self
        return self.body["data"]

    @property
    def code(self) -> str:
        return "" if self.is_done else self.body["code"]


@dataclass
class Line:
    """From one device of one member; of one thread, but for what it sends twice."""

    url: str
    bearer: str
    chance: random.Random = field(default_factory=random.Random)
    faults: dict[str, int] = field(default_factory=lambda: {"none": 1})
    suffered: Counter[str] = field(default_factory=Counter)
    doubts: list[Request] = field(default_factory=list)  # refused, when it had been sent before and may still be done

    def __post_init__(self):
        self.connection = self._connect()

    def close(self) -> None:
        self.connection.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._settle(_read(path, query)).data

    def rows(self, path: str, **query: Any) -> list[Any]:
        """Every row of a list, page after page."""
        found, query = [], {**query, "page_size": 200}
        while query:
            page = self._settle(_read(path, query)).body
            found += page["results"]
            query = dict(parse_qsl(urlsplit(page["next"]).query)) if page["next"] else {}
        return found

    def post(self, path: str, body: Any, *, key: str, fault: str = "") -> Answer:
        """What became of it in the end, whatever happens on the way."""
        request = Request("POST", path, json.dumps(body).encode(), key)
        fault = fault or self.chance.choices([*self.faults], [*self.faults.values()])[0]
        self.suffered[fault] += 1
        if fault in ("lost", "impatient", "torn"):
            self._lose(request, fault)
        answers = self._twice(request) if fault == "twice" else [self._settle(request)]
        if fault == "again" and answers[0].is_done:
            answers.append(self._settle(request))
            assert answers[1].is_replayed, (path, answers)
        done = [answer for answer in answers if answer.is_done]
        assert all(answer.body == done[0].body for answer in done), (path, done)
        if not done and fault in ("lost", "impatient"):
            self.doubts.append(request)
        return done[0] if done else answers[-1]

    def make(self, path: str, body: Any, *, key: str, fault: str = "") -> Any:
        """What was made; it may not be refused."""
        answer = self.post(path, body, key=key, fault=fault)
        assert answer.is_done, (path, body, answer)
        return answer.data

    def ask_once_more(self, request: Request) -> Answer:
        """What became of something that was refused, once the server has done all that it was sent."""
        return self._settle(request)

    def _settle(self, request: Request, connection: http.client.HTTPConnection | None = None) -> Answer:
        """The answer, once there is one."""
        for _ in range(TRIES):
            answer = self._once(request, connection or self.connection)
            if answer and answer.code not in PASSING:
                return answer
            time.sleep(PAUSE)
        raise AssertionError(f"no answer to {request}")

    def _once(self, request: Request, connection: http.client.HTTPConnection) -> Answer | None:
        """None where the line broke."""
        try:
            connection.request(request.method, request.path, request.body or None, self._headers(request))
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        assert answer.status < http.client.INTERNAL_SERVER_ERROR or answer.headers["Retry-After"], (request, body)
        return Answer(answer.status, json.loads(body), answer.headers["Idempotency-Replayed"] == "true")

    def _twice(self, request: Request) -> list[Answer]:
        other = self._connect()
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(self._settle, request, other)
            answers = [self._settle(request), second.result()]
        other.close()
        return answers

    def _lose(self, request: Request, fault: str) -> None:
        """Send it, or half of it, and never hear what became of it."""
        line = self._connect()
        line.putrequest(request.method, request.path)
        for name, value in {**self._headers(request), "Content-Length": str(len(request.body))}.items():
            line.putheader(name, value)
        line.endheaders()
        line.send(request.body[: len(request.body) // 2] if fault == "torn" else request.body)
        if fault == "impatient":
            line.sock.settimeout(INSTANT)
            with suppress(TimeoutError):
                line.sock.recv(1)
        line.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Authorization": self.bearer, "Content-Type": "application/json"}
        return {**headers, "Idempotency-Key": request.key} if request.key else headers


def _read(path: str, query: dict[str, Any]) -> Request:
    return Request("GET", f"{path}?{urlencode(query)}" if query else path)
