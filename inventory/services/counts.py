"""Stock counts while the shop sells: each scan is compared with what the ledger says at that instant."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from core.amounts import ZERO
from inventory import ledger, queries
from inventory.errors import CostRequired, InsufficientStock, SerialsNotCounted
from inventory.ledger import Entry
from inventory.models import (
    CountStatus,
    MovementKind,
    StockCount,
    StockCountLine,
    StockMovement,
    StockProduct,
    Tracking,
)
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

    Raises CountState, InvalidInput for a product that is unknown or named twice, NotStocked, SerialsNotCounted.
    """
    refuse_unless(count, CountStatus.OPEN)
    _refuse_twice(items)
    product_ids = [item["product"] for item in items]
    _refuse_uncountable(by, product_ids, field="items")
    expected = _expected_now(by, count, product_ids)
    now = timezone.now()
    lines = {line.product_id: line for line in count.lines.filter(product__in=product_ids)}
    for item in items:
        product_id = item["product"]
        line = lines.setdefault(
            product_id, StockCountLine(account_id=by.account_id, count=count, product_id=product_id, tries=0)
        )
        line.counted, line.expected = item["counted"], expected.get(product_id, ZERO)
        line.counted_by, line.counted_at, line.tries = by, now, line.tries + 1
    scanned = [lines[product_id] for product_id in product_ids]
    _write(scanned)
    take_step(by, count, "scanned", noted={"items": [_quoted(line) for line in scanned]})
    return _with_lines(count, scanned)


def approve_count(*, by: Membership, count: StockCount) -> StockCount:
    """Post what a locked count found more or less than there was when it was scanned; what is approved already stays.

    Less is taken of the batch that expires first, first; more goes to the newest batch there. Raises CountState,
    InsufficientStock for what has left meanwhile, CostRequired for what never had a cost, and NotStocked or
    SerialsNotCounted for what has become a service or is followed piece by piece since.
    """
    if count.status == CountStatus.APPROVED:
        return count
    refuse_unless(count, CountStatus.OPEN)
    now = timezone.now()
    lines = list(by.account.stock_count_lines.filter(count=count))
    different = [line for line in lines if line.difference]
    product_ids = [line.product_id for line in different]
    _refuse_uncountable(by, product_ids, field="lines")
    batches = _batches_of(by, count, product_ids)
    less = list(_less(different, batches))
    more, opened = _more(by, count, different, batches, now=now)
    if not ledger.post([*less, *more], by=by, source=count, occurred_at=now, opened=opened):
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
    """Undo what a locked count posted, in the very batches. Raises CountState, and InsufficientStock for what has left
    them since."""
    refuse_unless(count, CountStatus.APPROVED)
    posted: list[StockMovement] = list(by.account.stock_movements.filter(source_id=count.pk).order_by("id"))
    _refuse_gone(by, posted)
    entries = [Entry(line.stock_product_id, MovementKind.COUNTED, -line.quantity, line.line_id) for line in posted]
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


def _refuse_uncountable(by: Membership, product_ids: Sequence[UUID], *, field: str) -> None:
    products = find_goods(by=by, lines=[{"product": product_id} for product_id in product_ids], field=field)
    pieces = [index for index, each in enumerate(product_ids) if products[each].tracking == Tracking.SERIAL]
    if pieces:
        code, detail = SerialsNotCounted.code, SerialsNotCounted.detail
        raise SerialsNotCounted(
            errors=[errors.FieldError(f"{field}.{index}.product", code, detail) for index in pieces]
        )


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
        update_fields=["counted", "expected", "tries", "counted_by", "counted_at"],
    )


def _quoted(line: StockCountLine) -> dict[str, Any]:
    return {"product": line.product_id, "counted": line.counted, "expected": line.expected}


# --- Approving and reversing -----------------------------------------------------------------------------------------


def _batches_of(by: Membership, count: StockCount, product_ids: Collection[UUID]) -> dict[UUID, list[StockProduct]]:
    """The batches of each product at the place, locked; those of none for a product that was never there."""
    found: dict[UUID, list[StockProduct]] = defaultdict(list)
    for batch in by.account.stock_products.locked().filter(location=count.location_id, product__in=product_ids):
        found[batch.product_id].append(batch)
    return found


def _less(lines: Iterable[StockCountLine], batches: Mapping[UUID, Sequence[StockProduct]]) -> Iterator[Entry]:
    lacking = {}
    for line in lines:
        missing = -line.difference
        there = batches.get(line.product_id, ())
        for batch in sorted(there, key=lambda each: (each.expires_on is None, each.expires_on, each.pk)):
            taken = min(missing, batch.quantity)
            if taken > 0:
                yield Entry(batch.pk, MovementKind.COUNTED, -taken, line.pk)
                missing -= taken
        if missing > 0:
            lacking[line.product_id] = sum((batch.quantity for batch in there), ZERO)
    if lacking:
        raise _insufficient(lacking)


def _more(
    by: Membership,
    count: StockCount,
    lines: Iterable[StockCountLine],
    batches: Mapping[UUID, Sequence[StockProduct]],
    *,
    now: datetime,
) -> tuple[list[Entry], list[StockProduct]]:
    """What comes to which batch, and the batches that are new."""
    found = [line for line in lines if line.difference > 0]
    newest = {line.product_id: max(batches[line.product_id], key=_age) for line in found if batches[line.product_id]}
    opened = _open_batches(by, count, {line.product_id for line in found} - newest.keys(), now=now)
    newest |= opened
    entries = [Entry(newest[line.product_id].pk, MovementKind.COUNTED, line.difference, line.pk) for line in found]
    return entries, list(opened.values())


def _age(batch: StockProduct) -> tuple[datetime, UUID]:
    return batch.received_at, batch.pk


def _open_batches(
    by: Membership, count: StockCount, product_ids: Collection[UUID], *, now: datetime
) -> dict[UUID, StockProduct]:
    """A new batch at the place for each product, like its newest batch anywhere. Raises CostRequired without one."""
    if not product_ids:
        return {}
    known = queries.find_newest_batches(by.account, product_ids)
    unknown = sorted(set(product_ids) - known.keys())
    if unknown:
        raise CostRequired(products=[str(product_id) for product_id in unknown])
    return {
        product_id: StockProduct(
            account_id=by.account_id,
            product_id=product_id,
            location_id=count.location_id,
            purchase_cost=like.unit_cost,
            unit_cost=like.unit_cost,
            expires_on=like.expires_on,
            received_at=now,
        )
        for product_id, like in known.items()
    }


def _refuse_gone(by: Membership, posted: Iterable[StockMovement]) -> None:
    """Raises InsufficientStock where a batch has less left than the count found more of it."""
    gained: dict[UUID, Decimal] = defaultdict(Decimal)
    for line in posted:
        gained[line.stock_product_id] += line.quantity
    batches = by.account.stock_products.locked().filter(pk__in=gained)
    lacking = {batch.product_id: batch.quantity for batch in batches if batch.quantity < gained[batch.pk]}
    if lacking:
        raise _insufficient(lacking)


def _insufficient(lacking: Mapping[UUID, Decimal]) -> InsufficientStock:
    return InsufficientStock(available={str(product): f"{quantity:f}" for product, quantity in lacking.items()})


def _with_lines(count: StockCount, lines: Sequence[StockCountLine]) -> StockCount:
    count._prefetched_objects_cache = {"lines": lines}  # type: ignore[attr-defined]
    return count
