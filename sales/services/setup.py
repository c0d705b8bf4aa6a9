from typing import Any
from uuid import UUID

from django.db import models
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from inventory.models import Location
from sales.models import Customer, Register


def add_first_register(*, by: Membership) -> Register:
    """The register that a new business starts with."""
    storefront = by.account.locations.storefronts().get()
    return add_register(by=by, storefront=storefront, code="R1", name="Till 1")


def add_register(*, by: Membership, storefront: Location, code: str, name: str) -> Register:
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


def change(*, by: Membership, row: models.Model, **changes: Any) -> models.Model:
    """Change a locked register or customer."""
    accounts.change(by=by, row=row, changes=changes)
    return row
