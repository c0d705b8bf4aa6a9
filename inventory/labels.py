"""Sheets of labels as PDF: what it is called, what it costs, and its barcode, in bars that a scanner reads."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.db import models
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.eanbc import UPCA, Ean8BarcodeWidget, Ean13BarcodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from core.paper import font, printable
from inventory import barcodes

WIDEST, NARROWEST = (
    0.33 * mm,
    0.19 * mm,
)  # of a module, the thinnest bar: as GS1 draws it, and as scanners still read it
TALLEST = 20 * mm
NAME, PRICE, DIGITS = 7, 9, 6  # points
LEADING = 1.2
ELLIPSIS = "…"


class LabelLayout(models.TextChoices):
    """Sheets of A4 by how many labels they have."""

    A4_65 = "A4_65", "38.1 × 21.2 mm"
    A4_40 = "A4_40", "52.5 × 29.7 mm"
    A4_24 = "A4_24", "70 × 37 mm"
    A4_21 = "A4_21", "63.5 × 38.1 mm"


@dataclass(frozen=True)
class Grid:
    """How labels lie on a sheet, in mm: `gap` between those of a row, `padding` within each.

    Few printers print to the edge of the paper: labels that reach it have more padding.
    """

    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    gap: float
    padding: float
    name_lines: int

    @property
    def inner_width(self) -> float:
        """In points."""
        return (self.width - 2 * self.padding) * mm

    @property
    def inner_height(self) -> float:
        """In points."""
        return (self.height - 2 * self.padding) * mm

    def corners(self) -> Iterator[tuple[float, float]]:
        """The lower left corner of what may be printed on, of each label in turn, in points."""
        for row in range(self.rows):
            for column in range(self.columns):
                x = self.left + column * (self.width + self.gap) + self.padding
                yield x * mm, A4[1] - (self.top + (row + 1) * self.height - self.padding) * mm


GRIDS: dict[str, Grid] = {
    LabelLayout.A4_65: Grid(5, 13, 38.1, 21.2, left=4.67, top=10.7, gap=2.54, padding=1.5, name_lines=1),
    LabelLayout.A4_40: Grid(4, 10, 52.5, 29.7, left=0, top=0, gap=0, padding=4.5, name_lines=1),
    LabelLayout.A4_24: Grid(3, 8, 70, 37, left=0, top=0.5, gap=0, padding=4.5, name_lines=2),
    LabelLayout.A4_21: Grid(3, 7, 63.5, 38.1, left=7.21, top=15.15, gap=2.54, padding=2.5, name_lines=2),
}


@dataclass(frozen=True)
class Label:
    name: str
    price: str  # as it is printed; empty where it is not
    barcode: str
    copies: int


def _lines(text: str, width: float, most: int) -> list[str]:
    lines = simpleSplit(text, font(), NAME, width)
    shown = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [_shortened(line, width) for line in shown if line]


def _shortened(line: str, width: float) -> str:
    if pdfmetrics.stringWidth(line, font(), NAME) <= width:
        return line
    while pdfmetrics.stringWidth(line + ELLIPSIS, font(), NAME) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS


# --- Bars -------------------------------------------------------------------------------------------------------------

# By the number of digits: what draws them, how many modules the bars take, and how much room must be left beside them.
_EAN: dict[int, tuple[type[Any], int, int, int]] = {
    8: (Ean8BarcodeWidget, 67, 7, 7),
    12: (UPCA, 95, 9, 9),
    13: (Ean13BarcodeWidget, 95, 11, 7),
}
_QUIET = 10  # modules on both sides of Code 128


def _ean(barcode: str) -> tuple[type[Any], int, int, int] | None:
    is_plain = barcode.isascii() and barcode.isdigit() and not barcodes.is_misread(barcode)
    return _EAN.get(len(barcode)) if is_plain else None


def _modules(barcode: str) -> int:
    """How many modules the bars take, with the room beside them."""
    ean = _ean(barcode)
    if ean:
        return sum(ean[1:])
    return int(Code128(barcode, barWidth=1, quiet=0).width) + 2 * _QUIET


def is_encodable(barcode: str) -> bool:
    """Whether there are bars for all of its letters."""
    return barcode.isascii() and barcode.isprintable()


def fits(barcode: str, layout: str) -> bool:
    """Whether its bars, on this label, are as wide as a scanner needs them."""
    return _modules(barcode) * NARROWEST <= GRIDS[layout].inner_width


def _draw_bars(canvas: Canvas, barcode: str, *, width: float, height: float) -> None:
    """Bars in the middle of the width, their digits below, from the ground up."""
    modules = _modules(barcode)
    module = min(WIDEST, width / modules)
    left = (width - modules * module) / 2
    ean = _ean(barcode)
    if ean:
        draw, _, quiet, _ = ean
        bars = draw(barcode[:-1], barWidth=module, barHeight=height, quiet=0, fontName=font(), fontSize=DIGITS)
        drawing = Drawing(width, height)
        drawing.add(bars)
        renderPDF.draw(drawing, canvas, left + quiet * module, 0)
        return
    below = DIGITS * LEADING
    Code128(barcode, barWidth=module, barHeight=height - below, quiet=0).drawOn(canvas, left + _QUIET * module, below)
    canvas.setFont(font(), DIGITS)
    canvas.drawCentredString(width / 2, DIGITS * 0.2, barcode)


# --- Sheets -----------------------------------------------------------------------------------------------------------


class Sheets:
    """A PDF that grows page by page. A label is drawn once, however many copies there are."""

    def __init__(self, layout: str) -> None:
        self._grid = GRIDS[layout]
        self._canvas = Canvas(BytesIO(), pagesize=A4, pageCompression=1)

    def add(self, labels: Sequence[Label]) -> Iterator[int]:
        """Fill one page after the other; how many labels came on each."""
        corners, count = self._grid.corners(), 0
        for name in self._drawn(labels):
            corner = next(corners, None)
            if corner is None:
                self._canvas.showPage()
                yield count
                corners, count = self._grid.corners(), 0
                corner = next(corners)
            self._canvas.saveState()
            self._canvas.translate(*corner)
            self._canvas.doForm(name)
            self._canvas.restoreState()
            count += 1
        self._canvas.showPage()
        yield count

    def content(self) -> bytes:
        content: bytes = self._canvas.getpdfdata()  # type: ignore[no-untyped-call]
        return content

    def _drawn(self, labels: Iterable[Label]) -> Iterator[str]:
        """The name of the drawing of each copy."""
        for index, label in enumerate(labels):
            self._canvas.beginForm(f"label{index}")
            self._draw(label)
            self._canvas.endForm()
            for _ in range(label.copies):
                yield f"label{index}"

    def _draw(self, label: Label) -> None:
        canvas, grid = self._canvas, self._grid
        y = grid.inner_height
        for line in _lines(printable(label.name)[0], grid.inner_width, grid.name_lines):
            y -= NAME * LEADING
            canvas.setFont(font(), NAME)
            canvas.drawString(0, y + NAME * (LEADING - 1), line)
        if label.price:
            y -= PRICE * LEADING
            canvas.setFont(font(), PRICE)
            canvas.drawString(0, y + PRICE * (LEADING - 1), label.price)
        _draw_bars(canvas, label.barcode, width=grid.inner_width, height=min(y - 0.5 * mm, TALLEST))
