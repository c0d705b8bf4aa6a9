"""What is printed: the first time the receipt itself, and ever after a copy of it."""

from dataclasses import dataclass

from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from sales.models import ReceiptFormat, ReceiptPrint, Refund, Sale
from sales.receipts import content, escpos, page, pdf
from sales.receipts.content import Receipt
from sales.services import drawers


@dataclass(frozen=True)
class Printed:
    """A print that is noted, and what is to come out of the printer; of JSON the till makes its own."""

    row: ReceiptPrint
    receipt: Receipt
    content_type: str = ""
    content: bytes = b""


def print_receipt(
    *,
    by: Membership,
    document: Sale | Refund,
    format: str,  # noqa: A002 - as it is called outside
    columns: int = escpos.WIDE,
) -> Printed:
    """Note a print of the receipt of a locked sale or refund: who, when, on which device, and which number. Raises
    SubscriptionExpired."""
    drawers.check_running(by=by, shift_id=document.shift_id)
    row = ReceiptPrint(
        account_id=by.account_id,
        sale=document if isinstance(document, Sale) else document.sale,
        refund=None if isinstance(document, Sale) else document,
        number=content.count_prints(document) + 1,
        format=format,
        printed_by=by,
        device_id=by.session.device_id if by.session else None,
        printed_at=timezone.now(),
    )
    row.save(force_insert=True)
    accounts.record(by=by, action="receipt.printed", subject=document, after={"number": row.number})
    receipt = content.write_receipt(by.account, document, is_copy=row.is_copy)
    return Printed(row, receipt, *_drawn(receipt, format, columns))


def _drawn(receipt: Receipt, format: str, columns: int) -> tuple[str, bytes]:  # noqa: A002
    if format == ReceiptFormat.HTML:
        return page.CONTENT_TYPE, page.render(receipt).encode()
    if format == ReceiptFormat.PDF:
        return pdf.CONTENT_TYPE, pdf.render(receipt)
    if format == ReceiptFormat.ESCPOS:
        return escpos.CONTENT_TYPE, escpos.render(receipt, columns=columns)
    return "", b""
