"""How far a business has come since it registered, read from what it has: nobody ticks anything off."""

from collections.abc import Callable
from typing import NamedTuple

from accounts.models import Account
from system.errors import OnboardingUnfinished

Question = Callable[[Account], bool]


def has(collection: str) -> Question:
    """Whether the account has any row of a collection, which may live on a higher floor."""
    return lambda account: getattr(account, collection).exists()


class Step(NamedTuple):
    name: str
    is_done: Question
    is_required: bool = False


STEPS = (
    Step("business_details", lambda account: bool(account.receipt_header)),
    Step("first_product", has("products"), is_required=True),
    Step("first_stock", has("stock_movements")),
    Step("first_sale", has("sales")),
    Step("second_member", lambda account: account.memberships.filter(is_active=True, user__isnull=False).count() > 1),
    Step("first_device", has("devices")),
    Step("own_keys", has("integrations")),
)


def require_onboarding(account: Account) -> None:
    """Raises OnboardingUnfinished, with the steps that are missing."""
    missing = [step.name for step in STEPS if step.is_required and not step.is_done(account)]
    if missing:
        raise OnboardingUnfinished(missing=missing)
