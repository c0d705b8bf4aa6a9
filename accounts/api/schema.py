"""What the OpenAPI schema needs to know of signing in."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_mock_request

from accounts.models import Account, Membership
from accounts.roles import Role


def build_request(*args: Any, **kwargs: Any) -> Any:
    """A request from a business that does not exist: views are asked for their rows, and have none."""
    request = build_mock_request(*args, **kwargs)  # type: ignore[no-untyped-call]
    request.account = Account()
    request.membership = Membership(account=request.account, role=Role.STAFF)
    return request


class CredentialScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """By token or by cookie; a cookie needs `X-CSRFToken` with every write."""

    target_class = "accounts.authentication.AccountAuthentication"
    name = ["token", "cookie"]

    def get_security_definition(self, auto_schema: Any) -> Any:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]
