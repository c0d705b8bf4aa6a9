"""The OpenAPI schema: what the envelope wraps around an answer, and what every operation can be refused with."""

import inspect
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from core.api import fields
from core.api.pagination import MAX_PAGE_SIZE
from core.api.views import AccountViewSet, DeclaredView

_ENVELOPE = {"success": {"type": "boolean", "enum": [True]}, "request_id": {"type": "string"}}
_LINK = {"type": "string", "format": "uri", "nullable": True}
_LINKS = {"count": {"type": "integer", "nullable": True}, "next": _LINK, "previous": _LINK}
_FAILURE = {
    "type": "object",
    "required": ["success", "error", "detail", "code", "errors", "request_id"],
    "properties": {
        "success": {"type": "boolean", "enum": [False]},
        "error": {"type": "string", "description": "A short title."},
        "detail": {"type": "string", "description": "A sentence for a person."},
        "code": {"type": "string", "description": "For a program; docs/errors.md lists them."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string"},
        "meta": {"type": "object", "additionalProperties": True},
    },
}
_REFUSALS = {
    "400": "What was sent is not valid.",
    "401": "Not signed in.",
    "402": "The subscription does not cover this now.",
    "403": "No seat, no right, or no CSRF token.",
    "404": "Unknown, or another business's.",
    "409": "A rule refuses this now.",
    "411": "The body has no Content-Length.",
    "412": "Somebody changed it since it was read.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The idempotency key was used with another body.",
    "500": "A fault of ours, noted under the request id.",
    "503": "Try again.",
}
_READS = ("400", "401", "402", "403", "404", "500", "503")
_PUBLIC = ("400", "401", "403", "409", "411", "413", "415", "500", "503")
_PAGING: dict[str, dict[str, Any]] = {
    "page": {"type": "integer", "minimum": 1, "maximum": 10**9 - 1},
    "page_size": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE},
    "cursor": {"type": "string", "format": "uuid"},
}
_HEADERS = {
    "POST": ("Idempotency-Key", "The same key makes a retry harmless: it gets the first answer."),
    "PATCH": ("If-Match", "The ETag that was read; 412 when somebody changed the row since."),
}

_INHERITED = {inspect.getdoc(AccountViewSet), inspect.getdoc(DeclaredView)}


def only_canonical_paths(endpoints: list[Any], **_: Any) -> list[Any]:
    """The old frontend's paths answer the same and are not documented twice."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def close_requests(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What is sent may have the named fields only."""
    for name, schema in result["components"]["schemas"].items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
    return result


class Operation(AutoSchema):
    """One operation, its capability named, its answer in the envelope, its refusals listed."""

    view: Any

    def get_tags(self) -> list[str]:
        return [self.path.split("/")[3]]

    def get_description(self) -> str:  # type: ignore[override]
        description, capability = super().get_description(), self._capability()
        if description in _INHERITED:
            description = ""
        return f"{description}\n\nRight: `{capability}`.".strip() if capability else description

    def get_extensions(self) -> dict[str, Any]:
        capability = self._capability()
        return {"x-capability": capability} if capability else {}

    def get_request_serializer(self) -> Any:
        if not isinstance(self.view, AccountViewSet):
            return super().get_request_serializer()
        found = self.view.input_classes.get(self.view.action)
        return found(partial=self.method == "PATCH", context={"view": self.view}) if found else None

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if isinstance(self.view, AccountViewSet) and self.method in _HEADERS:
            name, about = _HEADERS[self.method]
            parameters.append(OpenApiParameter(name, str, "header", description=about))
        if getattr(self.view, "action", None) == "list":
            names = self.view.pagination_class.parameters
            parameters += [OpenApiParameter(name, _PAGING[name], "query") for name in names]
        return parameters

    def _capability(self) -> str | None:
        if not self.view.permission_classes:
            return None
        reads = self.method in ("GET", "HEAD", "OPTIONS")
        found = self.view.read_capability if reads else self.view.write_capability
        return str(found) if found else None

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: Any = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(field, fields.DecimalField):
            whole, places = field.max_whole_digits, field.decimal_places
            schema["pattern"] = rf"^-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{places}}})?$"
        return schema

    def _get_paginator(self) -> Any:
        return None  # the envelope is put around pages below, together with the rest

    def _get_response_for_code(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        response: dict[str, Any] = super()._get_response_for_code(*args, **kwargs)  # type: ignore[no-untyped-call]
        content = response.get("content", {}).get("application/json")
        if content:
            content["schema"] = self._enveloped(content["schema"])
        return response

    def _enveloped(self, schema: dict[str, Any]) -> dict[str, Any]:
        is_page = getattr(self.view, "action", None) == "list"
        properties = {**_ENVELOPE, **(_LINKS if is_page else {}), "results" if is_page else "data": schema}
        return {"type": "object", "properties": properties, "required": sorted(properties)}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._refusals():
            content = {"application/json": {"schema": _FAILURE}}
            bodies[status] = {"description": _REFUSALS[status], "content": content}
        return bodies

    def _refusals(self) -> tuple[str, ...]:
        if not self.view.permission_classes:
            return _PUBLIC
        return _READS if self.method == "GET" else tuple(_REFUSALS)
