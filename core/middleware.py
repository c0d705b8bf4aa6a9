"""The outermost of our own middleware: every request has an id, which its answer and its one log line bear."""

import re
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase
from uuid_utils.compat import uuid7

from core.api import failures

logger = structlog.get_logger("request")

# Where it belongs, and anywhere else that somebody has mistyped it: but for ids, nothing in a path is as long.
_TOKEN = re.compile(r"(?<=/auth/invitations/)[^/]+|(?<=/)(?![0-9a-f-]{32,36}(?:/|$))[A-Za-z0-9_=-]{32,}")
_ACCEPTABLE = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Takes a well-formed `X-Request-ID` from the client, so that a till's log and ours can be laid side by side."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        offered = request.headers.get("X-Request-ID", "")
        request.request_id = offered if _ACCEPTABLE.fullmatch(offered) else uuid7().hex  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        if not response.streaming and "Content-Length" not in response:
            response["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        logger.info(
            "request",
            method=request.method,
            path=_without_token(request),
            status=response.status_code,
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
        )
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase:
        """Refusals and faults of views that are not DRF's look like everybody's."""
        return failures.respond(exception, request)


def _without_token(request: HttpRequest) -> str:
    """The path, but for a token that was mailed to somebody: who reads the log could use it."""
    return _TOKEN.sub("***", request.path)
