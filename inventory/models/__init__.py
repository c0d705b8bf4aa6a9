"""Products, places, and every piece of stock in them."""

from inventory.models.adjustments import (
    Adjustment,
    AdjustmentKind,
    AdjustmentLine,
    AdjustmentStatus,
    CountStatus,
    StockCount,
    StockCountLine,
)
from inventory.models.attachments import Attachment
from inventory.models.catalogue import (
    BarcodeKind,
    BarcodeRule,
    Category,
    Product,
    ProductPack,
    Supplier,
    TaxClass,
    Tracking,
)
from inventory.models.documents import Document, DocumentCounter
from inventory.models.places import Location, LocationKind, LocationMember, ReorderPoint
from inventory.models.purchasing import OrderStatus, PurchaseOrder, PurchaseOrderLine
from inventory.models.reservations import Reservation
from inventory.models.returns import SupplierReturn
from inventory.models.stock import (
    LOST,
    MOVED,
    MovementKind,
    SerialNumber,
    SpreadBy,
    Stock,
    StockMovement,
    StockProduct,
)
from inventory.models.transfers import Transfer, TransferLine, TransferPick, TransferStatus

__all__ = [
    "LOST",
    "MOVED",
    "Adjustment",
    "AdjustmentKind",
    "AdjustmentLine",
    "AdjustmentStatus",
    "Attachment",
    "BarcodeKind",
    "BarcodeRule",
    "Category",
    "CountStatus",
    "Document",
    "DocumentCounter",
    "Location",
    "LocationKind",
    "LocationMember",
    "MovementKind",
    "OrderStatus",
    "Product",
    "ProductPack",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "ReorderPoint",
    "Reservation",
    "SerialNumber",
    "SpreadBy",
    "Stock",
    "StockCount",
    "StockCountLine",
    "StockMovement",
    "StockProduct",
    "Supplier",
    "SupplierReturn",
    "TaxClass",
    "Tracking",
    "Transfer",
    "TransferLine",
    "TransferPick",
    "TransferStatus",
]
