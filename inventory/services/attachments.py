"""Photos and papers of documents: what proves that something broke, came or went back."""

from uuid import UUID

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability
from inventory.errors import AttachmentKept, TooManyAttachments
from inventory.models import Adjustment, AdjustmentStatus, Attachment, Stock, SupplierReturn, Transfer, TransferStatus
from inventory.services.adjustments import check_right
from system import media
from system import services as system

MOST = 10  # of one document
MOST_BYTES = 5 * 1024 * 1024
OPEN = {AdjustmentStatus.PENDING, TransferStatus.REQUESTED, TransferStatus.DRAFT}

Attachable = Adjustment | Stock | SupplierReturn | Transfer


def attach_file(*, by: Membership, document: Attachable, file: UUID) -> Attachment:
    """Put a file that the member has uploaded to a locked document, whatever has become of it: a picture or a PDF.

    Raises TooManyAttachments, InvalidInput for any other file, FileRefused for one of another kind, and FileTooLarge.
    """
    _check_right(by, document)
    kept = system.find_file(by=by, file_id=file, field="file", content_types=media.PAPERS, limit=MOST_BYTES)
    if document.attachments.count() >= MOST:
        raise TooManyAttachments(limit=MOST)
    attachment: Attachment = document.attachments.create(account_id=by.account_id, file=kept, attached_by=by)
    accounts.record(by=by, action="attachment.added", subject=attachment, after=_facts(document, attachment))
    return attachment


def remove_attachment(*, by: Membership, document: Adjustment | Transfer, attachment: Attachment) -> None:
    """Take a file off a locked document on which people still work. Raises AttachmentKept for any other."""
    _check_right(by, document)
    if document.status not in OPEN:
        raise AttachmentKept
    accounts.record(by=by, action="attachment.removed", subject=attachment, before=_facts(document, attachment))
    attachment.delete()


def _check_right(by: Membership, document: Attachable) -> None:
    if isinstance(document, Adjustment):
        check_right(by, Capability.STOCK_ADJUST, document.location_id)


def _facts(document: Attachable, attachment: Attachment) -> dict[str, UUID]:
    return {str(document._meta.model_name): document.pk, "file": attachment.file_id}
