"""Credits promised to work that can fail: paid for when it is done, free again when it is not, or takes too long."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Account, Membership
from billing import costs, ledger
from billing.errors import InsufficientCreditsError, ReservationOver
from billing.ledger import Entry
from billing.models import CreditKind, CreditReservation, CreditTransaction, ReservationState
from core import errors
from system import modules

RESERVED_MINUTES = 15
MOST_RESERVED_MINUTES = 24 * 60


def reserve_credits(
    *,
    by: Membership | None,
    account: Account,
    operation: str,
    amount: int | None = None,
    minutes: int = RESERVED_MINUTES,
    id: UUID | None = None,  # noqa: A002 - the client's own id
) -> CreditReservation:
    """Promise what so much of an operation costs today, for so many minutes.

    Raises OperationUnknown, AmountInvalid, ModuleDisabled, InsufficientCreditsError.
    """
    price = costs.price(account, operation=operation, amount=amount)
    ledger.lock_balance(account)
    now = timezone.now()
    available = ledger.read_balance(account, now=now).available
    if price.credits > available:
        raise InsufficientCreditsError(required=price.credits, available=available)
    reservation = CreditReservation(
        id=id or uuid7(),
        account=account,
        operation=price.operation,
        units=amount,
        credits=price.credits,
        by=by,
        created_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    reservation.save(force_insert=True)
    _record(by, "reserved", reservation)
    return reservation


def commit_reservation(
    *, by: Membership | None, reservation: CreditReservation, amount: int | None = None
) -> CreditTransaction:
    """Pay for the work, once: all that was reserved, or what this smaller amount had cost when it was.

    Raises ReservationOver, ModuleDisabled, AmountInvalid, InvalidInput for more than was reserved, and
    InsufficientCreditsError where credits were taken back meanwhile.
    """
    account = reservation.account
    _lock(reservation)
    found = costs.find_cost(reservation.operation, on=timezone.localdate(reservation.created_at, timezone=account.zone))
    modules.require_module(account, found.module)
    paid = reservation.credits if amount is None else found.of(amount)
    if paid > reservation.credits:
        more = errors.FieldError("amount", "more_than_reserved", "More than was reserved.")
        raise errors.InvalidInput(errors=[more])
    facts = {
        "operation": reservation.operation,
        "units": reservation.units if amount is None else amount,
        "source": reservation._meta.model_name,
        "source_id": reservation.pk,
    }
    entry = Entry(CreditKind.SPENT, -paid, heeds_promises=False, facts=facts)  # it was one of them
    line = ledger.post(entry, account=account, by=by)
    _end(reservation, ReservationState.COMMITTED)
    _record(by, "committed", reservation, paid=paid)
    return line


def release_reservation(*, by: Membership | None, reservation: CreditReservation) -> CreditReservation:
    """Promise no longer, once. Raises ReservationOver."""
    _lock(reservation)
    _end(reservation, ReservationState.RELEASED)
    _record(by, "released", reservation)
    return reservation


def _lock(reservation: CreditReservation) -> None:
    """Hold the balance, as whoever ends a reservation does. Raises ReservationOver for one that has ended."""
    ledger.lock_balance(reservation.account)
    reservation.refresh_from_db(fields=["state", "expires_at"])
    state = reservation.state_at(timezone.now())
    if state is not ReservationState.OPEN:
        raise ReservationOver(state=state)


def _end(reservation: CreditReservation, state: ReservationState) -> None:
    reservation.state, reservation.ended_at = state, timezone.now()
    reservation.save(update_fields=["state", "ended_at"])


def _record(by: Membership | None, deed: str, reservation: CreditReservation, **noted: int) -> None:
    if by is not None:
        after = {"operation": reservation.operation, "credits": reservation.credits, **noted}
        accounts.record(by=by, action=f"credits.{deed}", subject=reservation, after=after)
