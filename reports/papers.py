"""A report as PDF: what is drawn, then the rows and their sums, on sheets of A4."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from core.paper import font
from reports.report import Answer, Kind, show

CONTENT_TYPE = "application/pdf"
MARGIN = 15 * mm
MOST_BARS = 31
MOST_ROWS = 5_000  # beyond that nobody prints; a spreadsheet has them all
NUMBERS = (Kind.COUNT, Kind.QUANTITY, Kind.MONEY, Kind.RATE)
INK, PALE = colors.HexColor("#1f4e79"), colors.HexColor("#eef3f8")


def render(answer: Answer, *, most: int | None = None) -> bytes:
    """The pages, with the first rows."""
    page = landscape(A4) if len(answer.report.columns) > 6 else A4
    file = BytesIO()
    title = f"{answer.account.name}: {answer.report.title}"
    document = SimpleDocTemplate(
        file, pagesize=page, title=title, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN
    )
    document.build(list(_story(answer, page[0] - 2 * MARGIN, min(most or MOST_ROWS, MOST_ROWS))))
    return file.getvalue()


def _story(answer: Answer, width: float, most: int) -> Iterator[Flowable]:
    face = font()
    span = answer.span
    yield Paragraph(escape(answer.report.title), ParagraphStyle("title", fontName=face, fontSize=15, leading=19))
    plain = ParagraphStyle("plain", fontName=face, fontSize=9, leading=13)
    days = f"{span.first}" if span.first == span.last else f"{span.first} to {span.last}"
    yield Paragraph(escape(f"{answer.account.name} · {days} · {answer.account.currency}"), plain)
    yield Spacer(1, 4 * mm)
    if answer.report.chart and answer.rows:
        yield _draw(answer, width, face)
        yield Spacer(1, 4 * mm)
    yield _table(answer, most, face)
    if answer.count() > most:
        yield Paragraph(f"The first {most} of {answer.count()} rows; the sums are of all.", plain)


def _draw(answer: Answer, width: float, face: str) -> Drawing:
    """The first bars of the chart that the report names."""
    assert answer.report.chart
    label, value = answer.report.chart
    rows = answer.rows[:MOST_BARS]
    drawing, chart = Drawing(width, 60 * mm), VerticalBarChart()
    chart.x = chart.y = int(18 * mm)
    chart.width, chart.height = int(width - 20 * mm), int(40 * mm)
    heights = [row[value] or Decimal(0) for row in rows]
    chart.data = [[float(height) for height in heights]]  # to be drawn, and nothing else
    chart.bars[0].fillColor = INK
    chart.bars.strokeWidth = 0
    chart.valueAxis.labels.fontName = chart.categoryAxis.labels.fontName = face
    chart.valueAxis.labels.fontSize = chart.categoryAxis.labels.fontSize = 6
    chart.valueAxis.valueMin = min([0.0, *chart.data[0]])
    chart.valueAxis.labelTextFormat = "%.0f"
    chart.categoryAxis.categoryNames = [str(row[label])[:18] for row in rows]
    chart.categoryAxis.labels.angle, chart.categoryAxis.labels.boxAnchor = 40, "ne"
    drawing.add(chart)
    return drawing


def _table(answer: Answer, most: int, face: str) -> LongTable:
    columns, account = answer.report.columns, answer.account
    cell = ParagraphStyle("cell", fontName=face, fontSize=7, leading=9)
    right = ParagraphStyle("right", parent=cell, alignment=2)

    def shown(kind: Kind, value: Any) -> Paragraph:
        text = "" if value is None else str(show(kind, value, account))
        return Paragraph(escape(text), right if kind in NUMBERS else cell)

    def line(values: Sequence[Any]) -> list[Paragraph]:
        return [shown(column.kind, value) for column, value in zip(columns, values, strict=True)]

    headings = [Paragraph(escape(each.title), right if each.kind in NUMBERS else cell) for each in columns]
    body = [line([row[column.name] for column in columns]) for row in answer.rows[:most]]
    totals = answer.totals
    sums = [line([totals.get(column.name) for column in columns])] if totals and body else []
    table = LongTable([headings, *body, *sums], repeatRows=1)
    style: list[Any] = [("BACKGROUND", (0, 0), (-1, 0), PALE), ("LINEBELOW", (0, 0), (-1, 0), 0.7, INK)]
    if sums:
        style.append(("LINEABOVE", (0, -1), (-1, -1), 0.7, INK))
    table.setStyle(TableStyle([*style, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table
