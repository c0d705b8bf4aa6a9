"""Reads a till's export: a CSV with one invoice line per row, in the form of the UCI Online Retail set."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from core.amounts import ZERO
from sales.replay.errors import Unreadable

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
MOMENTS = ("%m-%d-%Y %H:%M", "%m/%d/%Y %H:%M")  # the month first
CANCELLATION = "C"
NAME_LENGTH = 200  # what a product's name may have


@dataclass(frozen=True)
class Line:
    """A row of the export. `sold_at` is the wall clock of the shop, without an offset."""

    row: int
    invoice: str
    sku: str
    name: str
    quantity: Decimal
    sold_at: datetime
    unit_price: Decimal
    customer: str

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.unit_price

    @property
    def day(self) -> date:
        return self.sold_at.date()

    @property
    def is_cancellation(self) -> bool:
        return self.invoice.startswith(CANCELLATION)


@dataclass(frozen=True)
class Export:
    """The lines of a file in its order; `digest` is the file's content as a hash."""

    digest: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)


def read(path: Path) -> Export:
    """The whole file, or Unreadable with the row that is wrong."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as problem:
        raise Unreadable(f"{path} cannot be read: {problem.strerror}.") from problem
    except UnicodeDecodeError as problem:
        raise Unreadable(f"{path} is not UTF-8: save it as such.") from problem
    lines = tuple(_lines(csv.DictReader(io.StringIO(text, newline=""))))
    if not lines:
        raise Unreadable(f"{path} has no invoice lines.")
    return Export(hashlib.sha256(content).hexdigest(), lines)


def _lines(reader: "csv.DictReader[str]") -> Iterator[Line]:
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise Unreadable(f"The export has no column {', '.join(missing)}.")
    heads: dict[str, tuple[datetime, str]] = {}
    for cells in reader:
        try:
            yield _line(reader.line_num, cells, heads)
        except (ValueError, InvalidOperation, AttributeError):
            raise Unreadable(
                f"Row {reader.line_num} is not an invoice line: quantity and price are numbers, and dates are "
                f"such as 12-31-2010 08:26."
            ) from None


def _line(row: int, cells: Mapping[str, str], heads: dict[str, tuple[datetime, str]]) -> Line:
    """An invoice has one time and one customer, its first line's: a till that prints over a minute writes two."""
    invoice, sku = cells["InvoiceNo"].strip(), cells["StockCode"].strip()
    head = heads.setdefault(invoice, (_moment(cells["InvoiceDate"].strip()), cells["CustomerID"].strip()))
    return Line(
        row=row,
        invoice=invoice,
        sku=sku,
        name=cells["Description"].strip()[:NAME_LENGTH],
        quantity=_number(cells["Quantity"]),
        sold_at=head[0],
        unit_price=_number(cells["UnitPrice"]),
        customer=head[1],
    )


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _moment(text: str) -> datetime:
    for form in MOMENTS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the account's, known later
        except ValueError:
            continue
    raise ValueError(text)
