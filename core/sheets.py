"""Tables as files that spreadsheets open, written row by row: memory does not grow with them."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from decimal import Decimal
from io import TextIOWrapper
from tempfile import TemporaryDirectory
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from core import cells

Write = Callable[[Sequence[Any]], None]
MOST_XLSX_ROWS = 1_048_576  # of a sheet, with the headings
MOST_XLSX_DIGITS = 15  # of a number in a spreadsheet
MOST_XLSX_LETTERS = 32_767  # of a cell
FIRST_XLSX_YEAR = 1900


@contextmanager
def as_csv(file: IO[bytes]) -> Iterator[Write]:
    """The call that writes one row. The file is whole on leaving, and stays open.

    UTF-8 bears its mark: Excel takes a CSV without one for the Windows code page, and spoils every accent.
    """
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    try:
        yield lambda row: writer.writerow([cells.cell(value) for value in row])
    finally:
        text.detach()


@contextmanager
def as_xlsx(file: IO[bytes]) -> Iterator[Write]:
    """The call that writes one row; what goes past the last row that a sheet has is refused with ValueError.

    Texts are texts, made harmless as in CSV; numbers are numbers, exact, or texts where a spreadsheet would round them;
    moments have no offset, so they come in the zone in which they are to be read.
    """
    with TemporaryDirectory() as scratch:
        book = Workbook(file, {"constant_memory": True, "tmpdir": scratch})
        try:
            yield _XlsxSheet(book).write
        finally:
            book.close()


class _XlsxSheet:
    def __init__(self, book: Workbook) -> None:
        self._book, self._sheet = book, book.add_worksheet()
        self._formats: dict[str, Format] = {}
        self._row = 0

    def write(self, row: Sequence[Any]) -> None:
        if self._row == MOST_XLSX_ROWS:
            raise ValueError(f"A sheet has {MOST_XLSX_ROWS} rows.")
        for column, value in enumerate(row):
            self._put(self._row, column, value)
        self._row += 1

    def _put(self, row: int, column: int, value: Any) -> None:
        if value is None or value == "":
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(row, column, value)
        elif isinstance(value, int | Decimal) and _is_short(value):
            self._sheet.write_number(row, column, value, self._format(_picture(value)))
        elif isinstance(value, date) and value.year >= FIRST_XLSX_YEAR:
            is_moment = isinstance(value, datetime)
            moment = value.replace(tzinfo=None) if isinstance(value, datetime) else value
            picture = "yyyy-mm-dd hh:mm:ss" if is_moment else "yyyy-mm-dd"
            self._sheet.write_datetime(row, column, moment, self._format(picture))
        else:
            self._sheet.write_string(row, column, _text(value))

    def _format(self, picture: str) -> Format:
        if picture not in self._formats:
            self._formats[picture] = self._book.add_format({"num_format": picture})
        return self._formats[picture]


def _is_short(number: int | Decimal) -> bool:
    return len(Decimal(number).as_tuple().digits) <= MOST_XLSX_DIGITS


def _picture(number: int | Decimal) -> str:
    """As many digits after the point as the number has."""
    places = -int(Decimal(number).as_tuple().exponent)
    return f"0.{'0' * places}" if places > 0 else "0"


def _text(value: Any) -> str:
    shown = cells.cell(value)
    if shown.startswith("<r>"):
        shown = f"'{shown}"  # the writer would take it for mark-up of its own
    return shown[:MOST_XLSX_LETTERS]


FORMATS = (("CSV", "CSV"), ("XLSX", "XLSX"))
WRITERS: dict[str, Callable[[IO[bytes]], AbstractContextManager[Write]]] = {"CSV": as_csv, "XLSX": as_xlsx}
