"""What every answer is wrapped in."""

from collections.abc import Mapping
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Page(dict[str, Any]):
    """The rows of a list, with count, next and previous: they stand beside `success`, not under `data`."""


def dump(data: Any) -> bytes:
    return _encode(data).encode()


class OneRenderer(DefaultContentNegotiation):
    """There is one form, whatever `Accept` asks for: a refusal to answer at all would help nobody."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class EnvelopeRenderer(JSONRenderer):
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        context = renderer_context or {}
        response, request = context["response"], context["request"]
        if response.exception:
            return dump(data)
        if response.status_code == 204:
            return b""
        request_id = getattr(response, "replayed_request_id", request.request_id)
        body = data if isinstance(data, Page) else {"data": data}
        return dump({"success": True, **body, "request_id": request_id})
