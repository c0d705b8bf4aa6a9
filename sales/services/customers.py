"""Whom a shop knows by name, and on which terms they buy."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability
from sales.errors import CustomerOwes, GoodsLaidAside, WalletNotEmpty
from sales.models import Customer, CustomerGroup, LayawayStatus
from sales.services import mobile_payments, rights

# What decides how much a customer may owe, and what they pay.
_TERMS = ("group", "credit_limit", "terms_days", "is_blocked", "is_active")


def add_customer(
    *,
    by: Membership,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    **facts: Any,
) -> Customer:
    """Raises CapabilityMissing for terms of their own without the right to allow debts, and ModuleDisabled."""
    customer = Customer(account_id=by.account_id, id=id or uuid7())
    rights.check_customer(by, customer)
    _check_terms(by, customer, facts)
    for name, value in facts.items():
        setattr(customer, name, value)
    customer.save(force_insert=True)
    accounts.record(by=by, action="customer.added", subject=customer)
    return customer


def change_customer(*, by: Membership, customer: Customer, **changes: Any) -> Customer:
    """Change a locked customer. Raises CapabilityMissing for other terms without the right to allow debts."""
    _check_terms(by, customer, changes)
    accounts.change(by=by, row=customer, changes=changes)
    return customer


def _check_terms(by: Membership, customer: Customer, facts: Mapping[str, Any]) -> None:
    if any(name in facts and facts[name] != getattr(customer, name) for name in _TERMS):
        rights.check_right(by, Capability.DEBT_ALLOW)


def erase_customer(*, by: Membership, customer: Customer) -> Customer:
    """Forget who a locked customer is; what they bought stays. Raises CustomerOwes, WalletNotEmpty,
    GoodsLaidAside."""
    if customer.debt:
        raise CustomerOwes(debt=by.account.show_money(customer.debt))
    if customer.wallet:
        raise WalletNotEmpty(wallet=by.account.show_money(customer.wallet))
    if customer.layaways.filter(status=LayawayStatus.OPEN).exists():
        raise GoodsLaidAside
    mobile_payments.forget_payer(by=by, customer=customer)
    accounts.erase(by=by, row=customer, name="Erased customer", is_active=False)
    return customer


def add_customer_group(*, by: Membership, name: str) -> CustomerGroup:
    group: CustomerGroup = by.account.customer_groups.create(name=name)
    accounts.record(by=by, action="customer_group.added", subject=group, after={"name": name})
    return group


def change_customer_group(*, by: Membership, group: CustomerGroup, **changes: Any) -> CustomerGroup:
    accounts.change(by=by, row=group, changes=changes)
    return group


def remove_customer_group(*, by: Membership, group: CustomerGroup) -> None:
    """Remove a locked group that nobody is in; of any other the database says that it is in use."""
    accounts.record(by=by, action="customer_group.removed", subject=group, before={"name": group.name})
    group.delete()
