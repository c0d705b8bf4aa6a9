from accounts import services as accounts
from accounts.models import Membership
from system.models import AccountModuleSettings


def open_module_settings(*, by: Membership) -> AccountModuleSettings:
    """The business's one row of switches, made when it is first asked for."""
    held: AccountModuleSettings | None = getattr(by.account, "module_settings", None)
    return held or AccountModuleSettings.across_accounts.get_or_create(account=by.account)[0]


def change_modules(*, by: Membership, row: AccountModuleSettings, **switches: bool) -> AccountModuleSettings:
    """Switch modules of a locked row on or off; nothing that they have written is touched."""
    accounts.change(by=by, row=row, changes=switches)
    return row
