"""The OpenAPI schema: what the envelope wraps around an answer, and what every operation can be refused with."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from core.api.views import AccountViewSet

_ENVELOPE = {"success": {"type": "boolean", "enum": [True]}, "request_id": {"type": "string"}}
_LINK = {"type": "string", "format": "uri", "nullable": True}
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
    "412": "Somebody changed it since it was read.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The idempotency key was used with another body.",
    "503": "Try again.",
}
_READS = ("400", "401", "402", "403", "404", "503")
_PUBLIC = ("400", "401", "403", "409", "413", "415", "503")


def only_canonical_paths(endpoints: list[Any], **_: Any) -> list[Any]:
    """The old frontend's paths answer the same and are not documented twice."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


class Operation(AutoSchema):
    """One operation, its capability named, its answer in the envelope, its refusals listed."""

    def get_tags(self) -> list[str]:
        return [self.path.split("/")[3]]

    def get_description(self) -> str:
        description = super().get_description()
        capability = self._capability()
        return f"{description}\n\nRight: `{capability}`.".strip() if capability else description

    def get_extensions(self) -> dict[str, Any]:
        capability = self._capability()
        return {"x-capability": str(capability)} if capability else {}

    def _capability(self) -> str | None:
        if not self.view.permission_classes:
            return None
        reads = self.method in ("GET", "HEAD", "OPTIONS")
        found = self.view.read_capability if reads else self.view.write_capability
        return str(found) if found else None

    def get_request_serializer(self) -> Any:
        if isinstance(self.view, AccountViewSet):
            found = self.view.input_classes.get(self.view.action)
            return found(partial=self.method == "PATCH") if found else None
        return super().get_request_serializer()

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if isinstance(self.view, AccountViewSet):
            parameters += self._headers()
        return parameters

    def _headers(self) -> list[Any]:
        from drf_spectacular.utils import OpenApiParameter  # noqa: PLC0415

        if self.method == "POST":
            about = "The same key makes a retry harmless: it gets the first answer."
            return [OpenApiParameter("Idempotency-Key", str, "header", description=about)]
        if self.method == "PATCH":
            about = "The ETag that was read; 412 when somebody changed the row since."
            return [OpenApiParameter("If-Match", str, "header", description=about)]
        return []

    def _get_response_for_code(
        self,
        serializer: Any,
        status_code: str,
        media_types: Any = None,
        direction: Any = "response",
    ) -> dict[str, Any]:
        response = super()._get_response_for_code(serializer, status_code, media_types, direction)
        for media_type, content in response.get("content", {}).items():
            if media_type == "application/json":
                content["schema"] = self._enveloped(content["schema"])
        return response

    def _enveloped(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = self.view.pagination_class if self._is_page() else None
        inner = {"results": schema} if page else {"data": schema}
        links = {"count": {"type": "integer", "nullable": True}, "next": _LINK, "previous": _LINK} if page else {}
        properties = {**_ENVELOPE, **links, **inner}
        return {"type": "object", "properties": properties, "required": sorted(properties)}

    def _is_page(self) -> bool:
        return getattr(self.view, "action", None) == "list"

    def _get_paginator(self) -> Any:
        return None

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status in self._refusals():
            content = {"application/json": {"schema": _FAILURE}}
            bodies[status] = {"description": _REFUSALS[status], "content": content}
        return bodies

    def _refusals(self) -> tuple[str, ...]:
        if not self.view.permission_classes:
            return _PUBLIC
        return _READS if self.method == "GET" else tuple(_REFUSALS)
