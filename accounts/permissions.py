"""The first two steps of the policy: a seat in a business, and the right that the view names."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts import services
from accounts.errors import (
    AccountNotNamed,
    CapabilityMissing,
    NoBusiness,
    OwnAffair,
    PinNotEnough,
    ViewNotDeclared,
    WrongPin,
)
from core.api import fields
from core.errors import NotSignedIn


class HasTenantAccess(BasePermission):
    """Raises NotSignedIn (401) for nobody, NoBusiness (403) for a user without an active seat.

    The platform's staff have no business until they name one: AccountNotNamed (403), but for what `is_own`, about
    oneself. What `is_personal` is done neither by PIN, PinNotEnough (403), nor in a business's name, OwnAffair (403).
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        asked = request._request
        if request.auth is None:
            raise NotSignedIn
        if asked.membership is None or not asked.membership.is_active:
            raise NoBusiness
        if asked.account.is_platform and not getattr(view, "is_own", False):
            raise AccountNotNamed
        if getattr(view, "is_personal", False):
            _refuse_but_in_person(asked.membership)
        return True


def _refuse_but_in_person(member: Any) -> None:
    if member.is_by_pin:
        raise PinNotEnough
    if member.staff_id:
        raise OwnAffair


class HasCapability(BasePermission):
    """Raises CapabilityMissing (403) without the right that the view names, ViewNotDeclared where it names none.

    A write may bring a second person (`X-Approver`, `X-Approver-PIN`), whose rights it then has for this one act.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        is_read = request.method in SAFE_METHODS
        wanted = getattr(view, "read_capability" if is_read else "write_capability", None)
        if wanted is None:
            raise ViewNotDeclared
        if not is_read and "X-Approver" in request.headers:
            request.membership.approver = _approver(request)
        if not request.membership.may(wanted):
            raise CapabilityMissing(capability=wanted)
        return True


def _approver(request: Any) -> Any:
    try:
        member_id = fields.read_id(request.headers["X-Approver"])
    except ValueError:
        raise WrongPin from None
    pin = request.headers.get("X-Approver-PIN", "")
    return services.find_approver(by=request.membership, member=member_id, pin=pin)
