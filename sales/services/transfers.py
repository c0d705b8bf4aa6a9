"""The inbox of money that came and pays no sale: it is kept, matched to a customer, or dismissed, each once."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Account, Membership
from billing.gateways import Finding
from billing.models import PaymentAttempt, PaymentState
from core import errors
from core.amounts import SMALLEST_MONEY, ZERO, currency_exponent, round_money, show_money
from sales import customer_ledger
from sales.customer_ledger import Entry
from sales.errors import TransferDecided, TransferNotCreditable
from sales.models import (
    Customer,
    EntryKind,
    IncomingTransfer,
    MobilePayment,
    Payment,
    PaymentMethod,
    Register,
    TransferCause,
    TransferState,
)
from sales.services import collecting, drawers, rights
from system import services as system

# What a notice is: its kind, its title, its text.
PAID_LATE = (
    "till.paid_late",
    "Mobile money came late",
    "{amount} came after its time, and is in the wallet of the customer whom the till had named. If the goods were paid"
    " in another way, tell the customer.",
)
UNMATCHED = (
    "till.unmatched",
    "Money waits for its owner",
    "{amount} came by phone and pays no sale. Say in the inbox of transfers whose it is.",
)


def keep_transfer(*, account: Account, gateway: str, reference: str, finding: Finding) -> None:
    """Keep money that nobody asked for, once, however often the gateway tells of it."""
    facts = {
        "provider_reference": finding.provider_reference,
        "payer_phone": finding.payer_phone,
        "amount": (finding.amount or ZERO).quantize(SMALLEST_MONEY),
        "currency": finding.currency,
        "cause": TransferCause.UNKNOWN,
        "received_at": timezone.now(),
    }
    transfer, is_new = account.incoming_transfers.get_or_create(gateway=gateway, reference=reference, defaults=facts)
    if is_new:
        tell(account=account, transfer=transfer)


def keep_payment(*, payment: MobilePayment, attempt: PaymentAttempt) -> IncomingTransfer:
    """Keep money that came for an attempt, and not as it should."""
    is_late = attempt.state == PaymentState.PAID_LATE
    transfer = IncomingTransfer(
        account_id=payment.account_id,
        register_id=payment.register_id,
        mobile_payment=payment,
        gateway=attempt.gateway,
        reference=attempt.reference,
        provider_reference=attempt.provider_reference,
        payer_phone=attempt.payer_phone,
        amount=attempt.paid_amount or ZERO,
        currency=attempt.paid_currency,
        cause=TransferCause.LATE if is_late else TransferCause(attempt.reason.upper()),
        received_at=attempt.paid_at or timezone.now(),
    )
    transfer.save(force_insert=True)
    return transfer


def credit_late(*, by: Membership, transfer: IncomingTransfer, customer_id: UUID) -> None:
    """Put late money into the wallet of the customer whom the till named. One who is no longer served finds nothing:
    the transfer waits."""
    register = by.account.registers.locked().get(pk=transfer.register_id)
    customer = by.account.customers.locked().filter(pk=customer_id, is_active=True).first()
    if customer:
        _credit(by, transfer, customer, register, kind=EntryKind.PAID_LATE, pays_debt=False)


def tell(*, account: Account, transfer: IncomingTransfer) -> None:
    """Give notice of money that came late or unasked to those who may say whose it is."""
    kind, title, text = PAID_LATE if transfer.state == TransferState.MATCHED else UNMATCHED
    amount = show_money(transfer.amount, currency_exponent(transfer.currency))
    system.notify(
        account=account,
        kind=kind,
        key=str(transfer.pk),
        title=title,
        text=text.format(amount=f"{amount} {transfer.currency}".strip()),
        places=[transfer.register.storefront_id] if transfer.register else [],
    )


def match_transfer(
    *,
    by: Membership,
    transfer: IncomingTransfer,
    customer: UUID,
    register: UUID | None = None,
    pays_debt: bool = False,
) -> IncomingTransfer:
    """Say whose a locked transfer is: it goes to their wallet or, oldest first, to what they owe, and the rest to the
    wallet. `register` books it, else the one that had asked for it.

    Raises TransferDecided, TransferNotCreditable, RegisterInactive, ShiftRequired, and InvalidInput for a customer or a
    register that is unknown or missing.
    """
    _refuse_decided(transfer)
    rights.check_customer(by, customer)
    account = by.account
    is_whole = transfer.amount == round_money(transfer.amount, account.currency_exponent)
    if transfer.currency != account.currency or transfer.amount <= ZERO or not is_whole:
        raise TransferNotCreditable(currency=account.currency)
    register_id = register or transfer.register_id
    if register_id is None:
        raise errors.InvalidInput(errors=[errors.FieldError("register", "required", "Say where it is to be booked.")])
    drawer = drawers.find_drawer(by=by, register_id=register_id)
    found = account.customers.locked().filter(pk=customer, is_active=True).first()
    if found is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("customer")])
    _credit(by, transfer, found, drawer, kind=EntryKind.TOPPED_UP, pays_debt=pays_debt)
    _see(transfer)
    return transfer


def dismiss_transfer(*, by: Membership, transfer: IncomingTransfer, reason: str) -> IncomingTransfer:
    """Say that a locked transfer is nobody's, such as one that was sent back, and why. Raises TransferDecided."""
    _refuse_decided(transfer)
    transfer.reason = reason
    _decide(by, transfer, TransferState.DISMISSED, timezone.now())
    _see(transfer)
    return transfer


