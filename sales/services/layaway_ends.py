"""How a layaway ends: the goods go to the customer, or the money goes back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability
from core import errors
from core.amounts import ZERO, round_money
from inventory import services as inventory
from inventory.services import Shelf
from sales import customer_ledger, queries
from sales.customer_ledger import Entry
from sales.errors import FeeTooLarge, LayawayUnpaid, RefundTenderMismatch
from sales.models import (
    EntryKind,
    Layaway,
    LayawayLine,
    LayawayStatus,
    Payment,
    PaymentMethod,
    Sale,
    SaleLine,
)
from sales.offers import Customs
from sales.services import money, purse, rights
from sales.services.baskets import Basket
from sales.services.complete import book_sale
from sales.services.layaways import (
    OF_A_LINE,
    OF_ALL,
    count_money,
    find_drawer_at,
    look_again,
    refuse_unless_open,
)
from sales.services.receipts import open_receipt

MOST_KEPT = Decimal("0.2")  # of what all of it would have cost


def complete_layaway(
    *, by: Membership, layaway: Layaway, register: UUID, lines: Sequence[Mapping[str, Any]] = ()
) -> Sale:
    """Hand over a locked layaway that is paid: one sale, at the prices of the day on which it was laid aside, paid by
    what came before. `lines` name the pieces of what is tracked by piece.

    Raises LayawayClosed, LayawayUnpaid, InvalidInput for a line or a register that is not of it, ProductInactive, and
    of what `complete_sale` raises all that is about its register and its goods.
    """
    refuse_unless_open(layaway)
    if layaway.open_amount:
        raise LayawayUnpaid(open=by.account.show_money(layaway.open_amount))
    serials = _serials(layaway, lines)
    now = timezone.now()
    shelf = Shelf(layaway.storefront_id, on=now.astimezone(by.account.zone).date(), cart=layaway.pk)
    customs = Customs(set(), layaway.price_level, None)  # its prices are those of the day on which it was laid aside
    receipt = open_receipt(by=by, register_id=register, shelf=shelf, customs=customs)
    sale = Sale(
        account_id=by.account_id,
        id=uuid7(),
        storefront_id=layaway.storefront_id,
        register_id=register,
        shift_id=receipt.shift_id,
        customer_id=layaway.customer_id,
        receipt_number=receipt.number,
        paid=layaway.total,
        change_due=ZERO,
        sold_by=by,
        sold_at=now,
        recorded_at=now,
        **{name: getattr(layaway, name) for name in OF_ALL},
    )
    rows = [_sold(sale, line, serials.get(line.pk, [])) for line in layaway.lines.order_by("position")]
    basket = Basket(look_again(by, shelf, rows), (), (), (), ())
    book_sale(by=by, sale=sale, rows=rows, taken=_deposit(sale), shelf=shelf, basket=basket)
    _end(by, layaway, "completed", status=LayawayStatus.COMPLETED, sale=sale)
    return sale


def cancel_layaway(
    *,
    by: Membership,
    layaway: Layaway,
    register: UUID,
    reason: str,
    fee: Decimal = ZERO,
    payments: Sequence[Mapping[str, Any]] | None = None,
) -> Layaway:
    """Give a locked layaway up: the goods are free again, and what was paid goes back from this drawer, less what the
    business keeps. Without `payments` it goes back in the order in which it came; any of it may go to the wallet.

    Raises LayawayClosed, InvalidInput, RegisterInactive, ShiftRequired, CapabilityMissing, ApprovalRequired for more
    than the member may give back at once, FeeTooLarge, RefundTenderMismatch.
    """
    refuse_unless_open(layaway)
    accounts.dismiss_approver_elsewhere(by=by, location_id=layaway.storefront_id)
    rights.check_right(by, Capability.SALE_REFUND)
    drawer = find_drawer_at(by, register, layaway.storefront_id)
    _check_fee(by, layaway, fee)
    due = layaway.paid - fee
    rights.check_refund(by, due)
    back = _split(by, layaway, due, payments)
    gone = [{"method": method, "amount": -amount} for method, amount in back.items()]
    count_money(by, layaway, gone)
    layaway.fee = fee
    _end(by, layaway, "cancelled", status=LayawayStatus.CANCELLED, closing_reason=reason)
    money.take(by=by, drawer=drawer, payments=gone, paid_at=timezone.now(), layaway=layaway)
    _keep_in_wallet(by, layaway, back.get(PaymentMethod.WALLET, ZERO))
    inventory.release_cart(by=by, cart=layaway.pk)
    return layaway


def _end(by: Membership, layaway: Layaway, step: str, **facts: Any) -> None:
    for name, value in facts.items():
        setattr(layaway, name, value)
    layaway.closed_at = timezone.now()
    layaway.version += 1
    layaway.save(update_fields=[*facts, "paid", "fee", "closed_at", "version"])
    accounts.record(
        by=by,
        action=f"layaway.{step}",
        subject=layaway,
        before={"status": LayawayStatus.OPEN},
        after={
            "status": layaway.status,
            "sale": layaway.sale_id,
            "fee": by.account.show_money(layaway.fee),
            "reason": layaway.closing_reason,
        },
    )


def _serials(layaway: Layaway, lines: Sequence[Mapping[str, Any]]) -> dict[UUID, list[str]]:
    known = {line.pk for line in layaway.lines.all()}
    unknown = [
        errors.unknown_reference(f"lines.{index}.line") for index, line in enumerate(lines) if line["line"] not in known
    ]
    if unknown:
        raise errors.InvalidInput(errors=unknown)
    return {line["line"]: list(line["serials"]) for line in lines}


def _sold(sale: Sale, line: LayawayLine, serials: list[str]) -> SaleLine:
    facts = {name: getattr(line, name) for name in OF_A_LINE}
    return SaleLine(account_id=sale.account_id, sale=sale, serials=serials, **facts)


def _deposit(sale: Sale) -> list[Payment]:
    """What came in instalments pays the sale: no tender moves twice."""
    if not sale.total:
        return []
    return [
        Payment(
            account_id=sale.account_id,
            register_id=sale.register_id,
            shift_id=sale.shift_id,
            sale=sale,
            method=PaymentMethod.DEPOSIT,
            amount=sale.total,
            tendered=sale.total,
            paid_at=sale.sold_at,
        )
    ]


def _check_fee(by: Membership, layaway: Layaway, fee: Decimal) -> None:
    most = min(layaway.paid, round_money(layaway.total * MOST_KEPT, by.account.currency_exponent))
    if fee > most:
        raise FeeTooLarge(most=by.account.show_money(most))


def _split(
    by: Membership, layaway: Layaway, due: Decimal, sent: Sequence[Mapping[str, Any]] | None
) -> dict[str, Decimal]:
    """How much goes back by which tender. Raises RefundTenderMismatch."""
    left = purse.by_tender((paid.method, paid.amount) for paid in queries.find_instalments(layaway))
    if sent is None:
        return purse.fill(due, left.items())
    wanted = purse.by_tender((part["method"], part["amount"]) for part in sent)
    fits = all(amount <= left.get(method, ZERO) for method, amount in wanted.items() if method != PaymentMethod.WALLET)
    if not fits or sum(wanted.values(), ZERO) != due:
        shown = {method: by.account.show_money(amount) for method, amount in left.items()}
        raise RefundTenderMismatch(total=by.account.show_money(due), left=shown)
    return wanted


def _keep_in_wallet(by: Membership, layaway: Layaway, amount: Decimal) -> None:
    if amount:
        customer = by.account.customers.locked().get(pk=layaway.customer_id)
        entries = [Entry(EntryKind.REFUNDED, amount)]
        customer_ledger.post(entries, by=by, customer=customer, source=layaway, occurred_at=timezone.now())
