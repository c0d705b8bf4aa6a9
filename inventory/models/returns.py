"""What went back to a supplier."""

from __future__ import annotations

from django.db import models

from core import tenancy
from inventory.models.documents import Document, numbered
from inventory.models.stock import Stock


class SupplierReturn(Document):
    """Goods of a delivery that went back to whom they came from. Its lines are those of the ledger."""

    code = "SR"
    place = "stock__location"

    stock = tenancy.OwnedKey(Stock, related_name="returns")
    returned_at = models.DateTimeField()

    class Meta(Document.Meta):
        db_table = "supplier_returns"
        default_related_name = "supplier_returns"
        indexes = [models.Index(fields=["account", "stock"], name="supplier_returns_by_delivery")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("stock"),
            tenancy.SameAccount("opened_by"),
            numbered("supplier_return"),
        ]
