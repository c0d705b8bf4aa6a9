"""What a sale begins with: the next number of its register, its shift, and the levies and offers of its day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from accounts.models import Membership
from core import errors
from inventory.services import Shelf
from sales import offers
from sales.errors import NumberNotLeased, RegisterInactive, RegisterLeased
from sales.objections import REFUSING, Objections
from sales.offers import Customs, Offers
from sales.pricing import LevyRate
from sales.services import drawers

Levies = Mapping[str, tuple[LevyRate, ...]]  # per class of goods

# Of several rows of one levy the one that began last is in force.
_LEVIES = """ARRAY(
  SELECT json_build_array(tax_class, code, name, rate::text, stage) FROM (
    SELECT DISTINCT ON (tax_class, code) tax_class, code, name, rate, stage FROM levies
    WHERE country = %(country)s::text AND starts_on <= %(on)s AND (ends_on >= %(on)s OR ends_on IS NULL)
    ORDER BY tax_class, code, starts_on DESC) in_force
  ORDER BY tax_class, stage, rate DESC, code
)"""
# The counter's row is the register's lock: one register sells one thing after another, and a sale that fails gives its
# number back with everything else. Its open shift, its leases, what is levied and what is offered that day come along
# with it. A number that the till has given out by itself is counted already.
_OPEN_RECEIPT = f"""
UPDATE registers r SET last_number = r.last_number + %(taken)s FROM locations l
WHERE r.account_id = %(account)s AND r.id = %(register)s AND r.storefront_id = %(storefront)s
  AND l.account_id = r.account_id AND l.id = r.storefront_id AND l.kind = 'STOREFRONT'
  AND (r.is_active AND l.is_active OR %(has_happened)s)
RETURNING r.code, coalesce(%(number)s::int, r.last_number), r.open_shift_id,
  (SELECT s.opened_at FROM shifts s WHERE s.account_id = r.account_id AND s.id = r.open_shift_id),
  r.open_lease_id, r.is_active AND l.is_active, {_LEVIES}, {offers.COLUMNS}
"""
# The same for a sale that is only asked about, and whether the customer is there.
_LOOK = f"""
SELECT {_LEVIES}, {offers.COLUMNS}, %(customer)s::uuid IS NULL OR EXISTS (
  SELECT 1 FROM customers WHERE account_id = %(account)s AND id = %(customer)s)
FROM locations WHERE account_id = %(account)s AND id = %(storefront)s AND is_active AND kind = 'STOREFRONT'
"""


@dataclass(frozen=True)
class Receipt:
    """What a sale begins with: its number, its shift, the levies that are in force, per class of goods, and offers."""

    number: str
    shift_id: UUID | None
    levies: Levies
    offers: Offers
    is_late: bool = False  # for a shift that is closed


def open_receipt(
    *,
    by: Membership,
    register_id: UUID,
    shelf: Shelf,
    customs: Customs,
    given_out: str | None = None,
    shift_id: UUID | None = None,
    sold_at: datetime | None = None,
    objections: Objections = REFUSING,
) -> Receipt:
    """Take a number of the register, which stays locked; or the one that a till has given out from its lease.

    Raises InvalidInput for a register or a storefront that is not there, RegisterInactive for one that is switched off,
    RegisterLeased where only what brings its own number is sold, NumberNotLeased, and for the shift what `find_turn`
    raises.
    """
    wanted = {
        **_wanted(by, shelf, customs),
        "register": register_id,
        "number": None if given_out is None else int(given_out.rpartition("-")[2]),
        "taken": 1 if given_out is None else 0,
        "has_happened": objections.has_happened,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_RECEIPT, wanted)
        row = cursor.fetchone()
    if row is None:
        raise _no_register(by=by, register_id=register_id, storefront_id=shelf.location_id)
    code, number, open_shift_id, opened_at, lease_id, is_active, levied, *offered = row
    if not is_active:
        objections.note(RegisterInactive())
    receipt_number = f"{code}-{number:06d}"
    if given_out is None and lease_id:
        raise RegisterLeased
    if given_out is not None and not (given_out == receipt_number and _is_leased(by, register_id, number)):
        raise NumberNotLeased
    turn = drawers.find_turn(
        by=by,
        register_id=register_id,
        open_shift_id=open_shift_id,
        opened_at=opened_at,
        named=shift_id,
        at=sold_at,
        objections=objections,
    )
    return Receipt(receipt_number, turn.shift_id, _by_class(levied), offers.read(*offered), turn.is_late)


def _is_leased(by: Membership, register_id: UUID, number: int) -> bool:
    """Whether the number is in a lease of the locked register. Asked when that is locked, and not with it: a statement
    that waited would see the leases as they were before."""
    holds = Q(next_number__isnull=True, last_number__gte=number) | Q(next_number__gt=number)
    leases = by.account.number_leases.filter(holds, register=register_id, first_number__lte=number)
    is_in_one: bool = leases.exists()
    return is_in_one


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


def _by_class(levied: Sequence[Any]) -> Levies:
    levies: dict[str, tuple[LevyRate, ...]] = {}
    for tax_class, levy, name, rate, stage in levied:
        levies[tax_class] = (*levies.get(tax_class, ()), LevyRate(levy, name, Decimal(rate), stage))
    return levies


def _no_register(*, by: Membership, register_id: UUID, storefront_id: UUID) -> errors.DomainError:
    """Why no number could be taken: what is unknown, or that it is switched off."""
    if not by.account.locations.storefronts().filter(pk=storefront_id).exists():
        return errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    if not by.account.registers.filter(pk=register_id, storefront=storefront_id).exists():
        return errors.InvalidInput(errors=[errors.unknown_reference("register")])
    return RegisterInactive()
