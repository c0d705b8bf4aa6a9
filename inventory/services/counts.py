"""Stock counts while the shop sells: each scan is compared with what the ledger says at that instant."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from core.amounts import ZERO
from inventory import ledger
from inventory.errors import SerialElsewhere, SerialUnknown
from inventory.models import CountStatus, StockCount, StockCountLine, Tracking
from inventory.pieces import Named, about, refuse_unnamed
from inventory.services import counting
from inventory.services.deliveries import find_goods
from inventory.services.documents import refuse_unless, take_number, take_step
from inventory.services.places import find_place

# A sale that has taken its goods and is about to commit is waited for; the next one waits until the scan is written.
_LOCK = """
SELECT id FROM stock_products
WHERE account_id = %(account)s AND location_id = %(location)s AND product_id = ANY(%(products)s)
ORDER BY id FOR NO KEY UPDATE
"""


def open_count(
    *,
    by: Membership,
    location: UUID,
    id: UUID | None = None,  # noqa: A002 - the client's own id
    reason: str = "",
    is_blind: bool = True,
) -> StockCount:
    """Begin to count a place. Raises InvalidInput for one that is switched off, or not the member's."""
    place = find_place(by=by, location_id=location)
    count: StockCount = by.account.stock_counts.create(
        id=id or uuid7(),
        number=take_number(StockCount.code, by=by),
        location=place,
        reason=reason,
        is_blind=is_blind,
        opened_by=by,
    )
    after = {"number": count.number, "location": place.pk}
    accounts.record(by=by, action="stockcount.opened", subject=count, after=after)
    return count


def scan_products(*, by: Membership, count: StockCount, items: Sequence[Mapping[str, Any]]) -> StockCount:
    """Compare what was counted, in base units, with what the ledger has at the place now; a recount takes the place of
    what was counted before. The count that is returned has the lines just scanned, and no others.

    Raises CountState, InvalidInput for a product that is unknown or named twice, NotStocked; for pieces
    SerialsRequired, SerialUnknown, and SerialElsewhere for one that stands at another place.
    """
    refuse_unless(count, CountStatus.OPEN)
    _refuse_twice(items)
    product_ids = [item["product"] for item in items]
    products = find_goods(by=by, lines=items, field="items")
    by_piece = {product.pk for product in products.values() if product.tracking == Tracking.SERIAL}
    refuse_unnamed([_named(index, item, by_piece) for index, item in enumerate(items)])
    expected = _expected_now(by, count, product_ids)
    expected_serials = _pieces_now(by, count, items, by_piece)
    now = timezone.now()
    lines = {line.product_id: line for line in count.lines.filter(product__in=product_ids)}
    for item in items:
        product_id = item["product"]
        line = lines.setdefault(
            product_id, StockCountLine(account_id=by.account_id, count=count, product_id=product_id, tries=0)
        )
        line.counted, line.expected = item["counted"], expected.get(product_id, ZERO)
        line.serials = sorted(item.get("serials", ())) if product_id in by_piece else None
        line.expected_serials = expected_serials[product_id]
        line.counted_by, line.counted_at, line.tries = by, now, line.tries + 1
    scanned = [lines[product_id] for product_id in product_ids]
    _write(scanned)
    take_step(by, count, "scanned", noted={"items": [_quoted(line) for line in scanned]})
    return _with_lines(count, scanned)


def approve_count(*, by: Membership, count: StockCount) -> StockCount:
    """Post what a locked count found more or less than there was when it was scanned; what is approved already stays.

    Less is taken of the batch that expires first, first; more goes to the newest batch there. A piece that has moved
    since it was scanned, or not, stays where its paper left it. Raises CountState, InsufficientStock for what has left
    meanwhile, CostRequired for what never had a cost, and NotStocked or TrackedOtherwise for what has become a service
    or is tracked otherwise since.
    """
    if count.status == CountStatus.APPROVED:
        return count
    refuse_unless(count, CountStatus.OPEN)
    now = timezone.now()
    lines = list(by.account.stock_count_lines.filter(count=count))
    different = [line for line in lines if line.difference or line.missing_serials or line.found_serials]
    counting.refuse_otherwise_tracked(by=by, lines=different)
    entries, opened = counting.find_entries(by=by, count=count, lines=different, now=now)
    if not ledger.post(entries, by=by, source=count, occurred_at=now, opened=opened):
        raise errors.TryAgain
    take_step(by, count, "approved", status=CountStatus.APPROVED, decided_by=by, decided_at=now)
    return _with_lines(count, lines)


