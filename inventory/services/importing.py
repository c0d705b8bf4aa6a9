"""Imports of tables: what is asked for here is done in the background."""

from collections.abc import Mapping
from uuid import UUID

from accounts.errors import CapabilityMissing
from accounts.models import Membership
from accounts.roles import Capability
from core import errors
from inventory.errors import AlreadyImported
from inventory.importing.rows import What
from inventory.services.places import find_place
from system import media
from system import services as system
from system.models import Task

IMPORT = "inventory.import"  # in settings.TASKS
RIGHTS: Mapping[What, Capability] = {
    What.PRODUCTS: Capability.CATALOG_CHANGE,
    What.OPENING_STOCK: Capability.STOCK_RECEIVE,
    What.SUPPLIERS: Capability.SUPPLIER_CHANGE,
}


def start_import(
    *, by: Membership, file: UUID, what: str, location: UUID | None = None, is_dry_run: bool = False
) -> Task:
    """Import a table that the member has uploaded; stock comes to a place of theirs, and from one file there once.

    A dry run judges and counts, and writes nothing. Raises CapabilityMissing, InvalidInput for a file or a place that
    is none, FileRefused for a file that is no table, and AlreadyImported.
    """
    refuse_import(by=by, what=What(what))
    source = system.find_file(by=by, file_id=file, field="file", content_types=media.TABLES)
    if what == What.OPENING_STOCK:
        _refuse_place(by, location)
    elif location:
        raise errors.InvalidInput(errors=[errors.FieldError("location", "invalid", "Only stock has a place.")])
    params = {"what": what, "location": location, "is_dry_run": is_dry_run}
    if what == What.OPENING_STOCK and not is_dry_run:
        by.account.private_files.locked().get(pk=source.pk)  # who brings the same one meanwhile, waits
        _refuse_second(by, source.pk, location)
    return system.start_task(by=by, kind=IMPORT, params=params, source=source)


def refuse_import(*, by: Membership, what: What) -> None:
    """Raises CapabilityMissing unless the member may write such rows one by one, too."""
    for right in (Capability.CATALOG_IMPORT, RIGHTS[what]):
        if not by.may(right):
            raise CapabilityMissing(capability=right)


def _refuse_place(by: Membership, location: UUID | None) -> None:
    if location is None:
        raise errors.InvalidInput(errors=[errors.FieldError("location", "required", "Say where the stock is.")])
    find_place(by=by, location_id=location)


def _refuse_second(by: Membership, file_id: UUID, location: UUID | None) -> None:
    """Raises AlreadyImported where the file has brought, or is to bring, stock to this place."""
    earlier = by.account.tasks.filter(kind=IMPORT, source=file_id, params__is_dry_run=False)
    for task in earlier.filter(params__location=str(location)):
        if not task.is_over or task.result.get("created"):
            raise AlreadyImported
