"""Goods go back to whom they came from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from core.amounts import ONE
from inventory import ledger
from inventory.errors import InsufficientStock, SerialElsewhere
from inventory.ledger import Entry
from inventory.models import MovementKind, Stock, StockProduct, SupplierReturn
from inventory.services.deliveries import check_serials
from inventory.services.documents import take_number

Item = Mapping[str, Any]


def send_back_stock(
    *,
    by: Membership,
    stock: Stock,
    items: Sequence[Item],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    reason: str = "",
) -> SupplierReturn:
    """Goods of a locked delivery go back to its supplier, out of its batches at the place where it came: expired goods
    too, and those that a cart holds.

    Raises InvalidInput for another delivery's batch, SerialsRequired and SerialElsewhere for pieces, and
    InsufficientStock for more than is on hand.
    """
    batches = _find_batches(by, stock, items)
    check_serials(items, [batches[item["batch"]].product for item in items])
    pieces = _find_pieces(by, items)
    sent_back: SupplierReturn = by.account.supplier_returns.create(
        id=id or uuid7(),
        number=take_number(SupplierReturn.code, by=by),
        stock=stock,
        reason=reason,
        opened_by=by,
        returned_at=timezone.now(),
    )
    entries = list(_entries(items, pieces))
    if not ledger.post(entries, by=by, source=sent_back, occurred_at=sent_back.returned_at):
        raise _insufficient(items, _find_batches(by, stock, items))
    after = {"number": sent_back.number, "stock": stock.pk, "items": len(items)}
    accounts.record(by=by, action="supplierreturn.sent", subject=sent_back, after=after)
    return sent_back


def _find_batches(by: Membership, stock: Stock, items: Sequence[Item]) -> dict[UUID, StockProduct]:
    wanted = {item["batch"] for item in items}
    own = by.account.stock_products.filter(stock=stock, location=stock.location_id, pk__in=wanted)
    found = {batch.pk: batch for batch in own.select_related("product")}
    unknown = [
        errors.unknown_reference(f"items.{index}.batch")
        for index, item in enumerate(items)
        if item["batch"] not in found
    ]
    if unknown:
        raise errors.InvalidInput(errors=unknown)
    return found


def _find_pieces(by: Membership, items: Sequence[Item]) -> dict[tuple[UUID, str], UUID]:
    """The pieces that go back, by batch and number."""
    named = [(index, item["batch"], number) for index, item in enumerate(items) for number in item.get("serials", ())]
    if not named:
        return {}
    found = by.account.serial_numbers.filter(
        stock_product__in={batch for _, batch, _ in named}, number__in={number for *_, number in named}
    )
    pieces = {(piece.stock_product_id, piece.number): piece.pk for piece in found}
    elsewhere = sorted({index for index, batch, number in named if (batch, number) not in pieces})
    if elsewhere:
        detail = SerialElsewhere.detail
        paths = [errors.FieldError(f"items.{index}.serials", SerialElsewhere.code, detail) for index in elsewhere]
        raise SerialElsewhere(errors=paths)
    return pieces


def _entries(items: Sequence[Item], pieces: Mapping[tuple[UUID, str], UUID]) -> Iterator[Entry]:
    for item in items:
        for number in item.get("serials", ()):
            yield Entry(item["batch"], MovementKind.SENT_BACK, -ONE, serial_id=pieces[item["batch"], number])
        if not item.get("serials"):
            yield Entry(item["batch"], MovementKind.SENT_BACK, -item["quantity"])


def _insufficient(items: Sequence[Item], batches: Mapping[UUID, StockProduct]) -> InsufficientStock:
    """Names every item of a batch of which more was to go back than it holds."""
    wanted: dict[UUID, Any] = {}
    for item in items:
        wanted[item["batch"]] = wanted.get(item["batch"], 0) + item["quantity"]
    lacking = {pk for pk, quantity in wanted.items() if quantity > batches[pk].quantity}
    return InsufficientStock(
        errors=[
            errors.FieldError(
                f"items.{index}.quantity", InsufficientStock.code, f"{batches[item['batch']].quantity:f} available."
            )
            for index, item in enumerate(items)
            if item["batch"] in lacking
        ],
        available={str(pk): f"{batches[pk].quantity:f}" for pk in lacking},
    )
