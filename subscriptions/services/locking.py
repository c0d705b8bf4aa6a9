from accounts.models import Account
from subscriptions.models import Subscription


def lock_subscription(*, account: Account) -> Subscription | None:
    """What the business holds, locked, and as everybody who asks the account from now on sees it."""
    rows = Subscription.across_accounts.select_related("plan", "next_plan", "given_plan").filter(account_id=account.pk)
    held: Subscription | None = rows.locked().first()
    if held:
        held.account = account
        Subscription._meta.get_field("account").remote_field.set_cached_value(account, held)
    return held
