"""The deeds of counting, for the state machine."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services as inventory
from tests.inventory import machine_books as books
from tests.inventory.machine_books import Books
from tests.inventory.machine_deeds import Business
from tests.machines import Deed, Refused


def begin(business: Business, place: UUID) -> Deed:
    pk = uuid7()

    def foresee(kept: Books) -> None:
        kept.counts[pk] = books.Count(place)

    return Deed(lambda: inventory.open_count(by=business.shop.owner, id=pk, location=place), foresee)


def scan(business: Business, pk: UUID, product: UUID, counted: Decimal) -> Deed:
    def call() -> None:
        items = [{"product": product, "counted": counted}]
        inventory.scan_products(by=business.shop.owner, count=business.row("stock_counts", pk), items=items)

    def foresee(kept: Books) -> None:
        count = _find(kept, pk, "OPEN")
        count.differences[product] = counted - kept.on_hand(count.place, product)

    return Deed(call, foresee)


def _find(kept: Books, pk: UUID, legal: str) -> books.Count:
    if kept.counts[pk].status != legal:
        raise Refused("count_state")
    return kept.counts[pk]


def _step(business: Business, service: Callable[..., Any], pk: UUID) -> Callable[[], Any]:
    return lambda: service(by=business.shop.owner, count=business.row("stock_counts", pk))


def approve(business: Business, pk: UUID) -> Deed:
    def foresee(kept: Books) -> None:
        if kept.counts[pk].status == "APPROVED":
            return
        count = _find(kept, pk, "OPEN")
        less = [(product, -gone) for product, gone in count.differences.items() if gone < 0]
        more = sorted((product, found) for product, found in count.differences.items() if found > 0)
        moves = [each for product, gone in less for each in kept.lose(kept.at(count.place, product), gone)]
        moves += [(kept.target(pk, count.place, product, timezone.now()), found) for product, found in more]
        kept.move(moves)
        count.status, count.posted = "APPROVED", moves

    return Deed(_step(business, inventory.approve_count, pk), foresee)


def cancel(business: Business, pk: UUID) -> Deed:
    def foresee(kept: Books) -> None:
        _find(kept, pk, "OPEN").status = "CANCELLED"

    return Deed(_step(business, inventory.cancel_count, pk), foresee)


def reverse(business: Business, pk: UUID) -> Deed:
    def foresee(kept: Books) -> None:
        count = _find(kept, pk, "APPROVED")
        if any(lot.quantity < quantity for lot, quantity in count.posted):
            raise Refused("insufficient_stock")
        for lot, quantity in count.posted:
            lot.quantity -= quantity
        count.status, count.posted = "REVERSED", []

    return Deed(_step(business, inventory.reverse_count, pk), foresee)
