"""The platform's staff: they act on a business only when they name it, and leave a line in its history each time."""

from typing import Any
from uuid import UUID

from accounts.errors import SecondFactorRequired
from accounts.models import Account, Membership
from accounts.roles import Capability
from accounts.services.history import record
from core import errors, limits, tenancy


def act_for(*, by: Membership, account_id: UUID, method: str, path: str) -> Membership:
    """The seat in which a member of staff sits in this business for one request; the transaction is turned to it.

    That they came is on record whatever becomes of the request. Raises NotFound for who is not staff as for a business
    that does not exist, SecondFactorRequired.
    """
    if not (by.account.is_platform and by.may(Capability.PLATFORM_READ)):
        raise errors.NotFound
    if not (by.session and by.session.is_verified):
        raise SecondFactorRequired
    with tenancy.scope(account_id, using=limits.OUTSIDE):
        account: Any = Account.across_accounts.using(limits.OUTSIDE).filter(is_platform=False).first()
        if account is None:
            raise errors.NotFound
        seats = Membership.across_accounts.using(limits.OUTSIDE)
        seat, _ = seats.get_or_create(
            account_id=account_id, staff_id=by.user_id, defaults={"name": f"{by.name} (Makola)", "role": by.role}
        )
        seat.request_id = by.request_id
        after = {"method": method, "path": path}
        record(by=seat, action="staff.requested", subject=account, after=after, using=limits.OUTSIDE)
    tenancy.enter(account_id)
    member: Membership = Membership.across_accounts.select_related("account__subscription__plan").get(pk=seat.pk)
    member.role, member.request_id = by.role, by.request_id
    return member
