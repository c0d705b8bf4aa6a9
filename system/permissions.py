"""The third step of the policy: is what the view belongs to switched on."""

from typing import Any

from rest_framework.permissions import BasePermission

from system import modules, onboarding


class ModuleIsEnabled(BasePermission):
    """Raises ModuleDisabled (403) where the view's module is off; what belongs to no module is always on."""

    def has_permission(self, request: Any, view: Any) -> bool:
        module = getattr(view, "module", None)
        if module is not None:
            modules.require_module(request.account, module)
        return True


class OnboardingIsFinished(BasePermission):
    """Raises OnboardingUnfinished (403) for the actions that a view marks in `needs_onboarding`, and for no others."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if getattr(view, "action", None) in getattr(view, "needs_onboarding", ()):
            onboarding.require_onboarding(request.account)
        return True
