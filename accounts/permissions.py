"""The first two steps of the policy: a seat in a business, and the right that the view names."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts.errors import CapabilityMissing, NoBusiness, ViewNotDeclared
from core.errors import NotSignedIn


class HasTenantAccess(BasePermission):
    """Raises NotSignedIn (401) for nobody, NoBusiness (403) for a user without an active seat."""

    def has_permission(self, request: Any, view: Any) -> bool:
        asked = request._request
        if request.auth is None:
            raise NotSignedIn
        if asked.membership is None or not asked.membership.is_active:
            raise NoBusiness
        return True


class HasCapability(BasePermission):
    """Raises CapabilityMissing (403) without the right that the view names, ViewNotDeclared where it names none."""

    def has_permission(self, request: Any, view: Any) -> bool:
        wanted = getattr(view, "read_capability" if request.method in SAFE_METHODS else "write_capability", None)
        if wanted is None:
            raise ViewNotDeclared
        if not request.membership.may(wanted):
            raise CapabilityMissing(capability=wanted)
        return True
