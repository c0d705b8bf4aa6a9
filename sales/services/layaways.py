"""Layaways: goods laid aside at the prices of the day, paid in parts, handed over when they are paid, or given up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from core.amounts import ZERO, round_money
from inventory import packs
from inventory import services as inventory
from inventory.errors import ProductInactive
from inventory.queries import Sellable
from inventory.services import Shelf
from sales.errors import DepositTooSmall, LayawayClosed, LayawayOverpaid
from sales.models import Customer, Layaway, LayawayLine, LayawayStatus, PricedLine, PriceLevel, Register
from sales.services import drawers, money, rights
from sales.services.baskets import Asked
from sales.services.quotes import make_quote

LONGEST = timedelta(days=366)
OF_ALL = ("price_level", "currency", "prices_include_tax", "subtotal", "discount_total", "tax_total", "total")
OF_A_LINE = tuple(field.attname for field in PricedLine._meta.fields if field.name not in ("id", "account"))


def open_layaway(
    *,
    by: Membership,
    storefront: UUID,
    register: UUID,
    customer: UUID,
    lines: Sequence[Mapping[str, Any]],
    due_on: date,
    payments: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    price_level: str = PriceLevel.RETAIL,
    discount: Decimal = ZERO,
) -> Layaway:
    """Lay goods aside for a customer who pays a deposit: priced and taxed as a sale now, and held until the end of
    `due_on`.

    Raises what `complete_sale` raises for its lines, InvalidInput for a customer who is not there and a day that cannot
    be, RegisterInactive, ShiftRequired, DepositTooSmall, LayawayOverpaid, InsufficientStock.
    """
    if not by.works_at(storefront):
        raise errors.InvalidInput(errors=[errors.unknown_reference("storefront")])
    accounts.dismiss_approver_elsewhere(by=by, location_id=storefront)
    now = timezone.now()
    today = now.astimezone(by.account.zone).date()
    _check_due(due_on, today=today)
    rights.check_customer(by, customer)
    drawer = find_drawer_at(by, register, storefront)
    whose = _lock_customer(by, customer)
    shelf = Shelf(storefront, on=today)
    asked = Asked(price_level, discount)
    quote = make_quote(by=by, shelf=shelf, lines=lines, customer=whose.pk, asked=asked, at=now)
    layaway = Layaway(
        account_id=by.account_id,
        id=id or uuid7(),
        storefront_id=storefront,
        register=drawer,
        customer=whose,
        due_on=due_on,
        opened_by=by,
        opened_at=now,
        **{name: getattr(quote.sale, name) for name in OF_ALL},
    )
    count_money(by, layaway, payments)
    _check_deposit(by, layaway)
    layaway.save(force_insert=True)
    rows = [_line(layaway, row) for row in quote.rows]
    LayawayLine.across_accounts.bulk_create(rows)
    money.take(by=by, drawer=drawer, payments=payments, paid_at=now, layaway=layaway)
    _hold(by, layaway, rows, quote.basket.sellables)
    after = {
        "total": by.account.show_money(layaway.total),
        "paid": by.account.show_money(layaway.paid),
        "due_on": due_on,
    }
    accounts.record(by=by, action="layaway.opened", subject=layaway, after=after)
    layaway._prefetched_objects_cache = {"lines": rows}  # type: ignore[attr-defined]
    return layaway


def pay_layaway(*, by: Membership, layaway: Layaway, register: UUID, payments: Sequence[Mapping[str, Any]]) -> Layaway:
    """An instalment of a locked layaway, in the drawer of the day on which it comes, also after the due day.

    Raises LayawayClosed, LayawayOverpaid, InvalidInput for a register of another storefront, RegisterInactive,
    ShiftRequired.
    """
    refuse_unless_open(layaway)
    drawer = find_drawer_at(by, register, layaway.storefront_id)
    before = layaway.paid
    count_money(by, layaway, payments)
    layaway.version += 1
    layaway.save(update_fields=["paid", "version"])
    money.take(by=by, drawer=drawer, payments=payments, paid_at=timezone.now(), layaway=layaway)
    accounts.record(
        by=by,
        action="layaway.paid",
        subject=layaway,
        before={"paid": by.account.show_money(before)},
        after={"paid": by.account.show_money(layaway.paid)},
    )
    return layaway


def change_layaway(*, by: Membership, layaway: Layaway, due_on: date | None = None) -> Layaway:
    """Let a locked layaway be paid until another day, and hold its goods until the end of it.

    Raises LayawayClosed, InvalidInput for a day that cannot be, ProductInactive, and InsufficientStock where they were
    held no more and are gone.
    """
    refuse_unless_open(layaway)
    if due_on is None:
        return layaway
    today = by.account.today
    _check_due(due_on, today=today)
    accounts.change(by=by, row=layaway, changes={"due_on": due_on})
    rows = list(layaway.lines.order_by("position"))
    shelf = Shelf(layaway.storefront_id, on=today, cart=layaway.pk)
    _hold(by, layaway, rows, look_again(by, shelf, rows))
    return layaway


def look_again(by: Membership, shelf: Shelf, rows: Sequence[PricedLine]) -> Mapping[UUID, Sellable]:
    """What is on the shelf of what was laid aside. Raises ProductInactive."""
    wanted = {row.product_id for row in rows}
    sellables = shelf.look(by, wanted)
    if wanted - sellables.keys():
        raise ProductInactive
    return sellables


def refuse_unless_open(layaway: Layaway) -> None:
    if layaway.status != LayawayStatus.OPEN:
        raise LayawayClosed(status=layaway.status)


def find_drawer_at(by: Membership, register_id: UUID, storefront_id: UUID) -> Register:
    """The locked register, which has to stand in this storefront."""
    drawer = drawers.find_drawer(by=by, register_id=register_id)
    if drawer.storefront_id != storefront_id:
        is_place = by.account.locations.storefronts().filter(pk=storefront_id).exists()
        raise errors.InvalidInput(errors=[errors.unknown_reference("register" if is_place else "storefront")])
    return drawer


def count_money(by: Membership, layaway: Layaway, payments: Sequence[Mapping[str, Any]]) -> None:
    """Tell a layaway what is paid of it; what has a minus goes back. Raises LayawayOverpaid."""
    left, sent = layaway.open_amount, money.sum_of(payments)
    if sent > left:
        raise LayawayOverpaid(open=by.account.show_money(left))
    layaway.paid += sent


def _check_due(due_on: date, *, today: date) -> None:
    if not today <= due_on <= today + LONGEST:
        bad = errors.FieldError("due_on", "invalid_span", "Give today or a later day, and at most a year.")
        raise errors.InvalidInput(errors=[bad])


def _lock_customer(by: Membership, customer_id: UUID) -> Customer:
    """Who is not forgotten meanwhile: something is about to wait for them."""
    customer: Customer | None = by.account.customers.filter(pk=customer_id, is_active=True).locked().first()
    if customer is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("customer")])
    return customer


def _check_deposit(by: Membership, layaway: Layaway) -> None:
    least = round_money(layaway.total * by.account.layaway_deposit_rate, by.account.currency_exponent)
    if layaway.paid < least:
        raise DepositTooSmall(least=by.account.show_money(least))


def _line(layaway: Layaway, row: PricedLine) -> LayawayLine:
    facts = {name: getattr(row, name) for name in OF_A_LINE}
    return LayawayLine(account_id=layaway.account_id, layaway=layaway, **facts)


def _hold(by: Membership, layaway: Layaway, rows: Sequence[PricedLine], sellables: Mapping[UUID, Sellable]) -> None:
    """Promise the goods to nobody else, firmly, until the due day is over."""
    quantities: dict[UUID, Decimal] = defaultdict(Decimal)
    for row in rows:
        if sellables[row.product_id].is_stocked:
            field = f"lines.{row.position - 1}.quantity"
            quantities[row.product_id] += packs.in_base_units(row.quantity, row.factor, field=field)
    if quantities:
        until = datetime.combine(layaway.due_on + timedelta(days=1), time.min, by.account.zone)
        inventory.hold_all(
            by=by,
            location=layaway.storefront_id,
            cart=layaway.pk,
            quantities=quantities,
            until=until,
            is_firm=True,
        )
