"""What proves a document: the photo of what broke, the waybill, the police report."""

from __future__ import annotations

from django.db import models
from django.db.models.lookups import Exact

from accounts.models import Membership
from core import tenancy
from inventory.models.adjustments import Adjustment
from inventory.models.returns import SupplierReturn
from inventory.models.stock import Stock
from inventory.models.transfers import Transfer
from system.models import PrivateFile

DOCUMENTS = ("adjustment", "delivery", "transfer", "supplier_return")


class Attachment(tenancy.AccountOwned):
    """A file of one document; whoever may see the document may see it. It is reached through the document alone."""

    place = "adjustment__location"

    adjustment = tenancy.OwnedKey(Adjustment, null=True, related_name="attachments")
    delivery = tenancy.OwnedKey(Stock, null=True, related_name="attachments")
    transfer = tenancy.OwnedKey(Transfer, null=True, related_name="attachments")
    supplier_return = tenancy.OwnedKey(SupplierReturn, null=True, related_name="attachments")
    file = tenancy.OwnedKey(PrivateFile, related_name="+")
    attached_by = tenancy.OwnedKey(Membership, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "attachments"
        default_related_name = "attachments"
        indexes = [
            models.Index(
                fields=["account", name], name=f"attachments_of_{name}", condition=models.Q((f"{name}__isnull", False))
            )
            for name in DOCUMENTS
        ]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            *(tenancy.SameAccount(name) for name in DOCUMENTS),
            tenancy.SameAccount("file"),
            tenancy.SameAccount("attached_by"),
            models.CheckConstraint(
                condition=Exact(
                    models.Func(*DOCUMENTS, function="num_nonnulls", output_field=models.IntegerField()), 1
                ),
                name="attachment_has_one_document",
                violation_error_code="not_one_document",
                violation_error_message="An attachment belongs to one document.",
            ),
            models.UniqueConstraint(
                fields=["account", "file"],
                name="one_attachment_per_file",
                violation_error_code="file_attached",
                violation_error_message="This file is attached to a document already.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.file_id)
