"""Where money comes in and goes out: a register, with the shift that is open there."""

from uuid import UUID

from accounts.models import Membership
from core import errors
from sales.errors import RegisterInactive, ShiftRequired
from sales.models import Register


def find_drawer(*, by: Membership, register_id: UUID) -> Register:
    """The register, locked: nobody opens or closes a shift there meanwhile.

    Raises InvalidInput for one that is unknown or where the member does not work, RegisterInactive, ShiftRequired.
    """
    register: Register | None = by.account.registers.open_to(by).filter(pk=register_id).locked().first()
    if register is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("register")])
    if not register.is_active:
        raise RegisterInactive
    check_shift(by=by, shift_id=register.open_shift_id)
    return register


def check_shift(*, by: Membership, shift_id: UUID | None) -> None:
    """Raises ShiftRequired where the business sells in shifts only, and none is open."""
    if shift_id is None and by.account.is_shift_required:
        raise ShiftRequired
