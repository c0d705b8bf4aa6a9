"""The last step of the policy: is it paid for."""

from typing import Any, ClassVar

from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts.errors import ViewNotDeclared
from subscriptions.checker import SubscriptionChecker
from subscriptions.errors import SubscriptionExpired
from subscriptions.policy import Feature


class SubscriptionAllows(BasePermission):
    """Raises SubscriptionExpired (402) where the policy table says so for the view's feature.

    Where only what was begun may be finished, the actions that the view names are let in: their service looks what was
    begun when.
    """

    feature: ClassVar[Feature | None] = None

    def has_permission(self, request: Any, view: Any) -> bool:
        named = self.feature or getattr(view, "feature", None)
        if named is None:
            raise ViewNotDeclared
        checker, feature = SubscriptionChecker(request.account), Feature(named)
        writes = request.method not in SAFE_METHODS
        finishes = getattr(view, "action", None) in getattr(view, "finishing", ())
        if not checker.allows(feature, writes=writes, finishes=finishes):
            raise SubscriptionExpired(state=checker.state, feature=feature)
        return True


class RequiresActiveSubscription(SubscriptionAllows):
    feature = Feature.SALES


class RequiresSubscriptionForInventoryModification(SubscriptionAllows):
    feature = Feature.INVENTORY


class RequiresSubscriptionForReports(SubscriptionAllows):
    feature = Feature.REPORTS


class RequiresSubscriptionForExports(SubscriptionAllows):
    feature = Feature.EXPORTS


class RequiresSubscriptionForAutomation(SubscriptionAllows):
    feature = Feature.AUTOMATION
