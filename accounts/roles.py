"""Who may do what, and how far: every right, every role as a set of rights, its limits, on one page."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import models


class Capability(StrEnum):
    """One right, `noun:verb`. Those of what is still to come are named already."""

    ACCOUNT_READ = "account:read"
    ACCOUNT_CHANGE = "account:change"
    ACCOUNT_EXPORT = "account:export"
    MEMBER_READ = "member:read"
    MEMBER_CHANGE = "member:change"
    OWNER_CHANGE = "owner:change"
    DEVICE_READ = "device:read"
    DEVICE_CHANGE = "device:change"
    AUDIT_READ = "audit:read"
    SUBSCRIPTION_READ = "subscription:read"
    SUBSCRIPTION_CHANGE = "subscription:change"
    CREDIT_READ = "credit:read"
    CREDIT_SPEND = "credit:spend"
    CREDIT_BUY = "credit:buy"
    SETTINGS_READ = "settings:read"
    SETTINGS_CHANGE = "settings:change"
    TASK_READ = "task:read"
    FILE_ADD = "file:add"
    CATALOG_READ = "catalog:read"
    CATALOG_CHANGE = "catalog:change"
    CATALOG_IMPORT = "catalog:import"
    SUPPLIER_CHANGE = "supplier:change"
    LOCATION_CHANGE = "location:change"
    STOCK_READ = "stock:read"
    STOCK_RECEIVE = "stock:receive"
    STOCK_TRANSFER = "stock:transfer"
    STOCK_COUNT = "stock:count"
    STOCK_ADJUST = "stock:adjust"
    STOCK_APPROVE = "stock:approve"
    CUSTOMER_READ = "customer:read"
    CUSTOMER_CHANGE = "customer:change"
    CUSTOMER_ERASE = "customer:erase"
    DEBT_READ = "debt:read"
    DEBT_COLLECT = "debt:collect"
    DEBT_ALLOW = "debt:allow"
    DEBT_WRITE_OFF = "debt:write_off"
    REGISTER_CHANGE = "register:change"
    SHIFT_WORK = "shift:work"
    SHIFT_REVIEW = "shift:review"
    CASH_MOVE = "cash:move"
    SALE_READ = "sale:read"
    SALE_COMPLETE = "sale:complete"
    SALE_REFUND = "sale:refund"
    SALE_VOID = "sale:void"
    SALE_BACKDATE = "sale:backdate"
    PRICE_CHANGE = "price:change"
    PRICE_OVERRIDE = "price:override"
    PRICE_WHOLESALE = "price:wholesale"
    DISCOUNT_GIVE = "discount:give"
    REPORT_READ = "report:read"
    REPORT_EXPORT = "report:export"
    PLATFORM_READ = "platform:read"
    PLATFORM_ACT = "platform:act"


class Role(models.TextChoices):
    OWNER = "OWNER"
    ADMIN = "ADMIN"
    MANAGER = "MANAGER"
    CASHIER = "CASHIER"
    WAREHOUSE = "WAREHOUSE"
    STAFF = "STAFF"  # looks, and does nothing
    SUPPORT = "SUPPORT"  # the platform's staff
    OPERATOR = "OPERATOR"  # the platform's staff who may act for a business


PLATFORM = frozenset({Role.SUPPORT, Role.OPERATOR})

_PLATFORM_RIGHTS = frozenset({Capability.PLATFORM_READ, Capability.PLATFORM_ACT})
_BUSINESS = frozenset(Capability) - _PLATFORM_RIGHTS
_LOOK = frozenset(
    {
        Capability.ACCOUNT_READ,
        Capability.CATALOG_READ,
        Capability.STOCK_READ,
        Capability.CUSTOMER_READ,
        Capability.SALE_READ,
        Capability.TASK_READ,
    }
)
_SELL = {
    Capability.SALE_COMPLETE,
    Capability.CUSTOMER_CHANGE,
    Capability.DEBT_COLLECT,
    Capability.SHIFT_WORK,
    Capability.CASH_MOVE,
}
_KEEP = {
    Capability.FILE_ADD,
    Capability.CATALOG_CHANGE,
    Capability.CATALOG_IMPORT,
    Capability.SUPPLIER_CHANGE,
    Capability.STOCK_RECEIVE,
    Capability.STOCK_TRANSFER,
    Capability.STOCK_COUNT,
    Capability.STOCK_ADJUST,
}
# What is the business's own affair, and not its daily work.
_GOVERN = {
    Capability.ACCOUNT_CHANGE,
    Capability.ACCOUNT_EXPORT,
    Capability.MEMBER_CHANGE,
    Capability.OWNER_CHANGE,
    Capability.AUDIT_READ,
    Capability.SUBSCRIPTION_CHANGE,
    Capability.CREDIT_BUY,
    Capability.SETTINGS_CHANGE,
    Capability.CUSTOMER_ERASE,
    Capability.DEBT_WRITE_OFF,
}

CAPABILITIES: Mapping[Role, frozenset[Capability]] = {
    Role.OWNER: _BUSINESS,
    Role.ADMIN: _BUSINESS - {Capability.OWNER_CHANGE},
    Role.MANAGER: _BUSINESS - _GOVERN,
    Role.CASHIER: _LOOK | _SELL,
    Role.WAREHOUSE: (_LOOK | _KEEP) - {Capability.SALE_READ, Capability.CUSTOMER_READ},
    Role.STAFF: _LOOK,
    Role.SUPPORT: frozenset(right for right in Capability if right.endswith(":read")),
    Role.OPERATOR: _BUSINESS | _PLATFORM_RIGHTS,
}

# What a second person may lend, for one act, by PIN.
APPROVABLE = frozenset(
    {
        Capability.SALE_REFUND,
        Capability.SALE_VOID,
        Capability.SALE_BACKDATE,
        Capability.PRICE_OVERRIDE,
        Capability.PRICE_WHOLESALE,
        Capability.DISCOUNT_GIVE,
        Capability.STOCK_ADJUST,
        Capability.STOCK_APPROVE,
        Capability.DEBT_ALLOW,
        Capability.DEBT_WRITE_OFF,
        Capability.CASH_MOVE,
    }
)
# All that a session begun by four digits may do, whoever's they are.
AT_THE_TILL = _LOOK | _SELL | _KEEP | APPROVABLE | {Capability.DEBT_READ, Capability.SHIFT_REVIEW}


@dataclass(frozen=True)
class Limits:
    """The largest act of each kind without a second person. Amounts are in the currency's smallest unit; None is none.

    A discount is a percentage of what it is taken from.
    """

    discount: Decimal | None = None
    refund: Decimal | None = None
    adjustment: Decimal | None = None

    def or_wider(self, other: "Limits") -> "Limits":
        """For each kind the wider of the two."""
        pairs = ((getattr(self, kind), getattr(other, kind)) for kind in ("discount", "refund", "adjustment"))
        return Limits(*(None if None in pair else max(pair) for pair in pairs))


_NOTHING = Limits(discount=Decimal(0), refund=Decimal(0), adjustment=Decimal(0))

LIMITS: Mapping[Role, Limits] = {
    Role.OWNER: Limits(),
    Role.ADMIN: Limits(),
    Role.MANAGER: Limits(discount=Decimal(30), refund=Decimal(200_000), adjustment=Decimal(200_000)),
    Role.CASHIER: _NOTHING,
    Role.WAREHOUSE: Limits(discount=Decimal(0), refund=Decimal(0), adjustment=Decimal(20_000)),
    Role.STAFF: _NOTHING,
    Role.SUPPORT: _NOTHING,
    Role.OPERATOR: Limits(),
}

# Whose limits a business may set as it likes; those who govern it have none, who only looks does nothing.
LIMITABLE = (Role.MANAGER, Role.CASHIER, Role.WAREHOUSE)


def limits_of(role: Role, chosen: Mapping[str, Any]) -> Limits:
    """The limits of a role in a business that has chosen these, by role, as `keep_limits` writes them."""
    found = chosen.get(role)
    if found is None:
        return LIMITS[role]
    return Limits(**{kind: None if most is None else Decimal(most) for kind, most in found.items()})


def keep_limits(limits: Limits) -> dict[str, str | None]:
    """Limits as they are kept with an account."""
    kinds = {"discount": limits.discount, "refund": limits.refund, "adjustment": limits.adjustment}
    return {kind: None if most is None else f"{most:f}" for kind, most in kinds.items()}
