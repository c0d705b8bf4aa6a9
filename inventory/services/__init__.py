"""The writers of the catalogue, the places and the stock in them, a noun or a verb a file."""

from inventory.services.adjustments import adjust_stock, approve_adjustment, reject_adjustment, write_off_expired
from inventory.services.arriving import cancel_transfer, receive_transfer
from inventory.services.attachments import attach_file, remove_attachment
from inventory.services.catalogue import (
    add_barcode_rule,
    add_category,
    add_pack,
    add_product,
    add_supplier,
    change_category,
    change_pack,
    change_product,
    change_supplier,
    erase_supplier,
    remove_barcode_rule,
)
from inventory.services.counts import approve_count, cancel_count, open_count, reverse_count, scan_products
from inventory.services.deliveries import receive_stock
from inventory.services.dispatching import dispatch_transfer
from inventory.services.exporting import start_export
from inventory.services.import_products import import_products
from inventory.services.import_stock import import_opening_stock
from inventory.services.import_suppliers import import_suppliers
from inventory.services.importing import IMPORT, refuse_import, start_import
from inventory.services.issuing import Issue, Shelf, issue_stock
from inventory.services.labelling import start_labels
from inventory.services.overselling import Gone, issue_gone
from inventory.services.places import (
    add_location,
    add_reorder_point,
    change_location,
    change_reorder_point,
    open_first_places,
    remove_reorder_point,
)
from inventory.services.purchasing import (
    add_order,
    cancel_order,
    change_order,
    close_order,
    place_order,
    receive_order,
)
from inventory.services.rebuild import rebuild_from_ledger
from inventory.services.reservations import hold_all, hold_stock, keep_held, release_cart, release_hold
from inventory.services.returns import send_back_stock
from inventory.services.taking_back import Return, lock_batches, return_stock
from inventory.services.transfers import accept_transfer, change_transfer, open_transfer

__all__ = [
    "IMPORT",
    "Gone",
    "Issue",
    "Return",
    "Shelf",
    "accept_transfer",
    "add_barcode_rule",
    "add_category",
    "add_location",
    "add_order",
    "add_pack",
    "add_product",
    "add_reorder_point",
    "add_supplier",
    "adjust_stock",
    "approve_adjustment",
    "approve_count",
    "attach_file",
    "cancel_count",
    "cancel_order",
    "cancel_transfer",
    "change_category",
    "change_location",
    "change_order",
    "change_pack",
    "change_product",
    "change_reorder_point",
    "change_supplier",
    "change_transfer",
    "close_order",
    "dispatch_transfer",
    "erase_supplier",
    "hold_all",
    "hold_stock",
    "import_opening_stock",
    "import_products",
    "import_suppliers",
    "issue_gone",
    "issue_stock",
    "keep_held",
    "lock_batches",
    "open_count",
    "open_first_places",
    "open_transfer",
    "place_order",
    "rebuild_from_ledger",
    "receive_order",
    "receive_stock",
    "receive_transfer",
    "refuse_import",
    "reject_adjustment",
    "release_cart",
    "release_hold",
    "remove_attachment",
    "remove_barcode_rule",
    "remove_reorder_point",
    "return_stock",
    "reverse_count",
    "scan_products",
    "send_back_stock",
    "start_export",
    "start_import",
    "start_labels",
    "write_off_expired",
]
