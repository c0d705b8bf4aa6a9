"""Mobile money at the till: a phone is asked for it, a sale uses it once, and what comes late finds its customer."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from accounts.models import Membership
from billing import services as billing
from billing.errors import PaymentNotUsable
from billing.models import PaymentAttempt, PaymentState
from core import errors
from sales.models import Customer, MobilePayment, PaymentMethod
from sales.objections import REFUSING, Objections
from sales.services import drawers, late_payments, rights, transfers
from sales.services.late_payments import Means

PURPOSE = "till"


def start_mobile_payment(
    *,
    by: Membership,
    register: UUID,
    amount: Decimal,
    phone: str,
    gateway: str,
    network: str = "",
    id: UUID | None = None,  # noqa: A002 - the client's own id
    customer: UUID | None = None,
) -> MobilePayment:
    """Ask a phone for money, in the background.

    Raises InvalidInput for a register or customer that is unknown, RegisterInactive, ShiftRequired,
    GatewayNotConfigured.
    """
    rights.check_customer(by, customer)
    drawer = drawers.find_drawer(by=by, register_id=register)
    payment = MobilePayment(id=id or uuid7(), account_id=by.account_id, register=drawer, customer_id=customer)
    payment.attempt = billing.start_payment(
        by=by,
        id=payment.pk,
        gateway=gateway,
        network=network,
        purpose=PURPOSE,
        subject_id=payment.pk,
        amount=amount,
        payer_phone=phone,
    )
    payment.save(force_insert=True)
    return payment


def cancel_mobile_payment(*, by: Membership, payment: MobilePayment) -> MobilePayment:
    """Wait no longer for it. What the customer pays all the same comes late. Raises PaymentOver,
    SubscriptionExpired."""
    drawers.check_covered(by=by, shift_id=payment.register.open_shift_id)
    attempt = by.account.payment_attempts.locked().get(pk=payment.attempt_id)
    payment.attempt = billing.cancel_payment(by=by, attempt=attempt)
    return payment


def use_mobile_payments(
    *,
    by: Membership,
    payments: Sequence[Mapping[str, Any]],
    customer: UUID | None,
    objections: Objections = REFUSING,
) -> Means:
    """Take the money of the attempts that these payments of a sale name, each once; they stay locked. How the sale is
    paid then.

    Raises InvalidInput for an attempt that is unknown or at a place that is not the member's, is named by another
    tender, or for another amount; PaymentNotUsable for one that is named twice, and for money that has not come, came
    late, or was used. For a sale that has happened see `late_payments.find_money`.
    """
    named = {index: payment["attempt"] for index, payment in enumerate(payments) if payment.get("attempt")}
    if not named:
        return Means(payments, customer)
    rows = by.account.mobile_payments.open_to(by).filter(pk__in=named.values())
    attempts = dict(rows.values_list("pk", "attempt_id"))
    _refuse([errors.unknown_reference(_path(index)) for index, pk in named.items() if pk not in attempts])
    _refuse([_wrong_tender(index) for index in named if payments[index]["method"] != PaymentMethod.MOBILE_MONEY])
    if len(set(named.values())) < len(named):
        raise PaymentNotUsable
    take = late_payments.use_what_came if objections.has_happened else billing.use_payments
    used = take(by=by, purpose=PURPOSE, attempts=attempts.values())
    _refuse(
        [_wrong_amount(i) for i, pk in named.items() if used[attempts[pk]].amount != payments[i]["amount"]],
    )
    lacking = [pk for pk in named.values() if not used[attempts[pk]].is_waiting]
    if not lacking:
        return Means(payments, customer)
    return late_payments.find_money(by=by, payments=payments, lacking=lacking, customer=customer, objections=objections)


def lock_attempts(*, by: Membership, payments: Sequence[Mapping[str, Any]]) -> None:
    """Lock the attempts that these payments name, before whoever uses them locks a register."""
    named = [payment["attempt"] for payment in payments if payment.get("attempt")]
    if named:
        attempts = by.account.mobile_payments.filter(pk__in=named).values("attempt")
        list(by.account.payment_attempts.locked().filter(pk__in=attempts))


def _path(index: int) -> str:
    return f"payments.{index}.attempt"


def _wrong_tender(index: int) -> errors.FieldError:
    return errors.FieldError(_path(index), "wrong_tender", "Only mobile money is paid by an attempt.")


def _wrong_amount(index: int) -> errors.FieldError:
    return errors.FieldError(f"payments.{index}.amount", "wrong_amount", "The attempt is of another amount.")


def _refuse(wrong: Sequence[errors.FieldError]) -> None:
    if wrong:
        raise errors.InvalidInput(errors=wrong)


def receive_payment(*, by: Membership, attempt: PaymentAttempt) -> None:
    """Money that a till asked for has come, or has waited in vain. In time it waits for its sale; otherwise it is a
    transfer: of the sale, where that was made offline and came first, or else one that a known customer finds in the
    wallet."""
    if attempt.state == PaymentState.PAID:
        return
    payment: MobilePayment = by.account.mobile_payments.get(attempt=attempt)
    transfer = transfers.keep_payment(payment=payment, attempt=attempt)
    if attempt.state == PaymentState.PAID_LATE and _has_its_sale(payment):
        transfers.use_transfer(by=by, transfer=transfer)
        return
    if attempt.state == PaymentState.PAID_LATE and payment.customer_id:
        transfers.credit_late(by=by, transfer=transfer, customer_id=payment.customer_id)
    transfers.tell(account=by.account, transfer=transfer)


def _has_its_sale(payment: MobilePayment) -> bool:
    found: bool = payment.payments.filter(account=payment.account_id).exists()
    return found


def forget_payer(*, by: Membership, customer: Customer) -> None:
    """Forget the phone of a customer wherever money was asked of it, or came from it, with what gateways told."""
    account = by.account
    payments = account.mobile_payments.filter(customer=customer).values("attempt")
    billing.forget_payers(by=by, attempts=payments, phone=customer.phone)
    transfers.forget_payer(by=by, customer=customer)
