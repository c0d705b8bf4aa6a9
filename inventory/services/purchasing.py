"""Purchase orders: drawn up, ordered, received in as many parts as come, closed or cancelled."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from inventory.models import OrderStatus, PurchaseOrder, PurchaseOrderLine, Supplier
from inventory.services.deliveries import find_goods, receive_stock
from inventory.services.documents import refuse_unless, take_number, take_step
from inventory.services.places import find_place

Line = Mapping[str, Any]


def add_order(
    *,
    by: Membership,
    supplier: UUID,
    location: UUID,
    lines: Sequence[Line],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    expected_on: date | None = None,
    reason: str = "",
) -> PurchaseOrder:
    """Draw up an order. Raises InvalidInput for a supplier or a place that is unknown or switched off, or a product
    that is unknown, and NotStocked for a service."""
    order: PurchaseOrder = by.account.purchase_orders.create(
        id=id or uuid7(),
        supplier=_find_supplier(by, supplier),
        location=find_place(by=by, location_id=location),
        number=take_number(PurchaseOrder.code, by=by),
        expected_on=expected_on,
        reason=reason,
        opened_by=by,
    )
    _write_lines(by, order, lines)
    after = {"number": order.number, "lines": _quoted(order)}
    accounts.record(by=by, action="purchaseorder.opened", subject=order, after=after)
    return order


def change_order(
    *, by: Membership, order: PurchaseOrder, lines: Sequence[Line] | None = None, **changes: Any
) -> PurchaseOrder:
    """Change the facts of a locked draft; `lines` replace all that it has. Raises OrderState, and what `add_order`
    raises."""
    refuse_unless(order, OrderStatus.DRAFT)
    if "supplier" in changes:
        changes["supplier"] = _find_supplier(by, changes["supplier"])
    if "location" in changes:
        changes["location"] = find_place(by=by, location_id=changes["location"])
    before, version = _quoted(order), order.version + 1
    accounts.change(by=by, row=order, changes=changes)
    if lines is not None:
        by.account.purchase_order_lines.filter(order=order).delete()
        _write_lines(by, order, lines)
        order.version = version
        order.save(update_fields=["version"])
        after = {"lines": _quoted(order)}
        accounts.record(
            by=by, action="purchaseorder.lines_changed", subject=order, before={"lines": before}, after=after
        )
    return order


def place_order(*, by: Membership, order: PurchaseOrder) -> PurchaseOrder:
    """A locked draft goes to its supplier, and is changed no more. Raises OrderState."""
    refuse_unless(order, OrderStatus.DRAFT)
    return take_step(by, order, "ordered", status=OrderStatus.ORDERED, ordered_at=timezone.now())


def receive_order(
    *, by: Membership, order: PurchaseOrder, items: Sequence[Mapping[str, Any]], **facts: Any
) -> PurchaseOrder:
    """A delivery of goods of a locked order, at its place, at the costs of its lines unless told.

    More may come than was ordered. Raises OrderState, InvalidInput for what is not on the order, and what
    `receive_stock` raises.
    """
    refuse_unless(order, OrderStatus.ORDERED, OrderStatus.PARTLY_RECEIVED)
    lines = {line.product_id: line for line in order.lines.all()}
    _refuse_not_ordered(by, items, lines)
    items = [{"unit_cost": lines[item["product"]].unit_cost, **item} for item in items]
    stock = receive_stock(by=by, location=order.location_id, order=order, items=items, **facts)
    for item in items:
        lines[item["product"]].received_quantity += item["quantity"]
    came = [lines[product_id] for product_id in {item["product"] for item in items}]
    PurchaseOrderLine.across_accounts.bulk_update(came, ["received_quantity"])
    is_whole = all(line.received_quantity >= line.quantity for line in lines.values())
    status = OrderStatus.RECEIVED if is_whole else OrderStatus.PARTLY_RECEIVED
    return take_step(by, order, "received", status=status, noted={"stock": stock.pk})


def close_order(*, by: Membership, order: PurchaseOrder, reason: str = "") -> PurchaseOrder:
    """The rest of a locked order will not come. Raises OrderState."""
    refuse_unless(order, OrderStatus.ORDERED, OrderStatus.PARTLY_RECEIVED)
    return take_step(by, order, "closed", status=OrderStatus.CLOSED, closed_at=timezone.now(), closing_reason=reason)


def cancel_order(*, by: Membership, order: PurchaseOrder, reason: str = "") -> PurchaseOrder:
    """Nothing of a locked order has come, and nothing will. Raises OrderState."""
    refuse_unless(order, OrderStatus.DRAFT, OrderStatus.ORDERED)
    now = timezone.now()
    return take_step(by, order, "cancelled", status=OrderStatus.CANCELLED, closed_at=now, closing_reason=reason)


def _find_supplier(by: Membership, supplier_id: UUID) -> Supplier:
    found: Supplier | None = by.account.suppliers.filter(pk=supplier_id, is_active=True).first()
    if found is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference("supplier")])
    return found


def _write_lines(by: Membership, order: PurchaseOrder, lines: Sequence[Line]) -> None:
    products = find_goods(by=by, lines=lines, field="lines")
    rows = [
        PurchaseOrderLine(
            account_id=by.account_id,
            order=order,
            position=position,
            product=products[line["product"]],
            quantity=line["quantity"],
            unit_cost=line["unit_cost"],
        )
        for position, line in enumerate(lines, start=1)
    ]
    PurchaseOrderLine.across_accounts.bulk_create(rows)
    order._prefetched_objects_cache = {"lines": rows}  # type: ignore[attr-defined]


def _quoted(order: PurchaseOrder) -> list[dict[str, Any]]:
    """The lines, for the history."""
    return [
        {"product": line.product_id, "quantity": line.quantity, "unit_cost": line.unit_cost}
        for line in order.lines.all()
    ]


def _refuse_not_ordered(by: Membership, items: Sequence[Line], lines: Mapping[UUID, PurchaseOrderLine]) -> None:
    """Raises InvalidInput, which tells what was not ordered from what there is not."""
    others = [index for index, item in enumerate(items) if item["product"] not in lines]
    if not others:
        return
    known = set(
        by.account.products.filter(pk__in={items[index]["product"] for index in others}).values_list("pk", flat=True)
    )
    paths = ((f"items.{index}.product", items[index]["product"] in known) for index in others)
    raise errors.InvalidInput(
        errors=[
            errors.FieldError(path, "not_ordered", "This is not on the order.")
            if is_known
            else errors.unknown_reference(path)
            for path, is_known in paths
        ]
    )
