"""Gift cards: sold for money, spent by whoever has the code, and filled again by what comes back."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability
from core import errors, limits, vault
from core.amounts import ZERO
from sales.errors import GiftCardBlocked, GiftCardExpired, GiftCardShort, GiftCardUnknown
from sales.models import CardEntryKind, GiftCard, GiftCardEntry, Payment, PaymentMethod, Refund, Sale
from sales.services import money, purse, rights

# Digits and capitals that nobody takes for one another; sixteen of them are 80 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011", " -")
_LENGTH = 16


def sell_gift_card(
    *,
    by: Membership,
    register: UUID,
    amount: Decimal,
    payments: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    expires_on: date | None = None,
    sold_at: datetime | None = None,
) -> GiftCard:
    """Sell a card of this amount. Its code stands in `code`, and is not told again; `change_due` goes back in cash.

    Raises InvalidInput for a register that is not there and for days that cannot be, RegisterInactive, ShiftRequired,
    PaymentShort, PaymentTooMuch, CapabilityMissing for a date long past.
    """
    now = timezone.now()
    sold_at = sold_at or now
    if expires_on and expires_on < now.astimezone(by.account.zone).date():
        raise errors.InvalidInput(errors=[errors.FieldError("expires_on", "in_past", "That is over.")])
    drawer = money.open_drawer(by=by, register_id=register)
    rights.check_moment(by, "sold_at", sold_at, now=now)
    change = money.change_of(payments, due=amount, exponent=by.account.currency_exponent)
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    card = GiftCard(
        account_id=by.account_id,
        id=id or uuid7(),
        code_hash=vault.digest(code),
        last_four=code[-4:],
        amount=amount,
        expires_on=expires_on,
        sold_by=by,
        sold_at=sold_at,
    )
    card.save(force_insert=True)
    _post({card: amount}, CardEntryKind.SOLD, by=by, source=card, occurred_at=sold_at)
    money.take(by=by, drawer=drawer, payments=payments, change=change, paid_at=sold_at, gift_card=card)
    accounts.record(by=by, action="gift_card.sold", subject=card, after={"amount": by.account.show_money(amount)})
    card.code = "-".join(code[i : i + 4] for i in range(0, _LENGTH, 4))  # type: ignore[attr-defined]
    card.change_due = change  # type: ignore[attr-defined]
    return card


def change_gift_card(*, by: Membership, card: GiftCard, **changes: Any) -> GiftCard:
    """Block a locked card, or let it end on another day. Raises CapabilityMissing without the right to allow debts."""
    rights.check_right(by, Capability.DEBT_ALLOW)
    accounts.change(by=by, row=card, changes=changes)
    return card


def find_gift_card(*, by: Membership, code: str) -> GiftCard:
    """The card of this code. Raises GiftCardUnknown, TooManyTries."""
    return _find(by, [code])[_digest(code)]


def spend(*, by: Membership, sale: Sale, payments: Sequence[Payment]) -> None:
    """Take these payments of a sale off the cards whose codes are their references, of which the end is kept.

    Raises GiftCardUnknown, GiftCardBlocked, GiftCardExpired, GiftCardShort, TooManyTries.
    """
    cards = _find(by, [payment.reference for payment in payments])
    spent: dict[GiftCard, Decimal] = {}
    for payment in payments:
        card = cards[_digest(payment.reference)]
        payment.gift_card, payment.reference = card, str(card)
        spent[card] = spent.get(card, ZERO) + payment.amount
    sold_on = sale.sold_at.astimezone(by.account.zone).date()
    for card, amount in spent.items():
        if card.is_blocked:
            raise GiftCardBlocked
        if card.expires_on and card.expires_on < sold_on:
            raise GiftCardExpired(expires_on=card.expires_on.isoformat())
        if card.balance < amount:
            raise GiftCardShort(balance=by.account.show_money(card.balance))
    taken = {card: -amount for card, amount in spent.items()}
    _post(taken, CardEntryKind.SPENT, by=by, source=sale, occurred_at=sale.sold_at)


def give_back(*, by: Membership, refund: Refund, amount: Decimal) -> dict[GiftCard, Decimal]:
    """Put this amount back on the cards that paid for the sale, on each at most what it paid; how much on which."""
    left: dict[UUID, Decimal] = {}
    paid = by.account.payments.filter(sale__in=purse.sources_of(by, refund.sale), method=PaymentMethod.GIFT_CARD)
    for card_id, of_card in paid.values_list("gift_card_id", "amount"):
        left[card_id] = left.get(card_id, ZERO) + of_card
    cards = {card.pk: card for card in by.account.gift_cards.filter(pk__in=left).locked()}
    back: dict[GiftCard, Decimal] = {}
    for card_id, most in left.items():
        part = min(amount, most)
        if part:
            back[cards[card_id]] = part
            amount -= part
    _post(back, CardEntryKind.REFUNDED, by=by, source=refund, occurred_at=refund.refunded_at)
    return back


def _find(by: Membership, codes: Iterable[str]) -> dict[str, GiftCard]:
    """The cards of these codes by their digests, locked."""
    limits.hit("gift_card", by.account_id, by.pk)
    wanted = {_digest(code) for code in codes}
    cards = {card.code_hash: card for card in by.account.gift_cards.filter(code_hash__in=wanted).locked()}
    if wanted - cards.keys():
        raise GiftCardUnknown
    limits.forget("gift_card", by.account_id, by.pk)
    return cards


def _digest(code: str) -> str:
    return vault.digest(code.upper().translate(_MISREAD))


def _post(
    amounts: Mapping[GiftCard, Decimal],
    kind: CardEntryKind,
    *,
    by: Membership,
    source: models.Model,
    occurred_at: datetime,
) -> None:
    """Write a line for each locked card, and its effect on the balance, together."""
    now, rows = timezone.now(), []
    for card, amount in amounts.items():
        card.balance += amount
        card.entry_count += 1
        row = GiftCardEntry(
            account_id=by.account_id,
            card=card,
            sequence=card.entry_count,
            kind=kind,
            amount=amount,
            balance_after=card.balance,
            source=str(source._meta.model_name),
            source_id=source.pk,
            by=by,
            occurred_at=occurred_at,
            recorded_at=now,
        )
        rows.append(row)
    GiftCard.across_accounts.bulk_update(amounts, ["balance", "entry_count"])
    GiftCardEntry.across_accounts.bulk_create(rows)
