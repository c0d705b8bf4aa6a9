"""What one place offers to another, or asks of it. Until it is dispatched nothing moves."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from inventory.errors import NotStocked, WorksElsewhere
from inventory.models import Location, Transfer, TransferLine, TransferStatus
from inventory.services.documents import refuse_unless, take_number, take_step
from inventory.services.places import find_place


def open_transfer(
    *,
    by: Membership,
    source: UUID,
    destination: UUID,
    lines: Sequence[Mapping[str, Any]],
    id: UUID | None = None,  # noqa: A002 - the client's own id
    reason: str = "",
    is_request: bool = False,
) -> Transfer:
    """A draft of the place that sends, or a request of the place that would like to have.

    Raises InvalidInput for a product or a place that is not there, or is not the member's own end, and NotStocked.
    """
    ends = {"source": source, "destination": destination}
    own = "destination" if is_request else "source"
    places = {end: _find_end(by, location_id, end, is_own=end == own) for end, location_id in ends.items()}
    transfer: Transfer = by.account.transfers.create(
        id=id or uuid7(),
        number=take_number(Transfer.code, by=by),
        reason=reason,
        status=TransferStatus.REQUESTED if is_request else TransferStatus.DRAFT,
        opened_by=by,
        **places,
    )
    wanted = _write_lines(by, transfer, lines)
    accounts.record(by=by, action="transfer.opened", subject=transfer, after={"status": transfer.status, **wanted})
    return transfer


def change_transfer(
    *, by: Membership, transfer: Transfer, lines: Sequence[Mapping[str, Any]] | None = None, **changes: Any
) -> Transfer:
    """Change a locked transfer, whose lines are replaced: a request where it is to go to, a draft where it leaves.

    Raises TransferState, WorksElsewhere, and what `open_transfer` raises for its lines.
    """
    refuse_unless(transfer, TransferStatus.REQUESTED, TransferStatus.DRAFT)
    is_request = transfer.status == TransferStatus.REQUESTED
    refuse_elsewhere(by, transfer.destination_id if is_request else transfer.source_id)
    if lines is not None:
        _replace_lines(by, transfer, lines)
    accounts.change(by=by, row=transfer, changes=changes)
    return transfer


def accept_transfer(*, by: Membership, transfer: Transfer) -> Transfer:
    """The source will send what was asked for: a locked request becomes its draft. Raises TransferState,
    WorksElsewhere."""
    refuse_unless(transfer, TransferStatus.REQUESTED)
    refuse_elsewhere(by, transfer.source_id)
    return take_step(by, transfer, "accepted", status=TransferStatus.DRAFT)


def refuse_elsewhere(by: Membership, *places: UUID) -> None:
    """Raises WorksElsewhere for who works at none of these ends of a transfer that they see."""
    if not any(by.works_at(place) for place in places):
        raise WorksElsewhere


def _find_end(by: Membership, location_id: UUID, field: str, *, is_own: bool) -> Location:
    if is_own:
        return find_place(by=by, location_id=location_id, field=field)
    # The other end is where others work.
    place: Location | None = by.account.locations.in_use().filter(pk=location_id).first()
    if place is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference(field)])
    return place


def _replace_lines(by: Membership, transfer: Transfer, lines: Sequence[Mapping[str, Any]]) -> None:
    old = by.account.transfer_lines.filter(transfer=transfer)
    before = _quantities(old.order_by("position"))
    old.delete()
    after = _write_lines(by, transfer, lines)
    transfer.version += 1
    transfer.save(update_fields=["version"])
    accounts.record(by=by, action="transfer.changed", subject=transfer, before=before, after=after)


def _write_lines(by: Membership, transfer: Transfer, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    wanted = {line["product"] for line in lines}
    stocked = dict(by.account.products.filter(pk__in=wanted, is_active=True).values_list("pk", "is_stocked"))
    unknown = [
        errors.unknown_reference(f"lines.{index}.product")
        for index, line in enumerate(lines)
        if line["product"] not in stocked
    ]
    if unknown:
        raise errors.InvalidInput(errors=unknown)
    services = [index for index, line in enumerate(lines) if not stocked[line["product"]]]
    if services:
        paths = [errors.FieldError(f"lines.{index}.product", NotStocked.code, NotStocked.detail) for index in services]
        raise NotStocked(errors=paths)
    rows = [
        TransferLine(
            account_id=by.account_id,
            transfer=transfer,
            position=position,
            product_id=line["product"],
            quantity=line["quantity"],
        )
        for position, line in enumerate(lines, start=1)
    ]
    return _quantities(TransferLine.across_accounts.bulk_create(rows))


def _quantities(lines: Any) -> dict[str, Any]:
    """Of which product how much, for the history."""
    return {"lines": {str(line.product_id): f"{line.quantity:f}" for line in lines}}
