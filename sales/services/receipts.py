"""What a sale begins with: the next number of its register, its shift, and the levies and offers of its day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import Membership
from core import errors
from inventory.services import Shelf
from sales import offers
from sales.errors import RegisterInactive
from sales.offers import Customs, Offers
from sales.pricing import LevyRate
from sales.services import drawers

_LEVIES = """ARRAY(
  SELECT json_build_array(tax_class, code, name, rate::text) FROM levies
  WHERE country = %(country)s::text AND starts_on <= %(on)s AND (ends_on >= %(on)s OR ends_on IS NULL)
  ORDER BY tax_class, rate DESC, code
)"""
# The counter's row is the register's lock: one register sells one thing after another, and a sale that fails gives its
# number back with everything else. Its open shift, what is levied and what is offered that day come along with it.
_OPEN_RECEIPT = f"""
UPDATE registers r SET last_number = r.last_number + 1 FROM locations l
WHERE r.account_id = %(account)s AND r.id = %(register)s AND r.storefront_id = %(storefront)s AND r.is_active
  AND l.account_id = r.account_id AND l.id = r.storefront_id AND l.is_active AND l.kind = 'STOREFRONT'
RETURNING r.code, r.last_number, r.open_shift_id, {_LEVIES}, {offers.COLUMNS}
"""
# The same for a sale that is only asked about, and whether the customer is there.
_LOOK = f"""
SELECT {_LEVIES}, {offers.COLUMNS}, %(customer)s::uuid IS NULL OR EXISTS (
  SELECT 1 FROM customers WHERE account_id = %(account)s AND id = %(customer)s)
FROM locations WHERE account_id = %(account)s AND id = %(storefront)s AND is_active AND kind = 'STOREFRONT'
"""


@dataclass(frozen=True)
class Receipt:
    """What a sale begins with: its number, the shift, the levies that are in force, per class of goods, and offers."""

    number: str
    shift_id: UUID | None
    levies: Mapping[str, tuple[LevyRate, ...]]
    offers: Offers


def open_receipt(*, by: Membership, register_id: UUID, shelf: Shelf, customs: Customs) -> Receipt:
    """Take a number of the register, which stays locked. Raises InvalidInput for a register or a storefront that is not
    there, RegisterInactive for one that is switched off, ShiftRequired."""
    wanted = {**_wanted(by, shelf, customs), "register": register_id}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_RECEIPT, wanted)
        row = cursor.fetchone()
    if row is None:
        raise _no_register(by=by, register_id=register_id, storefront_id=shelf.location_id)
    code, number, shift_id, levied, *offered = row
    drawers.check_shift(by=by, shift_id=shift_id)
    return Receipt(f"{code}-{number:06d}", shift_id, _by_class(levied), offers.read(*offered))


def look_up_terms(*, by: Membership, shelf: Shelf, customs: Customs) -> Receipt:
    """The same without taking a number. Raises InvalidInput for a storefront or a customer that is not there."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, _wanted(by, shelf, customs))
        row = cursor.fetchone()
    if row is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    levied, *offered, is_known = row
    if not is_known:
        raise errors.InvalidInput(errors=[errors.unknown_reference("customer")])
    return Receipt("", None, _by_class(levied), offers.read(*offered))


def _wanted(by: Membership, shelf: Shelf, customs: Customs) -> dict[str, Any]:
    account = by.account
    return {
        "account": account.pk,
        "storefront": shelf.location_id,
        "country": account.country if account.is_tax_registered else None,
        "on": shelf.on,
        **customs.as_wanted(),
    }


def _by_class(levied: Sequence[Any]) -> dict[str, tuple[LevyRate, ...]]:
    levies: dict[str, tuple[LevyRate, ...]] = {}
    for tax_class, levy, name, rate in levied:
        levies[tax_class] = (*levies.get(tax_class, ()), LevyRate(levy, name, Decimal(rate)))
    return levies


def _no_register(*, by: Membership, register_id: UUID, storefront_id: UUID) -> errors.DomainError:
    """Why no number could be taken: what is unknown, or that it is switched off."""
    if not by.account.locations.storefronts().filter(pk=storefront_id).exists():
        return errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    if not by.account.registers.filter(pk=register_id, storefront=storefront_id).exists():
        return errors.InvalidInput(errors=[errors.unknown_reference("register")])
    return RegisterInactive()
