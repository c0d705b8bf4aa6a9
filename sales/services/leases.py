"""Receipt numbers that a device takes with it, to give them out while it is offline."""

from django.db import connection
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from sales.errors import LeaseOver, LeaseUsed, RegisterInactive, RegisterLeased
from sales.models import NumberLease, Register

_SOLD_FROM = """
SELECT 1 FROM sales
WHERE account_id = %s AND register_id = %s AND substring(receipt_number FROM '[0-9]+$')::int >= %s LIMIT 1
"""


def lease_numbers(*, by: Membership, register: Register, count: int) -> NumberLease:
    """Set the next numbers of a locked register aside for a device; until they are returned, nobody else sells there.

    Raises RegisterLeased where that is so already, RegisterInactive.
    """
    if register.open_lease_id:
        raise RegisterLeased
    if not register.is_active:
        raise RegisterInactive
    lease = NumberLease(
        account_id=by.account_id,
        register=register,
        device_id=by.session.device_id if by.session else None,
        first_number=register.last_number + 1,
        last_number=register.last_number + count,
        leased_by=by,
        leased_at=timezone.now(),
    )
    lease.save(force_insert=True)
    register.last_number, register.open_lease_id = lease.last_number, lease.pk
    register.save(update_fields=["last_number", "open_lease_id"])
    accounts.record(
        by=by,
        action="register.leased",
        subject=register,
        after={"first": lease.first_number, "last": lease.last_number},
    )
    return lease


def return_numbers(*, by: Membership, register: Register, lease: NumberLease, next_number: int) -> NumberLease:
    """Take back the numbers of a lease from `next_number` on; those below it are given out, also what is not here yet.

    The register is locked. Raises LeaseOver, LeaseUsed where a later number was sold, InvalidInput for a number that is
    neither one of the lease nor the one after it.
    """
    if lease.pk != register.open_lease_id:
        raise LeaseOver
    if not lease.first_number <= next_number <= lease.last_number + 1:
        span = f"Give a number from {lease.first_number} to {lease.last_number + 1}."
        raise errors.InvalidInput(errors=[errors.FieldError("next_number", "out_of_range", span)])
    with connection.cursor() as cursor:
        cursor.execute(_SOLD_FROM, [by.account_id, register.pk, next_number])
        if cursor.fetchone():
            raise LeaseUsed
    lease.next_number, lease.returned_at = next_number, timezone.now()
    lease.save(update_fields=["next_number", "returned_at"])
    register.last_number, register.open_lease_id = next_number - 1, None
    register.save(update_fields=["last_number", "open_lease_id"])
    accounts.record(by=by, action="register.lease_returned", subject=register, after={"next": next_number})
    return lease
