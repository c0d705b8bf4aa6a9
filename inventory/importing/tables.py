"""Files as rows of texts: CSV as spreadsheets write it, and the first sheet of an XLSX."""

import codecs
import csv
import io
import time
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from datetime import time as midnight
from decimal import Decimal
from typing import IO, Any
from xml.parsers import expat

import openpyxl

from core import cells, errors
from inventory.errors import TableTooLarge, TableUnreadable
from system import media
from system.models import PrivateFile

MOST_ROWS = 100_000  # that say something, beside the headings
MOST_COLUMNS = 64
LAST_ROW = 1_048_576  # of any spreadsheet
MOST_BYTES = 128 * 1024 * 1024  # that an XLSX may unfold to
MOST_MEMBERS = 1000  # of its archive
MOST_TAGS = 8_000_000  # of elements in it
MOST_TEXTS = 500_000  # of those that cells share
MOST_TAGS_OF_ONE = 50_000  # in a row or in a shared text, which is read whole
MOST_TAGS_ELSE = 250_000  # outside of both: styles and the like, which are all kept
MOST_OF_A_TAG = 1024 * 1024  # bytes, and of the text before it
LAST_COLUMN = 16_384  # of any spreadsheet
MOST_SECONDS = 40  # to read all of it: the transaction that waits for it meanwhile is ended after 60
LINE = 64 * 1024  # characters of the first line

Cells = list[str]


def count_rows(file: PrivateFile) -> int:
    """How many rows say something, the headings included. Raises TableUnreadable and TableTooLarge, also for what would
    take too long."""
    begun, count = time.monotonic(), 0
    for count, _ in enumerate(read_rows(file), start=1):  # noqa: B007 - the last one is the answer
        if time.monotonic() - begun > MOST_SECONDS:
            raise TableTooLarge(rows=MOST_ROWS, columns=MOST_COLUMNS)
    return count


def read_rows(file: PrivateFile) -> Iterator[tuple[int, Cells]]:
    """The rows that say something, each with the number that a spreadsheet shows.

    Raises TableUnreadable, which names the row, and TableTooLarge.
    """
    number = 0
    with file.content.storage.open(str(file.content.name)) as content:
        rows = _of_workbook(content) if file.content_type == media.XLSX else _of_text(content)
        try:
            for number, row in enumerate(rows, start=1):
                if len(row) > LAST_COLUMN:
                    raise TableTooLarge(rows=MOST_ROWS, columns=MOST_COLUMNS)
                texts = [_text(value) for value in row]
                if number > LAST_ROW or (number > MOST_ROWS + 1 and any(texts)):
                    raise TableTooLarge(rows=MOST_ROWS, columns=MOST_COLUMNS)
                if any("\x00" in text for text in texts):  # which no database keeps
                    raise TableUnreadable(row=number)
                if any(texts):
                    yield number, texts
        except errors.DomainError:
            raise
        except Exception:  # what a damaged file makes the readers raise is written nowhere
            raise TableUnreadable(row=number + 1) from None


def _of_text(content: Any) -> Iterator[Sequence[str]]:
    text = io.TextIOWrapper(content, encoding=_encoding(content), newline="")
    delimiter = max(",;\t", key=text.readline(LINE).count)
    text.seek(0)
    yield from csv.reader(text, delimiter=delimiter, strict=True)


def _encoding(content: Any) -> str:
    """UTF-8, or what older spreadsheets write. Who reads on will find out when it is neither."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while part := content.read(LINE):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        content.seek(0)
    return "utf-8-sig"


def _of_workbook(content: Any) -> Iterator[Sequence[Any]]:
    _refuse_bomb(content)
    workbook = openpyxl.load_workbook(content, read_only=True, data_only=True, keep_links=False)
    sheet = workbook.worksheets[0]
    sheet.reset_dimensions()  # what a file says of its own size need not be so
    yield from sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True)


def _refuse_bomb(content: Any) -> None:
    """Few packed bytes may be many elements, of which a reader makes objects of some hundred bytes each."""
    tags = _Tags()
    with zipfile.ZipFile(content) as archive:
        members = archive.infolist()  # of each no more is ever read than it says here
        if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_BYTES:
            raise TableTooLarge(rows=MOST_ROWS, columns=MOST_COLUMNS)
        for member in members:
            with archive.open(member) as part:
                tags.count(part)
    content.seek(0)


class _Tags:
    """Counts the elements of XML, of which none is kept. Raises TableTooLarge for more than would be kept at once."""

    def __init__(self) -> None:
        self.all = self.texts = self.one = self.other = 0

    def count(self, part: IO[bytes]) -> None:
        """What is no XML, as a picture, has none; what is damaged has those before the damage."""
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.EntityDeclHandler = self._declare
        self.parser, self.path = parser, list[str]()
        self.depth = self.fed = self.seen = 0  # of the row or text that is open; of bytes
        try:
            while piece := part.read(LINE):
                self.fed += len(piece)
                parser.Parse(piece)
                self._refuse(self.fed - self.seen > MOST_OF_A_TAG)
        except expat.ExpatError:
            return

    def _begin(self, tag: str, _: object) -> None:
        self.seen = self.parser.CurrentByteIndex
        self.path.append(tag)
        self.all += 1
        if self.depth:
            self.one += 1
        elif [name.rpartition(":")[2] for name in self.path[1:]] in (["si"], ["sheetData", "row"]):
            self.depth, self.one = len(self.path), 0
            self.texts += len(self.path) == 2
        else:
            self.other += 1
        self._refuse(
            self.all > MOST_TAGS
            or self.texts > MOST_TEXTS
            or self.one > MOST_TAGS_OF_ONE
            or self.other > MOST_TAGS_ELSE
        )

    def _end(self, _: str) -> None:
        if self.depth == len(self.path):
            self.depth = 0
        self.path.pop()

    def _declare(self, *_: object) -> None:
        raise ValueError("No spreadsheet declares what is to be unfolded.")

    def _refuse(self, is_too_much: bool) -> None:
        if is_too_much:
            raise TableTooLarge(rows=MOST_ROWS, columns=MOST_COLUMNS)


def _text(value: Any) -> str:
    """What a cell says, as it would be typed: numbers in plain digits, and none more than a spreadsheet has."""
    if isinstance(value, str):
        return cells.read_cell(value.strip())
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).upper()
    if isinstance(value, float):
        return f"{Decimal(f'{value:.15g}'):f}"
    if isinstance(value, datetime):
        value = value.date() if value.time() == midnight.min else value
    return value.isoformat() if isinstance(value, date) else str(value)
