"""What can be refused. An error is a status, a code and a sentence; only the API's handler knows how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with what was sent; `field` is a dotted path such as `lines.0.quantity`."""

    field: str
    code: str
    detail: str


def unknown_reference(path: str) -> FieldError:
    """A reference to nothing, or to another business's row: the two cannot be told apart."""
    return FieldError(path, "does_not_exist", "There is no such object.")


class DomainError(Exception):
    """A refusal with a reason. `meta` holds facts for the client, such as what is available."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "conflict"
    detail: ClassVar[str] = "This cannot be done now."

    def __init__(self, *, errors: Sequence[FieldError] = (), **meta: Any) -> None:
        self.errors = tuple(errors)
        self.meta = meta
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        return self.detail.format_map(self.meta)


class ServerError(Exception):
    """What went wrong with the database server, and what to do, in one sentence for a person."""


class InvalidInput(DomainError):
    status = 400
    code = "invalid_input"
    detail = "What was sent is not valid."


class MalformedJSON(DomainError):
    status = 400
    code = "malformed_json"
    detail = "The body is not acceptable JSON: {reason}."


class MalformedForm(DomainError):
    status = 400
    code = "malformed_form"
    detail = "The form is not acceptable: {reason}."


class UnknownParameter(DomainError):
    status = 400
    code = "unknown_parameter"
    detail = "The address has a query parameter that is not known here."


class IdempotencyKeyRequired(DomainError):
    status = 400
    code = "idempotency_key_required"
    detail = "Send an Idempotency-Key header or your own id, so that a retry cannot do this twice."


class NotSignedIn(DomainError):
    status = 401
    code = "not_signed_in"
    detail = "Sign in first."


class NotFound(DomainError):
    status = 404
    code = "not_found"
    detail = "There is nothing here."


class InUse(DomainError):
    status = 409
    code = "in_use"
    detail = "Something else still refers to this, so it cannot be removed."


class RequestInFlight(DomainError):
    status = 409
    code = "request_in_flight"
    detail = "The same request is still being worked on. Try again in a moment."


class LengthRequired(DomainError):
    status = 411
    code = "length_required"
    detail = "Send the body with a Content-Length: one in chunks is not read here."


class StaleVersion(DomainError):
    status = 412
    code = "stale_version"
    detail = "Somebody changed this since you read it."


class BodyTooLarge(DomainError):
    status = 413
    code = "body_too_large"
    detail = "The body is larger than {limit} bytes."


class IdempotencyKeyReused(DomainError):
    status = 422
    code = "idempotency_key_reused"
    detail = "This idempotency key was used before with another body."


class TooManyTries(DomainError):
    status = 429
    code = "too_many_tries"
    detail = "Too many tries. Wait {retry_after} seconds."


class ServerFault(DomainError):
    status = 500
    code = "server_fault"
    detail = "Something went wrong on our side. It has been noted under this request id."


class TryAgain(DomainError):
    status = 503
    code = "try_again"
    detail = "The service is busy or restarting. Send the same again, with the same Idempotency-Key or id."
