"""The third step of the policy: is what the view belongs to switched on."""

from typing import Any

from rest_framework.permissions import BasePermission

from system import modules


class ModuleIsEnabled(BasePermission):
    """Raises ModuleDisabled (403) where the view's module is off; what belongs to no module is always on."""

    def has_permission(self, request: Any, view: Any) -> bool:
        module = getattr(view, "module", None)
        if module is not None:
            modules.require_module(request.account, module)
        return True
