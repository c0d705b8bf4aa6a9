"""A receipt as the bytes that a thermal printer takes: ESC/POS, as Epson and those that follow it understand it."""

from collections.abc import Iterator
from textwrap import wrap

from core import letters
from sales.receipts.content import Receipt, Row

CONTENT_TYPE = "application/octet-stream"
WIDE, NARROW = 42, 32  # letters in a line on paper of 80 and of 58 mm
ENCODING = "cp1252"
INDENT = 2

START = b"\x1b@" + b"\x1bt\x10"  # forget what was before; the code page WPC1252
LEFT, CENTRE = b"\x1ba\x00", b"\x1ba\x01"
BOLD, NOT_BOLD = b"\x1bE\x01", b"\x1bE\x00"
TALL, NOT_TALL = b"\x1d!\x01", b"\x1d!\x00"
CUT = b"\x1dVB\x03"  # after three lines more


def render(receipt: Receipt, *, columns: int = WIDE) -> bytes:
    return b"".join(
        [
            START,
            CENTRE,
            *_head(receipt, columns),
            LEFT,
            *_tables(receipt, columns),
            CENTRE,
            *_foot(receipt, columns),
            CUT,
        ]
    )


def _head(receipt: Receipt, columns: int) -> Iterator[bytes]:
    yield _strong(_wrapped(receipt.business_name, columns))
    for line in (*receipt.header, receipt.storefront_name):
        yield _wrapped(line, columns)
    for mark in receipt.marks:
        yield _strong(_wrapped(f"*** {mark} ***", columns))
    yield _wrapped(f"{receipt.number} · {receipt.local_time}", columns)
    yield _wrapped(receipt.people, columns)


def _tables(receipt: Receipt, columns: int) -> Iterator[bytes]:
    for rows in (receipt.items, receipt.sums, receipt.payments):
        yield _wrapped("-" * columns, columns)
        for row in rows:
            yield _strong(_row(row, columns)) if row.is_strong else _row(row, columns)
    yield _wrapped("-" * columns, columns)


def _foot(receipt: Receipt, columns: int) -> Iterator[bytes]:
    for line in receipt.footer or ("Thank you!",):
        yield _wrapped(line, columns)
    yield _wrapped(receipt.fiscal_line, columns)
    for code in receipt.codes:
        yield _code(code.text)
        yield _wrapped(code.caption, columns)


def _row(row: Row, columns: int) -> bytes:
    right = _known(row.right)
    first, *more = wrap(_known(row.left), columns - len(right) - 1) or [""]
    lines = [f"{first}{right:>{columns - len(first)}}", *more]
    for note in row.notes:
        lines += [" " * INDENT + line for line in wrap(_known(note), columns - INDENT)]
    return _lines(lines)


def _wrapped(text: str, columns: int) -> bytes:
    return _lines(wrap(_known(text), columns, break_on_hyphens=False))


def _lines(lines: list[str]) -> bytes:
    return b"".join(line.encode(ENCODING) + b"\n" for line in lines)


def _strong(text: bytes) -> bytes:
    return BOLD + TALL + text + NOT_TALL + NOT_BOLD


def _known(text: str) -> str:
    """The text in letters of the code page: none of them is a command, whatever somebody called a product."""
    return letters.printable(text, _has)[0]


def _has(letter: str) -> bool:
    try:
        letter.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return letter.isprintable()


def _code(text: str) -> bytes:
    """A QR code, which the printer draws itself: model 2, dots of 5, correction M, the text, and print."""
    stored = text.encode()
    functions = [b"1A2\x00", b"1C\x05", b"1E1", b"1P0" + stored, b"1Q0"]
    return b"".join(b"\x1d(k" + len(each).to_bytes(2, "little") + each for each in functions) + b"\n"