def use_transfer(*, by: Membership, transfer: IncomingTransfer) -> None:
    """Let a transfer that waits be the money of the sale for which it had been asked, and no news."""
    _decide(by, transfer, TransferState.USED, timezone.now())
    _see(transfer)


def see_transfer(*, by: Membership, transfer: IncomingTransfer) -> IncomingTransfer:
    """Somebody has read the notice; that they had is in the history once."""
    if not transfer.is_seen:
        _see(transfer)
        accounts.record(by=by, action="transfer.seen", subject=transfer)
    return transfer


def _see(transfer: IncomingTransfer) -> None:
    transfer.is_seen = True
    transfer.save(update_fields=["is_seen"])


def _refuse_decided(transfer: IncomingTransfer) -> None:
    if transfer.state != TransferState.WAITING:
        raise TransferDecided(state=transfer.state)


def _credit(
    by: Membership,
    transfer: IncomingTransfer,
    customer: Customer,
    register: Register,
    *,
    kind: EntryKind,
    pays_debt: bool,
) -> None:
    now = timezone.now()
    payment = Payment(
        account_id=by.account_id,
        register=register,
        shift_id=register.open_shift_id,
        customer=customer,
        attempt_id=transfer.mobile_payment_id,
        method=PaymentMethod.MOBILE_MONEY,
        amount=transfer.amount,
        tendered=transfer.amount,
        reference=transfer.provider_reference or transfer.reference,
        paid_at=now,
    )
    payment.save(force_insert=True)
    entries = (
        collecting.settle(by=by, customer=customer, paid=transfer.amount)
        if pays_debt
        else [Entry(kind, transfer.amount)]
    )
    customer_ledger.post(entries, by=by, customer=customer, source=payment, occurred_at=now)
    transfer.customer = customer
    _decide(by, transfer, TransferState.MATCHED, now)


def _decide(by: Membership, transfer: IncomingTransfer, state: TransferState, now: datetime) -> None:
    transfer.state, transfer.decided_by, transfer.decided_at = state, by, now
    transfer.save(update_fields=["state", "customer", "reason", "decided_by", "decided_at"])
    amount = by.account.show_money(transfer.amount)
    accounts.record(
        by=by,
        action=f"transfer.{state.lower()}",
        subject=transfer,
        after={"amount": amount, "customer": transfer.customer_id, "reason": transfer.reason},
    )


def forget_payer(*, by: Membership, customer: Customer) -> None:
    """Forget the phone of transfers that are the customer's, or came from their phone."""
    theirs = Q(customer=customer) | Q(mobile_payment__customer=customer)
    if customer.phone:
        theirs |= Q(payer_phone=customer.phone)
    found = by.account.incoming_transfers.filter(theirs).values("pk")
    by.account.incoming_transfers.filter(pk__in=found).update(payer_phone="")
