"""An invoice, or the credit note of one, as a PDF: one page of A4."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from core import paper
from subscriptions.models import Invoice, InvoiceKind

LEFT, RIGHT, TOP = 20 * mm, A4[0] - 20 * mm, A4[1] - 25 * mm
PLAIN, LARGE = 10, 16
LEADING = 1.5
_TITLES = {InvoiceKind.INVOICE: "Invoice", InvoiceKind.CREDIT_NOTE: "Credit note"}


def render(invoice: Invoice) -> bytes:
    """What the invoice said when it was issued. The same file each time."""
    said, page = invoice.content, _Page()
    page.write(f"{_TITLES[InvoiceKind(invoice.kind)]} {invoice.number}", size=LARGE)
    page.write(f"{invoice.issued_on:%Y-%m-%d}")
    if said.get("corrects"):
        page.write(f"Takes back invoice {said['corrects']}")
    page.gap()
    for line in said["seller"].splitlines():
        page.write(line)
    page.gap()
    page.write(f"To {said['buyer']['name']}, {said['buyer']['country']}")
    page.write(f"For {said['starts_on']} to {said['ends_on']}")
    page.table(said["lines"])
    page.row("Net", said["net"])
    page.table(said["charges"])
    page.row(f"Total in {invoice.currency}", said["total"], size=LARGE)
    return page.content()


class _Page:
    """Lines from above to below. Without the moment of its making: a copy is the same file each time."""

    def __init__(self) -> None:
        self.canvas = Canvas(BytesIO(), pagesize=A4, pageCompression=1, invariant=1)
        self.height = TOP

    def write(self, text: str, *, size: float = PLAIN, right: str = "") -> None:
        shown = paper.printable(text)[0]
        room = RIGHT - LEFT - 40 * mm * bool(right)
        for i, line in enumerate(simpleSplit(shown, paper.font(), size, room) or [""]):
            self.canvas.setFont(paper.font(), size)
            self.canvas.drawString(LEFT, self.height, line)
            if right and not i:
                self.canvas.drawRightString(RIGHT, self.height, right)
            self.height -= size * LEADING

    def row(self, text: str, amount: str, *, size: float = PLAIN) -> None:
        self.write(text, size=size, right=amount)

    def table(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.gap()
        for row in rows:
            self.row(row["text"], row["amount"])
        self.canvas.line(LEFT, self.height + PLAIN, RIGHT, self.height + PLAIN)
        self.gap()

    def gap(self) -> None:
        self.height -= PLAIN

    def content(self) -> bytes:
        self.canvas.showPage()
        content: bytes = self.canvas.getpdfdata()  # type: ignore[no-untyped-call]
        return content
