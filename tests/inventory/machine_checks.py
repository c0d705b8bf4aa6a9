"""What the state machine looks at after every step: the ledger, the identity, what the till sees, and its own books."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.utils import timezone

from inventory import queries, sums, valuation
from inventory.models import MovementKind
from tests.inventory.machine_books import Books, Lot
from tests.inventory.machine_deeds import Business

Row = tuple[UUID, UUID, UUID, UUID, Decimal, Decimal, date | None, datetime]

_STATUSES = """
SELECT id, status FROM purchase_orders UNION ALL SELECT id, status FROM transfers
UNION ALL SELECT id, status FROM adjustments UNION ALL SELECT id, status FROM stock_counts
"""


def look(business: Business, kept: Books, road: UUID) -> None:
    """The books are those of the database, which add up. Raises AssertionError otherwise."""
    with business.shop.inside():
        wrong = list(sums.find_disagreements(using="default"))
        assert not wrong, f"the ledger disagrees: {wrong}"
        rows = _rows(business)
        assert explains(kept, rows), f"on the shelves {difference(kept, rows)}"
        _settle(kept, rows)
        papers = kept.statuses() ^ _statuses()
        assert not papers, f"papers {papers}"
        _check_identity(business, kept, road)
        _check_till(business, kept)


def difference(kept: Books, rows: Sequence[Row]) -> list[object]:
    """Where something else is than the books say: the place and the product, what is there, what should be."""
    found, expected = _grouped(rows), _by_shelf(kept)
    shelves = [(shelf, found.get(shelf), expected.get(shelf)) for shelf in found.keys() | expected.keys()]
    return [each for each in shelves if each[1] != each[2]]


def unexplained(business: Business, kept: Books, sales: Collection[UUID]) -> Collection[object]:
    """What the books would have otherwise than the database: batches, papers, what is held, or which batches these
    sales and all transfers took of."""
    with business.shop.inside():
        rows, papers, holds = _rows(business), kept.statuses() ^ _statuses(), _held(kept) ^ _holds(business)
        if not explains(kept, rows) or papers or holds:
            return [*difference(kept, rows), *papers, *holds]
        _settle(kept, rows)
        moved = business.shop.account.stock_movements.filter(quantity__lt=0, source_id__in=[*sales, *kept.transfers])
        taken = moved.filter(kind__in=[MovementKind.SOLD, MovementKind.DISPATCHED])
        return set(taken.values_list("source_id", "stock_product_id", "quantity")) ^ _taken(kept, sales)


def _held(kept: Books) -> set[tuple[object, ...]]:
    now = timezone.now()
    return {(*key, quantity) for key, (quantity, ends_at) in kept.holds.items() if ends_at > now}


def _holds(business: Business) -> set[tuple[object, ...]]:
    held = business.shop.account.reservations.filter(expires_at__gt=timezone.now())
    return set(held.values_list("cart", "location", "product", "quantity"))


def _taken(kept: Books, sales: Collection[UUID]) -> set[tuple[UUID, UUID | None, Decimal]]:
    sold = {(pk, lot.pk, -quantity) for pk in sales for line in kept.sales[pk] for lot, quantity in line.out.items()}
    picks = [(pk, pick) for pk, transfer in kept.transfers.items() for pick in transfer.picks]
    return sold | {(pk, pick.left.pk, -pick.quantity) for pk, pick in picks}


def _rows(business: Business) -> list[Row]:
    """The batches, each with the paper with which it came."""
    batch = [f"stock_product__{fact}" for fact in ("quantity", "unit_cost", "expires_on", "received_at")]
    first = business.shop.account.stock_movements.filter(sequence=1).order_by("stock_product_id")
    return list(first.values_list("stock_product_id", "location_id", "product_id", "source_id", *batch))


def _grouped(rows: Sequence[Row]) -> dict[tuple[UUID, UUID], list[tuple[object, ...]]]:
    groups = defaultdict(list)
    for _, place, product, *facts in rows:
        groups[place, product].append(tuple(facts))
    return dict(groups)


def explains(kept: Books, rows: Sequence[Row]) -> bool:
    return _by_shelf(kept) == _grouped(rows)


def _by_shelf(kept: Books) -> dict[tuple[UUID, UUID], list[tuple[object, ...]]]:
    groups = defaultdict(list)
    for lot in kept.lots:
        groups[lot.place, lot.product].append(lot.facts())
    return dict(groups)


def _settle(kept: Books, rows: Sequence[Row]) -> None:
    """Give the lots that are new their keys, and look whether the others have kept theirs."""
    waiting: dict[tuple[UUID, UUID], list[Lot]] = defaultdict(list)
    for lot in reversed(kept.lots):
        waiting[lot.place, lot.product].append(lot)
    for pk, place, product, *_ in rows:
        lot = waiting[place, product].pop()
        assert lot.pk in (None, pk)
        lot.pk = pk
    kept.lots.sort(key=lambda lot: lot.pk)


def _statuses() -> set[tuple[UUID, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_STATUSES)
        return set(cursor.fetchall())


def _check_identity(business: Business, kept: Books, road: UUID) -> None:
    for product in business.products:
        found = valuation.reconcile(business.shop.owner, product)
        assert found.total.adds_up, f"does not add up: {found}"
        flows = {flow.location: (flow.quantity.on_hand, flow.value.on_hand) for flow in found.places}
        for place in (*(place.pk for place in business.places), road):
            expected = kept.on_hand(place, product.pk), kept.worth(place, product.pk)
            assert flows.get(place, (0, 0)) == expected, f"of {product} at {place} {flows}, in the books {expected}"
        open_picks = [pick for transfer in kept.transfers.values() for pick in transfer.picks]
        on_the_road = sum(pick.road.quantity for pick in open_picks if pick.road.product == product.pk)
        assert found.total.quantity.in_transit == on_the_road


def _check_till(business: Business, kept: Books) -> None:
    products, today = [product.pk for product in business.products], timezone.now().date()
    for place in business.places:
        seen = queries.find_sellables(business.shop.account, location_id=place.pk, product_ids=products, on=today)
        found = {pk: (sellable.available, sellable.held) for pk, sellable in seen.items()}
        expected = {pk: (kept.available(place.pk, pk), kept.held(place.pk, pk)) for pk in products}
        assert found == expected, f"at the till {found}, in the books {expected}"
