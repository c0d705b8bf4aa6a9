"""A receipt as a PDF: a strip of paper 80 mm wide, and as long as it has to be."""

from collections.abc import Callable, Iterable
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from core import paper
from sales.receipts import codes
from sales.receipts.content import Receipt, Row
from system import media

CONTENT_TYPE = media.PDF
WIDTH, MARGIN = 80 * mm, 4 * mm
INNER = WIDTH - 2 * MARGIN
LONGEST = 14_000  # points of a page: readers refuse what is longer than 14,400
SMALL, PLAIN, LARGE = 7, 8.5, 12
LEADING = 1.3
INDENT = GAP = 2 * mm
CODE = 34 * mm

Draw = Callable[[Canvas, float], None]


def render(receipt: Receipt) -> bytes:
    strip = Strip()
    strip.centre(receipt.business_name, LARGE)
    for line in (*receipt.header, receipt.storefront_name):
        strip.centre(line)
    for mark in receipt.marks:
        strip.centre(mark, LARGE)
    strip.centre(f"{receipt.number} · {receipt.local_time}")
    strip.centre(receipt.people)
    for rows in (receipt.items, receipt.sums, receipt.payments):
        strip.table(rows)
    strip.rule()
    for line in receipt.footer or ("Thank you!",):
        strip.centre(line)
    strip.centre(receipt.fiscal_line)
    for code in receipt.codes:
        strip.code(code.text)
        strip.centre(code.caption, SMALL)
    return strip.content()


class Strip:
    """What is printed from above to below: pieces of paper, each as high as what stands on it."""

    def __init__(self) -> None:
        self._pieces: list[tuple[float, Draw]] = []

    def centre(self, text: str, size: float = PLAIN) -> None:
        for line in _split(text, size, INNER):
            self._add(size * LEADING, _text(line, size, WIDTH / 2, "centre"))

    def table(self, rows: Iterable[Row]) -> None:
        self.rule()
        for row in rows:
            self._row(row, LARGE if row.is_strong else PLAIN)

    def rule(self) -> None:
        def draw(canvas: Canvas, base: float) -> None:
            canvas.setDash(2, 2)
            canvas.line(MARGIN, base + GAP, WIDTH - MARGIN, base + GAP)

        self._add(2 * GAP, draw)

    def code(self, text: str) -> None:
        def draw(canvas: Canvas, base: float) -> None:
            squares = list(codes.draw(text).matrix_iter(border=codes.MARGIN))
            side = CODE / len(squares)
            for y, line in enumerate(reversed(squares)):
                for x, is_dark in enumerate(line):
                    if is_dark:
                        left = (WIDTH - CODE) / 2 + x * side
                        canvas.rect(left, base + y * side, side, side, stroke=0, fill=1)

        self._add(CODE, draw)

    def content(self) -> bytes:
        # Without the moment of its making: a copy is the same file each time.
        canvas = Canvas(BytesIO(), pageCompression=1, invariant=1)
        for pieces in self._pages():
            height = sum(height for height, _ in pieces) + 2 * MARGIN
            canvas.setPageSize((WIDTH, height))
            base = height - MARGIN
            for high, draw in pieces:
                base -= high
                canvas.saveState()
                draw(canvas, base)
                canvas.restoreState()
            canvas.showPage()
        content: bytes = canvas.getpdfdata()  # type: ignore[no-untyped-call]
        return content

    def _pages(self) -> Iterable[list[tuple[float, Draw]]]:
        page: list[tuple[float, Draw]] = []
        left = float(LONGEST)
        for piece in self._pieces:
            if piece[0] > left:
                yield page
                page, left = [], float(LONGEST)
            page.append(piece)
            left -= piece[0]
        yield page

    def _row(self, row: Row, size: float) -> None:
        room = INNER - _width(row.right, size) - GAP
        first, *more = _split(row.left, size, room) or [""]
        left, right = _text(first, size, MARGIN, "left"), _text(row.right, size, WIDTH - MARGIN, "right")

        def draw(canvas: Canvas, base: float) -> None:
            left(canvas, base)
            right(canvas, base)

        self._add(size * LEADING, draw)
        for line in more:
            self._add(size * LEADING, _text(line, size, MARGIN, "left"))
        for note in row.notes:
            for line in _split(note, SMALL, INNER - INDENT):
                self._add(SMALL * LEADING, _text(line, SMALL, MARGIN + INDENT, "left"))

    def _add(self, height: float, draw: Draw) -> None:
        self._pieces.append((height, draw))


def _text(text: str, size: float, x: float, align: str) -> Draw:
    def draw(canvas: Canvas, base: float) -> None:
        canvas.setFont(paper.font(), size)
        place = {"left": canvas.drawString, "right": canvas.drawRightString, "centre": canvas.drawCentredString}[align]
        place(x, base + size * (LEADING - 1), text)

    return draw


def _width(text: str, size: float) -> float:
    return pdfmetrics.stringWidth(paper.printable(text)[0], paper.font(), size)


def _split(text: str, size: float, width: float) -> list[str]:
    """Lines that fit; a word that does not is cut."""
    shown = paper.printable(text)[0]
    lines: list[str] = simpleSplit(shown, paper.font(), size, width)
    return [piece for line in lines for piece in _cut(line, size, width)]


def _cut(line: str, size: float, width: float) -> Iterable[str]:
    while len(line) > 1 and _width(line, size) > width:
        end = len(line) - 1
        while end > 1 and _width(line[:end], size) > width:
            end -= 1
        yield line[:end]
        line = line[end:]
    yield line
