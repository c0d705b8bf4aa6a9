"""The modules of the product, and whether a business has them switched on."""

from enum import StrEnum

from accounts.models import Account
from system.errors import ModuleDisabled
from system.models import AccountModuleSettings


class Module(StrEnum):
    # The assistants, which credits pay for.
    PLANNER = "planner"
    WRITER = "writer"
    THINKER = "thinker"
    AUTOMATION = "automation"
    SITE_BUILDER = "site_builder"
    LINKER = "linker"
    OPTIMIZER = "optimizer"
    PUBLISHER = "publisher"
    # The shop.
    INVENTORY = "inventory"
    SALES = "sales"
    CUSTOMERS = "customers"
    REPORTS = "reports"


def switches_of(account: Account) -> dict[str, bool]:
    """Every module, and whether it is on."""
    held = getattr(account, "module_settings", None) or AccountModuleSettings()
    return {module.value: getattr(held, f"{module}_enabled") for module in Module}


def is_enabled(account: Account, module: str) -> bool:
    """Whether it is on. What is no module is off."""
    return switches_of(account).get(module, False)


def require_module(account: Account, module: str) -> None:
    """Raises ModuleDisabled for a module that is off."""
    if not is_enabled(account, module):
        raise ModuleDisabled(module=module)
