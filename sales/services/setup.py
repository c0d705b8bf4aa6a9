from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from inventory.models import Location, LocationKind
from sales.models import Customer, Register
from sales.services import mobile_payments


def add_first_register(*, by: Membership) -> Register:
    """The register that a new business starts with."""
    storefront = by.account.locations.storefronts().get()
    return add_register(by=by, storefront=storefront, code="R1", name="Till 1")


def add_register(*, by: Membership, storefront: Location, code: str, name: str) -> Register:
    """A till in a storefront. Raises InvalidInput for a place that does not sell, or is not the member's."""
    if storefront.kind != LocationKind.STOREFRONT or not by.works_at(storefront.pk):
        raise errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    register: Register = by.account.registers.create(storefront=storefront, code=code, name=name)
    accounts.record(by=by, action="register.added", subject=register, after={"code": code})
    return register


def add_customer(
    *,
    by: Membership,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    **facts: Any,
) -> Customer:
    customer: Customer = by.account.customers.create(id=id or uuid7(), **facts)
    accounts.record(by=by, action="customer.added", subject=customer)
    return customer


def change_register(*, by: Membership, register: Register, **changes: Any) -> Register:
    accounts.change(by=by, row=register, changes=changes)
    return register


def change_customer(*, by: Membership, customer: Customer, **changes: Any) -> Customer:
    accounts.change(by=by, row=customer, changes=changes)
    return customer


def erase_customer(*, by: Membership, customer: Customer) -> Customer:
    """Forget who a locked customer is; what they bought stays."""
    mobile_payments.forget_payer(by=by, customer=customer)
    accounts.erase(by=by, row=customer, name="Erased customer", is_active=False)
    return customer
