"""The one place that knows how a refusal is shown: every exception becomes a status and the failure envelope."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

import structlog
from django.apps import apps
from django.conf import settings
from django.core import exceptions as django_errors
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from psycopg.errors import NumericValueOutOfRange, StringDataRightTruncation
from rest_framework import exceptions as drf_errors
from rest_framework import status as http
from rest_framework.response import Response

from core import errors, tenancy
from core.errors import DomainError, FieldError

logger = structlog.get_logger(__name__)

_TOO_LARGE = FieldError("", "out_of_range", "A number, or what follows from it, is larger than can be kept.")
_MOST_ERRORS = 50  # that one answer lists
_RETRY_AFTER = {errors.RequestInFlight.code: "1", errors.TryAgain.code: "1"}


@dataclass(frozen=True)
class Failure:
    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, request_id: str) -> dict[str, Any]:
        body = {
            "success": False,
            "error": self.code.replace("_", " ").capitalize(),
            "detail": self.detail,
            "code": self.code,
            "errors": [vars(error) for error in self.errors],
            "request_id": request_id,
        }
        return {**body, "meta": dict(self.meta)} if self.meta else body


ID_TAKEN = Failure(409, "id_taken", "This id is taken, perhaps by an earlier try of the same.")


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler. What was written is rolled back by the middleware, which sees the status."""
    request = context["request"]
    failure = failure_of(exc, request)
    if failure.status >= http.HTTP_500_INTERNAL_SERVER_ERROR:
        logger.error("request_failed", exc_info=exc, code=failure.code)
    return Response(failure.body(request.request_id), status=failure.status, headers=dict(failure.headers))


def respond(exc: Exception, request: HttpRequest) -> JsonResponse:
    """The same for whatever fails outside a view."""
    failure = failure_of(exc, request)
    if failure.status >= http.HTTP_500_INTERNAL_SERVER_ERROR:
        logger.error("request_failed", exc_info=exc, code=failure.code)
    return JsonResponse(
        failure.body(getattr(request, "request_id", "")),
        status=failure.status,
        headers=dict(failure.headers),
    )


def failure_of(exc: BaseException, request: Any) -> Failure:
    if isinstance(exc, DomainError):
        return _of_domain(exc)
    if isinstance(exc, Http404 | drf_errors.NotFound):
        return _of_domain(errors.NotFound())
    if isinstance(exc, drf_errors.ValidationError):
        return _of_domain(errors.InvalidInput(errors=tuple(islice(_flatten(exc.detail), _MOST_ERRORS))))
    if isinstance(exc, drf_errors.APIException):
        return _of_api(exc)
    if isinstance(exc, django_errors.RequestDataTooBig):
        return _of_domain(errors.BodyTooLarge(limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
    if isinstance(exc, django_errors.BadRequest | django_errors.SuspiciousOperation | UnreadablePostError):
        return _of_domain(errors.InvalidInput())
    if isinstance(exc, ProtectedError | RestrictedError):
        return _of_domain(errors.InUse())
    if isinstance(exc, DatabaseError | InterfaceError):
        return _of_database(exc, request)
    return _of_domain(errors.ServerFault())


def _of_domain(exc: DomainError) -> Failure:
    headers = {"Retry-After": _RETRY_AFTER[exc.code]} if exc.code in _RETRY_AFTER else {}
    if exc.status == http.HTTP_401_UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if "retry_after" in exc.meta:
        headers["Retry-After"] = str(exc.meta["retry_after"])
    return Failure(exc.status, exc.code, exc.sentence, exc.errors, exc.meta, headers)


def _of_api(exc: drf_errors.APIException) -> Failure:
    if isinstance(exc, drf_errors.NotAuthenticated | drf_errors.AuthenticationFailed):
        return _of_domain(errors.NotSignedIn())
    code = str(exc.default_code if exc.default_code != "error" else "server_fault")
    return Failure(exc.status_code, code, str(exc.detail))


def _of_database(exc: BaseException, request: Any) -> Failure:
    diagnostics = getattr(exc.__cause__, "diag", None)
    name = str(diagnostics.constraint_name) if diagnostics else ""
    if isinstance(exc, IntegrityError) and name in _constraints():
        if request.method == "DELETE":
            return _of_domain(errors.InUse())
        return _constraints()[name]
    if isinstance(exc.__cause__, NumericValueOutOfRange | StringDataRightTruncation):
        return _of_domain(errors.InvalidInput(errors=[_TOO_LARGE]))
    if isinstance(exc, OperationalError | InterfaceError):
        return _of_domain(errors.TryAgain())
    return _of_domain(errors.ServerFault())


@lru_cache(maxsize=1)
def _constraints() -> Mapping[str, Failure]:
    """What each constraint means when PostgreSQL names it."""
    found = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, tenancy.SameAccount):
                unknown = errors.unknown_reference(constraint.field)
                found[constraint.name] = _of_domain(errors.InvalidInput(errors=[unknown]))
            elif constraint.violation_error_code:
                sentence = str(constraint.get_violation_error_message())
                found[constraint.name] = Failure(409, constraint.violation_error_code, sentence)
        found[f"{model._meta.db_table}_pkey"] = ID_TAKEN
    return found


def _flatten(detail: Any, path: str = "") -> Iterator[FieldError]:
    """DRF's nested details as a flat list; empty objects stand for the list items that were right."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _flatten(value, ".".join(filter(None, [path, name])))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from _flatten(value, f"{path}.{index}".lstrip(".") if nested else path)
    else:
        yield FieldError(path, getattr(detail, "code", "invalid"), str(detail))


def undo_if_refused(status: int) -> None:
    """Roll the open transaction back when the answer is a refusal."""
    if status >= http.HTTP_400_BAD_REQUEST:
        transaction.set_rollback(True)
