"""The OpenAPI schema: what the envelope wraps around an answer, and what every operation can be refused with."""

import inspect
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from core.api import fields
from core.api.pagination import MAX_PAGE_SIZE
from core.api.views import AccountViewSet

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
    "402": "The subscription does not cover this now, or there are too few credits.",
    "403": "No seat, no right, a module that is off, or no CSRF token.",
    "404": "Unknown, or another business's.",
    "405": "This address does not take this method.",
    "409": "A rule refuses this now.",
    "411": "The body has no Content-Length.",
    "412": "Somebody changed it since it was read.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The idempotency key was used with another body.",
    "429": "Too many tries.",
    "500": "A fault of ours, noted under the request id.",
    "503": "Try again.",
}
_ALWAYS = ("400", "401", "403", "405", "429", "500", "503")
_READS = (*_ALWAYS, "402", "404")
_PUBLIC = (*_ALWAYS, "409", "411", "413", "415")
_PAGING: dict[str, dict[str, Any]] = {
    "page": {"type": "integer", "minimum": 1, "maximum": 10**9 - 1},
    "page_size": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE},
    "cursor": {"type": "string", "format": "uuid"},
}
_HEADERS = {
    "POST": ("Idempotency-Key", "The same key makes a retry harmless: it gets the first answer."),
    "PATCH": ("If-Match", "The ETag that was read; 412 when somebody changed the row since."),
}
_ID = {"type": "string", "format": "uuid"}
_TOKEN = {"type": "string"}
# Of a text, by the name of its field, or else by its format; of the rest by type.
_EXAMPLES = {
    "email": "ama@ama.example",
    "password": "try-makola-2026",
    "old_password": "try-makola-2025",
    "pin": "4702",
    "country": "GH",
    "currency": "GHS",
    "time_zone": "Africa/Accra",
    "phone": "0240000000",
    "barcode": "5901234123471",
    "item_code": "12345",
    "code": "A1",
    "uuid": "0198c2b4-7d1e-7c3a-9f52-6b1d0e8a4c21",
    "date": "2026-03-06",
    "date-time": "2026-03-06T09:30:00Z",
    "string": "Text",
    "integer": 1,
    "boolean": True,
    "object": {},
}


def only_canonical_paths(endpoints: list[Any], **_: Any) -> list[Any]:
    """The old frontend's paths answer the same and are not documented twice."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def close_requests(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What is sent may have the named fields only, and what refuses it has one shape."""
    result["components"]["schemas"]["Failure"] = _FAILURE
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
        handler = getattr(self.view, getattr(self.view, "action", self.method.lower()))
        # Not what DRF would inherit from a base class: that is written for those who subclass it.
        description = inspect.cleandoc(handler.__doc__ or type(self.view).__doc__ or "")
        capability = self._capability()
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
        if self.view.asks and self.method == "GET":
            parameters.append(self.view.asks)
        if isinstance(self.view, AccountViewSet) and self.method in _HEADERS:
            name, about = _HEADERS[self.method]
            parameters.append(OpenApiParameter(name, str, "header", description=about))
        if self._is_page() and isinstance(self.view, AccountViewSet):
            names = getattr(self.view.pagination_class, "parameters", ())
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
        if example := getattr(field, "example", None):
            schema["example"] = example
        if isinstance(field, fields.DecimalField):
            whole, places = field.max_whole_digits, field.decimal_places
            schema["pattern"] = rf"^-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{places}}})?$"
            schema["example"] = "10.00" if places == 2 else f"{1:.{places}f}"
        return schema

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if not type(serializer).__doc__:
            schema.pop("description", None)
        return schema

    def _resolve_path_parameters(self, variables: Any) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        return [{**parameter, "schema": _ID if parameter["name"] == "id" else _TOKEN} for parameter in parameters]

    def _get_paginator(self) -> Any:
        return None  # the envelope is put around pages below, together with the rest

    def _get_request_body(self, *args: Any) -> Any:
        body: Any = super()._get_request_body(*args)  # type: ignore[no-untyped-call]
        for content in body["content"].values() if body else ():
            content["example"] = self._example(content["schema"])
        return body

    def _get_response_for_code(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        response: dict[str, Any] = super()._get_response_for_code(*args, **kwargs)  # type: ignore[no-untyped-call]
        content = response.get("content", {}).get("application/json")
        if content:
            content["schema"] = self._enveloped(content["schema"])
            if self.method != "GET":
                content["example"] = self._example(content["schema"])
        return response

    def _enveloped(self, schema: dict[str, Any]) -> dict[str, Any]:
        is_page = self._is_page()
        properties = {**_ENVELOPE, **(_LINKS if is_page else {}), "results" if is_page else "data": schema}
        return {"type": "object", "properties": properties, "required": sorted(properties)}

    def _is_page(self) -> bool:
        action = getattr(self.view, "action", None)
        return action in self.view.paged if action else self._is_page_without_action()

    def _is_page_without_action(self) -> bool:
        is_list = self.method == "GET" and bool(self._is_list_view())
        return is_list and getattr(self.view, "is_page", True)

    def _example(self, schema: dict[str, Any], name: str = "") -> Any:
        """What the schema allows, every field filled in."""
        if "$ref" in schema:
            key = schema["$ref"].rsplit("/", 1)[1], ResolvedComponent.SCHEMA
            return self._example(self.registry._components[key].schema, name)
        for several in ("allOf", "oneOf"):
            if several in schema:
                return self._example(schema[several][0], name)
        if "enum" in schema:
            return schema["enum"][0]
        if "properties" in schema:
            return {key: self._example(value, key) for key, value in schema["properties"].items()}
        if "items" in schema:
            return [self._example(schema["items"], name)]
        words = (name, schema.get("format"), schema.get("type"))
        return schema.get("example", next((_EXAMPLES[word] for word in words if word in _EXAMPLES), None))

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._refusals():
            content = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
            bodies[status] = {"description": _REFUSALS[status], "content": content}
        return bodies

    def _refusals(self) -> tuple[str, ...]:
        if not self.view.permission_classes:
            return (*_PUBLIC, "404") if "{" in self.path else _PUBLIC
        return _READS if self.method == "GET" else tuple(_REFUSALS)
