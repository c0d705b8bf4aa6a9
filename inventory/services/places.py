"""Places, and at how much of a product each orders more."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts import services as accounts
from accounts.models import Membership
from core import errors
from inventory.errors import NotStocked
from inventory.models import Location, LocationKind, Product, ReorderPoint
from subscriptions import services as subscriptions


def open_first_places(*, by: Membership) -> None:
    """What a new business starts with: a storefront, and the road between its places."""
    add_location(by=by, kind=LocationKind.STOREFRONT, name="Main")
    add_location(by=by, kind=LocationKind.TRANSIT, name="In transit")


def add_location(*, by: Membership, kind: LocationKind, name: str) -> Location:
    """A new place. A member who is limited to places works there too. Raises LimitReached for a storefront too many."""
    _check_room(by, kind)
    location: Location = by.account.locations.create(kind=kind, name=name)
    if by.is_limited:
        by.account.location_members.create(location=location, member=by)
    accounts.record(by=by, action="location.added", subject=location, after={"name": name})
    return location


def change_location(*, by: Membership, location: Location, **changes: Any) -> Location:
    """Change a locked place. Raises LimitReached where one storefront too many would be opened again."""
    if changes.get("is_active") and not location.is_active:
        _check_room(by, location.kind)
    accounts.change(by=by, row=location, changes=changes)
    return location


def _check_room(by: Membership, kind: str) -> None:
    if kind == LocationKind.STOREFRONT:
        subscriptions.check_limit(by=by, resource="storefronts")


def find_place(*, by: Membership, location_id: UUID, field: str = "location") -> Location:
    """An open place where the member works. Raises InvalidInput, naming the field, for any other."""
    location: Location | None = by.account.locations.in_use().open_to(by).filter(pk=location_id).first()
    if location is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference(field)])
    return location


def add_reorder_point(
    *, by: Membership, product: Product, location: UUID, minimum: Decimal, target: Decimal | None = None
) -> ReorderPoint:
    """How much of a product a place is to have. Raises NotStocked for a service, InvalidInput for a place that is none
    of the member's, or switched off."""
    if not product.is_stocked:
        raise NotStocked
    place = find_place(by=by, location_id=location)
    point: ReorderPoint = by.account.reorder_points.create(
        product=product, location=place, minimum=minimum, target=target
    )
    facts = {"product": product.pk, "location": place.pk, "minimum": minimum, "target": target}
    accounts.record(by=by, action="reorder_point.added", subject=point, after=facts)
    return point


def change_reorder_point(*, by: Membership, point: ReorderPoint, **changes: Any) -> ReorderPoint:
    accounts.change(by=by, row=point, changes=changes)
    return point


def remove_reorder_point(*, by: Membership, point: ReorderPoint) -> None:
    before = {"product": point.product_id, "location": point.location_id, "minimum": point.minimum}
    accounts.record(by=by, action="reorder_point.removed", subject=point, before={**before, "target": point.target})
    point.delete()
