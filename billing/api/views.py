from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from billing import services
from billing.errors import NoticeInvalid
from core import errors, limits
from core.api import fields
from core.api.requests import AccountRequest, address_of
from core.api.views import DeclaredView

MOST_BYTES = 64 * 1024


class RawParser(BaseParser):
    """The bytes as they came: a signature is over them."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise errors.BodyTooLarge(limit=MOST_BYTES)
        return body


@extend_schema(exclude=True)
class WebhookView(DeclaredView):
    """Where a gateway sends its notices. It has no session and needs none: a notice only makes us ask the gateway.

    The address may name the business, for what bears no reference of ours.
    """

    authentication_classes = ()
    permission_classes = ()
    parser_classes = (RawParser,)
    gateway: ClassVar[str] = ""

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        limits.hit("webhook", address_of(request))
        super().initial(request, *args, **kwargs)

    def post(self, request: AccountRequest, account: str = "") -> Response:
        """The answer is the same for what is new, known, and about nothing of ours."""
        body = request.data
        if not isinstance(body, bytes):
            raise NoticeInvalid  # there is none
        services.receive_notice(gateway=self.gateway, account_id=_read(account), body=body, headers=request.headers)
        return Response({"received": True})


class MomoWebhookView(WebhookView):
    """MTN calls by PUT, and sometimes by POST."""

    gateway = "MOMO"

    def put(self, request: AccountRequest, account: str = "") -> Response:
        return self.post(request, account)


class PaystackWebhookView(WebhookView):
    gateway = "PAYSTACK"


class StripeWebhookView(WebhookView):
    gateway = "STRIPE"


def _read(account: str) -> UUID | None:
    try:
        return fields.read_id(account) if account else None
    except ValueError:
        raise errors.NotFound from None
