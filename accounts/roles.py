"""Who may do what: every right, and every role as a set of rights, on one page."""

from collections.abc import Mapping
from enum import StrEnum

from django.db import models


class Capability(StrEnum):
    """One right, `noun:verb`."""

    ACCOUNT_READ = "account:read"
    ACCOUNT_CHANGE = "account:change"
    CATALOG_READ = "catalog:read"
    CATALOG_CHANGE = "catalog:change"
    STOCK_READ = "stock:read"
    STOCK_RECEIVE = "stock:receive"
    LOCATION_CHANGE = "location:change"
    CUSTOMER_READ = "customer:read"
    CUSTOMER_CHANGE = "customer:change"
    REGISTER_CHANGE = "register:change"
    SALE_READ = "sale:read"
    SALE_COMPLETE = "sale:complete"
    SALE_REFUND = "sale:refund"
    SALE_BACKDATE = "sale:backdate"
    PRICE_OVERRIDE = "price:override"
    PRICE_WHOLESALE = "price:wholesale"
    DISCOUNT_GIVE = "discount:give"
    AUDIT_READ = "audit:read"


class Role(models.TextChoices):
    OWNER = "OWNER"
    ADMIN = "ADMIN"
    MANAGER = "MANAGER"
    CASHIER = "CASHIER"
    WAREHOUSE = "WAREHOUSE"
    STAFF = "STAFF"


_LOOK = frozenset(
    {
        Capability.ACCOUNT_READ,
        Capability.CATALOG_READ,
        Capability.STOCK_READ,
        Capability.CUSTOMER_READ,
        Capability.SALE_READ,
    }
)
_SELL = {Capability.SALE_COMPLETE, Capability.CUSTOMER_CHANGE}
_KEEP = {Capability.CATALOG_CHANGE, Capability.STOCK_RECEIVE}

CAPABILITIES: Mapping[Role, frozenset[Capability]] = {
    Role.OWNER: frozenset(Capability),
    Role.ADMIN: frozenset(Capability),
    Role.MANAGER: frozenset(Capability) - {Capability.ACCOUNT_CHANGE, Capability.AUDIT_READ},
    Role.CASHIER: _LOOK | _SELL,
    Role.WAREHOUSE: (_LOOK | _KEEP) - {Capability.SALE_READ, Capability.CUSTOMER_READ},
    Role.STAFF: _LOOK,
}
