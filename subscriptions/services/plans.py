from core import errors
from subscriptions.models import SubscriptionPlan


def find_plan(*, code: str, kept: SubscriptionPlan | None = None) -> SubscriptionPlan:
    """The plan of this code, where it is offered, or the one that the business has. Raises InvalidInput."""
    plan = SubscriptionPlan.objects.filter(code=code).first()
    if plan is None or not (plan.is_offered or plan == kept):
        raise errors.InvalidInput(errors=[errors.unknown_reference("plan")])
    return plan
