"""The last step of the policy: is it paid for."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts.errors import ViewNotDeclared
from subscriptions import policy, queries
from subscriptions.errors import SubscriptionExpired
from subscriptions.policy import Feature


class SubscriptionAllows(BasePermission):
    """Raises SubscriptionExpired (402) where the policy table says so for the view's feature.

    Where only what was begun may be finished, the actions that the view names are let in: their service looks what was
    begun when.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        if getattr(view, "feature", None) is None:
            raise ViewNotDeclared
        state = queries.state_of(request.account)
        writes = request.method not in SAFE_METHODS
        finishes = getattr(view, "action", None) in getattr(view, "finishing", ())
        if not policy.allows(Feature(view.feature), state, writes=writes, finishes=finishes):
            raise SubscriptionExpired(state=state, feature=view.feature)
        return True
