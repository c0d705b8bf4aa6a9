"""Credits for those who write an assistant: what an operation costs, whether there are enough, and to pay for it."""

from django.utils import timezone

from accounts.models import Account, Membership
from billing import costs, ledger, services
from billing.costs import CREDIT_COSTS
from billing.errors import InsufficientCreditsError
from billing.models import CreditReservation, CreditTransaction

__all__ = ["CREDIT_COSTS", "CreditService", "InsufficientCreditsError"]


class CreditService:
    """The services of credits by the names that assistants call. To be used in the transaction of the account.

    An operation is named by what it is or was called, and `amount` is of what it counts: words, images. In place of the
    price, or of an operation, `required_credits` says how many. `by` is who asked for the work, if anybody did.

    Everything raises OperationUnknown, AmountInvalid and ModuleDisabled; what takes credits, InsufficientCreditsError
    with `required` and `available` in its `meta`.
    """

    @staticmethod
    def get_credit_cost(operation_type: str, amount: int | None = None, *, account: Account | None = None) -> int:
        """What so much of it costs today, rounded up; today is the account's, or else UTC's."""
        today = account.today if account else timezone.localdate()
        return costs.find_cost(operation_type, on=today).of(amount)

    @staticmethod
    def check_credits(
        account: Account,
        required_credits: int | None = None,
        operation_type: str | None = None,
        amount: int | None = None,
    ) -> int:
        """How many it takes, which are available now. To pay for them later may yet be refused: see `reserve`."""
        price = costs.price(account, operation=operation_type, amount=amount, credits=required_credits)
        available = ledger.read_balance(account, now=timezone.now()).available
        if price.credits > available:
            raise InsufficientCreditsError(required=price.credits, available=available)
        return price.credits

    @staticmethod
    def deduct_credits(
        account: Account,
        required_credits: int | None = None,
        operation_type: str | None = None,
        amount: int | None = None,
        *,
        by: Membership | None = None,
        key: str = "",
    ) -> CreditTransaction:
        """Pay; with a key, once, and a retry gets the same line."""
        return services.spend_credits(
            by=by, account=account, operation=operation_type, amount=amount, credits=required_credits, key=key
        )

    @staticmethod
    def add_credits(
        account: Account,
        credits: int,  # noqa: A002
        *,
        by: Membership | None = None,
        reason: str = "",
        key: str = "",
    ) -> CreditTransaction:
        """Give so many; with a key, once."""
        return services.add_credits(by=by, account=account, credits=credits, reason=reason, key=key)

    @staticmethod
    def reserve(
        account: Account,
        operation_type: str,
        amount: int | None = None,
        *,
        by: Membership | None = None,
        minutes: int = services.RESERVED_MINUTES,
    ) -> CreditReservation:
        """Promise what it costs to work that can fail, for so many minutes."""
        return services.reserve_credits(
            by=by, account=account, operation=operation_type, amount=amount, minutes=minutes
        )

    @staticmethod
    def commit(
        reservation: CreditReservation, amount: int | None = None, *, by: Membership | None = None
    ) -> CreditTransaction:
        """Pay for the work that was done, or for so much of it. Raises ReservationOver."""
        return services.commit_reservation(by=by, reservation=reservation, amount=amount)

    @staticmethod
    def release(reservation: CreditReservation, *, by: Membership | None = None) -> CreditReservation:
        """Promise no longer. Raises ReservationOver."""
        return services.release_reservation(by=by, reservation=reservation)

    @staticmethod
    def refund(line: CreditTransaction, *, by: Membership | None = None, reason: str = "") -> CreditTransaction:
        """Give back, once, what was spent. Raises CreditsRefunded."""
        return services.refund_credits(by=by, line=line, reason=reason)
