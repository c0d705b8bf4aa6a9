"""What views of signing in and of oneself declare."""

from typing import Any, ClassVar, TypedDict

from rest_framework.serializers import BaseSerializer

from accounts.permissions import HasTenantAccess
from core import limits
from core.api.requests import AccountRequest, address_of
from core.api.serializers import kept
from core.api.views import DeclaredView


class InputView(DeclaredView):
    """A view whose input does not depend on the action."""

    input_class: ClassVar[type[BaseSerializer[Any]] | None] = None

    def validated(self, request: AccountRequest) -> dict[str, Any]:
        if self.input_class is None:
            return {}
        return dict(kept(self.input_class, context={"request": request}).run_validation(request.data))


class PublicView(InputView):
    """A view for everybody. All of them are listed in tests/access.py."""

    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        limits.hit("anonymous", address_of(request))
        super().initial(request, *args, **kwargs)


class OwnView(InputView):
    """A view about oneself: any member may, whatever the role and the subscription, but not by PIN alone."""

    permission_classes = (HasTenantAccess,)
    is_own = True
    is_personal = True


class Origin(TypedDict):
    """Where somebody signs in from, for the list of their sessions."""

    address: str
    user_agent: str
    request_id: str


def origin_of(request: AccountRequest) -> Origin:
    return {
        "address": address_of(request),
        "user_agent": request.headers.get("User-Agent", ""),
        "request_id": request.request_id,
    }
