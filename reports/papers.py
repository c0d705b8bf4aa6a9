"""A report as PDF: what is drawn, then the rows and their sums, on sheets of A4."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from core.amounts import ZERO
from core.paper import font, printable
from reports.report import Answer, Kind, show

MARGIN, FRAME = 15 * mm, 6  # which the sheet leaves around what is on it
MOST_BARS, WIDEST_BAR, LONGEST_LABEL = 31, 25 * mm, 18
MOST_ROWS = 2_000  # beyond that nobody prints; a spreadsheet has them all
SIZE, PADDING = 7, 4
NUMBERS = (Kind.COUNT, Kind.QUANTITY, Kind.MONEY, Kind.RATE)
INK, PALE = colors.HexColor("#1f4e79"), colors.HexColor("#eef3f8")

Line = list[str]


def render(answer: Answer, *, most: int | None = None) -> bytes:
    """The pages, with the first rows."""
    page = landscape(A4) if len(answer.report.columns) > 6 else A4
    file, face = BytesIO(), font()
    title = f"{answer.account.name}: {answer.report.title}"
    document = SimpleDocTemplate(
        file, pagesize=page, title=title, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN
    )

    def number(canvas: Any, _: Any) -> None:
        canvas.setFont(face, SIZE)
        canvas.drawRightString(page[0] - MARGIN, MARGIN / 2, str(canvas.getPageNumber()))

    story = list(_story(answer, page[0] - 2 * (MARGIN + FRAME), min(most or MOST_ROWS, MOST_ROWS), face))
    document.build(story, onFirstPage=number, onLaterPages=number)
    return file.getvalue()


def _story(answer: Answer, width: float, most: int, face: str) -> Iterator[Flowable]:
    span = answer.span
    yield Paragraph(escape(answer.report.title), ParagraphStyle("title", fontName=face, fontSize=15, leading=19))
    plain = ParagraphStyle("plain", fontName=face, fontSize=9, leading=13)
    days = f"{span.first}" if span.first == span.last else f"{span.first} to {span.last}"
    head, _ = printable(f"{answer.account.name} · {days} · {answer.account.currency}")
    yield Paragraph(escape(head), plain)
    yield Spacer(1, 4 * mm)
    if not answer.rows:
        yield Paragraph("There was nothing of it in these days.", plain)
        return
    if answer.report.chart:
        yield _draw(answer, width, face)
        yield Spacer(1, 4 * mm)
    yield _table(answer, width, most, face)
    if answer.count() > most:
        yield Paragraph(f"The first {most} of {answer.count()} rows; the sums are of all.", plain)


def _draw(answer: Answer, width: float, face: str) -> Drawing:
    """The first bars of the chart that the report names."""
    assert answer.report.chart
    label, value = answer.report.chart
    kinds = {column.name: column.kind for column in answer.report.columns}
    rows = answer.rows[:MOST_BARS]
    drawing, chart = Drawing(width, 60 * mm), VerticalBarChart()
    chart.x = chart.y = int(18 * mm)
    chart.width, chart.height = int(min(width - 20 * mm, len(rows) * WIDEST_BAR)), int(40 * mm)
    chart.data = [[float(row[value] or ZERO) for row in rows]]  # to be drawn, and nothing else
    chart.bars[0].fillColor, chart.bars[0].strokeColor = INK, None
    chart.valueAxis.labels.fontName = chart.categoryAxis.labels.fontName = face
    chart.valueAxis.labels.fontSize = chart.categoryAxis.labels.fontSize = 6
    chart.valueAxis.valueMin, chart.valueAxis.valueMax = _scale(chart.data[0])
    chart.valueAxis.labelTextFormat = "{:,.0f}".format
    chart.categoryAxis.categoryNames = [_shortened(_written(answer, kinds[label], row[label])) for row in rows]
    chart.categoryAxis.labels.angle, chart.categoryAxis.labels.boxAnchor = 40, "ne"
    chart.categoryAxis.tickDown, chart.categoryAxis.labelAxisMode = 0, "low"
    drawing.add(chart)
    return drawing


def _scale(heights: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest, with zero between them."""
    low, high = min(0.0, *heights), max(0.0, *heights)
    return (low, high) if low < high else (0.0, 1.0)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"


def _table(answer: Answer, width: float, most: int, face: str) -> LongTable:
    columns = answer.report.columns
    lines = [[column.title for column in columns]]
    lines += [_line(answer, [row[column.name] for column in columns]) for row in answer.rows[:most]]
    style: list[Any] = [("BACKGROUND", (0, 0), (-1, 0), PALE), ("LINEBELOW", (0, 0), (-1, 0), 0.7, INK)]
    totals = answer.totals
    if totals:
        sums = _line(answer, [totals.get(column.name) for column in columns])
        lines.append([sums[0] or "Total", *sums[1:]])
        style.append(("LINEABOVE", (0, -1), (-1, -1), 0.7, INK))
    size, widths = _fit(answer, lines, width, face)
    style += [("FONT", (0, 0), (-1, -1), face, size, size * 1.3), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    style += [(f"{side}PADDING", (0, 0), (-1, -1), PADDING) for side in ("LEFT", "RIGHT")]
    style += [(f"{side}PADDING", (0, 0), (-1, -1), PADDING / 2) for side in ("TOP", "BOTTOM")]
    style += [("ALIGN", (at, 0), (at, -1), "RIGHT") for at, each in enumerate(columns) if each.kind in NUMBERS]
    wrapped = ParagraphStyle("cell", fontName=face, fontSize=size, leading=size * 1.3)
    cells = [[_cell(text, room, wrapped) for text, room in zip(line, widths, strict=True)] for line in lines]
    table = LongTable(cells, colWidths=widths, repeatRows=1)
    table.setStyle(TableStyle(style))
    return table


def _line(answer: Answer, values: Sequence[Any]) -> Line:
    return [
        "" if value is None else _written(answer, column.kind, value)
        for column, value in zip(answer.report.columns, values, strict=True)
    ]


def _written(answer: Answer, kind: Kind, value: Any) -> str:
    """As it is drawn: in letters that the font has, of a moment without its seconds."""
    shown = str(show(kind, value, answer.account))
    return shown[:16].replace("T", " ") if kind is Kind.MOMENT else printable(shown)[0]


def _fit(answer: Answer, lines: Sequence[Line], width: float, face: str) -> tuple[float, list[float]]:
    """The size of the letters, and the widths of the columns: texts have what numbers leave them, and are wrapped."""
    needed = [max(stringWidth(text, face, SIZE) for text in column) for column in zip(*lines, strict=True)]
    is_text = [column.kind is Kind.TEXT for column in answer.report.columns]
    padding = 2 * PADDING + 1
    least = [min(each, 18 * mm) if text else each for each, text in zip(needed, is_text, strict=True)]
    scale = min(1.0, (width - padding * len(needed)) / sum(least))
    widths = [each * scale + padding for each in least]
    spare = width - sum(widths)
    wanting = [each - had if text else 0 for each, had, text in zip(needed, least, is_text, strict=True)]
    share = min(1.0, spare / (sum(wanting) or 1))
    widths = [each + share * more for each, more in zip(widths, wanting, strict=True)]
    rest = (width - sum(widths)) / len(widths)
    return SIZE * scale, [each + rest for each in widths]


def _cell(text: str, room: float, wrapped: ParagraphStyle) -> str | Paragraph:
    fits = stringWidth(text, wrapped.fontName, wrapped.fontSize) <= room - 2 * PADDING
    return text if fits else Paragraph(escape(text), wrapped)
