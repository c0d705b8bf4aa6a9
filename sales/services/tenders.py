"""How a sale is paid, and how it is given back: what each tender takes, what the change is, and what is left to owe."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from accounts.models import Membership
from core.amounts import ZERO, round_to_coin
from sales import queries
from sales.models import Payment, PaymentMethod, Refund, Sale
from sales.objections import REFUSING, Objections
from sales.services import credit, gift_cards, money, purse


def settle_sale(
    *,
    by: Membership,
    sale: Sale,
    payments: Sequence[Mapping[str, Any]],
    keep_change: bool = False,
    objections: Objections = REFUSING,
) -> list[Payment]:
    """What is paid for a sale, with the change taken off the cash, so that the amounts sum to what is due; the sale is
    told what was paid, what that was rounded by to the smallest coin, and what goes back. Change that is kept is a
    payment to the customer's account, the last one.

    What goes to the customer's account, or comes off it or off a gift card, is posted. Raises PaymentShort,
    PaymentTooMuch, and what `credit.charge` and `gift_cards.spend` raise.
    """
    sale.rounding = _rounding(by, sale, payments)
    due = sale.total + sale.rounding
    change = money.change_of(payments, due=due, exponent=by.account.currency_exponent)
    kept = change if keep_change else ZERO
    sale.paid, sale.change_due = money.sum_of(payments) - kept, change - kept
    taken = [
        _payment(sale, payment, amount, tendered=amount if kept else payment["amount"])
        for payment, amount, _ in money.less_change(payments, change)
    ]
    _charge(by, sale, taken, kept, objections)
    return [*taken, _kept_change(sale, kept)] if kept else taken


def _rounding(by: Membership, sale: Sale, payments: Sequence[Mapping[str, Any]]) -> Decimal:
    """What is added to the rest that is paid in cash so that there are coins for it."""
    cash = money.sum_of(payments, PaymentMethod.CASH)
    rest: Decimal = sale.total - (money.sum_of(payments) - cash)
    return round_to_coin(rest, by.account.cash_rounding) - rest if cash and rest > 0 else ZERO


def _payment(sale: Sale, sent: Mapping[str, Any], amount: Decimal, *, tendered: Decimal) -> Payment:
    return Payment(
        account_id=sale.account_id,
        register_id=sale.register_id,
        shift_id=sale.shift_id,
        sale=sale,
        attempt_id=sent.get("attempt"),
        method=sent["method"],
        came_by=sent.get("came_by", ""),
        amount=amount,
        tendered=tendered,
        reference=sent.get("reference", ""),
        paid_at=sale.sold_at,
        is_late=sale.is_late,
    )


def _kept_change(sale: Sale, kept: Decimal) -> Payment:
    payment = _payment(sale, {"method": PaymentMethod.CASH}, kept, tendered=kept)
    payment.sale, payment.customer_id = None, sale.customer_id
    return payment


def _charge(by: Membership, sale: Sale, taken: Sequence[Payment], kept: Decimal, objections: Objections) -> None:
    """Post what was not paid in money, the customer's account before the gift cards."""
    of_account = {
        "credit": sum((each.amount for each in taken if each.method == PaymentMethod.CUSTOMER_CREDIT), ZERO),
        "wallet": sum((each.amount for each in taken if each.method == PaymentMethod.WALLET), ZERO),
        "kept": kept,
    }
    if any(of_account.values()):
        credit.charge(by=by, sale=sale, objections=objections, **of_account)
    by_card = [payment for payment in taken if payment.method == PaymentMethod.GIFT_CARD]
    if by_card:
        gift_cards.spend(by=by, sale=sale, payments=by_card)


def give_back(*, by: Membership, refund: Refund, amounts: Mapping[str, Decimal]) -> list[Payment]:
    """What goes back by which tender, as negative payments that are still to be written; what goes to the customer's
    account or onto gift cards is posted, and the cash is rounded to the smallest coin, which the refund is told.

    The amounts sum to the refund's total. Raises CustomerRequired.
    """
    credit.give_back(by=by, refund=refund, amounts=amounts)
    back = []
    for method, amount in amounts.items():
        if method == PaymentMethod.GIFT_CARD and amount:
            cards = gift_cards.give_back(by=by, refund=refund, amount=amount)
            back += [
                _given_back(refund, method, part, gift_card=card, reference=str(card)) for card, part in cards.items()
            ]
        elif method == PaymentMethod.CASH and amount:
            refund.rounding = _rounding_back(by, refund, amount)
            if amount + refund.rounding:
                back.append(_given_back(refund, method, amount + refund.rounding))
        elif amount:
            back.append(_given_back(refund, method, amount))
    return back


def _given_back(refund: Refund, method: str, amount: Decimal, **more: Any) -> Payment:
    return Payment(
        account_id=refund.account_id,
        register_id=refund.register_id,
        shift_id=refund.shift_id,
        sale=refund.sale,
        refund=refund,
        method=method,
        amount=-amount,
        tendered=-amount,
        paid_at=refund.refunded_at,
        is_late=refund.is_late,
        **more,
    )


def _rounding_back(by: Membership, refund: Refund, amount: Decimal) -> Decimal:
    """What is added to this much that goes back in cash.

    All that went back so far is rounded together, and the last of it is all that is left, so that any sequence of
    refunds gives back what was paid; to the coin, where some of it was carried into or out of an exchange.
    """
    paid = queries.find_tenders(refund.sale)
    in_cash = [each for each in paid if PaymentMethod.CASH in (each.method, each.came_by)]
    cash = sum((each.amount for each in in_cash), ZERO)
    is_in_coins = not sum((each.amount for each in in_cash if each.came_by), ZERO)
    rounding = purse.rounding_left(refund.sale)
    is_last, is_part = amount == cash - rounding, amount < cash - rounding
    if is_last and is_in_coins:
        return rounding
    exact = cash if is_last else amount - (refund.sale.rounding - rounding)
    given = max(round_to_coin(exact, by.account.cash_rounding), ZERO)
    return (min(given, cash) if is_part and is_in_coins else given) - amount