def cancel_count(*, by: Membership, count: StockCount, reason: str = "") -> StockCount:
    """Nothing comes of a locked count that is still open. Raises CountState."""
    refuse_unless(count, CountStatus.OPEN)
    now = timezone.now()
    return take_step(
        by, count, "cancelled", status=CountStatus.CANCELLED, decided_by=by, decided_at=now, closing_reason=reason
    )


def reverse_count(*, by: Membership, count: StockCount, reason: str = "") -> StockCount:
    """Undo what a locked count posted, in the very batches. Raises CountState, InsufficientStock for what has left them
    since, SerialElsewhere for pieces that have come or gone since, and TrackedOtherwise."""
    refuse_unless(count, CountStatus.APPROVED)
    entries = counting.find_reversal(by=by, count=count)
    if not ledger.post(entries, by=by, source=count, occurred_at=timezone.now()):
        raise errors.TryAgain
    return take_step(by, count, "reversed", status=CountStatus.REVERSED, closing_reason=reason)


# --- Scanning --------------------------------------------------------------------------------------------------------


def _refuse_twice(items: Sequence[Mapping[str, Any]]) -> None:
    first = {item["product"]: index for index, item in reversed(list(enumerate(items)))}
    again = [index for index, item in enumerate(items) if first[item["product"]] != index]
    if again:
        twice = "This product stands in the list already."
        raise errors.InvalidInput(
            errors=[errors.FieldError(f"items.{index}.product", "product_twice", twice) for index in again]
        )


def _named(index: int, item: Mapping[str, Any], by_piece: Collection[UUID]) -> Named:
    is_by_piece = item["product"] in by_piece
    return Named(item["product"], is_by_piece, item["counted"], item.get("serials", ()), f"items.{index}.serials")


def _pieces_now(
    by: Membership, count: StockCount, items: Sequence[Mapping[str, Any]], by_piece: Collection[UUID]
) -> Mapping[UUID, list[str]]:
    """Of each product that is tracked so, the pieces that stand at the place. Raises SerialUnknown and SerialElsewhere
    for pieces that cannot have been seen there."""
    numbers: dict[UUID, list[str]] = defaultdict(list)
    if not by_piece:
        return numbers
    seen = {number for item in items for number in item.get("serials", ())}
    here = Q(stock_product__location=count.location_id)
    known = by.account.serial_numbers.filter(here | Q(number__in=seen), product__in=by_piece).order_by("number")
    places = {
        (product_id, number): place
        for product_id, number, place in known.values_list("product_id", "number", "stock_product__location_id")
    }
    _refuse_unseen(count, items, places)
    for (product_id, number), place in places.items():
        if place == count.location_id:
            numbers[product_id].append(number)
    return numbers


def _refuse_unseen(
    count: StockCount, items: Sequence[Mapping[str, Any]], places: Mapping[tuple[UUID, str], UUID | None]
) -> None:
    unknown: dict[str, list[str]] = defaultdict(list)
    elsewhere: dict[str, list[str]] = defaultdict(list)
    for index, item in enumerate(items):
        for number in item.get("serials", ()):
            if (item["product"], number) not in places:
                unknown[f"items.{index}.serials"].append(number)
            elif places[item["product"], number] not in (None, count.location_id):
                elsewhere[f"items.{index}.serials"].append(number)
    for found, error in ((unknown, SerialUnknown), (elsewhere, SerialElsewhere)):
        if found:
            raise error(errors=[about(path, error) for path in found], serials=sorted(set().union(*found.values())))


def _expected_now(by: Membership, count: StockCount, product_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    wanted: dict[str, Any] = {"account": by.account_id, "location": count.location_id, "products": list(product_ids)}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, wanted)
    # A statement of its own: it sees what was committed while the locks were waited for, new batches included.
    there = by.account.stock_products.filter(location=count.location_id, product__in=product_ids).order_by()
    return dict(there.values_list("product").annotate(Sum("quantity")))


def _write(lines: Iterable[StockCountLine]) -> None:
    StockCountLine.across_accounts.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["account", "count", "product"],
        update_fields=["counted", "expected", "serials", "expected_serials", "tries", "counted_by", "counted_at"],
    )


def _quoted(line: StockCountLine) -> dict[str, Any]:
    quoted = {"product": line.product_id, "counted": line.counted, "expected": line.expected}
    if line.serials is None:
        return quoted
    return {**quoted, "missing_serials": line.missing_serials, "found_serials": line.found_serials}


def _with_lines(count: StockCount, lines: Sequence[StockCountLine]) -> StockCount:
    count._prefetched_objects_cache = {"lines": lines}  # type: ignore[attr-defined]
    return count
