"""Makola's API over HTTP, as a till must use it: tokens run out, connections break, servers restart."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.exceptions import ChunkedEncodingError

from sales.replay.errors import Refused, Unreachable

ATTEMPTS = 7
LONGEST_WAIT = 8.0  # seconds between two attempts, unless the server asks for more
TIMEOUT = 60  # seconds for one answer
PAGE_SIZE = "200"
_CUT = (requests.ConnectionError, requests.Timeout, ChunkedEncodingError)
_PASSING = {429, 502, 503, 504}


@dataclass
class Client:
    """One signed-in user. A request that got no answer is sent again as it was, so a POST must bear its own id."""

    base_url: str
    email: str
    password: str
    request_count: int = 0
    _tokens: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/")
        self._session = requests.Session()
        self._session.auth = self._sign  # ours, so that no ~/.netrc puts in another

    def close(self) -> None:
        self._session.close()

    def sign_in(self) -> None:
        """Raises Refused for a wrong password, Unreachable where no Makola answers."""
        credentials = {"email": self.email, "password": self.password}
        try:
            answer = self._once("POST", "accounts/auth/token/", body=credentials)
        except requests.RequestException as problem:
            raise Unreachable(f"Nothing answers at {self.base_url}: {type(problem).__name__}.") from problem
        self._tokens = self._read(answer)["data"]

    def get(self, path: str, **params: str) -> Any:
        return self._send("GET", path, params=params)["data"]

    def find(self, path: str) -> Any | None:
        """What is there, or None."""
        try:
            return self.get(path)
        except Refused as refusal:
            if refusal.status == requests.codes.not_found:
                return None
            raise

    def post(self, path: str, body: Mapping[str, Any], *, key: str = "") -> Any:
        """What was made, now or by an earlier attempt: the body has an id, or else there is a key."""
        return self._send("POST", path, body=body, key=key)["data"]

    def rows(self, path: str, **params: str) -> Iterator[Any]:
        """Every row of a list, page after page."""
        wanted: dict[str, str] | None = {**params, "page_size": PAGE_SIZE}
        while wanted:
            page = self._send("GET", path, params=wanted)
            yield from page["results"]
            wanted = dict(parse_qsl(urlsplit(page["next"]).query)) if page["next"] else None

    def _send(self, method: str, path: str, **content: Any) -> Any:
        """The answer's body. Raises Refused, or Unreachable after some attempts."""
        for attempt in range(ATTEMPTS):
            wait = min(0.25 * 2**attempt, LONGEST_WAIT)
            try:
                answer = self._once(method, path, **content)
            except _CUT:
                time.sleep(wait)
                continue
            if answer.status_code == requests.codes.unauthorized:
                self._renew()
            elif _may_pass(answer):
                time.sleep(_asked_wait(answer, wait))
            else:
                return self._read(answer)
        raise Unreachable(f"{self.base_url} did not answer {method} {path} in {ATTEMPTS} attempts.")

    def _once(
        self, method: str, path: str, *, params: Any = None, body: Any = None, key: str = ""
    ) -> requests.Response:
        self.request_count += 1
        url, headers = f"{self.base_url}/api/v1/{path}", {"Idempotency-Key": key} if key else None
        return self._session.request(
            method, url, params=params, json=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )

    def _renew(self) -> None:
        """New tokens for the refresh token; with the password where that is no good any more."""
        body = {"refresh": self._tokens.get("refresh", "")}
        self._tokens = {}
        try:
            answer = self._once("POST", "accounts/auth/token/refresh/", body=body)
        except _CUT:
            answer = None
        if answer is not None and answer.ok:
            self._tokens = self._read(answer)["data"]
        else:
            self.sign_in()

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if "access" in self._tokens:
            request.headers["Authorization"] = f"Bearer {self._tokens['access']}"
        return request

    def _read(self, answer: requests.Response) -> Any:
        if answer.is_redirect:
            raise Unreachable(f"{self.base_url} sends us to {answer.headers['Location']}: use that address.")
        try:
            body = answer.json()
            is_done = body["success"]
        except (ValueError, KeyError, TypeError):
            raise Unreachable(f"What answers at {self.base_url} is not Makola.") from None
        if not is_done:
            raise Refused(_sentence(body), status=answer.status_code)
        return body


def _may_pass(answer: requests.Response) -> bool:
    """Whether the same request may succeed in a moment."""
    in_flight = answer.status_code == requests.codes.conflict and "Retry-After" in answer.headers
    return in_flight or answer.status_code in _PASSING


def _asked_wait(answer: requests.Response, wait: float) -> float:
    asked = answer.headers.get("Retry-After", "")
    return max(float(asked), wait) if asked.isdigit() else wait


def _sentence(body: Mapping[str, Any]) -> str:
    details = [f"{error['field']}: {error['detail']}" for error in body["errors"]]
    return " ".join([body["detail"], *details, f"(request {body['request_id']})"])
