"""What every answer to a member says of the subscription, in headers, so that a till need not ask."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase

from subscriptions.checker import SubscriptionChecker


class SubscriptionHeadersMiddleware:
    """Stands within AccountContextMiddleware, which has read the subscription already: nothing is asked again."""

    def __init__(self, get_response: Callable[[Any], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        response = self.get_response(request)
        member = request.membership
        if member is not None and member.is_active and not request.account.is_platform:
            for name, value in _headers(SubscriptionChecker(request.account)).items():
                response.headers[name] = value
        return response


def _headers(checker: SubscriptionChecker) -> dict[str, str]:
    said = {"X-Subscription-Status": str(checker.state)}
    if checker.held and checker.plan:
        said |= {
            "X-Subscription-Plan": checker.plan.code,
            "X-Subscription-Expires": checker.held.ends_on.isoformat(),
        }
    if checker.grace_ends_on:
        said["X-Subscription-Grace-Ends"] = checker.grace_ends_on.isoformat()
    return said
