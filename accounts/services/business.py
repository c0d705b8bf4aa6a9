"""A business: opened, and its own facts changed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Account, Membership
from accounts.roles import Limits, Role, keep_limits
from accounts.services.history import change, record
from accounts.services.members import add_member


def open_account(
    *,
    account_id: UUID,
    business_name: str,
    name: str,
    email: str,
    password: str,
    country: str,
    currency: str,
    time_zone: str,
    is_verified: bool = False,
    request_id: str = "",
) -> Membership:
    """A new business with its owner and what `ACCOUNT_SETUP` names. Stand in `scope(account_id)`: the id comes first.

    Raises WeakPassword; the constraint `one_user_per_email` refuses a person who is here already.
    """
    account = Account.across_accounts.create(
        id=account_id,
        name=business_name,
        country=country,
        currency=currency,
        time_zone=time_zone,
    )
    owner = add_member(
        account=account, name=name, email=email, password=password, role=Role.OWNER, is_verified=is_verified
    )
    owner.request_id = request_id
    set_up(by=owner)
    return owner


def set_up(*, by: Membership) -> None:
    """Give a new business what it starts with: the first line of its history, and what `ACCOUNT_SETUP` names."""
    record(by=by, action="account.opened", subject=by.account, after={"name": by.account.name})
    for step in settings.ACCOUNT_SETUP:
        import_string(step)(by=by)


def change_account(*, by: Membership, account: Account, **changes: Any) -> Account:
    """Change the business's own facts; `account` is locked."""
    chosen: Mapping[Role, Limits | None] = changes.pop("approval_limits", {})
    if chosen:
        kept = {role: limits for role, limits in account.approval_limits.items() if role not in chosen}
        changes["approval_limits"] = {**kept, **{role: keep_limits(each) for role, each in chosen.items() if each}}
    change(by=by, row=account, changes=changes)
    return account
