"""What a sale begins with: the next number of its register, its shift, and the levies of its day."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from accounts.models import Membership
from core import errors
from inventory.services import Shelf
from sales.errors import RegisterInactive
from sales.pricing import LevyRate

# The counter's row is the register's lock: one register sells one thing after another, and a sale that fails gives its
# number back with everything else. Its open shift and what is levied that day come along with it.
_OPEN_RECEIPT = """
UPDATE registers r SET last_number = r.last_number + 1 FROM locations l
WHERE r.account_id = %(account)s AND r.id = %(register)s AND r.storefront_id = %(storefront)s AND r.is_active
  AND l.account_id = r.account_id AND l.id = r.storefront_id AND l.is_active AND l.kind = 'STOREFRONT'
RETURNING r.code, r.last_number, r.open_shift_id, ARRAY(
  SELECT json_build_array(tax_class, code, name, rate::text) FROM levies
  WHERE country = %(country)s::text AND starts_on <= %(on)s AND (ends_on >= %(on)s OR ends_on IS NULL)
  ORDER BY tax_class, rate DESC, code
)
"""


@dataclass(frozen=True)
class Receipt:
    """What a sale begins with: its number, the shift, and the levies that are in force, per class of goods."""

    number: str
    shift_id: UUID | None
    levies: Mapping[str, tuple[LevyRate, ...]]


def open_receipt(*, by: Membership, register_id: UUID, shelf: Shelf) -> Receipt:
    """Take a number of the register, which stays locked. Raises InvalidInput for a register or a storefront that is not
    there, RegisterInactive for one that is switched off."""
    account, storefront_id = by.account, shelf.location_id
    wanted = {
        "account": account.pk,
        "register": register_id,
        "storefront": storefront_id,
        "country": account.country if account.is_tax_registered else None,
        "on": shelf.on,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_RECEIPT, wanted)
        row = cursor.fetchone()
    if row is None:
        raise _no_register(by=by, register_id=register_id, storefront_id=storefront_id)
    code, number, shift_id, levied = row
    levies: dict[str, tuple[LevyRate, ...]] = {}
    for tax_class, levy, name, rate in levied:
        levies[tax_class] = (*levies.get(tax_class, ()), LevyRate(levy, name, Decimal(rate)))
    return Receipt(f"{code}-{number:06d}", shift_id, levies)


def _no_register(*, by: Membership, register_id: UUID, storefront_id: UUID) -> errors.DomainError:
    """Why no number could be taken: what is unknown, or that it is switched off."""
    if not by.account.locations.storefronts().filter(pk=storefront_id).exists():
        return errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    if not by.account.registers.filter(pk=register_id, storefront=storefront_id).exists():
        return errors.InvalidInput(errors=[errors.unknown_reference("register")])
    return RegisterInactive()
