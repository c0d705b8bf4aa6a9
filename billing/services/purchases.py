"""Packs of credits: ordered, granted when their money comes, taken back when it goes."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from billing import ledger
from billing.ledger import Entry
from billing.models import CreditKind, CreditPack, CreditPurchase, PaymentAttempt, PaymentState
from billing.services.payments import check_payment, start_payment
from core import errors

PURPOSE = "credits"


def buy_credits(
    *,
    by: Membership,
    pack: str,
    gateway: str,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    **payer: Any,
) -> CreditPurchase:
    """Order a pack by its code and have the payer asked, as `start_payment` does. Its credits come with the money.

    Raises InvalidInput for a pack that is not offered in the account's currency, and what `start_payment` raises.
    """
    found = CreditPack.objects.offered(by.account.currency).filter(code=pack).first()
    if found is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("pack")])
    purchase = CreditPurchase(
        id=id or uuid7(),
        account_id=by.account_id,
        pack=found,
        credits=found.credits,
        price=found.price,
        currency=found.currency,
        by=by,
    )
    purchase.attempt = start_payment(
        by=by,
        id=purchase.pk,
        gateway=gateway,
        purpose=PURPOSE,
        subject_id=purchase.pk,
        amount=found.price,
        currency=found.currency,
        **payer,
    )
    purchase.save(force_insert=True)
    accounts.record(by=by, action="credits.ordered", subject=purchase, after={"pack": pack, "credits": found.credits})
    return purchase


def check_purchase(*, by: Membership, purchase: CreditPurchase) -> CreditPurchase:
    """Have the gateway asked now whether it is paid."""
    check_payment(by=by, attempt=purchase.attempt)
    return purchase


def receive_credit_payment(*, by: Membership, attempt: PaymentAttempt) -> None:
    """Grant what a locked attempt has paid for, also late, once; another amount than was asked for buys nothing.

    Money that comes again after it went back brings what was taken then.
    """
    purchase = _lock(by, attempt)
    if purchase.is_granted or attempt.state not in (PaymentState.PAID, PaymentState.PAID_LATE):
        return
    brought = purchase.taken_back if purchase.taken_back_at else purchase.credits
    if brought:
        ledger.post(Entry(CreditKind.PURCHASED, brought, facts=_about(purchase)), account=by.account, by=by)
    purchase.granted_at, purchase.taken_back_at, purchase.taken_back = timezone.now(), None, 0
    _save(by, purchase, "granted", credits=brought)


def take_back_credits(*, by: Membership, attempt: PaymentAttempt) -> None:
    """The money of a locked attempt has gone back: so do its credits, as many as are left. How many had been spent is
    on record."""
    purchase = _lock(by, attempt)
    if not purchase.is_granted:
        return
    taken = min(purchase.credits, ledger.lock_balance(by.account))
    if taken:
        entry = Entry(CreditKind.TAKEN_BACK, -taken, heeds_promises=False, facts=_about(purchase))
        ledger.post(entry, account=by.account, by=by)
    purchase.taken_back_at, purchase.taken_back = timezone.now(), taken
    _save(by, purchase, "taken_back", credits=taken, missing=purchase.missing)


def _lock(by: Membership, attempt: PaymentAttempt) -> CreditPurchase:
    purchase: CreditPurchase = by.account.credit_purchases.locked().get(pk=attempt.subject_id)
    return purchase


def _about(purchase: CreditPurchase) -> dict[str, Any]:
    return {"source": purchase._meta.model_name, "source_id": purchase.pk}


def _save(by: Membership, purchase: CreditPurchase, deed: str, **noted: int) -> None:
    purchase.save(update_fields=["granted_at", "taken_back_at", "taken_back"])
    accounts.record(by=by, action=f"credits.{deed}", subject=purchase, after=noted)
